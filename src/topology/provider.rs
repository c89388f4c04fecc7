//! The trait of a provider and of a service that it started.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{ProviderKind, Ready, ServiceSpec, Topology};

/// A supplier of services of one kind. One provider supplies all services of its kind, in one run or in several.
#[async_trait]
pub trait Provider: Send + Sync {
    /// Returns the kind of services that this provider supplies.
    fn kind(&self) -> ProviderKind;

    /// Returns what the provider needs from the machine, such as a Docker engine. `None` when it needs nothing.
    fn requirement(&self) -> Option<MachineRequirement> {
        None
    }

    /// Returns the host name under which other services of this provider reach a service without a tap.
    fn direct_host(&self, _run: &RunLabel, _service: &str) -> Option<String> {
        None
    }

    /// Prepares what all services of a run share, before the first of them starts. An error is worded for a person who did
    /// not write the topology.
    async fn prepare(&self, _run: &RunLabel, _topology: &Topology) -> Result<HostAddress, StartError> {
        Ok(HostAddress::loopback())
    }

    /// Starts a service and returns it once it has an address. The caller waits until it is ready.
    async fn start(&self, order: StartRequest) -> Result<Arc<dyn Running>, StartError>;

    /// Removes what is left of a run after its services were stopped, including what an interrupted start left behind.
    async fn clear(&self, _run: &RunLabel) -> Result<(), String> {
        Ok(())
    }

    /// Returns a sentence that tells what a run with `--keep` left standing, and how to remove it.
    fn kept(&self, _run: &RunLabel) -> Option<String> {
        None
    }

    /// Lists what runs that have ended left behind. `None` when nothing of this provider outlives a process, or nobody can
    /// be asked.
    async fn left_behind(&self) -> Option<Vec<Leftover>> {
        None
    }

    /// Removes what runs that have ended left behind, and lists it. Runs that are still going are not touched.
    async fn remove_left_behind(&self) -> Result<Vec<Leftover>, String> {
        Ok(Vec::new())
    }
}

/// Something that a provider needs and a machine may not have.
#[derive(Debug, Clone)]
pub struct MachineRequirement {
    /// The name by which `--require` and `paidpath doctor` know it.
    pub name: &'static str,
    /// The tag of the scenarios that cannot run without it.
    pub tag: &'static str,
    /// The reason why it is missing here; `None` when it is there.
    pub missing: Option<String>,
    /// The advice that `paidpath doctor` gives when it is missing.
    pub remedy: &'static str,
}

/// Things that a run has left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// The id of the run.
    pub run: String,
    /// The number of things, for example of containers, networks and volumes.
    pub things: usize,
    /// True when the run was started with `--keep`.
    pub kept: bool,
}

/// The label of everything that belongs to one run.
#[derive(Debug, Clone)]
pub struct RunLabel {
    /// The id of the run. It is part of the name and label of everything that can outlive the process.
    pub id: String,
    /// True when everything that can outlive the process is left standing.
    pub keep: bool,
}

/// The address at which services reach this process, where the taps in front of their neighbours listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostAddress {
    /// The address at which these taps listen.
    pub listen: IpAddr,
    /// The name of this machine for the services.
    pub host: String,
}

impl HostAddress {
    /// The address for services that run on this machine without any isolation.
    pub fn loopback() -> Self {
        Self { listen: IpAddr::V4(Ipv4Addr::LOCALHOST), host: Ipv4Addr::LOCALHOST.to_string() }
    }

    /// Returns the URL under which services reach a port of this process.
    pub fn address(&self, port: u16) -> String {
        format!("http://{}:{port}", self.host)
    }
}

/// A request to start a service.
#[derive(Debug, Clone)]
pub struct StartRequest {
    /// The name of the service.
    pub service: String,
    /// The service's section of the topology, with the placeholders in its command replaced.
    pub spec: ServiceSpec,
    /// True when the service is called through a tap.
    pub called: bool,
    /// The addresses at which it reaches the services it calls: their taps.
    pub neighbours: BTreeMap<String, String>,
    /// The settings, with their placeholders replaced.
    pub env: BTreeMap<String, String>,
    /// The folder from which relative paths in the topology start.
    pub folder: Option<PathBuf>,
    /// The run that it belongs to.
    pub run: RunLabel,
}

/// An outage of the machine that a service runs on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outage {
    /// The machine is shut down: the service is told to end, and has some seconds for that.
    Stop,
    /// The machine loses its power: the service ends without notice.
    Kill,
    /// The machine freezes: the service keeps its connections and does nothing.
    Pause,
    /// The machine loses its connection to the machine of this service, which it reaches without a tap. All other
    /// connections stay.
    CutOff(String),
}

impl fmt::Display for Outage {
    /// Writes the state of the service during the outage: `stopped`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stop => f.write_str("stopped"),
            Self::Kill => f.write_str("killed"),
            Self::Pause => f.write_str("paused"),
            Self::CutOff(peer) => write!(f, "cut off from {peer}"),
        }
    }
}

/// A service that was started.
#[async_trait]
pub trait Running: Send + Sync {
    /// Returns the address at which the service answers: `http://host:port`.
    fn address(&self) -> &str;

    /// Looks for a sign of readiness that is not asked for over HTTP. The error says what was seen instead.
    async fn shows(&self, sign: &Ready) -> Result<(), String> {
        Err(format!("only a container can be asked whether {sign}"))
    }

    /// Checks that the service is still running. The error says how it ended.
    async fn alive(&self) -> Result<(), String> {
        Ok(())
    }

    /// Causes an outage of the service.
    async fn cause(&self, outage: &Outage) -> Result<(), String> {
        Err(format!("only a container can be {outage}"))
    }

    /// Undoes every outage, and restarts the service where it has ended. The caller waits until it is ready.
    async fn recover(&self) -> Result<(), String> {
        Ok(())
    }

    /// Returns the log of the service, as a whole or since a moment. `None` where no log is kept.
    async fn log(&self, _since: Option<Timestamp>) -> Option<String> {
        None
    }

    /// Stops it and waits until it has stopped.
    async fn stop(&self) -> Result<(), String>;
}

/// The reason why a service did not start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// The provider does not know how to supply a service of this name.
    #[error("no {kind} double or service is called `{service}`: there are {known}")]
    Unknown {
        /// The provider that was asked.
        kind: ProviderKind,
        /// The name of the service.
        service: String,
        /// The names that the provider has.
        known: String,
    },
    /// The resources that the services of a provider share are missing.
    #[error("{0}")]
    NotPrepared(String),
    /// The service refused or failed to start.
    #[error("`{service}` did not start: {reason}")]
    Failed {
        /// The name of the service.
        service: String,
        /// The reason.
        reason: String,
    },
    /// The service started, but was not ready in time.
    #[error("`{service}` was not ready {waited}: {last_seen}")]
    NotReady {
        /// The name of the service.
        service: String,
        /// The time that was waited, as text.
        waited: String,
        /// The last look at its sign of readiness.
        last_seen: String,
    },
}
