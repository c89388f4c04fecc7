//! wiremock doubles: of the services that have a file here, and of any other service out of stub files alone. They are started
//! once, before the first scenario, and shared by all: what they know they know of one member or one model version, never of
//! the server. What a scenario needs to be different for itself alone is a fault on the edge to the double.
//!
//! | double | answers | does not do |
//! |---|---|---|
//! | `billing` | as the platform's | sends each event once, and only over the network to an `entitlement` that is no double: no second try |
//! | `entitlement` | as the platform's | sends each event once, and only over the network to a `generation` that is no double: the same |
//! | `generation` | as the platform's | asks, charges and renders without a network: nobody else sees it; a job is done as soon as somebody looks at it, so none waits, fails, expires, or fills the queue |
//! | `worker` | renders every order | |
//! | `flags` | every flag is on | |
//!
//! None of them races, waits, loses what it knows or has seeded defects, and what they know ends with the run. The doubles of
//! the platform's own services ([`platform`]) are its handlers and in-memory stores in this process. They call each other
//! directly, so that of `generation` needs the other two beside it. That a topology of doubles answers as the platform does is
//! held against it by `paidpath verify-doubles`.
//!
//! # Add another double
//!
//! 1. Write a file here, named after the service, with a function that mounts its behaviour on a [`MockServer`].
//! 2. Give it a line in [`DOUBLES`].
//! 3. Use it in a topology: `provider = "mock"`. What the topology's `stubs` say comes before what the function mounts.

mod flags;
mod platform;
mod stubs;
mod worker;

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use atelier::{InProcess, ServiceName};
use paidpath::providers::{HostAddress, Provider, ProviderKind, RunLabel, Running, StartError, StartRequest, Topology};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

enum Double {
    /// Needs nothing of the run.
    Mounted(fn(&MockServer) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>),
    /// Shares the state of the platform's other doubles.
    OfPlatform(ServiceName),
}

/// The doubles by the name of the service that they stand in for.
const DOUBLES: &[(&str, Double)] = &[
    ("billing", Double::OfPlatform(ServiceName::Billing)),
    ("entitlement", Double::OfPlatform(ServiceName::Entitlement)),
    ("flags", Double::Mounted(|server| Box::pin(flags::mount(server)))),
    ("generation", Double::OfPlatform(ServiceName::Generation)),
    ("worker", Double::Mounted(|server| Box::pin(worker::mount(server)))),
];

/// The provider of doubles.
#[derive(Default)]
pub struct Doubles {
    /// The platform's doubles by the id of their run.
    runs: Mutex<HashMap<String, Arc<InProcess>>>,
}

struct RunningDouble {
    server: Mutex<Option<MockServer>>,
    address: String,
}

impl Doubles {
    fn services_of(&self, run: &RunLabel) -> Arc<InProcess> {
        Arc::clone(self.runs.lock().unwrap_or_else(PoisonError::into_inner).entry(run.id.clone()).or_default())
    }
}

#[async_trait]
impl Provider for Doubles {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Mock
    }

    async fn prepare(&self, _run: &RunLabel, topology: &Topology) -> Result<HostAddress, StartError> {
        // Refused before anything starts, with the options that make it work.
        let is_double =
            |name: &str| topology.services.get(name).is_some_and(|spec| spec.provider == ProviderKind::Mock);
        let real: Vec<_> = ["billing", "entitlement"].into_iter().filter(|name| !is_double(name)).collect();
        if is_double("generation") && !real.is_empty() {
            let swaps = real.iter().map(|name| format!(" --provider {name}=mock")).collect::<String>();
            return Err(StartError::NotPrepared(format!(
                "the double of `generation` charges and asks its neighbours without a network, and {} is no double: add{swaps}",
                real.join(" and ")
            )));
        }
        Ok(HostAddress::loopback())
    }

    async fn start(&self, order: StartRequest) -> Result<Arc<dyn Running>, StartError> {
        let double = DOUBLES.iter().find(|(name, _)| *name == order.service).map(|(_, double)| double);
        if double.is_none() && order.spec.stubs.is_empty() {
            let known = DOUBLES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
            let known =
                format!("{known}; one of your own is made of stub files: stubs = [\"stubs/{}\"]", order.service);
            return Err(StartError::Unknown { kind: self.kind(), service: order.service, known });
        }
        let stubs = stubs::read(&order)?;
        // Taps record; a second record here would only grow with the run.
        let server = MockServer::builder().disable_request_recording().start().await;
        let mut otherwise: stubs::Otherwise = Box::new(|_| None);
        match double {
            None => {}
            Some(Double::Mounted(mount)) => mount(&server).await,
            Some(&Double::OfPlatform(name)) => {
                let services = self.services_of(&order.run);
                match platform::add(&services, name, &order) {
                    Ok(()) => otherwise = Box::new(move |request| platform::answer(&services, name, request)),
                    // Somebody else's service of the same name: it is made of its stub files alone.
                    Err(_) if !stubs.is_empty() => {}
                    Err(reason) => return Err(StartError::Failed { service: order.service, reason }),
                }
            }
        }
        stubs::mount(&server, &order.service, stubs, otherwise).await;
        let healthy = ResponseTemplate::new(200).set_body_json(serde_json::json!({"status": "ok"}));
        Mock::given(method("GET")).and(path("/healthz")).respond_with(healthy).mount(&server).await;
        Ok(Arc::new(RunningDouble { address: server.uri(), server: Mutex::new(Some(server)) }))
    }

    async fn clear(&self, run: &RunLabel) -> Result<(), String> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner).remove(&run.id);
        Ok(())
    }
}

#[async_trait]
impl Running for RunningDouble {
    fn address(&self) -> &str {
        &self.address
    }

    async fn stop(&self) -> Result<(), String> {
        let server = self.server.lock().unwrap_or_else(PoisonError::into_inner).take();
        // wiremock's `Drop` waits for a lock; on a thread that may block it cannot spin on a task's spent budget.
        tokio::task::spawn_blocking(move || drop(server)).await.map_err(|error| error.to_string())
    }
}
