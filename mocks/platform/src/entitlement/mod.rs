//! Entitlement: who may do what with which version, and why.
//!
//! It keeps the gates that owners set and the grants that purchases and trials create, and answers two questions from the
//! same rule ([`rule`]): what may I do (a member asks, ⑤), and may they (generation asks, ⑦). Money is not here.

mod access;
pub mod credential;
mod events;
mod gates;
mod memory;
#[cfg(feature = "postgres")]
mod postgres;
pub mod rule;
mod standings;
pub mod store;
mod trials;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use axum::routing::{get, post, put};
use tokio::sync::Notify;

use crate::outbox::Relay;
use crate::service::{Kit, Service, StartError};
use crate::settings::{ServiceName, Settings};
use standings::Standings;
use store::Store;

/// What the handlers share.
#[derive(Clone)]
struct App {
    kit: Arc<Kit>,
    store: Arc<dyn Store>,
    standings: Arc<Standings>,
    bell: Arc<Notify>,
}

impl FromRef<App> for Arc<Kit> {
    fn from_ref(app: &App) -> Self {
        app.kit.clone()
    }
}

/// Starts entitlement.
///
/// # Errors
/// See [`crate::start`].
pub async fn start(settings: Settings) -> Result<Service, StartError> {
    let kit = Kit::checked(ServiceName::Entitlement, settings)?;
    let app = App { kit: kit.clone(), store: open(&kit).await?, standings: Arc::default(), bell: Arc::default() };
    let (mut service, listener) = Service::bind(&kit).await?;
    let relay = Relay {
        kit: kit.clone(),
        outbox: app.store.clone(),
        receiver: kit.fellow(ServiceName::Generation),
        bell: app.bell.clone(),
    };
    service.background(relay.run(service.shutdown()));
    service.serve(listener, &kit, routes(app));
    Ok(service)
}

/// The grants: in the database, or in memory.
async fn open(kit: &Kit) -> Result<Arc<dyn Store>, StartError> {
    match &kit.settings.database_url {
        None => Ok(Arc::new(memory::Memory::default())),
        #[cfg(feature = "postgres")]
        Some(url) => Ok(Arc::new(postgres::Rolls::open(url).await?)),
        #[cfg(not(feature = "postgres"))]
        Some(_) => Err(StartError::NoDatabase),
    }
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
