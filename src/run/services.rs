//! The services of a run as its scenarios reach them, beside the taps: what they have written.

use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;
use tokio::runtime::Handle;

use super::platform::Started;

/// How long it may take to fetch what the services have written.
const PATIENCE: Duration = Duration::from_secs(3);

/// The services, and the runtime that they and their clients live on: workers have runtimes of their own.
pub struct Services {
    running: Vec<Started>,
    home: Handle,
}

impl Services {
    /// The services that `home` looks after.
    pub fn new(running: Vec<Started>, home: Handle) -> Self {
        Self { running, home }
    }

    /// What each service has written since a moment, by its name; nothing of those that do not keep it.
    pub async fn logs(&self, since: Timestamp) -> Vec<(String, String)> {
        let asked = self
            .running
            .clone()
            .into_iter()
            .map(|(name, service)| self.home.spawn(async move { Some((name, service.log(Some(since)).await?)) }));
        let logs = tokio::time::timeout(PATIENCE, join_all(asked)).await.unwrap_or_default();
        logs.into_iter().filter_map(|log| log.ok().flatten()).filter(|(_, log)| !log.is_empty()).collect()
    }
}
