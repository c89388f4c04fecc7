//! Answers from stub files: `stubs/SERVICE/NAME.json` beside the feature or in a folder above it.

use cucumber::given;
use paidpath::{StepResult, World};

use crate::steps::parameters::Service;

/// A stub file answers in the place of a service (`features/stubs/billing/insufficient-funds.json`). Requests that match no stub in
/// it go on to the service.
#[given(expr = "{service} answers as in {string}")]
async fn answers_as_in(world: &mut World, service: Service, name: String) -> StepResult {
    world.faults.answer_as_in(&service.0, &name)
}

/// A stub file answers the first request that it has a stub for. Other requests go on to the service.
#[given(expr = "{service} answers as in {string} once")]
async fn answers_once_as_in(world: &mut World, service: Service, name: String) -> StepResult {
    world.faults.answer_once_as_in(&service.0, &name)
}
