//! Buying access.

use cucumber::{given, then, when};
use paidpath::{Claim, StepResult, World};

use crate::steps::parameters::{Member, Model, Money, RightTo};

/// The member has bought access, and the platform knows it.
#[given(expr = "{member} has bought {right} access to {model}")]
async fn has_bought(world: &mut World, member: Member, right: RightTo, model: Model) -> StepResult {
    world.own(&member.0, right.0, &model.0).await
}

/// The member asks for the price of access.
#[when(expr = "{member} asks for the price of {right} access to {model}")]
async fn asks_for_price(world: &mut World, member: Member, right: RightTo, model: Model) -> StepResult {
    world.ask_price(&member.0, right.0, &model.0).await
}

/// The member asks for the price of access and buys it at that price.
#[when(expr = "{member} buys {right} access to {model}")]
async fn buys(world: &mut World, member: Member, right: RightTo, model: Model) -> StepResult {
    world.buy(&member.0, right.0, &model.0).await
}

/// The member's client sends the latest purchase again with the same key, as it does if the answer got lost.
#[when(expr = "{member} sends the purchase again")]
async fn sends_again(world: &mut World, member: Member) -> StepResult {
    world.repeat_purchase(&member.0).await
}

/// The member's client sends the key of the latest purchase with another quote.
#[when(expr = "{member} uses the same key to buy {right} access to {model}")]
async fn reuses_key(world: &mut World, member: Member, right: RightTo, model: Model) -> StepResult {
    world.reuse_key(&member.0, right.0, &model.0).await
}

/// Several clients of the member buy at the same moment, each with a key of its own.
#[when(expr = "{member} buys {right} access to {model} with {int} clients at once")]
async fn buys_at_once(world: &mut World, member: Member, right: RightTo, model: Model, clients: usize) -> StepResult {
    world.buy_at_once(&member.0, right.0, &model.0, clients).await
}

/// The member's client sends the same purchase, with the same key, several times at the same moment.
#[when(expr = "{member} sends one purchase of {right} access to {model} {int} times at once")]
async fn sends_at_once(world: &mut World, member: Member, right: RightTo, model: Model, times: usize) -> StepResult {
    world.send_purchase_at_once(&member.0, right.0, &model.0, times).await
}

/// The member buys access to two model versions at the same moment.
#[when(expr = "{member} buys {right} access to {model} and {model} at once")]
async fn buys_both_at_once(world: &mut World, member: Member, right: RightTo, one: Model, other: Model) -> StepResult {
    world.buy_all_at_once(&member.0, right.0, &[&one.0, &other.0]).await
}

/// The member buys access, and the answer gets lost on its way to the member.
#[when(expr = "{member} buys {right} access to {model} and hears nothing of it")]
async fn buys_unheard(world: &mut World, member: Member, right: RightTo, model: Model) -> StepResult {
    world.buy_unheard(&member.0, right.0, &model.0).await
}

/// The member's client asks for the price and names one, which the platform has to ignore.
#[when(expr = "{member} asks for the price of {right} access to {model} and names {money}")]
async fn asks_naming(world: &mut World, member: Member, right: RightTo, model: Model, price: Money) -> StepResult {
    world.quote_claiming(&member.0, right.0, &model.0, Claim::Price(price.0)).await
}

/// The member's client buys and names a price, which the platform has to ignore.
#[when(expr = "{member} buys {right} access to {model} and names {money} as the price")]
async fn buys_naming(world: &mut World, member: Member, right: RightTo, model: Model, price: Money) -> StepResult {
    world.buy_claiming(&member.0, right.0, &model.0, Claim::Price(price.0)).await
}

/// The member's client buys and names another member as the buyer, which the platform has to ignore.
#[when(expr = "{member} buys {right} access to {model} in the name of {member}")]
async fn buys_for(world: &mut World, member: Member, right: RightTo, model: Model, other: Member) -> StepResult {
    world.buy_claiming(&member.0, right.0, &model.0, Claim::Member(&other.0)).await
}

/// The requests that were sent at the same moment made this number of purchases.
#[then(expr = "that made {int} purchase(s)")]
async fn made_purchases(world: &mut World, made: usize) -> StepResult {
    world.answers.expect_made(made)
}

/// The model page and a quote name this price.
#[then(expr = "{member} is offered {right} access to {model} for {money}")]
async fn is_offered(world: &mut World, member: Member, right: RightTo, model: Model, price: Money) -> StepResult {
    world.expect_price(&member.0, right.0, &model.0, price.0).await
}

/// A member asks for the latest purchase of a member.
#[when(expr = "{member} looks at the purchase of {member}")]
async fn looks_at_purchase(world: &mut World, by: Member, of: Member) -> StepResult {
    world.look_at_purchase(&by.0, &of.0).await
}
