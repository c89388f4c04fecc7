//! Services that answer in the caller's thread: without a port, a task, or a wait. The doubles of a run are made of them.
//!
//! They are the same handlers, decisions and in-memory stores as those that listen. Missing are the defects, and whatever a
//! service does unasked: an outbox is emptied, and a job ended, while a request is answered. Services in one [`InProcess`]
//! call each other directly; only a neighbour that has an address is called over the network, and nobody waits for it.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{self, Poll, Waker};

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{Request, Response};
use axum::{Extension, Router};
use tokio::runtime::Handle;
use tower_service::Service as _;

use crate::outbox::Relay;
use crate::service::{self, Assembly, ServiceCore, StartError};
use crate::settings::{ServiceName, Settings};

/// Services of the platform that share one process and answer in the caller's thread.
#[derive(Default)]
pub struct InProcess {
    services: Mutex<BTreeMap<ServiceName, Inline>>,
}

#[derive(Clone)]
struct Inline {
    router: Router,
    relay: Option<Arc<Relay>>,
    /// The runtime on which events are sent to a receiver that has an address.
    runtime: Handle,
}

/// Marks the answer to a request for which a service has no route.
#[derive(Clone)]
struct Unrouted;

impl InProcess {
    /// Adds a service, which obeys the test clock and knows no defects. Events to a neighbour with an address are sent from
    /// the runtime that this is called on.
    ///
    /// # Errors
    /// A key is empty, or a database is set.
    pub fn add(self: &Arc<Self>, name: ServiceName, settings: Settings) -> Result<(), StartError> {
        let core = Arc::new(ServiceCore::in_process(name, settings, Arc::downgrade(self))?);
        let Assembly { routes, relay, .. } =
            at_once(service::assemble(&core)).expect("invariant: an in-memory store opens without a wait")?;
        let unrouted = || async { Extension(Unrouted) };
        let routes = routes.fallback(unrouted).method_not_allowed_fallback(unrouted);
        let inline =
            Inline { router: service::complete(routes, core), relay: relay.map(Arc::new), runtime: Handle::current() };
        self.services.lock().unwrap_or_else(PoisonError::into_inner).insert(name, inline);
        Ok(())
    }

    /// RememberedAnswers a request; `None` if the service has no route for it, or is not one of these.
    pub fn answer(&self, name: ServiceName, request: Request<Vec<u8>>) -> Option<Response<Bytes>> {
        at_once(async {
            let (parts, body) = self.call(name, request.map(Body::from)).await?.into_parts();
            let body = to_bytes(body, usize::MAX).await.expect("invariant: the body is in memory");
            Some(Response::from_parts(parts, body))
        })
        .expect("invariant: an in-process service never waits")
    }

    async fn call(&self, name: ServiceName, request: Request<Body>) -> Option<Response<Body>> {
        // A copy, because the lock must not be held while a request is answered: the answer may lead to another service here.
        let mut inline = self.services.lock().unwrap_or_else(PoisonError::into_inner).get(&name)?.clone();
        let Ok(response) = inline.router.call(request).await;
        if response.extensions().get::<Unrouted>().is_some() {
            return None;
        }
        // Before the answer is given: a member who reads of a purchase may use it with the next request.
        if let Some(relay) = inline.relay {
            relay.empty_once(&inline.runtime).await;
        }
        Some(response)
    }
}

/// The way from one in-process service to another.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) services: Weak<InProcess>,
    pub(crate) to: ServiceName,
}

impl Link {
    // Boxed, because an answer may have events sent, which are answered through a link again.
    pub(crate) fn call<'a>(
        &'a self,
        request: Request<Body>,
    ) -> Pin<Box<dyn Future<Output = Option<Response<Body>>> + Send + 'a>> {
        Box::pin(async { self.services.upgrade()?.call(self.to, request).await })
    }
}

/// The result of work that never waits; `None` if it does.
fn at_once<T>(work: impl Future<Output = T>) -> Option<T> {
    // Ready at the first poll, so that no runtime has to drive it. A double is called on its server's own runtime, which must
    // not be blocked for another.
    match pin!(work).poll(&mut task::Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => Some(result),
        Poll::Pending => None,
    }
}
