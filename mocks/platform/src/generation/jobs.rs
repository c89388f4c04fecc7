//! Looking at jobs and images, and canceling. What is somebody else's is not told from what does not exist.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::App;
use super::store::{Job, Step};
use crate::context::Context;
use crate::problem::{Code, Problem};

async fn mine(app: &App, context: &Context, id: &str) -> Result<Job, Problem> {
    let member = context.member()?;
    let job = app.store.job(id).await?.filter(|job| job.member == member.id);
    Ok(job.ok_or(Code::NotFound)?)
}

pub(super) async fn show(
    State(app): State<App>,
    context: Context,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    Ok(Json(mine(&app, &context, &id).await?.shown()))
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
    app.bell.notify_one();
    Ok(Json(job.shown()))
}

pub(super) async fn image(
    State(app): State<App>,
    context: Context,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let member = context.member()?;
    let image = app.store.image(&id).await?.filter(|image| image.member == member.id).ok_or(Code::NotFound)?;
    Ok(([(CONTENT_TYPE, "image/png")], image.file))
}
