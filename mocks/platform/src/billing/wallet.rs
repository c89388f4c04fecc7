//! Wallets: their balance, their statement, and the ledger as a whole.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::App;
use super::decisions::CURRENCY;
use super::ledger;
use super::store::TopUp;
use crate::context::Context;
use crate::idempotency::Replayable;
use crate::problem::{Code, Problem};
use crate::request::{Body, within};

/// The most credits that one card payment buys.
const LARGEST_TOP_UP: i64 = 1_000_000;

pub(super) async fn account(State(app): State<App>, context: Context) -> Result<Json<Value>, Problem> {
    let member = context.member()?;
    let balance = app.store.balance(&member.id).await?;
    Ok(Json(json!({"account": ledger::wallet(&member.id), "balance": balance, "currency": CURRENCY})))
}

/// A payment by a test card, which says itself how the payment goes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TopUpRequest {
    amount: i64,
    card: Card,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Card {
    Ok,
    Declined,
}

pub(super) async fn top_up(
    State(app): State<App>,
    context: Context,
    body: Body<TopUpRequest>,
) -> Result<Replayable<TopUp>, Problem> {
    let member = context.member()?;
    let request = body.idempotent(&context, &member.id, "top-ups")?;
    let amount = within("amount", body.value.amount, 1..=LARGEST_TOP_UP)?;
    match body.value.card {
        Card::Ok => app.store.top_up(&request, amount, context.now()).await,
        Card::Declined => Err(Code::PaymentDeclined.into()),
    }
}

pub(super) async fn entries(State(app): State<App>, context: Context) -> Result<Json<Value>, Problem> {
    let entries = app.store.entries(&context.member()?.id).await?;
    Ok(Json(json!({"entries": entries})))
}

pub(super) async fn ledger(State(app): State<App>, context: Context) -> Result<Json<Value>, Problem> {
    context.moderator()?;
    let accounts = app.store.accounts().await?;
    let sum: i64 = accounts.iter().map(|account| account.balance).sum();
    Ok(Json(json!({"accounts": accounts, "sum": sum})))
}
