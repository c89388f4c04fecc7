//! Causes and undoes outages of a container.

use std::collections::HashMap;

use bollard::errors::Error;
use bollard::models::{NetworkConnectRequest, NetworkDisconnectRequest};
use bollard::query_parameters::ListContainersOptionsBuilder;
use futures::future::try_join_all;

use super::engine::cause;
use super::started::Container;
use super::sweep::RUN;
use crate::topology::Outage;

/// The time that a service has to end when it is told to, in seconds.
const STOP_TIMEOUT: i32 = 10;

impl Container {
    pub(super) async fn cause_outage(&self, outage: &Outage) -> Result<(), String> {
        let held = self.held.lock().await;
        let container = held.as_ref().ok_or("it was stopped for good")?;
        match outage {
            Outage::Stop => container.stop_with_timeout(Some(STOP_TIMEOUT)).await.map_err(|error| cause(&error)),
            Outage::Kill => self.shared.docker.kill_container(&self.name, None).await.map_err(|error| cause(&error)),
            Outage::Pause => container.pause().await.map_err(|error| cause(&error)),
            Outage::CutOff(peer) => self.cut_off(&self.shared.name_of(peer)).await.map_err(|error| cause(&error)),
        }
    }

    pub(super) async fn undo(&self) -> Result<(), String> {
        let (docker, failed) = (&self.shared.docker, |error: Error| cause(&error));
        let seen = docker.inspect_container(&self.name, None).await.map_err(failed)?;
        let networks = seen.network_settings.and_then(|settings| settings.networks).unwrap_or_default();
        let held = self.held.lock().await;
        let container = held.as_ref().ok_or("it was stopped for good")?;
        match seen.state {
            Some(state) if state.paused == Some(true) => container.unpause().await.map_err(|error| cause(&error))?,
            Some(state) if state.running != Some(true) => self.start_anew(container).await?,
            Some(_) | None => {}
        }
        // After the start: a container that ended while it was cut off looks for that network when it starts.
        if networks.contains_key(&self.apart()) {
            self.rejoin().await.map_err(failed)?;
        }
        Ok(())
    }

    /// The network in which it is while it is cut off.
    fn apart(&self) -> String {
        format!("{}-apart", self.name)
    }

    /// Moves the container into another network with all containers but this peer. The taps stay in reach, because they
    /// listen on this machine. So does the published port of the container, which Docker moves along.
    async fn cut_off(&self, peer: &str) -> Result<(), Error> {
        let (docker, apart) = (&self.shared.docker, self.apart());
        self.shared.make_network(&apart).await?;
        let filters = HashMap::from([("label", vec![format!("{RUN}={}", self.shared.run.id)])]);
        let all = docker.list_containers(Some(ListContainersOptionsBuilder::new().filters(&filters).build())).await?;
        let names = all.into_iter().filter_map(|one| Some(one.names?.first()?.trim_start_matches('/').to_owned()));
        let others: Vec<String> = names.filter(|name| name != peer).collect();
        // The others join first. Leaving first would cut off every peer for a moment, and not only this one.
        try_join_all(others.iter().map(|name| self.connect(&apart, name))).await?;
        self.disconnect(&self.shared.network, &self.name).await
    }

    async fn rejoin(&self) -> Result<(), Error> {
        let (docker, apart) = (&self.shared.docker, self.apart());
        self.connect(&self.shared.network, &self.name).await?;
        let seen = docker.inspect_network(&apart, None).await?;
        let inside: Vec<String> = seen.containers.unwrap_or_default().into_keys().collect();
        try_join_all(inside.iter().map(|id| self.disconnect(&apart, id))).await?;
        docker.remove_network(&apart).await
    }

    async fn connect(&self, network: &str, container: &str) -> Result<(), Error> {
        let request = NetworkConnectRequest { container: container.to_owned(), ..NetworkConnectRequest::default() };
        self.shared.docker.connect_network(network, request).await
    }

    async fn disconnect(&self, network: &str, container: &str) -> Result<(), Error> {
        let container = container.to_owned();
        let request = NetworkDisconnectRequest { container, ..NetworkDisconnectRequest::default() };
        self.shared.docker.disconnect_network(network, request).await
    }
}
