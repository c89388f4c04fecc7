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
pub mod store;
mod wallet;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use axum::routing::{get, post};

use crate::http::Neighbour;
use crate::service::{Kit, Service, StartError};
use crate::settings::{ServiceName, Settings};
use flags::Flags;
use store::Store;

/// What the handlers share.
#[derive(Clone)]
struct App {
    kit: Arc<Kit>,
    store: Arc<dyn Store>,
    billing: Neighbour,
    entitlement: Neighbour,
    generation: Neighbour,
    flags: Flags,
}

impl FromRef<App> for Arc<Kit> {
    fn from_ref(app: &App) -> Self {
        app.kit.clone()
    }
}

/// Starts the storefront.
///
/// # Errors
/// See [`crate::start`].
pub async fn start(settings: Settings) -> Result<Service, StartError> {
    let kit = Kit::checked(ServiceName::Storefront, settings)?;
    let app = App {
        store: open(&kit).await?,
        billing: kit.fellow(ServiceName::Billing),
        entitlement: kit.fellow(ServiceName::Entitlement),
        generation: kit.fellow(ServiceName::Generation),
        flags: Flags::new(&kit),
        kit: kit.clone(),
    };
    let (mut service, listener) = Service::bind(&kit).await?;
    service.serve(listener, &kit, routes(app));
    Ok(service)
}

/// The catalogue: in the database, or in memory.
async fn open(kit: &Kit) -> Result<Arc<dyn Store>, StartError> {
    match &kit.settings.database_url {
        None => Ok(Arc::new(memory::Memory::default())),
        #[cfg(feature = "postgres")]
        Some(url) => Ok(Arc::new(postgres::Catalogue::open(url).await?)),
        #[cfg(not(feature = "postgres"))]
        Some(_) => Err(StartError::NoDatabase),
    }
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
