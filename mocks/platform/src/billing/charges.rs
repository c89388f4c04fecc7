//! Charges: what generation takes for a job, and gives back for what it did not deliver. For fellow services only.

use axum::extract::{Path, State};
use serde::Deserialize;

use super::App;
use super::store::{Charge, ChargeRefund};
use crate::context::Context;
use crate::idempotency::Outcome;
use crate::problem::Problem;
use crate::request::{Body, text, within};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChargeRequest {
    job: String,
    amount: i64,
}

pub(super) async fn charge(
    State(app): State<App>,
    context: Context,
    body: Body<ChargeRequest>,
) -> Result<Outcome<Charge>, Problem> {
    context.fellow()?;
    let once = body.once(&context, &context.member()?.id, "charges")?;
    let amount = within("amount", body.value.amount, 1..=i64::from(u32::MAX))?;
    app.store.charge(&once, &body.value.job, amount, context.now()).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RefundRequest {
    amount: i64,
    reason: String,
}

/// Does not need the member: a job is also refunded after its member's session has ended.
pub(super) async fn refund(
    State(app): State<App>,
    context: Context,
    Path(id): Path<String>,
    body: Body<RefundRequest>,
) -> Result<Outcome<ChargeRefund>, Problem> {
    context.fellow()?;
    let once = body.once(&context, "generation", &format!("charges/{id}/refunds"))?;
    text("reason", &body.value.reason, 200)?;
    let amount = within("amount", body.value.amount, 1..=i64::from(u32::MAX))?;
    app.store.refund_charge(&once, &id, amount, context.now()).await
}
