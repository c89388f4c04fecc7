//! Outages of services, for scenarios tagged `@containers` and `@serial`.
//!
//! An outage ends with its scenario at the latest.

use cucumber::when;
use paidpath::providers::Outage;
use paidpath::{StepResult, World};

use crate::steps::parameters::Service;

/// A service is asked to stop and has some seconds for that.
#[when(expr = "(the ){service} is stopped")]
async fn is_stopped(world: &mut World, service: Service) -> StepResult {
    world.machines.cause(&service.0, Outage::Stop).await
}

/// A service is killed, as if its machine had lost power.
#[when(expr = "(the ){service} is killed")]
async fn is_killed(world: &mut World, service: Service) -> StepResult {
    world.machines.cause(&service.0, Outage::Kill).await
}

/// A service freezes. It keeps its connections and answers nothing.
#[when(expr = "(the ){service} is paused")]
async fn is_paused(world: &mut World, service: Service) -> StepResult {
    world.machines.cause(&service.0, Outage::Pause).await
}

/// A service is asked to stop, and starts again.
#[when(expr = "(the ){service} is restarted")]
async fn is_restarted(world: &mut World, service: Service) -> StepResult {
    world.machines.restart(&service.0).await
}

/// A service that was stopped or killed starts again, and one that was paused goes on. Waits until it is ready.
#[when(expr = "(the ){service} is back")]
async fn is_back(world: &mut World, service: Service) -> StepResult {
    world.machines.bring_back(&service.0).await
}
