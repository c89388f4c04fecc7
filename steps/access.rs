//! The rights of members.

use cucumber::{given, then, when};
use paidpath::{StepResult, World};

use crate::steps::parameters::{Member, Model, RightTo};

/// The platform says that the member may, within the target's bound for a purchase to arrive.
#[then(expr = "{member} may use {model} for {right}")]
async fn may(world: &mut World, member: Member, model: Model, right: RightTo) -> StepResult {
    world.expect_access(&member.0, right.0, &model.0, true).await
}

/// The platform says that the member may not, within the target's bound for a revocation to arrive.
#[then(expr = "{member} may not use {model} for {right}")]
async fn may_not(world: &mut World, member: Member, model: Model, right: RightTo) -> StepResult {
    world.expect_access(&member.0, right.0, &model.0, false).await
}

/// The member begins a trial.
#[when(expr = "{member} begins a trial of {model}")]
async fn begins_trial(world: &mut World, member: Member, model: Model) -> StepResult {
    world.begin_trial(&member.0, &model.0).await
}

/// The member has begun a trial.
#[given(expr = "{member} is trying {model}")]
async fn is_trying(world: &mut World, member: Member, model: Model) -> StepResult {
    // A Given: a trial that the platform refuses must not let the scenario go on.
    world.begin_trial(&member.0, &model.0).await?;
    world.answers.require_accepted()
}

/// The member's client looks up the rights of the member, as a page does when it is opened.
#[when(expr = "{member} opens {model}")]
async fn opens(world: &mut World, member: Member, model: Model) -> StepResult {
    world.look_up_access(&member.0, &model.0).await
}

/// The member's client looks up the rights of the member several times, one after the other.
#[when(expr = "{member} opens {model} {int} times")]
async fn opens_often(world: &mut World, member: Member, model: Model, times: usize) -> StepResult {
    for _ in 0..times {
        world.look_up_access(&member.0, &model.0).await?;
    }
    Ok(())
}
