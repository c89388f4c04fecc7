//! The resources that all containers of a run share: a network, the address of this process, the images, and the reaper.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Mutex, PoisonError};

use bollard::Docker;
use bollard::errors::Error;
use bollard::models::NetworkCreateRequest;
use testcontainers::core::Host;

use super::engine::{self, cause};
use super::reaper::Reaper;
use super::sweep::{self, KEPT, LOCK, RUN, TOPOLOGY};
use super::{image, name_of};
use crate::topology::{HostAddress, RunLabel, Topology};

/// The name by which containers know the machine that they run on, as Docker's own tools have it.
pub(super) const HOST: &str = "host.docker.internal";

pub(super) struct SharedResources {
    pub docker: Docker,
    pub run: RunLabel,
    pub network: String,
    pub host_address: HostAddress,
    pub host: Host,
    /// The images by the name that services use.
    pub images: BTreeMap<String, String>,
    pub labels: BTreeMap<String, String>,
    reaper: Mutex<Option<Reaper>>,
    /// The lock file of the run, locked as long as the run lives. A process that finds it unlocked may clean up.
    _lock: File,
}

impl SharedResources {
    pub async fn create(run: &RunLabel, topology: &Topology) -> Result<Self, String> {
        let docker = engine::connect()?;
        engine::ping(&docker).await?;
        let images = image::all(&docker, topology).await?;
        let place = std::env::temp_dir().join(format!("paidpath-{}.lock", run.id));
        let no_lock = |error| format!("{} cannot be locked: {error}", place.display());
        // Other runs test this lock to learn whether this process is alive. A process id could be reused.
        let lock = File::create(&place).map_err(no_lock)?;
        lock.lock().map_err(no_lock)?;
        let mut labels = BTreeMap::from([
            (RUN.to_owned(), run.id.clone()),
            (LOCK.to_owned(), place.display().to_string()),
            (TOPOLOGY.to_owned(), topology.name.clone()),
        ]);
        if run.keep {
            labels.insert(KEPT.to_owned(), "true".to_owned());
        }
        // Started before the first thing that it may have to remove.
        let reaper = Reaper::start(&run.id).map_err(|error| format!("no reaper could be started: {error}"))?;
        let network = format!("paidpath-{}", run.id);
        let made = docker.create_network(bridge(&network, &labels)).await;
        made.map_err(|error| format!("no network could be made for the containers: {}", cause(&error)))?;
        let (host_address, host) = way_back(&docker, &network).await?;
        let reaper = Mutex::new(Some(reaper));
        Ok(Self { docker, run: run.clone(), network, host_address, host, images, labels, reaper, _lock: lock })
    }

    pub fn name_of(&self, service: &str) -> String {
        name_of(&self.run.id, service)
    }

    /// Makes another network of the run.
    pub async fn make_network(&self, name: &str) -> Result<(), Error> {
        self.docker.create_network(bridge(name, &self.labels)).await.map(drop)
    }

    /// Removes everything with the run's label, unless the run keeps it. What cannot be removed now is left to the
    /// reaper.
    pub async fn clear(&self) -> Result<(), String> {
        let reaper = self.reaper.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(reaper) = reaper else { return Ok(()) };
        if self.run.keep {
            reaper.dismiss();
            return Ok(());
        }
        match sweep::sweep(&self.docker, &self.run.id).await {
            Ok(()) => {
                reaper.dismiss();
                sweep::unlock(self.labels.get(LOCK));
                Ok(())
            }
            Err(error) => {
                drop(reaper);
                Err(format!("{error}; `paidpath doctor --clean` removes what is left of this run"))
            }
        }
    }
}

fn bridge(name: &str, labels: &BTreeMap<String, String>) -> NetworkCreateRequest {
    NetworkCreateRequest {
        name: name.to_owned(),
        driver: Some("bridge".into()),
        labels: Some(labels.clone().into_iter().collect::<HashMap<_, _>>()),
        ..NetworkCreateRequest::default()
    }
}

/// Finds the address at which containers reach this process. With an engine on this machine it is the network's
/// gateway, which nobody outside this machine reaches. With an engine in a virtual machine (Docker Desktop), which
/// forwards to the loopback, it is the loopback.
async fn way_back(docker: &Docker, network: &str) -> Result<(HostAddress, Host), String> {
    let seen = docker.inspect_network(network, None).await;
    let seen = seen.map_err(|error| format!("the containers' network cannot be inspected: {}", cause(&error)))?;
    let configs = seen.ipam.and_then(|ipam| ipam.config).unwrap_or_default();
    let gateways = configs.into_iter().filter_map(|config| config.gateway);
    let ours = gateways.filter_map(|gateway| gateway.split('/').next()?.parse::<IpAddr>().ok());
    // The gateway is an address of this machine only where the engine runs on it. Binding is the reliable test.
    let ours = ours.into_iter().find(|gateway| TcpListener::bind(SocketAddr::new(*gateway, 0)).is_ok());
    let host = HOST.to_owned();
    Ok(match ours {
        Some(gateway) => (HostAddress { listen: gateway, host }, Host::Addr(gateway)),
        None => (HostAddress { listen: IpAddr::V4(Ipv4Addr::LOCALHOST), host }, Host::HostGateway),
    })
}
