//! Billing: wallets, quotes, purchases and charges.
//!
//! Money is whole credits, and only [`ledger`] moves it. The price of a quote comes from the storefront, which alone knows
//! the catalogue; what a purchase allows is told to entitlement by event and is no business of this service.

mod charges;
mod decisions;
mod ledger;
mod memory;
#[cfg(feature = "postgres")]
mod postgres;
mod purchases;
mod quotes;
mod store;
mod wallet;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use tokio::sync::Notify;

use crate::outbox::Relay;
use crate::service::{Assembly, ServiceCore, StartError, open_store};
use crate::settings::ServiceName;
pub(crate) use decisions::CURRENCY;
use store::Store;

/// The state that the handlers share.
#[derive(Clone)]
struct App {
    core: Arc<ServiceCore>,
    store: Arc<dyn Store>,
    /// Wakes the relay: an event was appended.
    appended: Arc<Notify>,
}

pub(crate) async fn assemble(core: &Arc<ServiceCore>) -> Result<Assembly, StartError> {
    let store = open_store!(core, "migrations/billing");
    let app = App { core: core.clone(), store, appended: Arc::default() };
    let relay = Relay {
        core: core.clone(),
        outbox: app.store.outbox(),
        receiver: core.fellow(ServiceName::Entitlement),
        appended: app.appended.clone(),
    };
    Ok(Assembly { routes: routes(app), relay: Some(relay), tasks: Vec::new() })
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
