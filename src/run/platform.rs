//! Brings a topology up, with a tap on every edge, and takes it down again.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::{join_all, try_join_all};

use crate::model::{Edge, ServiceInfo};
use crate::tap::{Attribution, FaultBoard, NotAnUpstream, Recorder, Tap};
use crate::topology::{Order, Provider, Running, Secret, StartError, Topology, ready};

/// A platform that is up.
pub struct Platform {
    /// The address of the tap on the member's edge.
    pub entry: String,
    /// The services as reports name them.
    pub services: Vec<ServiceInfo>,
    /// The topology's secrets.
    pub secrets: BTreeMap<String, String>,
    running: Vec<(String, Box<dyn Running>)>,
    taps: Vec<Tap>,
}

/// Why a platform did not come up.
#[derive(Debug, thiserror::Error)]
pub enum NotUp {
    /// One of its services.
    #[error(transparent)]
    Service(#[from] StartError),
    /// One of our taps.
    #[error("no tap could be opened on {edge}: {source}")]
    Tap {
        /// Where.
        edge: Edge,
        /// Why.
        source: std::io::Error,
    },
    /// An address that a tap cannot forward to.
    #[error("the tap on {edge} cannot forward: {source}")]
    Address {
        /// Where.
        edge: Edge,
        /// Why.
        source: NotAnUpstream,
    },
    /// A secret that the environment should have.
    #[error("the topology takes the secret `{name}` from the environment variable {variable}, which is not set")]
    Secret {
        /// The secret.
        name: String,
        /// The variable.
        variable: String,
    },
    /// A provider that this binary does not have.
    #[error("`{service}` wants the provider `{provider}`, which this build does not have")]
    NoProvider {
        /// Which service.
        service: String,
        /// Which provider.
        provider: String,
    },
}

impl Platform {
    /// Opens the taps, starts all services at once, and waits until each is ready.
    ///
    /// # Errors
    /// The first thing that went wrong; what had come up by then is taken down.
    pub async fn start(
        topology: &Topology,
        providers: &[Arc<dyn Provider>],
        recorder: &Recorder,
        faults: &FaultBoard,
        run: &str,
    ) -> Result<Self, NotUp> {
        let secrets = secrets(topology)?;
        let mut taps = Vec::new();
        for edge in topology.edges() {
            let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
            let opened =
                Tap::open(edge.clone(), anywhere, Attribution::ByHeader, recorder.clone(), faults.clone()).await;
            taps.push(opened.map_err(|source| NotUp::Tap { edge, source })?);
        }
        let orders = topology.services.iter().map(|(name, spec)| {
            let tap_of = |callee: &String| {
                let tap = taps.iter().find(|tap| tap.edge().from == *name && tap.edge().to == *callee);
                (callee.clone(), tap.map(|tap| tap.address().to_owned()).unwrap_or_default())
            };
            let neighbours: BTreeMap<String, String> = spec.calls.iter().map(tap_of).collect();
            let env =
                topology.env_of(name).map(|(key, value)| (key.clone(), filled(value, &neighbours, &secrets))).collect();
            Order { service: name.clone(), spec: spec.clone(), neighbours, env, run: run.to_owned() }
        });
        let started = Instant::now();
        let starts = orders.collect::<Vec<_>>().into_iter().map(|order| start_one(order, providers));
        let mut running = Vec::new();
        let mut failure = None;
        for outcome in join_all(starts).await {
            match outcome {
                Ok(one) => running.push(one),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        for tap in &taps {
            if let Some((_, service)) = running.iter().find(|(name, _)| *name == tap.edge().to)
                && let Err(source) = tap.point_at(service.address())
            {
                failure = failure.or(Some(NotUp::Address { edge: tap.edge().clone(), source }));
            }
        }
        let services = running.iter().map(|(name, service)| ServiceInfo {
            name: name.clone(),
            provider: topology.services[name].provider.to_string(),
            address: service.address().to_owned(),
        });
        let entry = taps.first().expect("there is always the member's edge").address().to_owned();
        let platform = Self { entry, services: services.collect(), secrets, running, taps };
        let failure = match failure {
            Some(failure) => Some(failure),
            None => platform.await_ready(topology, started).await.err().map(NotUp::from),
        };
        match failure {
            None => Ok(platform),
            Some(failure) => {
                platform.stop().await;
                Err(failure)
            }
        }
    }

    async fn await_ready(&self, topology: &Topology, started: Instant) -> Result<(), StartError> {
        let client = reqwest::Client::builder().no_proxy().build().expect("a client without TLS settings builds");
        let within = topology.start_up.0.saturating_sub(started.elapsed()).max(Duration::from_millis(1));
        let waits = self.running.iter().filter_map(|(name, service)| {
            let path = topology.services[name].ready.as_deref()?;
            Some(ready(&client, name, service.address(), path, within))
        });
        try_join_all(waits).await?;
        Ok(())
    }

    /// Stops everything, callers before callees where that is known, and says what did not stop cleanly.
    pub async fn stop(self) -> Vec<String> {
        let stops = self.running.into_iter().map(|(name, service)| async move {
            service.stop().await.err().map(|error| format!("{name} did not stop cleanly: {error}"))
        });
        let complaints = join_all(stops).await.into_iter().flatten().collect();
        join_all(self.taps.into_iter().map(Tap::stop)).await;
        complaints
    }
}

async fn start_one(order: Order, providers: &[Arc<dyn Provider>]) -> Result<(String, Box<dyn Running>), NotUp> {
    let kind = order.spec.provider;
    let provider = providers
        .iter()
        .find(|provider| provider.kind() == kind)
        .ok_or_else(|| NotUp::NoProvider { service: order.service.clone(), provider: kind.to_string() })?;
    let name = order.service.clone();
    Ok((name, provider.start(order).await?))
}

fn secrets(topology: &Topology) -> Result<BTreeMap<String, String>, NotUp> {
    let value = |(name, secret): (&String, &Secret)| {
        let value = match secret {
            Secret::Mint(_) => format!("{:032x}", rand::random::<u128>()),
            Secret::Env(variable) => {
                std::env::var(variable).map_err(|_| NotUp::Secret { name: name.clone(), variable: variable.clone() })?
            }
        };
        Ok((name.clone(), value))
    };
    topology.secrets.iter().map(value).collect()
}

/// Replaces `{tap.NAME}` and `{secret.NAME}`; that they name something was checked when the file was read.
fn filled(text: &str, neighbours: &BTreeMap<String, String>, secrets: &BTreeMap<String, String>) -> String {
    let with = |text: String, kind: &str, values: &BTreeMap<String, String>| {
        values.iter().fold(text, |text, (name, value)| text.replace(&format!("{{{kind}.{name}}}"), value))
    };
    with(with(text.to_owned(), "tap", neighbours), "secret", secrets)
}
