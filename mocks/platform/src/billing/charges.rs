//! Charges: what generation takes for a job, and gives back for what it did not deliver. For fellow services only.

use std::time::Duration;

use axum::extract::{Path, State};
use serde::Deserialize;

use super::App;
use super::store::{Charge, ChargeRefund};
use crate::context::Context;
use crate::idempotency::Replayable;
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
) -> Result<Replayable<Charge>, Problem> {
    context.fellow()?;
    let request = body.idempotent(&context, &context.member()?.id, "charges")?;
    let amount = within("amount", body.value.amount, 1..=i64::from(u32::MAX))?;
    let mut moved = amount;
    if context.defect("led.lost-update") {
        moved -= spent_meanwhile(&app, &context, amount).await?; // DEFECT: written as if nobody else had spent
    }
    if context.defect("led.miscount") {
        moved += 1; // DEFECT: more leaves the wallet than anybody is told
    }
    let mut charge = app.store.charge(&request, &body.value.job, moved, context.now()).await?;
    // The answer names the price, whatever a defect has moved.
    charge.value.amount = amount;
    Ok(charge)
}

/// Returns the credits that others spend between two looks at the wallet, up to `amount`.
async fn spent_meanwhile(app: &App, context: &Context, amount: i64) -> Result<i64, Problem> {
    let member = &context.member()?.id;
    let before = app.store.balance(member).await?;
    // No two take equally long.
    tokio::time::sleep(Duration::from_millis(50 + crate::ids::seed() % 100)).await;
    let spent = before - app.store.balance(member).await?;
    Ok(if before < amount { 0 } else { spent.clamp(0, amount) })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RefundRequest {
    amount: i64,
    reason: String,
}

/// Gives back part of a charge. The member is not needed: a job is also refunded after its member's session has ended.
pub(super) async fn refund(
    State(app): State<App>,
    context: Context,
    Path(id): Path<String>,
    body: Body<RefundRequest>,
) -> Result<Replayable<ChargeRefund>, Problem> {
    context.fellow()?;
    let request = body.idempotent(&context, "generation", &format!("charges/{id}/refunds"))?;
    text("reason", &body.value.reason, 200)?;
    let amount = within("amount", body.value.amount, 1..=i64::from(u32::MAX))?;
    app.store.refund_charge(&request, &id, amount, context.now()).await
}
