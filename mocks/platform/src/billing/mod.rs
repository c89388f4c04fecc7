//! Billing: what members have, what they are offered, what they paid.
//!
//! Money is whole credits, and only [`ledger`] moves it. The price of a quote comes from the storefront, which alone knows
//! the catalogue; what a purchase allows is told to entitlement by event and is no business of this service.

mod charges;
pub mod ledger;
mod memory;
#[cfg(feature = "postgres")]
mod postgres;
mod purchases;
mod quotes;
pub mod store;
mod wallet;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use axum::routing::{get, post};
use tokio::sync::Notify;

use crate::outbox::Relay;
use crate::service::{Kit, Service, StartError};
use crate::settings::{ServiceName, Settings};
use store::Store;

/// What the handlers share.
#[derive(Clone)]
struct App {
    kit: Arc<Kit>,
    store: Arc<dyn Store>,
    bell: Arc<Notify>,
}

impl FromRef<App> for Arc<Kit> {
    fn from_ref(app: &App) -> Self {
        app.kit.clone()
    }
}

/// Starts billing.
///
/// # Errors
/// See [`crate::start`].
pub async fn start(settings: Settings) -> Result<Service, StartError> {
    let kit = Kit::checked(ServiceName::Billing, settings)?;
    let app = App { kit: kit.clone(), store: open(&kit).await?, bell: Arc::default() };
    let (mut service, listener) = Service::bind(&kit).await?;
    let relay = Relay {
        kit: kit.clone(),
        outbox: app.store.clone(),
        receiver: kit.fellow(ServiceName::Entitlement),
        bell: app.bell.clone(),
    };
    service.background(relay.run(service.shutdown()));
    service.serve(listener, &kit, routes(app));
    Ok(service)
}

/// The books: in the database, or in memory.
async fn open(kit: &Kit) -> Result<Arc<dyn Store>, StartError> {
    match &kit.settings.database_url {
        None => Ok(Arc::new(memory::Memory::default())),
        #[cfg(feature = "postgres")]
        Some(url) => Ok(Arc::new(postgres::Books::open(url).await?)),
        #[cfg(not(feature = "postgres"))]
        Some(_) => Err(StartError::NoDatabase),
    }
}

fn routes(app: App) -> Router {
    Router::new()
        .route("/v1/accounts/me", get(wallet::account))
        .route("/v1/top-ups", post(wallet::top_up))
        .route("/v1/entries", get(wallet::entries))
        .route("/v1/ledger", get(wallet::ledger))
        .route("/v1/quotes", post(quotes::open))
        .route("/v1/versions/{version}/quotes/withdraw", post(quotes::withdraw))
        .route("/v1/purchases", get(purchases::list).post(purchases::buy))
        .route("/v1/purchases/{id}", get(purchases::show))
        .route("/v1/purchases/{id}/refunds", post(purchases::refund))
        .route("/v1/charges", post(charges::charge))
        .route("/v1/charges/{id}/refunds", post(charges::refund))
        .with_state(app)
}
