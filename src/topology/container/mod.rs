//! Services in containers.
//!
//! [`Containers`] starts each service through testcontainers; what that does not have (networks of one's own, logs with
//! times, pausing, sweeping by label) goes to the engine directly. How the parts lie:
//!
//! - `engine`: whether there is a Docker engine, and its errors in words;
//! - `image`: finds, makes or pulls the images, before anything of the run exists;
//! - `script`: a program that makes one, and ends when this process does;
//! - `shared`: what all containers of a run share: a network, the way to this process, and the reaper;
//! - `started`: one container;
//! - `outage`: what can happen to it, and how that is undone;
//! - `sweep`: finds and removes what carries a run's label;
//! - `reaper`: the process that does so after this one has ended, however it ended.
//!
//! Everything carries the run's id in its name (`paidpath-RUN-SERVICE`) and in its labels, so that runs side by side never
//! touch each other. Ports are published on the loopback alone, and only those of services that somebody calls.

mod engine;
mod image;
mod outage;
mod reaper;
mod script;
mod shared;
mod started;
mod sweep;

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Mutex;

use self::shared::SharedResources;
use self::started::Container;
use super::{
    HostAddress, Leftover, MachineRequirement, Provider, ProviderKind, RunLabel, Running, StartError, StartRequest,
    Topology,
};

pub use self::engine::missing;
pub use self::reaper::reap;

/// Supplies services as containers of the Docker engine that `DOCKER_HOST` names, or that of this machine.
#[derive(Default)]
pub struct Containers {
    /// By run.
    runs: Mutex<HashMap<String, Arc<SharedResources>>>,
}

#[async_trait]
impl Provider for Containers {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Container
    }

    async fn prepare(&self, run: &RunLabel, topology: &Topology) -> Result<HostAddress, StartError> {
        let shared = SharedResources::create(run, topology).await.map_err(StartError::NotPrepared)?;
        let host_address = shared.host_address.clone();
        self.runs.lock().await.insert(run.id.clone(), Arc::new(shared));
        Ok(host_address)
    }

    async fn start(&self, order: StartRequest) -> Result<Arc<dyn Running>, StartError> {
        let shared = self.runs.lock().await.get(&order.run.id).cloned();
        let failed = |reason: String| StartError::Failed { service: order.service.clone(), reason };
        let shared = shared.ok_or_else(|| failed("its run was not prepared".into()))?;
        let container = Container::start(&shared, &order).await.map_err(failed)?;
        Ok(Arc::new(container))
    }

    fn requirement(&self) -> Option<MachineRequirement> {
        Some(MachineRequirement {
            name: "docker",
            tag: "@containers",
            missing: missing(),
            remedy: "start an engine that `docker info` reaches; as another user than root, join its group: \
                     usermod -aG docker $USER",
        })
    }

    fn direct_host(&self, run: &RunLabel, service: &str) -> Option<String> {
        Some(name_of(&run.id, service))
    }

    async fn clear(&self, run: &RunLabel) -> Result<(), String> {
        let shared = self.runs.lock().await.remove(&run.id);
        match shared {
            Some(shared) => shared.clear().await,
            None => Ok(()),
        }
    }

    fn kept(&self, run: &RunLabel) -> Option<String> {
        Some(format!("kept: what is named paidpath-{}; `paidpath doctor --clean` removes it", run.id))
    }

    async fn left_behind(&self) -> Option<Vec<Leftover>> {
        sweep::left_behind().await.ok()
    }

    async fn remove_left_behind(&self) -> Result<Vec<Leftover>, String> {
        sweep::clean().await
    }
}

/// The name of a service's container.
fn name_of(run: &str, service: &str) -> String {
    format!("paidpath-{run}-{service}")
}
