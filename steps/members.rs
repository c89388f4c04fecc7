//! The members of the scenario.

use cucumber::{given, when};
use paidpath::{StepResult, World};

use crate::steps::parameters::{Member, Money};

/// A new member joins and has this much money in the wallet.
#[given(expr = "{member} has {money}")]
async fn has_money(world: &mut World, member: Member, money: Money) -> StepResult {
    world.join(&member.0, money.0).await
}

/// A new member joins who has no money.
#[given(expr = "{member} is a member")]
async fn is_a_member(world: &mut World, member: Member) -> StepResult {
    world.join(&member.0, 0).await
}

/// A new moderator joins.
#[given(expr = "{member} is a moderator")]
async fn is_a_moderator(world: &mut World, member: Member) -> StepResult {
    world.join_as_moderator(&member.0).await
}

/// The member signs out and goes on without a session.
#[when(expr = "{member} signs out")]
async fn signs_out(world: &mut World, member: Member) -> StepResult {
    world.members.sign_out(&member.0)
}

/// The member's client goes on with a session that the platform did not issue.
#[when(expr = "{member} comes with a forged session")]
async fn forges_session(world: &mut World, member: Member) -> StepResult {
    world.forge_session(&member.0)
}
