//! Generation: jobs, from being submitted to images that are there.
//!
//! Before anything is charged it asks entitlement (⑦), and again before it has an image rendered. Whatever it does not
//! deliver it gives back. It decides nothing about access itself, and draws nothing: that is the worker's.

mod events;
mod gatekeeper;
mod jobs;
mod memory;
#[cfg(feature = "postgres")]
mod postgres;
mod price;
mod refunds;
mod runner;
pub mod state;
pub mod store;
mod submit;
mod worker;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use axum::routing::{get, post};
use tokio::sync::{Notify, mpsc};

use crate::http::Neighbour;
use crate::problem::Code;
use crate::service::{Kit, Service, StartError};
use crate::settings::{ServiceName, Settings};
use gatekeeper::Gatekeeper;
use store::Store;

/// What the handlers and the background tasks share.
#[derive(Clone)]
struct App {
    kit: Arc<Kit>,
    store: Arc<dyn Store>,
    gatekeeper: Arc<Gatekeeper>,
    billing: Neighbour,
    worker: Neighbour,
    /// Takes the ids of new jobs to the runner.
    queue: mpsc::UnboundedSender<String>,
    /// Rung when there is something to give back.
    bell: Arc<Notify>,
}

impl FromRef<App> for Arc<Kit> {
    fn from_ref(app: &App) -> Self {
        app.kit.clone()
    }
}

/// Starts generation, and takes up the jobs that an earlier process has left.
///
/// # Errors
/// See [`crate::start`].
pub async fn start(settings: Settings) -> Result<Service, StartError> {
    let kit = Kit::checked(ServiceName::Generation, settings)?;
    let (queue, submitted) = mpsc::unbounded_channel();
    let app = App {
        store: open(&kit).await?,
        gatekeeper: Arc::new(Gatekeeper::new(
            kit.fellow(ServiceName::Entitlement),
            kit.settings.credential_key.clone(),
        )),
        billing: kit.fellow(ServiceName::Billing),
        worker: kit.outside("worker", Code::WorkerUnavailable, kit.settings.render_timeout),
        kit: kit.clone(),
        queue,
        bell: Arc::default(),
    };
    for job in app.store.resume().await? {
        // Its other end is right here.
        let _ = app.queue.send(job);
    }
    let (mut service, listener) = Service::bind(&kit).await?;
    service.background(runner::run(app.clone(), submitted, service.shutdown()));
    service.background(refunds::run(app.clone(), service.shutdown()));
    service.serve(listener, &kit, routes(app));
    Ok(service)
}

/// The jobs: in the database, or in memory.
async fn open(kit: &Kit) -> Result<Arc<dyn Store>, StartError> {
    match &kit.settings.database_url {
        None => Ok(Arc::new(memory::Memory::default())),
        #[cfg(feature = "postgres")]
        Some(url) => Ok(Arc::new(postgres::Shelves::open(url).await?)),
        #[cfg(not(feature = "postgres"))]
        Some(_) => Err(StartError::NoDatabase),
    }
}

fn routes(app: App) -> Router {
    Router::new()
        .route("/v1/estimates", post(price::estimate))
        .route("/v1/jobs", get(jobs::list).post(submit::submit))
        .route("/v1/jobs/{id}", get(jobs::show))
        .route("/v1/jobs/{id}/cancel", post(jobs::cancel))
        .route("/v1/images/{id}", get(jobs::image))
        .route(crate::event::PATH, post(events::take))
        .with_state(app)
}
