//! Faults on the path, for this scenario alone.

use cucumber::{given, when};
use paidpath::{StepResult, World};

use crate::steps::parameters::{Code, Service, Span};

/// The purchase credential gets lost between two services.
#[given(expr = "the purchase credential gets lost between {service} and {service}")]
async fn credential_lost(world: &mut World, from: Service, to: Service) -> StepResult {
    // The target file names the header, so that the sentence does not depend on the platform.
    let header = world.faults.credential_header()?;
    world.faults.arm(&format!("{} -> {}: strip header {header}", from.0, to.0))
}

/// One service gets no connection to another. If there is no tap between them, as in front of a database, their machines are
/// disconnected.
#[given(expr = "{service} cannot reach (the ){service}")]
async fn cannot_reach(world: &mut World, from: Service, to: Service) -> StepResult {
    world.disconnect(&from.0, &to.0).await
}

/// A service answers another with an error of this status and does nothing.
#[given(expr = "{service} answers {service} with status {int}")]
async fn answers_with(world: &mut World, callee: Service, caller: Service, status: u16) -> StepResult {
    world.faults.arm(&format!("{} -> {}: abort {status}", caller.0, callee.0))
}

/// Everything that one service sends another arrives with this delay.
#[given(expr = "what {service} sends {service} arrives {duration} late")]
async fn arrives_late(world: &mut World, from: Service, to: Service, span: Span) -> StepResult {
    world.faults.arm(&format!("{} -> {}: delay {}ms", from.0, to.0, span.0.as_millis()))
}

/// Everything that one service sends another arrives this number of times, at least twice.
#[given(expr = "what {service} sends {service} arrives {int} times")]
async fn arrives_repeatedly(world: &mut World, from: Service, to: Service, times: u32) -> StepResult {
    // The fault counts the repetitions, and the sentence counts the arrivals.
    world.faults.arm(&format!("{} -> {}: repeat {} times", from.0, to.0, times.saturating_sub(1)))
}

/// A flag is off for this scenario.
#[given(expr = "the flag {string} is off")]
async fn flag_is_off(world: &mut World, flag: String) -> StepResult {
    world.faults.switch_off(&flag, 0)
}

/// A flag is on at first, and off after it was read this number of times.
#[given(expr = "the flag {string} goes off after {int} look(s)")]
async fn flag_goes_off(world: &mut World, flag: String, looks: u32) -> StepResult {
    world.faults.switch_off(&flag, looks)
}

/// The platform refuses this request of every member with an error code and the status of that code, and does nothing.
#[given(expr = "{string} is refused with {code}")]
async fn is_refused_with(world: &mut World, request: String, code: Code) -> StepResult {
    world.faults.refuse(&request, &code.0)
}

/// Any fault on any edge, in the words of `--fault`.
#[given(expr = "the fault {string}")]
async fn fault(world: &mut World, words: String) -> StepResult {
    world.faults.arm(&words)
}

/// Waits until every fault of this scenario has fired.
#[when(expr = "every fault has happened/fired")]
async fn has_happened(world: &mut World) -> StepResult {
    world.faults.await_all().await
}

/// Ends all faults of this scenario and every outage, and waits until the services are ready.
#[when(expr = "all faults and outages are over")]
async fn is_as_before(world: &mut World) -> StepResult {
    world.restore().await
}
