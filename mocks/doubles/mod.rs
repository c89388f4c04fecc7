//! wiremock doubles: of the services that have a file here, and of any other service out of stub files alone. They are started once, before the first scenario, and keep no state: what a scenario needs to be
//! different for itself alone is a fault on the edge to the double.
//!
//! # Add another double
//!
//! 1. Write a file here, named after the service, with a function that mounts its behaviour on a [`MockServer`].
//! 2. Give it a line in [`DOUBLES`].
//! 3. Use it in a topology: `provider = "mock"`. What the topology's `stubs` say comes before what the function mounts.

mod flags;
mod stubs;
mod worker;

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use paidpath::topology::{Order, Provider, ProviderKind, Running, StartError};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

type Mount = fn(&MockServer) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;

/// The doubles by the name of the service they stand for.
const DOUBLES: &[(&str, Mount)] =
    &[("flags", |server| Box::pin(flags::mount(server))), ("worker", |server| Box::pin(worker::mount(server)))];

/// wiremock, in this process.
pub struct Doubles;

struct Double {
    server: Mutex<Option<MockServer>>,
    address: String,
}

#[async_trait]
impl Provider for Doubles {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Mock
    }

    async fn start(&self, order: Order) -> Result<Arc<dyn Running>, StartError> {
        let double = DOUBLES.iter().find(|(name, _)| *name == order.service);
        if double.is_none() && order.spec.stubs.is_empty() {
            let known = DOUBLES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
            let known =
                format!("{known}; one of your own is made of stub files: stubs = [\"stubs/{}\"]", order.service);
            return Err(StartError::Unknown { kind: self.kind(), service: order.service, known });
        }
        let stubs = stubs::read(&order)?;
        // Taps record; a second record here would only grow with the run.
        let server = MockServer::builder().disable_request_recording().start().await;
        if let Some((_, mount)) = double {
            mount(&server).await;
        }
        stubs::mount(&server, &order.service, stubs).await;
        let healthy = ResponseTemplate::new(200).set_body_json(serde_json::json!({"status": "ok"}));
        Mock::given(method("GET")).and(path("/healthz")).respond_with(healthy).mount(&server).await;
        Ok(Arc::new(Double { address: server.uri(), server: Mutex::new(Some(server)) }))
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
