//! Wallets and refunds.

use cucumber::{then, when};
use paidpath::{StepResult, World};

use crate::steps::parameters::{Member, Money};

/// The member's wallet holds exactly this much, at the latest when a refund has arrived.
#[then(expr = "{member} has {money} left")]
async fn has_left(world: &mut World, member: Member, money: Money) -> StepResult {
    world.expect_balance(&member.0, money.0).await
}

/// The member has paid exactly this much in total, without the money that came back.
#[then(expr = "{member} has paid {money}")]
async fn has_paid(world: &mut World, member: Member, money: Money) -> StepResult {
    world.expect_paid(&member.0, money.0).await
}

/// A member refunds the latest purchase of a member in full. Only a moderator may do so.
#[when(expr = "{member} refunds the purchase of {member}")]
async fn refunds(world: &mut World, by: Member, member: Member) -> StepResult {
    world.refund(&by.0, &member.0, None).await
}

/// A member refunds a part of the latest purchase of a member. Only a moderator may do so.
#[when(expr = "{member} refunds {money} of the purchase of {member}")]
async fn refunds_part(world: &mut World, by: Member, money: Money, member: Member) -> StepResult {
    world.refund(&by.0, &member.0, Some(money.0)).await
}

/// The member puts money into their wallet.
#[when(expr = "{member} tops up {money}")]
async fn tops_up(world: &mut World, member: Member, money: Money) -> StepResult {
    world.top_up(&member.0, money.0, "ok").await
}

/// The member tries to put money into their wallet with a card that is declined.
#[when(expr = "{member} tops up {money} with a declined card")]
async fn tops_up_declined(world: &mut World, member: Member, money: Money) -> StepResult {
    world.top_up(&member.0, money.0, "declined").await
}

/// All accounts of the platform sum to zero: money was neither made nor lost.
#[then(expr = "no money was made or lost")]
async fn conserved(world: &mut World) -> StepResult {
    world.expect_conserved().await
}

/// A member asks for the sum of all accounts of the platform. Only an administrator may do so.
#[when(expr = "{member} looks at the ledger")]
async fn looks_at_ledger(world: &mut World, member: Member) -> StepResult {
    world.look_at_ledger(&member.0).await
}
