//! Quotes: a price that is held for a quarter of an hour.
//!
//! Only the storefront opens them, on behalf of the member: it knows the price, and a member must not be able to name one.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::App;
use super::decisions::CURRENCY;
use super::store::Quote;
use crate::clock::Time;
use crate::context::Context;
use crate::problem::{Code, Problem};
use crate::request::{Body, within};
use crate::right::Right;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct QuoteRequest {
    version: String,
    right: Right,
    amount: i64,
    owner: String,
    ends_at: Option<Time>,
    access_days: Option<u32>,
}

pub(super) async fn open(
    State(app): State<App>,
    context: Context,
    Body { value: asked, .. }: Body<QuoteRequest>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    context.fellow()?;
    let (member, now) = (context.member()?, context.now());
    if asked.owner == member.id {
        return Err(Code::OwnModel.into());
    }
    if asked.ends_at.is_some_and(|end| now >= end) {
        return Err(Code::EarlyAccessEnded.into());
    }
    let mut quote = Quote {
        id: crate::ids::new("quo"),
        member: member.id.clone(),
        version: asked.version,
        right: asked.right,
        amount: within("amount", asked.amount, 1..=i64::from(u32::MAX))?,
        ends_at: asked.ends_at,
        access_days: asked.access_days,
        expires_at: now.after(app.core.settings.quote_life),
        withdrawn: false,
    };
    // Before the defect below: the member sees the price as it was quoted.
    let answer = json!({
        "id": quote.id, "version": quote.version, "right": quote.right, "amount": quote.amount, "currency": CURRENCY,
        "expires_at": quote.expires_at,
    });
    if context.defect("bill.price-drift") {
        quote.amount += 7; // DEFECT: what is charged later is worked out anew, and otherwise
    }
    app.store.open_quote(quote, super::purchases::buyer(&context)?, now).await?;
    Ok((StatusCode::CREATED, Json(answer)))
}

pub(super) async fn withdraw(
    State(app): State<App>,
    context: Context,
    Path(version): Path<String>,
) -> Result<StatusCode, Problem> {
    context.fellow()?;
    app.store.withdraw_quotes(&version).await?;
    Ok(StatusCode::NO_CONTENT)
}
