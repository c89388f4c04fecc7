//! Selling early access: a quote (①), a purchase (②), a refund.
//!
//! The price comes from the catalogue, and from nowhere else: a request that names one is refused.

use axum::extract::{Path, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::App;
use super::models::find;
use crate::context::Context;
use crate::problem::{Code, Problem};
use crate::request::{Body, segment};
use crate::right::{Right, VersionStatus};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct QuoteRequest {
    version: String,
    right: Right,
    /// Is refused: a price is not the client's to say.
    price: Option<i64>,
}

pub(super) async fn quote(
    State(app): State<App>,
    context: Context,
    Body { value: asked, .. }: Body<QuoteRequest>,
) -> Result<Response, Problem> {
    let member = context.member()?;
    let version = find(&app, &asked.version).await?;
    if version.model.owner.id == member.id {
        return Err(Code::OwnModel.into());
    }
    if version.status != VersionStatus::Published {
        return Err(Code::NotPublished.into());
    }
    let terms = version.early_access.ok_or(Code::NotForSale)?;
    if terms.has_ended(context.now()) {
        return Err(Code::EarlyAccessEnded.into());
    }
    let mut amount = terms.price(asked.right).ok_or(Code::NotForSale)?;
    if let Some(price) = asked.price {
        if !context.defect("gw.mass-assign") {
            return Err(Problem::because(Code::InvalidRequest, "The price is not yours to say."));
        }
        amount = price; // DEFECT: whatever stands in the body is taken over
    }
    // Last, because it is a call: everything that can be refused without one has been.
    app.flags.allow_sale(&context).await?;
    let body = json!({
        "version": version.id, "right": asked.right, "amount": amount, "owner": version.model.owner.id,
        "ends_at": terms.ends_at, "access_days": terms.access_days,
    });
    app.billing.post(&context, "/v1/quotes").json(&body).send().await?.relay()
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PurchaseRequest {
    quote: String,
}

pub(super) async fn buy(
    State(app): State<App>,
    context: Context,
    Body { value: body, .. }: Body<PurchaseRequest>,
) -> Result<Response, Problem> {
    // Billing checks both again; a request that is certain to be refused need not call anybody.
    context.member()?;
    let key = context.idempotency_key()?;
    app.flags.allow_sale(&context).await?;
    app.billing.post(&context, "/v1/purchases").key(key).json(&body).send().await?.relay()
}

pub(super) async fn list(State(app): State<App>, context: Context) -> Result<Response, Problem> {
    app.billing.get(&context, "/v1/purchases").send().await?.relay()
}

pub(super) async fn show(
    State(app): State<App>,
    context: Context,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    app.billing.get(&context, &format!("/v1/purchases/{}", segment(&id)?)).send().await?.relay()
}

pub(super) async fn refund(
    State(app): State<App>,
    context: Context,
    Path(id): Path<String>,
    Body { value: body, .. }: Body<Value>,
) -> Result<Response, Problem> {
    context.moderator()?;
    let (key, path) = (context.idempotency_key()?, format!("/v1/purchases/{}/refunds", segment(&id)?));
    app.billing.post(&context, &path).key(key).json(&body).send().await?.relay()
}
