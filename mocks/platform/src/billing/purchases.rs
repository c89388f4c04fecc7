//! Purchases: buying what was quoted, and giving it back.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::App;
use super::store::{Purchase, PurchaseOptions, PurchaseRefund};
use crate::context::Context;
use crate::idempotency::{IdempotentRequest, Replayable};
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
) -> Result<Replayable<Purchase>, Problem> {
    let mut request = body.idempotent(&context, &context.member()?.id, "purchases")?;
    let mut options =
        PurchaseOptions { buyer: buyer(&context)?, at: context.now(), charged: true, told: Some(context.propagated()) };
    misread(&context, &mut request, &mut options);
    let purchase = app.store.purchase(&request, &body.value.quote, options).await;
    let purchase = miscarry(&app, &context, &request, &body.value.quote, options, purchase).await;
    // Also after a refusal, because a defect may have made the purchase all the same.
    app.appended.notify_one();
    purchase
}

/// Changes a purchase before it is made, if a defect is on.
fn misread(context: &Context, request: &mut IdempotentRequest, options: &mut PurchaseOptions<'_>) {
    if context.defect("bill.no-dedupe") {
        (request.key, options.buyer) = (crate::ids::new("key"), NOBODY); // DEFECT: a key means nothing
    }
    if context.defect("bill.key-any-body") {
        request.hash.clear(); // DEFECT: a key is recognised, whatever comes with it
    }
    if context.defect("ev.dual-write") || context.defect("bill.commit-then-500") {
        options.told = None; // DEFECT: the process dies between the charge and the event
    }
}

/// Changes the result of a purchase, if a defect is on.
async fn miscarry(
    app: &App,
    context: &Context,
    request: &IdempotentRequest,
    quote: &str,
    options: PurchaseOptions<'_>,
    purchase: Result<Replayable<Purchase>, Problem>,
) -> Result<Replayable<Purchase>, Problem> {
    let broke = |problem: &Problem| problem.code == Code::InsufficientFunds;
    if purchase.as_ref().is_err_and(broke) && context.defect("bill.grant-before-capture") {
        // DEFECT: granted first, and then there was no money.
        app.store.purchase(request, quote, PurchaseOptions { charged: false, ..options }).await?;
        return purchase;
    }
    let purchase = purchase?;
    if context.defect("bill.error-refunds") {
        // DEFECT: an error after all was done gives the money back, and takes nothing away.
        let refund = IdempotentRequest { key: crate::ids::new("key"), ..request.clone() };
        app.store.refund_purchase(&refund, &purchase.value.id, None, options.at, None).await?;
    }
    if context.defect("bill.error-refunds") || context.defect("bill.commit-then-500") {
        return Err(Code::Internal.into()); // DEFECT: what was done is not said
    }
    Ok(purchase)
}

// Matches no member, so that nobody has bought anything yet.
const NOBODY: &str = "";

/// Returns the member who must not own the right yet: the one who buys.
pub(super) fn buyer(context: &Context) -> Result<&str, Problem> {
    let member = &context.member()?.id;
    Ok(if context.defect("bill.guard-no-principal") { NOBODY } else { member }) // DEFECT: asked without saying whom
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
    // Somebody else's purchase is answered like one that does not exist: ids must not be guessed.
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
) -> Result<Replayable<PurchaseRefund>, Problem> {
    let moderator = context.moderator()?;
    let mut request = body.idempotent(&context, moderator, &format!("purchases/{id}/refunds"))?;
    if context.defect("led.refund-twice") {
        request.key = crate::ids::new("key"); // DEFECT: a refund that comes again is paid again
    }
    let keeps = context.defect("led.refund-keep-access"); // DEFECT: nobody is told that it was given back
    let told = (!keeps).then_some(context.propagated());
    if let Some(amount) = body.value.amount {
        within("amount", amount, 1..=i64::from(u32::MAX))?;
    }
    let refund = app.store.refund_purchase(&request, &id, body.value.amount, context.now(), told).await?;
    app.appended.notify_one();
    Ok(refund)
}
