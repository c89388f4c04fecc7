//! Generation: jobs, from being submitted to images that are there.
//!
//! Before anything is charged it asks entitlement (⑦), and again before it has an image rendered. Whatever it does not
//! deliver it gives back. It decides nothing about access itself, and draws nothing: that is the worker's.

mod at_once;
mod events;
mod gatekeeper;
mod jobs;
mod memory;
#[cfg(feature = "postgres")]
mod postgres;
mod price;
mod refunds;
mod runner;
mod state;
mod store;
mod submit;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use axum::routing::{get, post};
use axum::{Router, middleware};
use tokio::sync::{Notify, mpsc};

use crate::http::Neighbour;
use crate::problem::Code;
use crate::service::{Assembly, ServiceCore, Shutdown, StartError, open_store};
use crate::settings::ServiceName;
use gatekeeper::Gatekeeper;
use store::Store;

/// The number of unfinished jobs that a member may have.
const PLACES: usize = 4;
/// The time for which a yes of entitlement is remembered.
const REMEMBERED: Duration = Duration::from_secs(2);

/// The state that the handlers and the background tasks share.
#[derive(Clone)]
struct App {
    core: Arc<ServiceCore>,
    store: Arc<dyn Store>,
    gatekeeper: Arc<Gatekeeper>,
    billing: Neighbour,
    worker: Neighbour,
    /// The number of unfinished jobs that a member may have.
    places: usize,
    /// Takes the ids of new jobs to the runner.
    queue: mpsc::UnboundedSender<String>,
    /// Wakes the task that pays debts.
    owed: Arc<Notify>,
}

/// Puts generation together, and takes up the jobs that an earlier process has left.
pub(crate) async fn assemble(core: &Arc<ServiceCore>) -> Result<Assembly, StartError> {
    let (queue, submitted) = mpsc::unbounded_channel();
    // Without tasks no job ends by itself, and nobody else makes a remembered yes outdated: a double asks each time.
    let (places, remembered) = if core.is_in_process() { (usize::MAX, Duration::ZERO) } else { (PLACES, REMEMBERED) };
    let app = App {
        store: open_store!(core, "migrations/generation"),
        gatekeeper: Arc::new(Gatekeeper::new(
            core.fellow(ServiceName::Entitlement),
            core.settings.credential_key.clone(),
            remembered,
        )),
        billing: core.fellow(ServiceName::Billing),
        worker: core.outside("worker", Code::WorkerUnavailable, core.settings.render_timeout),
        core: core.clone(),
        places,
        queue,
        owed: Arc::default(),
    };
    if core.is_in_process() {
        return Ok(Assembly { routes: at_once::routes(app), relay: None, tasks: Vec::new() });
    }
    for job in app.store.resume().await? {
        // Cannot fail: the other end is in `submitted`.
        let _ = app.queue.send(job);
    }
    let (runner, refunder) = (app.clone(), app.clone());
    let run = move |shutdown: Shutdown| Box::pin(runner::run(runner, submitted, shutdown)) as _;
    let refund = move |shutdown: Shutdown| Box::pin(refunds::run(refunder, shutdown)) as _;
    Ok(Assembly { routes: routes(app), relay: None, tasks: vec![Box::new(run), Box::new(refund)] })
}

fn routes(app: App) -> Router {
    Router::new()
        .route("/v1/estimates", post(price::estimate))
        // Only the submit: the layer does not reach what is added after it.
        .route("/v1/jobs", post(submit::submit).layer(middleware::from_fn(submit::to_the_end)).get(jobs::list))
        .route("/v1/jobs/{id}", get(jobs::show))
        .route("/v1/jobs/{id}/cancel", post(jobs::cancel))
        .route("/v1/images/{id}", get(jobs::image))
        .route(crate::event::PATH, post(events::take))
        .with_state(app)
}
