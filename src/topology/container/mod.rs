//! Services in containers.
//!
//! [`Containers`] starts each service through testcontainers; what that does not have (networks of one's own, logs with
//! times, pausing, sweeping by label) goes to the engine directly. How the parts lie:
//!
//! - `engine`: whether there is a Docker engine, and its errors in words;
//! - `image`: finds, makes or pulls the images, before anything of the run exists;
//! - `script`: a program that makes one, and ends when this process does;
//! - `ground`: what all containers of a run share: a network, the way to this process, and the reaper;
//! - `started`: one container;
//! - `mishap`: what can happen to it, and how that is undone;
//! - `sweep`: finds and removes what carries a run's label;
//! - `reaper`: the process that does so after this one has ended, however it ended.
//!
//! Everything carries the run's id in its name (`paidpath-RUN-SERVICE`) and in its labels, so that runs side by side never
//! touch each other. Ports are published on the loopback alone, and only those of services that somebody calls.

mod engine;
mod ground;
mod image;
mod mishap;
mod reaper;
mod script;
mod started;
mod sweep;

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Mutex;

use self::ground::Ground;
use self::started::Container;
use super::{Doorstep, Mark, Order, Provider, ProviderKind, Running, StartError, Topology};

pub use self::engine::missing;
pub use self::reaper::reap;
pub use self::sweep::{Left, clean, left_behind};

/// Supplies services as containers of the Docker engine that `DOCKER_HOST` names, or that of this machine.
#[derive(Default)]
pub struct Containers {
    /// By run.
    grounds: Mutex<HashMap<String, Arc<Ground>>>,
}

#[async_trait]
impl Provider for Containers {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Container
    }

    async fn prepare(&self, run: &Mark, topology: &Topology) -> Result<Doorstep, StartError> {
        let ground = Ground::lay(run, topology).await.map_err(StartError::Ground)?;
        let doorstep = ground.doorstep.clone();
        self.grounds.lock().await.insert(run.id.clone(), Arc::new(ground));
        Ok(doorstep)
    }

    async fn start(&self, order: Order) -> Result<Arc<dyn Running>, StartError> {
        let ground = self.grounds.lock().await.get(&order.run.id).cloned();
        let failed = |reason: String| StartError::Failed { service: order.service.clone(), reason };
        let ground = ground.ok_or_else(|| failed("its run was not prepared".into()))?;
        let container = Container::start(&ground, &order).await.map_err(failed)?;
        Ok(Arc::new(container))
    }

    async fn clear(&self, run: &Mark) -> Result<(), String> {
        let ground = self.grounds.lock().await.remove(&run.id);
        match ground {
            Some(ground) => ground.clear().await,
            None => Ok(()),
        }
    }
}

/// The name of a service's container.
pub fn name_of(run: &str, service: &str) -> String {
    format!("paidpath-{run}-{service}")
}
