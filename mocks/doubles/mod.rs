//! wiremock doubles: of the services that have a file here, and of any other service out of stub files alone. They are started
//! once, before the first scenario, and shared by all: whatever they know they know of one member or one model version, never
//! of the server. What a scenario needs to be different for itself alone is a fault on the edge to the double.
//!
//! | double | what it does | what it does not do |
//! |---|---|---|
//! | `billing` | wallets, quotes, purchases, refunds, charges; every refusal | tells each purchase and refund once, and only to an `entitlement` that is no double: no outbox, no second try |
//! | `entitlement` | gates, access, decisions, trials; every refusal; takes billing's events | tells each change once, and only to a `generation` that is no double: the same |
//! | `generation` | estimates, jobs, images; refusals of access, money and keys | asks, charges and renders by the books: nobody else sees it; a job is done as soon as somebody looks at it, so none waits, fails, expires, or fills the queue |
//! | `worker` | renders every order | |
//! | `flags` | every flag is on | |
//!
//! None of them races, waits, loses what it knows or has seeded defects, and what they know ends with the run. The doubles of
//! the platform's own services keep [books](books) together, so that of `generation` needs the other two beside it. That
//! they otherwise answer as the platform does is held against it by `paidpath verify-doubles`.
//!
//! # Add another double
//!
//! 1. Write a file here, named after the service, with a function that mounts its behaviour on a [`MockServer`]; or, for a
//!    service of the platform, with its [routes](wire::Route).
//! 2. Give it a line in [`DOUBLES`].
//! 3. Use it in a topology: `provider = "mock"`. What the topology's `stubs` say comes before what the function mounts.

mod billing;
mod books;
mod entitlement;
mod flags;
mod generation;
mod stubs;
mod telling;
mod wire;
mod worker;

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use paidpath::providers::{HostAddress, Provider, ProviderKind, RunLabel, Running, StartError, StartRequest, Topology};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use books::Books;
use telling::Telling;
use wire::{Desk, Keys, Route};

/// What a double is made of.
enum Make {
    /// It knows nothing.
    Mount(fn(&MockServer) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>),
    /// It answers from the books.
    Keep(&'static [Route]),
}

/// The doubles by the name of the service they stand for.
const DOUBLES: &[(&str, Make)] = &[
    ("billing", Make::Keep(billing::ROUTES)),
    ("entitlement", Make::Keep(entitlement::ROUTES)),
    ("flags", Make::Mount(|server| Box::pin(flags::mount(server)))),
    ("generation", Make::Keep(generation::ROUTES)),
    ("worker", Make::Mount(|server| Box::pin(worker::mount(server)))),
];

/// wiremock, in this process.
#[derive(Default)]
pub struct Doubles {
    /// By the id of the run.
    books: Mutex<HashMap<String, Arc<Mutex<Books>>>>,
}

struct Double {
    server: Mutex<Option<MockServer>>,
    address: String,
}

impl Doubles {
    fn books_of(&self, run: &RunLabel) -> Arc<Mutex<Books>> {
        Arc::clone(self.books.lock().unwrap_or_else(PoisonError::into_inner).entry(run.id.clone()).or_default())
    }

    fn desk(&self, order: &StartRequest) -> Result<Desk, String> {
        let desk = Desk { keys: Keys::of(&order.env)?, books: self.books_of(&order.run) };
        // Doubles have no addresses of each other: they do not call each other.
        let told =
            |name: &str| order.neighbours.get(name).filter(|address| !address.is_empty()).map(|at| Telling::to(at));
        match order.service.as_str() {
            "billing" => desk.books().purchases_to = told("entitlement"),
            "entitlement" => desk.books().access_to = told("generation"),
            _ => {}
        }
        Ok(desk)
    }
}

#[async_trait]
impl Provider for Doubles {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Mock
    }

    async fn prepare(&self, _run: &RunLabel, topology: &Topology) -> Result<HostAddress, StartError> {
        let is_double =
            |name: &str| topology.services.get(name).is_some_and(|spec| spec.provider == ProviderKind::Mock);
        let real: Vec<_> = ["billing", "entitlement"].into_iter().filter(|name| !is_double(name)).collect();
        if is_double("generation") && !real.is_empty() {
            let swaps = real.iter().map(|name| format!(" --provider {name}=mock")).collect::<String>();
            return Err(StartError::NotPrepared(format!(
                "the double of `generation` charges and asks by the books that the doubles keep together, and {} is no \
                 double: add{swaps}",
                real.join(" and ")
            )));
        }
        Ok(HostAddress::loopback())
    }

    async fn start(&self, order: StartRequest) -> Result<Arc<dyn Running>, StartError> {
        let double = DOUBLES.iter().find(|(name, _)| *name == order.service).map(|(_, make)| make);
        if double.is_none() && order.spec.stubs.is_empty() {
            let known = DOUBLES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
            let known =
                format!("{known}; one of your own is made of stub files: stubs = [\"stubs/{}\"]", order.service);
            return Err(StartError::Unknown { kind: self.kind(), service: order.service, known });
        }
        let stubs = stubs::read(&order)?;
        // Taps record; a second record here would only grow with the run.
        let server = MockServer::builder().disable_request_recording().start().await;
        match double {
            None => {}
            Some(Make::Mount(mount)) => mount(&server).await,
            Some(Make::Keep(routes)) => match self.desk(&order) {
                Ok(desk) => wire::mount(&server, desk, routes).await,
                // Somebody else's service of the same name: it is made of its stub files alone.
                Err(_) if !stubs.is_empty() => {}
                Err(reason) => return Err(StartError::Failed { service: order.service, reason }),
            },
        }
        stubs::mount(&server, &order.service, stubs).await;
        let healthy = ResponseTemplate::new(200).set_body_json(serde_json::json!({"status": "ok"}));
        Mock::given(method("GET")).and(path("/healthz")).respond_with(healthy).mount(&server).await;
        Ok(Arc::new(Double { address: server.uri(), server: Mutex::new(Some(server)) }))
    }

    async fn clear(&self, run: &RunLabel) -> Result<(), String> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner).remove(&run.id);
        Ok(())
    }
}

#[async_trait]
impl Running for Double {
    fn address(&self) -> &str {
        &self.address
    }

    async fn stop(&self) -> Result<(), String> {
        let server = self.server.lock().unwrap_or_else(PoisonError::into_inner).take();
        // wiremock's `Drop` waits for a lock; on a thread that may block it cannot spin on a task's spent budget.
        tokio::task::spawn_blocking(move || drop(server)).await.map_err(|error| error.to_string())
    }
}
