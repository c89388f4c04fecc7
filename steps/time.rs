//! Time on the platform's test clock, for this scenario alone.

use cucumber::when;
use paidpath::{StepResult, World};

use crate::steps::parameters::{Member, Model, Span};

/// The number of seconds before an end that is about to come. The clock goes on, and a busy machine needs time to ask before the
/// end.
const SHORTLY: i64 = 8;

/// This much time passes on the test clock.
#[when(expr = "{duration} pass(es)")]
async fn passes(world: &mut World, span: Span) -> StepResult {
    world.clock.pass(span.0)
}

/// Time passes until shortly before early access ends.
#[when(expr = "early access to {model} is about to end")]
async fn about_to_end(world: &mut World, model: Model) -> StepResult {
    world.pass_to_the_end_of(&model.0, -SHORTLY)
}

/// Time passes until the exact end of early access.
#[when(expr = "early access to {model} ends")]
async fn ends(world: &mut World, model: Model) -> StepResult {
    world.pass_to_the_end_of(&model.0, 0)
}

/// Time passes until early access has ended.
#[when(expr = "early access to {model} has ended")]
async fn has_ended(world: &mut World, model: Model) -> StepResult {
    world.pass_to_the_end_of(&model.0, 1)
}

/// Time passes until shortly before the end of the access that the member bought.
#[when(expr = "{member}'s access to {model} is about to end")]
async fn access_about_to_end(world: &mut World, member: Member, model: Model) -> StepResult {
    world.pass_to_the_end_of_access(&member.0, &model.0, -SHORTLY).await
}

/// Time passes until the exact end of the access that the member bought.
#[when(expr = "{member}'s access to {model} ends")]
async fn access_ends(world: &mut World, member: Member, model: Model) -> StepResult {
    world.pass_to_the_end_of_access(&member.0, &model.0, 0).await
}
