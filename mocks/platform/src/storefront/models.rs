//! Models and their offers. The gate at entitlement is set before a version can be seen, so that what is shown as gated is.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::App;
use super::store::{EarlyAccess, Model, Owner, Version};
use crate::clock::Time;
use crate::context::Context;
use crate::entitlement::Gate;
use crate::problem::{Code, Problem};
use crate::request::{Body, given, text, within};
use crate::right::VersionStatus;
use crate::session::Role;

const HIGHEST_PRICE: i64 = 1_000_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ModelRequest {
    name: String,
    base_model: String,
    version: VersionRequest,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VersionRequest {
    name: String,
    #[serde(default)]
    status: VersionStatus,
    early_access: Option<EarlyAccess>,
}

pub(super) async fn create(
    State(app): State<App>,
    context: Context,
    Body { value: asked, .. }: Body<ModelRequest>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let owner = context.member()?;
    for (what, given) in
        [("name", &asked.name), ("base_model", &asked.base_model), ("version.name", &asked.version.name)]
    {
        text(what, given, 120)?;
    }
    check_terms(asked.version.early_access.as_ref())?;
    let version = Version {
        id: crate::ids::new("ver"),
        name: asked.version.name,
        status: asked.version.status,
        model: Model {
            id: crate::ids::new("mod"),
            name: asked.name,
            owner: Owner { id: owner.id.clone(), name: owner.name.clone() },
        },
        base_model: asked.base_model,
        early_access: asked.version.early_access,
    };
    let answer = json!({"model_id": version.model.id, "version_id": version.id});
    // The gate first: a version that can be seen must be gated already.
    set_gate(&app, &context, &version).await?;
    app.store.put(version).await?;
    Ok((StatusCode::CREATED, Json(answer)))
}

pub(super) async fn show(
    State(app): State<App>,
    context: Context,
    Path(id): Path<String>,
) -> Result<Json<Version>, Problem> {
    Ok(Json(shown(find(&app, &id).await?, context.now())))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VersionChange {
    status: Option<VersionStatus>,
    /// `null` ends early access now.
    #[serde(default, deserialize_with = "given")]
    early_access: Option<Option<EarlyAccess>>,
}

pub(super) async fn change(
    State(app): State<App>,
    context: Context,
    Path(id): Path<String>,
    Body { value: asked, .. }: Body<VersionChange>,
) -> Result<Json<Version>, Problem> {
    let member = context.member()?;
    let mut version = find(&app, &id).await?;
    if version.model.owner.id != member.id && member.role != Role::Moderator {
        return Err(Code::Forbidden.into());
    }
    if let Some(status) = asked.status {
        version.status = status;
    }
    match asked.early_access {
        None => {}
        Some(Some(terms)) => {
            check_terms(Some(&terms))?;
            version.early_access = Some(terms);
        }
        // The terms are kept, so that a late buyer is told that it has ended, and not that there never was any.
        Some(None) => {
            if let Some(terms) = &mut version.early_access {
                terms.ends_at = terms.ends_at.min(context.now());
            }
        }
    }
    set_gate(&app, &context, &version).await?;
    // Nobody shall pay by terms that are no longer these.
    app.billing.post(&context, &format!("/v1/versions/{}/quotes/withdraw", version.id)).send().await?;
    app.store.put(version.clone()).await?;
    Ok(Json(shown(version, context.now())))
}

pub(super) async fn find(app: &App, id: &str) -> Result<Version, Problem> {
    let version = app.store.version(id).await?;
    version.ok_or_else(|| Problem::because(Code::NotFound, "There is no such model version."))
}

/// Returns a version as members see it: early access that has ended is not shown.
fn shown(mut version: Version, now: Time) -> Version {
    version.early_access = version.early_access.filter(|terms| !terms.has_ended(now));
    version
}

fn check_terms(terms: Option<&EarlyAccess>) -> Result<(), Problem> {
    let Some(terms) = terms else { return Ok(()) };
    if let Some(offer) = terms.generation {
        within("generation.price", offer.price, 1..=HIGHEST_PRICE)?;
        within("generation.trial_uses", offer.trial_uses, 0..=1_000)?;
    }
    if let Some(offer) = terms.download {
        within("download.price", offer.price, 1..=HIGHEST_PRICE)?;
    }
    if let Some(days) = terms.access_days {
        within("access_days", days, 1..=3_650)?;
    }
    Ok(())
}

async fn set_gate(app: &App, context: &Context, version: &Version) -> Result<(), Problem> {
    let terms = version.early_access.as_ref();
    let gate = Gate {
        owner: version.model.owner.id.clone(),
        status: version.status,
        ends_at: terms.map(|terms| terms.ends_at),
        generation: terms.is_some_and(|terms| terms.generation.is_some()),
        download: terms.is_some_and(|terms| terms.download.is_some()),
        trial_uses: terms.and_then(|terms| terms.generation).map_or(0, |offer| offer.trial_uses),
    };
    app.entitlement.put(context, &format!("/v1/gates/{}", version.id)).json(&gate).send().await.map(drop)
}
