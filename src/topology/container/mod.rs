//! Services in containers.
//!
//! testcontainers creates, starts, stops, pauses and removes each container, builds images from a Dockerfile, and pulls
//! images. The engine is asked directly, through bollard, only for what testcontainers has no call for:
//!
//! - networks with labels, their gateway, and moving a running container between networks (the outage `CutOff`);
//! - killing a container (the outage `Kill`);
//! - the state, the health and the exit code of a container, and logs since a moment, with their times;
//! - the question whether an image is on this machine;
//! - finding and removing by label what another process, killed long ago, left behind. testcontainers removes only the
//!   containers that this process holds.
//!
//! The files:
//!
//! - `engine`: the connection to the Docker engine;
//! - `image`: finds, makes or pulls the images, before anything of the run exists;
//! - `script`: runs a program that makes an image;
//! - `shared`: the resources that all containers of a run share: a network, the address of this process, and the reaper;
//! - `started`: one container;
//! - `outage`: causes and undoes outages of a container;
//! - `sweep`: finds and removes everything that carries a run's label;
//! - `reaper`: the process that does so after this one has ended, however it ended.
//!
//! Everything carries the run's id in its name (`paidpath-RUN-SERVICE`) and in its labels, so that runs side by side never
//! touch each other. Ports are published on the loopback only, and only for services that somebody calls.

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

/// A provider of services as containers of the Docker engine that `DOCKER_HOST` names, or that of this machine.
#[derive(Default)]
pub struct Containers {
    /// The resources by the id of their run.
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
