//! What happens on their way to the events that services tell each other, for this scenario alone.
//!
//! Events come at least once: what is disturbed is the first delivery, and what the platform has to do is to send it again,
//! or to take no notice.

use cucumber::given;
use paidpath::{StepResult, World};

use crate::steps::parameters::{EventName, Member, Service, Span};

/// The first delivery never arrives, as when the sender dies before it has sent anything.
#[given(expr = "the {event} gets lost at first")]
async fn gets_lost(world: &mut World, event: EventName) -> StepResult {
    world.faults.arm_on_event(event.0, "drop once")
}

/// The first delivery is taken, and its answer never arrives, as when the receiver dies after it has acted.
#[given(expr = "the answer to the {event} gets lost at first")]
async fn answer_gets_lost(world: &mut World, event: EventName) -> StepResult {
    world.faults.arm_on_event(event.0, "lose response once")
}

/// The first delivery has no signature: anybody could have sent it.
#[given(expr = "the {event} comes without a signature at first")]
async fn comes_unsigned(world: &mut World, event: EventName) -> StepResult {
    world.faults.leave_unsigned(event.0)
}

/// The first delivery was changed on its way: it names another member than the one that was signed for.
#[given(expr = "the {event} is forged at first to name {member}")]
async fn names(world: &mut World, event: EventName, member: Member) -> StepResult {
    world.forge_event(event.0, &member.0)
}

/// The first delivery comes so long after it was signed, on the receiver's clock.
#[given(expr = "the {event} comes {duration} after it was signed at first")]
async fn comes_stale(world: &mut World, event: EventName, span: Span) -> StepResult {
    world.age_event(event.0, span.0)
}

/// The first event that one service tells another comes once more, after the second.
#[given(expr = "the first event from {service} to {service} comes again after the second")]
async fn comes_again(world: &mut World, from: Service, to: Service) -> StepResult {
    world.faults.arm_on_events(&from.0, &to.0, "replay once")
}

/// The second event that one service tells another comes before the first.
#[given(expr = "the first event from {service} to {service} comes after the second")]
async fn comes_after(world: &mut World, from: Service, to: Service) -> StepResult {
    world.faults.arm_on_events(&from.0, &to.0, "postpone")
}
