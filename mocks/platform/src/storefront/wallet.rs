//! The member's wallet, which billing keeps.

use axum::extract::State;
use axum::response::Response;
use serde_json::Value;

use super::App;
use crate::context::Context;
use crate::problem::Problem;
use crate::request::Body;

pub(super) async fn show(State(app): State<App>, context: Context) -> Result<Response, Problem> {
    app.billing.get(&context, "/v1/accounts/me").send().await?.relay()
}

pub(super) async fn top_up(
    State(app): State<App>,
    context: Context,
    Body { value: body, .. }: Body<Value>,
) -> Result<Response, Problem> {
    context.member()?;
    let key = context.idempotency_key()?;
    app.billing.post(&context, "/v1/top-ups").key(key).json(&body).send().await?.relay()
}

pub(super) async fn entries(State(app): State<App>, context: Context) -> Result<Response, Problem> {
    app.billing.get(&context, "/v1/entries").send().await?.relay()
}

/// All accounts; billing lets only moderators see them.
pub(super) async fn ledger(State(app): State<App>, context: Context) -> Result<Response, Problem> {
    app.billing.get(&context, "/v1/ledger").send().await?.relay()
}
