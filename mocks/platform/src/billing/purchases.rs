//! Purchases: buying what was quoted, and giving it back.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::App;
use super::store::{Purchase, PurchaseRefund};
use crate::context::Context;
use crate::idempotency::Outcome;
use crate::problem::{Code, Problem};
use crate::request::{Body, within};
use crate::session::Role;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PurchaseRequest {
    quote: String,
}

pub(super) async fn buy(
    State(app): State<App>,
    context: Context,
    body: Body<PurchaseRequest>,
) -> Result<Outcome<Purchase>, Problem> {
    let once = body.once(&context, &context.member()?.id, "purchases")?;
    let purchase = app.store.purchase(&once, &body.value.quote, context.now(), context.carried()).await?;
    app.bell.notify_one();
    Ok(purchase)
}

pub(super) async fn list(State(app): State<App>, context: Context) -> Result<Json<Value>, Problem> {
    let purchases = app.store.purchases(&context.member()?.id).await?;
    Ok(Json(json!({"purchases": purchases})))
}

pub(super) async fn show(
    State(app): State<App>,
    context: Context,
    Path(id): Path<String>,
) -> Result<Json<Purchase>, Problem> {
    let member = context.member()?;
    let purchase = app.store.find_purchase(&id).await?;
    // Somebody else's purchase is not told from one that does not exist.
    let mine = purchase.filter(|purchase| purchase.member == member.id || member.role == Role::Moderator);
    Ok(Json(mine.ok_or(Code::NotFound)?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RefundRequest {
    amount: Option<i64>,
}

pub(super) async fn refund(
    State(app): State<App>,
    context: Context,
    Path(id): Path<String>,
    body: Body<RefundRequest>,
) -> Result<Outcome<PurchaseRefund>, Problem> {
    let moderator = context.moderator()?;
    let once = body.once(&context, moderator, &format!("purchases/{id}/refunds"))?;
    if let Some(amount) = body.value.amount {
        within("amount", amount, 1..=i64::from(u32::MAX))?;
    }
    let refund = app.store.refund_purchase(&once, &id, body.value.amount, context.now(), context.carried()).await?;
    app.bell.notify_one();
    Ok(refund)
}
