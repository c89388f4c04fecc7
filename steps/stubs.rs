//! What a service answers, from a file: `stubs/SERVICE/NAME.json` beside the feature or in a folder above it.

use cucumber::given;
use paidpath::{StepResult, World};

use crate::steps::parameters::Service;

/// Whoever calls a service is answered what a file says (`features/stubs/billing/insufficient-funds.json`); requests that the
/// file is not for go on to the service.
#[given(expr = "{service} answers as in {string}")]
async fn answers_as_in(world: &mut World, service: Service, name: String) -> StepResult {
    world.faults.answer_as_in(&service.0, &name)
}

/// The first request that a file is for is answered what it says; the others go on to the service.
#[given(expr = "{service} answers as in {string} once")]
async fn answers_once_as_in(world: &mut World, service: Service, name: String) -> StepResult {
    world.faults.answer_once_as_in(&service.0, &name)
}
