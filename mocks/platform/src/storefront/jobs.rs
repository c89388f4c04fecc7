//! Generating: estimates, jobs (⑥) and images, which generation keeps.

use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;

use super::App;
use crate::context::Context;
use crate::problem::{Code, Problem};
use crate::request::{Body, segment};

pub(super) async fn estimate(
    State(app): State<App>,
    context: Context,
    Body { value: body, .. }: Body<Value>,
) -> Result<Response, Problem> {
    app.generation.post(&context, "/v1/estimates").json(&body).send().await?.relay()
}

#[derive(Deserialize)]
struct Submitted {
    id: String,
}

pub(super) async fn submit(
    State(app): State<App>,
    context: Context,
    Body { value: body, .. }: Body<Value>,
) -> Result<Response, Problem> {
    context.member()?;
    let key = context.idempotency_key()?;
    app.flags.allow_generation(&context).await?;
    let answer = app.generation.post(&context, "/v1/jobs").key(key).json(&body).send().await?;
    let Submitted { id } = answer.json()?;
    let mut response = answer.relay()?;
    let location = format!("/v1/jobs/{id}").parse().map_err(|_| Problem::new(Code::GenerationUnavailable))?;
    response.headers_mut().insert(LOCATION, location);
    Ok(response)
}

pub(super) async fn list(State(app): State<App>, context: Context) -> Result<Response, Problem> {
    app.generation.get(&context, "/v1/jobs").send().await?.relay()
}

pub(super) async fn show(
    State(app): State<App>,
    context: Context,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    app.generation.get(&context, &format!("/v1/jobs/{}", segment(&id)?)).send().await?.relay()
}

pub(super) async fn cancel(
    State(app): State<App>,
    context: Context,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    app.generation.post(&context, &format!("/v1/jobs/{}/cancel", segment(&id)?)).send().await?.relay()
}

pub(super) async fn image(
    State(app): State<App>,
    context: Context,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let answer = app.generation.get(&context, &format!("/v1/images/{}", segment(&id)?)).send().await?;
    Ok(([(CONTENT_TYPE, "image/png"), (CACHE_CONTROL, "private")], answer.body))
}
