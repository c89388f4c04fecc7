//! The answer to the latest request.

use cucumber::{then, when};
use paidpath::{StepResult, World};

use crate::steps::parameters::Code;

/// The platform did what was asked.
#[then(expr = "that is accepted")]
async fn is_accepted(world: &mut World) -> StepResult {
    world.answers.expect_accepted()
}

/// The platform refused with this error code and with a sentence for people.
#[then(expr = "that is refused with {code}")]
async fn is_refused(world: &mut World, code: Code) -> StepResult {
    world.answers.expect_refused(&code.0)
}

/// The refusal is temporary and says when to try again.
#[then(expr = "the refusal says when to try again")]
async fn is_temporary(world: &mut World) -> StepResult {
    world.answers.expect_temporary()
}

/// A field of the answer, by its name in the target file, has this value.
#[then(expr = "the answer's {word} is {string}")]
async fn field_is(world: &mut World, field: String, expected: String) -> StepResult {
    world.answers.expect_field(&field, &expected)
}

/// Requires that the platform did what was asked, without judging it.
#[when(expr = "that was accepted")]
async fn was_accepted(world: &mut World) -> StepResult {
    world.answers.require_accepted()
}
