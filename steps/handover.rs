//! Handing a scenario over to a person.

use cucumber::when;
use paidpath::{StepResult, World};

use crate::steps::parameters::Member;

/// Prints an address and the session of the member, and waits until somebody presses Enter. Everything at that address belongs to
/// this scenario: it has its clock and its faults, and is judged and reported with it. Without `paidpath up` or
/// `run --hand-over` the scenario goes on at once.
#[when(expr = "{member} takes over")]
async fn takes_over(world: &mut World, member: Member) -> StepResult {
    world.hand_over(&member.0).await
}
