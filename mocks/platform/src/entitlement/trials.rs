//! Trials: a grant for a number of jobs, once per member and version.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::decisions::check_trial;
use super::store::Grant;
use super::{App, credential};
use crate::context::Context;
use crate::problem::Problem;
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
    let gate = app.store.access_record(Some(&member.id), &asked.version).await?.gate;
    // There is nothing to try where the member may simply generate.
    check_trial(&gate, &member.id, now)?;
    let trial = Grant::trial(&member.id, &asked.version, gate.trial_uses);
    let grant = app.store.begin_trial(trial, now, context.propagated()).await?;
    app.appended.notify_one();
    let answer = json!({
        "grant": grant.id,
        "uses_left": grant.uses_left(),
        "credential": credential::issue(&app.core.settings.credential_key, &grant),
    });
    Ok((StatusCode::CREATED, Json(answer)))
}
