//! The trait that every supplier of a service implements.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;

use super::{ProviderKind, ServiceSpec};
use crate::base::wait::{self, Look};

/// Supplies services of one kind. One provider serves all services of its kind in a run.
#[async_trait]
pub trait Provider: Send + Sync {
    /// Which kind it supplies.
    fn kind(&self) -> ProviderKind;

    /// Starts a service and gives it back once it has an address. Whether it is ready is asked by the caller.
    ///
    /// # Errors
    /// In words that help a person who did not write the topology.
    async fn start(&self, order: Order) -> Result<Box<dyn Running>, StartError>;
}

/// What is asked of a provider.
#[derive(Debug, Clone)]
pub struct Order {
    /// The service's name.
    pub service: String,
    /// What the topology says about it.
    pub spec: ServiceSpec,
    /// The addresses at which it reaches the services it calls: their taps.
    pub neighbours: BTreeMap<String, String>,
    /// Its settings, placeholders replaced.
    pub env: BTreeMap<String, String>,
    /// The run's id, for names and labels of whatever outlives the process.
    pub run: String,
}

/// A service that was started.
#[async_trait]
pub trait Running: Send + Sync {
    /// Where it answers: `http://host:port`.
    fn address(&self) -> &str;

    /// Stops it and waits until it has stopped.
    ///
    /// # Errors
    /// If it did not stop, or died of itself before.
    async fn stop(self: Box<Self>) -> Result<(), String>;
}

/// Why a service did not start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// The provider does not know how to supply a service of this name.
    #[error("no {kind} double or service is called `{service}`: there are {known}")]
    Unknown {
        /// The provider.
        kind: ProviderKind,
        /// What was asked for.
        service: String,
        /// What it has.
        known: String,
    },
    /// It refused or failed to start.
    #[error("`{service}` did not start: {reason}")]
    Failed {
        /// Which.
        service: String,
        /// Why.
        reason: String,
    },
    /// It started, and was not ready in time.
    #[error("`{service}` was not ready {waited}: {last_seen}")]
    NotReady {
        /// Which.
        service: String,
        /// How long was waited, as text.
        waited: String,
        /// What its readiness path answered last.
        last_seen: String,
    },
}

/// Waits until `GET address/path` answers 2xx.
///
/// # Errors
/// [`StartError::NotReady`] with the last answer seen, after `within`.
pub async fn ready(
    client: &reqwest::Client,
    service: &str,
    address: &str,
    path: &str,
    within: Duration,
) -> Result<(), StartError> {
    let url = format!("{address}{path}");
    let look = || async {
        match client.get(&url).timeout(Duration::from_secs(2)).send().await {
            Ok(answer) if answer.status().is_success() => Look::<(), std::convert::Infallible>::Holds(()),
            Ok(answer) => Look::NotYet(format!("{url} answered {}", answer.status())),
            Err(error) => Look::NotYet(format!("{url}: {}", root_cause(&error))),
        }
    };
    wait::until(within, look).await.map_err(|gave| match gave {
        wait::Gave::Up { waited, last_seen } => {
            StartError::NotReady { service: service.to_owned(), waited: format!("after {waited:.1?}"), last_seen }
        }
        wait::Gave::Never(never) => match never {},
    })
}

/// The innermost cause: "Connection refused" says more than "error sending request".
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
