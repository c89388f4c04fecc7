//! Shows jobs and images, and cancels jobs. Somebody else's job is answered like one that does not exist.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::App;
use super::state::Status;
use super::store::{Image, Job, Step};
use crate::context::Context;
use crate::problem::{Code, Problem};

async fn mine(app: &App, context: &Context, id: &str) -> Result<Job, Problem> {
    let member = context.member()?;
    let may_see = |job: &Job| job.member == member.id || context.defect("gen.foreign-jobs"); // DEFECT: the id is enough
    let job = app.store.job(id).await?.filter(may_see);
    Ok(job.ok_or(Code::NotFound)?)
}

pub(super) async fn show(
    State(app): State<App>,
    context: Context,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let mut job = mine(&app, &context, &id).await?;
    if context.defect("gen.skipped-state") {
        job.history.retain(|(status, _)| *status != Status::Scheduled); // DEFECT: a step that nobody writes down
    }
    Ok(Json(job.shown()))
}

pub(super) async fn list(State(app): State<App>, context: Context) -> Result<Json<Value>, Problem> {
    let jobs = app.store.jobs(&context.member()?.id).await?;
    Ok(Json(json!({"jobs": jobs.iter().map(Job::shown).collect::<Vec<_>>()})))
}

pub(super) async fn cancel(
    State(app): State<App>,
    context: Context,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let job = mine(&app, &context, &id).await?;
    let job = app.store.advance(&job.id, Step::Cancel, context.now()).await?;
    app.owed.notify_one();
    Ok(Json(job.shown()))
}

pub(super) async fn image(
    State(app): State<App>,
    context: Context,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let member = context.member()?;
    let may_see = |image: &Image| image.member == member.id || context.defect("gen.foreign-jobs"); // DEFECT: as above
    let image = app.store.image(&id).await?.filter(may_see).ok_or(Code::NotFound)?;
    Ok(([(CONTENT_TYPE, "image/png")], image.file))
}
