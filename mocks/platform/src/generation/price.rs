//! The price of a job, and the estimate that a member sees before submitting it.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::App;
use super::store::Resource;
use super::submit::{checked_resources, side};
use crate::billing::CURRENCY;
use crate::context::Context;
use crate::problem::{Class, Problem};
use crate::request::{Body, within};

/// The credits for one image of the usual size.
const BASE: i64 = 5;
/// The usual size, in pixels. Whatever is larger costs twice.
const USUAL: u32 = 256 * 256;

pub(super) fn per_image(width: u32, height: u32) -> i64 {
    if width * height <= USUAL { BASE } else { BASE * 2 }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EstimateRequest {
    resources: Vec<Resource>,
    quantity: Option<u32>,
    width: Option<u32>,
    height: Option<u32>,
}

pub(super) async fn estimate(
    State(app): State<App>,
    context: Context,
    Body { value: asked, .. }: Body<EstimateRequest>,
) -> Result<Json<Value>, Problem> {
    let resources = checked_resources(asked.resources)?;
    let quantity = within("quantity", asked.quantity.unwrap_or(1), 1..=4)?;
    let per_image = per_image(side("width", asked.width)?, side("height", asked.height)?);
    let mut ready = context.visitor()?.is_some();
    for resource in &resources {
        // A refusal is an answer here (the member is not ready to submit); trouble is not.
        if ready && let Err(problem) = app.gatekeeper.ask(&context, &resource.version).await {
            match problem.code.entry().class {
                Class::NotBought | Class::NotAllowed | Class::Conflict => ready = false,
                Class::SignedOut | Class::NoFunds | Class::BadRequest | Class::TryLater | Class::Broken => {
                    return Err(problem);
                }
            }
        }
    }
    Ok(Json(json!({
        "cost": per_image * i64::from(quantity),
        "currency": CURRENCY,
        "ready": ready,
        "breakdown": {"base": BASE, "per_image": per_image, "quantity": quantity},
    })))
}
