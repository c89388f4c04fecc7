//! Generating: estimates, jobs (⑥) and images, which generation keeps.

use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;

use super::App;
use crate::context::Context;
use crate::problem::{Class, Code, Problem};
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
    // Asked only where there is something to lose: a defect must be noted where it does its harm.
    let has_proof = !context.credentials().is_empty();
    let strips = has_proof && context.defect("gw.header-strip"); // DEFECT: not on the list of what is sent on
    let onward = if strips { context.without_credential() } else { context.clone() };
    let send = async |key: &str| app.generation.post(&onward, "/v1/jobs").key(key).json(&body).send().await;
    let mut answer = send(key).await;
    if answer.as_ref().is_err_and(|problem| problem.code.entry().retry) && context.defect("gw.retry-post") {
        answer = send(&crate::ids::new("key")).await; // DEFECT: sent again, as if it were another request
    }
    let answer = answer.map_err(|problem| told(&context, problem))?;
    let Submitted { id } = answer.json()?;
    let mut response = answer.relay()?;
    // The answer is relayed without its headers.
    let location = format!("/v1/jobs/{id}").parse().map_err(|_| Problem::new(Code::GenerationUnavailable))?;
    response.headers_mut().insert(LOCATION, location);
    Ok(response)
}

/// Returns generation's refusal as the member is told it: unchanged, unless a defect is on.
fn told(context: &Context, problem: Problem) -> Problem {
    let entry = problem.code.entry();
    if entry.status == 403 && context.defect("gw.403-as-funds") {
        return Code::InsufficientFunds.into(); // DEFECT: the one reason that somebody once thought of
    }
    if entry.class == Class::NotBought && context.defect("gw.no-grant-as-401") {
        return Code::SignedOut.into(); // DEFECT: who may not is taken for somebody who has to sign in
    }
    if entry.status < 500 && context.defect("gw.reason-lost") {
        return Code::InvalidRequest.into(); // DEFECT: a client library keeps the status family and no more
    }
    problem
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
