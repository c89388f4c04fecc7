//! Trials: a grant for a number of jobs, once per member and version.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::rule::uses_left;
use super::store::Status;
use super::{App, credential};
use crate::context::Context;
use crate::problem::{Code, Problem};
use crate::request::Body;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrialRequest {
    version: String,
}

pub(super) async fn begin(
    State(app): State<App>,
    context: Context,
    Body { value: asked, .. }: Body<TrialRequest>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let (member, now) = (context.member()?, context.now());
    let gate = app.store.standing(Some(&member.id), &asked.version).await?.gate;
    // There is nothing to try where one may simply generate.
    let gated = gate.ends_at.is_some_and(|end| now < end) && gate.owner != member.id;
    if !gated || gate.status != Status::Published || gate.trial_uses == 0 {
        return Err(Code::TrialUnavailable.into());
    }
    let grant = app.store.begin_trial(&member.id, &asked.version, gate.trial_uses, now, context.carried()).await?;
    app.bell.notify_one();
    let answer = json!({
        "grant": grant.id,
        "uses_left": uses_left(&grant),
        "credential": credential::issue(&app.kit.settings.credential_key, &grant),
    });
    Ok((StatusCode::CREATED, Json(answer)))
}
