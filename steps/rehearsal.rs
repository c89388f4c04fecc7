//! Sentences that misbehave, for the tests of the runner. They are in the vocabulary only if `PAIDPATH_REHEARSAL` is set.

use std::sync::atomic::{AtomicU32, Ordering};

use cucumber::{given, then, when};
use paidpath::{StepError, StepResult, World};

use crate::steps::parameters::Span;

/// Blocks its thread, like code that was not written for an async runtime.
#[given(expr = "a step that blocks its thread for {duration}")]
#[expect(clippy::disallowed_methods, reason = "blocking is what is rehearsed")]
fn blocks(_: &mut World, span: Span) {
    std::thread::sleep(span.0);
}

/// Waits for something that never happens.
#[given(expr = "a step that waits for ever")]
async fn waits(_: &mut World) {
    std::future::pending::<()>().await;
}

/// Panics in the middle of a step.
#[when(expr = "a step panics")]
fn panics(_: &mut World) {
    panic!("the rehearsed panic");
}

/// Fails because of a broken environment.
#[when(expr = "the environment breaks")]
fn breaks(_: &mut World) -> StepResult {
    Err(StepError::environment("the rehearsed outage"))
}

/// Judges something that holds.
#[then(expr = "something holds")]
fn holds(world: &mut World) -> StepResult {
    world.assertions.expect(true, "it holds")
}

/// Judges something that does not hold.
#[then(expr = "something does not hold")]
fn does_not_hold(world: &mut World) -> StepResult {
    world.assertions.expect(false, "the rehearsed failure")
}

/// Judges something that holds from the second time on in this process.
#[then(expr = "something holds at the second attempt")]
fn holds_later(world: &mut World) -> StepResult {
    static LOOKS: AtomicU32 = AtomicU32::new(0);
    world.assertions.expect(LOOKS.fetch_add(1, Ordering::Relaxed) > 0, "not at the first attempt")
}

/// Ends without having judged anything.
#[then(expr = "nothing is asserted")]
fn asserts_nothing(_: &mut World) {}

/// Matches the same text as another sentence.
#[given(expr = "an ambiguous step")]
fn ambiguous(_: &mut World) {}

/// Matches the same text as another sentence.
#[given(expr = "a(n) ambiguous step")]
fn ambiguous_too(_: &mut World) {}
