//! What happens to the machines that services run on, in the machine room: for scenarios tagged `@containers` and `@serial`.
//!
//! Whatever it was, it is put back at the end of the scenario at the latest.

use cucumber::when;
use paidpath::providers::Outage;
use paidpath::{StepResult, World};

use crate::steps::parameters::Service;

/// A service is told to end, and has some seconds for that.
#[when(expr = "(the ){service} is stopped")]
async fn is_stopped(world: &mut World, service: Service) -> StepResult {
    world.machines.cause(&service.0, Outage::Stop).await
}

/// A service ends without a word, as when its machine loses its power.
#[when(expr = "(the ){service} is killed")]
async fn is_killed(world: &mut World, service: Service) -> StepResult {
    world.machines.cause(&service.0, Outage::Kill).await
}

/// A service freezes: it keeps its connections, and answers nothing.
#[when(expr = "(the ){service} is paused")]
async fn is_paused(world: &mut World, service: Service) -> StepResult {
    world.machines.cause(&service.0, Outage::Pause).await
}

/// A service is told to end, and starts anew.
#[when(expr = "(the ){service} is restarted")]
async fn is_restarted(world: &mut World, service: Service) -> StepResult {
    world.machines.restart(&service.0).await
}

/// A service starts anew after it was stopped or killed, goes on after it was paused, and is ready.
#[when(expr = "(the ){service} is back")]
async fn is_back(world: &mut World, service: Service) -> StepResult {
    world.machines.bring_back(&service.0).await
}
