//! Time, on the platform's test clock and for this scenario alone.

use cucumber::when;
use paidpath::World;
use paidpath::run::world::StepResult;

use crate::steps::parameters::{Model, Span};

/// So much time passes.
#[when(expr = "{duration} pass(es)")]
async fn passes(world: &mut World, span: Span) -> StepResult {
    world.time_passes(span.0)
}

/// Time passes until shortly before early access ends.
#[when(expr = "early access to {model} is about to end")]
async fn about_to_end(world: &mut World, model: Model) -> StepResult {
    world.time_to_the_end_of(&model.0, -1)
}

/// Time passes until early access has ended.
#[when(expr = "early access to {model} has ended")]
async fn has_ended(world: &mut World, model: Model) -> StepResult {
    world.time_to_the_end_of(&model.0, 1)
}
