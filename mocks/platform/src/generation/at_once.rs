//! Generation in a process without tasks, as a double has it: a job has its images as soon as its member looks at it, so
//! none waits, fails, expires, or fills the queue. Everything else is as in a service that listens.

use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::Value;

use super::store::{Job, Order, Step};
use super::{App, jobs, price, refunds, submit};
use crate::context::Context;
use crate::problem::Problem;
use crate::render;
use crate::request::Body;

pub(super) fn routes(app: App) -> Router {
    Router::new()
        .route("/v1/estimates", post(price::estimate))
        .route("/v1/jobs", get(list).post(submit))
        .route("/v1/jobs/{id}", get(show))
        .route("/v1/jobs/{id}/cancel", post(cancel))
        .route("/v1/images/{id}", get(jobs::image))
        .with_state(app)
}

async fn submit(State(app): State<App>, context: Context, body: Body<submit::JobRequest>) -> Result<Response, Problem> {
    let answer = submit::submit(State(app.clone()), context, body).await;
    // A submit that is refused after the charge owes the member the price.
    pay_debts(&app).await?;
    answer
}

async fn list(State(app): State<App>, context: Context) -> Result<Json<Value>, Problem> {
    finish(&app, &context, |_| true).await?;
    jobs::list(State(app), context).await
}

async fn show(State(app): State<App>, context: Context, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    // Only this one: another job of the member may still be about to be canceled.
    finish(&app, &context, |job| job.id == id).await?;
    jobs::show(State(app), context, Path(id)).await
}

async fn cancel(State(app): State<App>, context: Context, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    drop(jobs::cancel(State(app.clone()), context.clone(), Path(id.clone())).await?);
    pay_debts(&app).await?;
    jobs::show(State(app), context, Path(id)).await
}

/// Brings jobs of the member who asks to their end.
async fn finish(app: &App, context: &Context, is_looked_at: impl Fn(&Job) -> bool) -> Result<(), Problem> {
    let (jobs, now) = (app.store.jobs(&context.member()?.id).await?, context.now());
    for job in jobs.iter().filter(|job| !job.status().is_terminal() && is_looked_at(job)) {
        let Order { prompt, seed, quantity, width, height, .. } = &job.order;
        let files = (0..u64::from(*quantity)).map(|index| render::png(prompt, seed + index, *width, *height));
        for step in [Step::Prepare, Step::Schedule, Step::Process, Step::Succeed(files.collect())] {
            app.store.advance(&job.id, step, now).await?;
        }
    }
    Ok(())
}

async fn pay_debts(app: &App) -> Result<(), Problem> {
    for debt in app.store.debts().await? {
        refunds::pay(app, &debt).await?;
    }
    Ok(())
}
