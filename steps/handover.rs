//! A person takes over.

use cucumber::when;
use paidpath::{StepResult, World};

use crate::steps::parameters::Member;

/// Waits until somebody presses Enter, and says an address and the member's session to click around with meanwhile. What is
/// done there belongs to this scenario: it has its clock and its faults, and is judged and reported with it. Only under
/// `paidpath up` and `run --hand-over`; otherwise it goes on at once.
#[when(expr = "{member} takes over")]
async fn takes_over(world: &mut World, member: Member) -> StepResult {
    world.hand_over(&member.0).await
}
