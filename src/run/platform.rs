//! Brings a topology up, with a tap on every edge, and takes it down again.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::future::{join_all, try_join_all};
use tokio::sync::watch;

use crate::base::spelling::{self, SHORTEST};
use crate::model::{Edge, Exit, ServiceInfo};
use crate::tap::{Attribution, FaultBoard, InvalidUpstream, Recorder, Tap};
use crate::topology::{
    HostAddress, Provider, RunLabel, Running, Secret, ServiceSpec, StartError, StartRequest, Topology, until_ready,
};
use crate::world::StartedService;

/// A platform that is up.
pub struct Platform {
    /// The address of the tap on the member's edge.
    pub entry: String,
    /// The address of the service behind it.
    pub front: String,
    /// The services, for reports.
    pub services: Vec<ServiceInfo>,
    /// The secrets of the topology, by name.
    pub secrets: BTreeMap<String, String>,
    running: Vec<StartedService>,
    taps: Vec<Tap>,
    providers: Vec<Arc<dyn Provider>>,
    mark: RunLabel,
}

/// The reason why a platform did not come up.
#[derive(Debug, thiserror::Error)]
pub enum NotUp {
    /// A service did not start.
    #[error(transparent)]
    Service(#[from] StartError),
    /// A tap could not be opened.
    #[error("no tap could be opened on {edge}: {source}")]
    Tap { edge: Edge, source: std::io::Error },
    /// A tap cannot forward to this address.
    #[error("the tap on {edge} cannot forward: {source}")]
    Address { edge: Edge, source: InvalidUpstream },
    /// The environment lacks a secret.
    #[error("the topology takes the secret `{name}` from the environment variable {variable}, which is not set")]
    Secret { name: String, variable: String },
    /// A secret could not be told from other text.
    #[error(
        "the secret `{name}` has {letters} characters other than blanks and colons; with fewer than {SHORTEST} it could not \
         be kept out of the reports"
    )]
    ShortSecret { name: String, letters: usize },
    /// A signal arrived during the start.
    #[error("interrupted before the platform was up")]
    Interrupted(Exit),
    /// This binary does not have the provider.
    #[error("`{service}` wants the provider `{provider}`, which this build does not have")]
    NoProvider { service: String, provider: String },
}

/// The parts with which a platform is brought up.
pub struct Builder<'r> {
    pub topology: &'r Topology,
    pub providers: &'r [Arc<dyn Provider>],
    pub recorder: &'r Recorder,
    pub faults: &'r FaultBoard,
    pub mark: RunLabel,
}

impl Platform {
    /// Opens the taps, starts all services and waits until each is ready. Services start at the same time, except those that
    /// wait for others. If one fails, or if `interrupted` ends first, everything is taken down.
    pub async fn start(with: Builder<'_>, interrupted: impl Future<Output = Exit>) -> Result<Self, NotUp> {
        let Builder { topology, mark, .. } = &with;
        let secrets = secrets(topology)?;
        let mut platform = Self {
            entry: String::new(),
            front: String::new(),
            services: Vec::new(),
            secrets,
            running: Vec::new(),
            taps: Vec::new(),
            providers: with.providers.iter().filter(|provider| topology.has(provider.kind())).cloned().collect(),
            mark: mark.clone(),
        };
        // Kept outside the future: if it is dropped by a signal, the services that have started must still be stopped.
        let started = Mutex::new(Vec::new());
        let came_up = tokio::select! {
            came_up = platform.come_up(&with, &started) => came_up,
            exit = interrupted => Err(NotUp::Interrupted(exit)),
        };
        platform.running = started.into_inner().unwrap_or_else(PoisonError::into_inner);
        platform.running.sort_by(|(one, _), (other, _)| one.cmp(other));
        let described = platform.running.iter().map(|(name, service)| ServiceInfo {
            name: name.clone(),
            provider: topology.services[name].provider.to_string(),
            address: service.address().to_owned(),
        });
        platform.services = described.collect();
        let front = platform.running.iter().find(|(name, _)| *name == topology.entry);
        platform.front = front.map(|(_, service)| service.address().to_owned()).unwrap_or_default();
        match came_up {
            Ok(()) => Ok(platform),
            Err(failure) => {
                platform.stop().await;
                Err(failure)
            }
        }
    }

    async fn come_up(&mut self, with: &Builder<'_>, started: &Mutex<Vec<StartedService>>) -> Result<(), NotUp> {
        let topology = with.topology;
        let mut host_addresses = HashMap::new();
        for provider in &self.providers {
            host_addresses.insert(provider.kind(), provider.prepare(&self.mark, topology).await?);
        }
        let deadline = Instant::now() + topology.start_up.0;
        let host_address_of = |service: &str| {
            let kind = topology.services.get(service).map(|spec| spec.provider);
            kind.and_then(|kind| host_addresses.get(&kind).cloned()).unwrap_or_else(HostAddress::loopback)
        };
        // All taps open before any service starts, because a service gets the addresses of its taps at its start.
        for edge in topology.edges() {
            let listen = SocketAddr::new(host_address_of(&edge.from).listen, 0);
            let opened =
                Tap::open(edge.clone(), listen, Attribution::ByHeader, with.recorder.clone(), with.faults.clone())
                    .await;
            self.taps.push(opened.map_err(|source| NotUp::Tap { edge, source })?);
        }
        self.entry = self.taps.first().expect("there is always the member's edge").address().to_owned();
        let ups: BTreeMap<&str, watch::Sender<bool>> =
            topology.services.keys().map(|name| (name.as_str(), watch::Sender::new(false))).collect();
        let starts = topology.services.iter().map(|(name, spec)| {
            let order = self.order(name, spec, topology, &host_address_of(name));
            let (ups, taps, providers) = (&ups, &self.taps, &self.providers);
            async move {
                for first in &spec.after {
                    let mut up = ups[first.as_str()].subscribe();
                    up.wait_for(|up| *up).await.expect("invariant: the sender outlives the start of all services");
                }
                let service = start_one(order, providers).await?;
                // Noted before it is ready: a service that never becomes ready has to be stopped, too.
                started.lock().unwrap_or_else(PoisonError::into_inner).push((name.clone(), Arc::clone(&service)));
                for tap in taps.iter().filter(|tap| tap.edge().to == *name) {
                    let pointed = tap.point_at(service.address());
                    pointed.map_err(|source| NotUp::Address { edge: tap.edge().clone(), source })?;
                }
                if let Some(sign) = &spec.ready {
                    // One deadline for all services, however long they waited for each other.
                    let within = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
                    until_ready(name, &service, sign, within).await?;
                }
                ups[name.as_str()].send_replace(true);
                Ok::<_, NotUp>(())
            }
        });
        try_join_all(starts).await?;
        Ok(())
    }

    fn order(&self, name: &str, spec: &ServiceSpec, topology: &Topology, host_address: &HostAddress) -> StartRequest {
        let tap_of = |callee: &String| {
            let tap = self.taps.iter().find(|tap| tap.edge().from == name && tap.edge().to == *callee);
            (callee.clone(), tap.map(|tap| host_address.address(tap.local_addr().port())).unwrap_or_default())
        };
        let neighbours: BTreeMap<String, String> = spec.calls.iter().map(tap_of).collect();
        let direct = |(name, spec): (&String, &ServiceSpec)| {
            let port = spec.port?;
            let provider = self.providers.iter().find(|provider| provider.kind() == spec.provider)?;
            Some((name.clone(), format!("{}:{port}", provider.direct_host(&self.mark, name)?)))
        };
        let values = [
            ("tap", &neighbours),
            ("secret", &self.secrets),
            ("container", &topology.services.iter().filter_map(direct).collect()),
        ];
        let env = topology.env_of(name).map(|(key, value)| (key.clone(), filled(value, &values))).collect();
        let command = spec.command.iter().map(|word| filled(word, &values)).collect();
        StartRequest {
            service: name.to_owned(),
            spec: ServiceSpec { command, ..spec.clone() },
            called: topology.is_called(name),
            neighbours,
            env,
            folder: topology.folder.clone(),
            run: self.mark.clone(),
        }
    }

    pub fn running(&self) -> &[StartedService] {
        &self.running
    }

    /// Stops everything, and returns sentences about what did not stop cleanly and what was kept.
    pub async fn stop(self) -> Vec<String> {
        let stops = self.running.into_iter().map(|(name, service)| async move {
            service.stop().await.err().map(|error| format!("{name} did not stop cleanly: {error}"))
        });
        let mut complaints: Vec<String> = join_all(stops).await.into_iter().flatten().collect();
        // Services first: one that stops may still call others through the taps.
        join_all(self.taps.into_iter().map(Tap::stop)).await;
        let clears = self.providers.iter().map(|provider| provider.clear(&self.mark));
        complaints.extend(join_all(clears).await.into_iter().filter_map(Result::err));
        if self.mark.keep {
            complaints.extend(self.providers.iter().filter_map(|provider| provider.kept(&self.mark)));
        }
        complaints
    }
}

async fn start_one(order: StartRequest, providers: &[Arc<dyn Provider>]) -> Result<Arc<dyn Running>, NotUp> {
    let kind = order.spec.provider;
    let provider = providers
        .iter()
        .find(|provider| provider.kind() == kind)
        .ok_or_else(|| NotUp::NoProvider { service: order.service.clone(), provider: kind.to_string() })?;
    Ok(provider.start(order).await?)
}

fn secrets(topology: &Topology) -> Result<BTreeMap<String, String>, NotUp> {
    let value = |(name, secret): (&String, &Secret)| {
        let value = match secret {
            Secret::Mint(_) => format!("{:032x}", rand::random::<u128>()),
            Secret::Env(variable) => {
                std::env::var(variable).map_err(|_| NotUp::Secret { name: name.clone(), variable: variable.clone() })?
            }
        };
        let letters = spelling::length(&value);
        if letters < SHORTEST {
            return Err(NotUp::ShortSecret { name: name.clone(), letters });
        }
        Ok((name.clone(), value))
    };
    topology.secrets.iter().map(value).collect()
}

/// Replaces placeholders such as `{tap.NAME}`. The topology was checked when it was read, so every name is known.
fn filled(text: &str, values: &[(&str, &BTreeMap<String, String>)]) -> String {
    let pairs = values.iter().flat_map(|(kind, values)| values.iter().map(move |(name, value)| (kind, name, value)));
    pairs.fold(text.to_owned(), |text, (kind, name, value)| text.replace(&format!("{{{kind}.{name}}}"), value))
}
