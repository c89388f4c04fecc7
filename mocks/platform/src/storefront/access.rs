//! Access of a member (⑤), which entitlement decides; trials; and the download.

use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::App;
use crate::context::Context;
use crate::http::Answer;
use crate::problem::{Code, Problem};
use crate::request::{Body, segment};

async fn access(app: &App, context: &Context, version: &str) -> Result<Answer, Problem> {
    app.entitlement.get(context, &format!("/v1/access?version={}", segment(version)?)).send().await
}

pub(super) async fn show(
    State(app): State<App>,
    context: Context,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    access(&app, &context, &id).await?.relay()
}

pub(super) async fn begin_trial(
    State(app): State<App>,
    context: Context,
    Body { value: body, .. }: Body<Value>,
) -> Result<Response, Problem> {
    context.member()?;
    app.entitlement.post(&context, "/v1/trials").json(&body).send().await?.relay()
}

/// The part of the access document that a download needs.
#[derive(Deserialize)]
struct Access {
    download: bool,
    reason: Option<Code>,
}

pub(super) async fn download(
    State(app): State<App>,
    context: Context,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let Access { download, reason } = access(&app, &context, &id).await?.json()?;
    if !download {
        // The reason is about generating. Where that is possible, or only has to be bought, it is the download that is
        // missing.
        return Err(match reason {
            None | Some(Code::PurchaseRequired | Code::TrialExhausted) => Code::DownloadNotPurchased.into(),
            Some(reason) => reason.into(),
        });
    }
    Ok(([(CONTENT_TYPE, "application/octet-stream")], weights(&id)))
}

/// Makes the file of a version: a kilobyte that is always the same.
fn weights(version: &str) -> Vec<u8> {
    (0_u32..32)
        .flat_map(|block| Sha256::new().chain_update(version).chain_update(block.to_le_bytes()).finalize())
        .collect()
}
