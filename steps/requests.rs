//! Requests that a scenario writes out, for the rare case that no sentence covers.

use cucumber::{then, when};
use gherkin::Step;
use paidpath::{StepError, StepResult, World};

use crate::steps::parameters::Member;

/// The member's client sends the request in the text block: `GET /path` on the first line, then one header on each line, then an
/// empty line and the body. The request has the member's session unless it has such a header of its own. Names in braces stand
/// for ids: `{Ann}`, `{Dusk}`, `{Ann's purchase}`, `{Ann's job}`.
#[when(expr = "{member} sends this request:")]
async fn sends_text(world: &mut World, member: Member, step: &Step) -> StepResult {
    let text =
        step.docstring.as_deref().ok_or_else(|| StepError::scenario("the request stands in a text block below"))?;
    world.send_as_written(&member.0, text).await
}

/// The member's client sends a request without headers and body: `GET /v1/wallet`.
#[when(expr = "{member} sends the request {string}")]
async fn sends(world: &mut World, member: Member, request: String) -> StepResult {
    world.send_as_written(&member.0, &request).await
}

/// The answer has this HTTP status.
#[then(expr = "the answer has the status {int}")]
async fn has_status(world: &mut World, status: u16) -> StepResult {
    world.answers.expect_status(status)
}

/// The JSON of the answer has this value at this JSON pointer, such as `/items/0/name`. Names in braces stand for ids.
#[then(expr = "at {string} the answer has {string}")]
async fn has_value(world: &mut World, pointer: String, expected: String) -> StepResult {
    world.expect_json(&pointer, Some(&expected))
}

/// The JSON of the answer has nothing at this JSON pointer.
#[then(expr = "at {string} the answer has nothing")]
async fn has_no_value(world: &mut World, pointer: String) -> StepResult {
    world.expect_json(&pointer, None)
}

/// The answer has this header with this value.
#[then(expr = "the answer has the header {string} with {string}")]
async fn has_header(world: &mut World, name: String, expected: String) -> StepResult {
    world.answers.expect_header(&name, &expected)
}
