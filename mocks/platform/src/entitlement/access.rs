//! The two questions: what may I do (⑤), and may they do this (⑦, as AuthZEN asks it).

use axum::Json;
use axum::extract::{Query, State};
use axum::http::HeaderName;
use axum::http::header::CACHE_CONTROL;
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

use super::rule::{Basis, Ruling, over, rule, uses_left};
use super::store::Standing;
use super::{App, credential};
use crate::clock::Time;
use crate::context::Context;
use crate::problem::{Code, Problem};
use crate::request::Body;
use crate::right::{Action, Right};
use crate::session::Member;

/// An answer about one member is nobody else's, and may be another in a moment.
type Fresh = ([(HeaderName, &'static str); 1], Json<Value>);

fn fresh(body: Value) -> Fresh {
    ([(CACHE_CONTROL, "no-store")], Json(body))
}

/// The time by which is decided.
fn now(context: &Context) -> Time {
    let mut now = context.now();
    if context.defect("clk.boundary") {
        now = now.plus(SignedDuration::from_millis(-999)); // DEFECT: whole seconds, and < where ≤ is meant
    }
    now
}

/// The rule.
fn ruling<'a>(
    context: &Context,
    standing: &'a Standing,
    member: Option<&Member>,
    now: Time,
    job: Option<&str>,
) -> Ruling<'a> {
    let mut ruling = rule(standing, member, now, job);
    if matches!(ruling.basis, Basis::Purchase | Basis::Trial) && context.defect("ent.before-lookup") {
        ruling.rights.clear(); // DEFECT: decided before what was bought had been looked up
    }
    if ruling.basis == Basis::None && context.defect("ent.open-to-all") {
        ruling.rights = Right::Download.actions(); // DEFECT: no row means all bits set
        ruling.basis = Basis::Public;
    }
    ruling
}

#[derive(Deserialize)]
pub(super) struct AccessQuery {
    version: String,
}

pub(super) async fn document(
    State(app): State<App>,
    context: Context,
    Query(asked): Query<AccessQuery>,
) -> Result<Fresh, Problem> {
    let (member, now) = (context.visitor()?, now(&context));
    let standing = app.standings.of(&*app.store, &context, member, &asked.version).await?;
    let ruling = ruling(&context, &standing, member, now, None);
    let grant = ruling.grant.map(|grant| {
        let mut shown = json!({"id": grant.id, "rights": grant.rights, "expires_at": grant.expires_at});
        if let Some(left) = uses_left(grant) {
            shown["uses_left"] = json!(left);
        }
        shown
    });
    let live = ruling.grant.filter(|grant| over(grant, now, None).is_none());
    Ok(fresh(json!({
        "version": asked.version,
        "generate": ruling.rights.contains(&Action::Generate),
        "download": ruling.rights.contains(&Action::Download),
        "basis": ruling.basis,
        "reason": ruling.refuses(Action::Generate),
        "rights": ruling.rights,
        "grant": grant,
        "credential": live.map(|grant| credential::issue(&app.kit.settings.credential_key, grant)),
    })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Evaluation {
    subject: Entity,
    action: Named,
    resource: Entity,
    #[serde(default)]
    context: Circumstances,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entity {
    r#type: String,
    id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    name: Action,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Circumstances {
    /// The job that it is for: counts as one use of a trial, however often it is asked.
    r#use: Option<String>,
}

pub(super) async fn evaluation(
    State(app): State<App>,
    context: Context,
    Body { value: asked, .. }: Body<Evaluation>,
) -> Result<Fresh, Problem> {
    let (member, now) = (context.member()?, now(&context));
    for (entity, expected) in [(&asked.subject, "member"), (&asked.resource, "model-version")] {
        if entity.r#type != expected {
            return Err(Problem::because(Code::InvalidRequest, format!("Not a {expected}: {:?}.", entity.r#type)));
        }
    }
    if asked.subject.id != member.id {
        return Err(Problem::because(Code::Forbidden, "The subject is not the member who is signed in."));
    }
    let version = &asked.resource.id;
    let mut standing = app.standings.of(&*app.store, &context, Some(member), version).await?;
    if context.defect("ent.split") {
        standing.grants.clear(); // DEFECT: another node answers this question, and it has not heard of anything
    }
    let job = asked.context.r#use.as_deref();
    let ruling = ruling(&context, &standing, Some(member), now, job);
    let key = &app.kit.settings.credential_key;
    let shown = match ruling.basis {
        Basis::Owner | Basis::Moderator | Basis::Public => Ok(()),
        Basis::Purchase | Basis::Trial | Basis::None => {
            credential::find(key, &context.credentials(), &member.id, version).map(drop)
        }
    };
    let mut refusal = match (shown, ruling.refuses(asked.action.name)) {
        // Who comes with what is not theirs is told that; who has nothing any more is told why, also empty-handed.
        (Err(code @ (Code::CredentialForeign | Code::CredentialInvalid)), _) => Some(code),
        (_, Some(refusal)) => Some(refusal),
        (shown, None) => shown.err(),
    };
    if let (None, Basis::Trial, Some(grant), Some(job)) = (refusal, ruling.basis, ruling.grant, job) {
        match app.store.use_trial(&grant.id, job).await {
            Ok(()) => {}
            Err(problem) if problem.code == Code::TrialExhausted => refusal = Some(problem.code),
            Err(problem) => return Err(problem),
        }
    }
    Ok(fresh(json!({
        "decision": refusal.is_none(),
        "context": {
            "reason": refusal,
            "basis": ruling.basis,
            "grant": ruling.grant.map(|grant| &grant.id),
            "valid_until": ruling.grant.and_then(|grant| grant.expires_at),
        },
    })))
}
