//! Entitlement: access of members to model versions.
//!
//! It keeps the gates that owners set and the grants that purchases and trials create, and answers two questions from the
//! same rule ([`decisions`]): what may I do (a member asks, ⑤), and may they (generation asks, ⑦). Money is not here.

mod access;
mod access_reader;
pub(crate) mod credential;
mod decisions;
mod events;
mod gates;
mod memory;
#[cfg(feature = "postgres")]
mod postgres;
mod store;
mod trials;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post, put};
use tokio::sync::Notify;

use crate::outbox::Relay;
use crate::service::{Assembly, ServiceCore, StartError, open_store};
use crate::settings::ServiceName;
use access_reader::AccessReader;
pub(crate) use store::Gate;
use store::Store;

/// The state that the handlers share.
#[derive(Clone)]
struct App {
    core: Arc<ServiceCore>,
    store: Arc<dyn Store>,
    reader: Arc<AccessReader>,
    /// Wakes the relay: an event was appended.
    appended: Arc<Notify>,
}

pub(crate) async fn assemble(core: &Arc<ServiceCore>) -> Result<Assembly, StartError> {
    let store = open_store!(core, "migrations/entitlement");
    let app = App { core: core.clone(), store, reader: Arc::default(), appended: Arc::default() };
    let relay = Relay {
        core: core.clone(),
        outbox: app.store.outbox(),
        receiver: core.fellow(ServiceName::Generation),
        appended: app.appended.clone(),
    };
    Ok(Assembly { routes: routes(app), relay: Some(relay), tasks: Vec::new() })
}

fn routes(app: App) -> Router {
    Router::new()
        .route("/v1/gates/{version}", put(gates::set))
        .route("/v1/access", get(access::document))
        .route("/access/v1/evaluation", post(access::evaluation))
        .route("/v1/trials", post(trials::begin))
        .route(crate::event::PATH, post(events::take))
        .with_state(app)
}
