//! Faults on the events that services send each other, for this scenario alone.
//!
//! Events are delivered at least once. The fault concerns the first delivery; the platform has to deliver the event again, or to
//! ignore the delivery.

use cucumber::given;
use paidpath::{StepResult, World};

use crate::steps::parameters::{EventName, Member, Service, Span};

/// The first delivery never arrives, as if the sender had died before it.
#[given(expr = "the {event} gets lost at first")]
async fn gets_lost(world: &mut World, event: EventName) -> StepResult {
    world.faults.arm_on_event(event.0, "drop once")
}

/// The first delivery arrives and its answer does not, as if the receiver had died after it acted.
#[given(expr = "the answer to the {event} gets lost at first")]
async fn answer_gets_lost(world: &mut World, event: EventName) -> StepResult {
    world.faults.arm_on_event(event.0, "lose response once")
}

/// The first delivery has no signature, so anybody could have sent it.
#[given(expr = "the {event} comes without a signature at first")]
async fn comes_unsigned(world: &mut World, event: EventName) -> StepResult {
    world.faults.leave_unsigned(event.0)
}

/// The first delivery was tampered with: it names another member than the signed event.
#[given(expr = "the {event} is forged at first to name {member}")]
async fn names(world: &mut World, event: EventName, member: Member) -> StepResult {
    world.forge_event(event.0, &member.0)
}

/// The first delivery arrives this long after it was signed, by the receiver's clock.
#[given(expr = "the {event} comes {duration} after it was signed at first")]
async fn comes_stale(world: &mut World, event: EventName, span: Span) -> StepResult {
    world.age_event(event.0, span.0)
}

/// The first event from one service to another is delivered once more, after the second.
#[given(expr = "the first event from {service} to {service} comes again after the second")]
async fn comes_again(world: &mut World, from: Service, to: Service) -> StepResult {
    world.faults.arm_on_events(&from.0, &to.0, "replay once")
}

/// The second event from one service to another arrives before the first.
#[given(expr = "the first event from {service} to {service} comes after the second")]
async fn comes_after(world: &mut World, from: Service, to: Service) -> StepResult {
    world.faults.arm_on_events(&from.0, &to.0, "postpone")
}
