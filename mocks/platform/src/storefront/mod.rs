//! The storefront: the public API, and the only service that members talk to.
//!
//! It keeps what is for sale and knows the prices. Money, access and jobs are its neighbours' affair: it passes such
//! requests on and their refusals back, after it has asked the flags. It also serves the page ([`page`]).

mod access;
mod flags;
mod jobs;
mod members;
mod memory;
mod models;
mod page;
#[cfg(feature = "postgres")]
mod postgres;
mod sales;
mod store;
mod wallet;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::http::Neighbour;
use crate::service::{Assembly, ServiceCore, StartError, open_store};
use crate::settings::ServiceName;
use flags::Flags;
use store::Store;

/// The state that the handlers share.
#[derive(Clone)]
struct App {
    core: Arc<ServiceCore>,
    store: Arc<dyn Store>,
    billing: Neighbour,
    entitlement: Neighbour,
    generation: Neighbour,
    flags: Flags,
}

pub(crate) async fn assemble(core: &Arc<ServiceCore>) -> Result<Assembly, StartError> {
    let app = App {
        store: open_store!(core, "migrations/storefront"),
        billing: core.fellow(ServiceName::Billing),
        entitlement: core.fellow(ServiceName::Entitlement),
        generation: core.fellow(ServiceName::Generation),
        flags: Flags::new(core),
        core: core.clone(),
    };
    Ok(Assembly { routes: routes(app), relay: None, tasks: Vec::new() })
}

fn routes(app: App) -> Router {
    Router::new()
        .route("/v1/members", post(members::join))
        .route("/v1/sessions", post(members::sign_in).delete(members::sign_out))
        .route("/v1/me", get(members::me))
        .route("/v1/models", post(models::create))
        .route("/v1/versions/{id}", get(models::show).patch(models::change))
        .route("/v1/versions/{id}/access", get(access::show))
        .route("/v1/versions/{id}/download", get(access::download))
        .route("/v1/trials", post(access::begin_trial))
        .route("/v1/wallet", get(wallet::show))
        .route("/v1/wallet/top-ups", post(wallet::top_up))
        .route("/v1/wallet/entries", get(wallet::entries))
        .route("/v1/ledger", get(wallet::ledger))
        .route("/v1/quotes", post(sales::quote))
        .route("/v1/purchases", get(sales::list).post(sales::buy))
        .route("/v1/purchases/{id}", get(sales::show))
        .route("/v1/purchases/{id}/refund", post(sales::refund))
        .route("/v1/estimates", post(jobs::estimate))
        .route("/v1/jobs", get(jobs::list).post(jobs::submit))
        .route("/v1/jobs/{id}", get(jobs::show))
        .route("/v1/jobs/{id}/cancel", post(jobs::cancel))
        .route("/v1/images/{id}", get(jobs::image))
        .route("/v1/flags", get(flags::show))
        .merge(page::routes())
        .with_state(app)
}
