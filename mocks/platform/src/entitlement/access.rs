//! Answers the two questions about access: of a member, what they may do (⑤), and of generation, whether they may do it (⑦,
//! as AuthZEN asks it).

use axum::Json;
use axum::extract::{Query, State};
use axum::http::HeaderName;
use axum::http::header::CACHE_CONTROL;
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

use super::decisions::{AccessDecision, Basis, decide, ended};
use super::store::AccessRecord;
use super::{App, credential};
use crate::clock::Time;
use crate::context::Context;
use crate::problem::{Code, Problem};
use crate::request::Body;
use crate::right::{Action, Right};
use crate::session::Member;

/// An answer that nobody may keep: it is about one member, and may be another in a moment.
type Fresh = ([(HeaderName, &'static str); 1], Json<Value>);

fn fresh(body: Value) -> Fresh {
    ([(CACHE_CONTROL, "no-store")], Json(body))
}

/// Returns the time by which access is decided.
fn now(context: &Context) -> Time {
    let mut now = context.now();
    if context.defect("clk.boundary") {
        now = now.plus(SignedDuration::from_millis(-999)); // DEFECT: whole seconds, and < where ≤ is meant
    }
    now
}

/// Decides, unless a defect decides otherwise.
fn decision<'a>(
    context: &Context,
    record: &'a AccessRecord,
    member: Option<&Member>,
    now: Time,
    job: Option<&str>,
) -> AccessDecision<'a> {
    let mut decision = decide(record, member, now, job);
    if matches!(decision.basis, Basis::Purchase | Basis::Trial) && context.defect("ent.before-lookup") {
        decision.rights.clear(); // DEFECT: decided before what was bought had been looked up
    }
    if decision.basis == Basis::None && context.defect("ent.open-to-all") {
        decision.rights = Right::Download.actions(); // DEFECT: no row means all bits set
        decision.basis = Basis::Public;
    }
    decision
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
    let record = app.reader.read(&*app.store, &context, member, &asked.version).await?;
    let decision = decision(&context, &record, member, now, None);
    let grant = decision.grant.map(|grant| {
        let mut shown = json!({"id": grant.id, "rights": grant.rights, "expires_at": grant.expires_at});
        if let Some(left) = grant.uses_left() {
            shown["uses_left"] = json!(left);
        }
        shown
    });
    // A grant that has ended is shown, to say why access is refused, but gets no credential.
    let live = decision.grant.filter(|grant| ended(grant, now, None).is_none());
    Ok(fresh(json!({
        "version": asked.version,
        "generate": decision.rights.contains(&Action::Generate),
        "download": decision.rights.contains(&Action::Download),
        "basis": decision.basis,
        "reason": decision.refuses(Action::Generate),
        "rights": decision.rights,
        "grant": grant,
        "credential": live.map(|grant| credential::issue(&app.core.settings.credential_key, grant)),
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
    /// The job that access is asked for. It counts as one use of a trial, however often this is asked.
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
    let mut record = app.reader.read(&*app.store, &context, Some(member), version).await?;
    if context.defect("ent.split") {
        record.grants.clear(); // DEFECT: another node answers this question, and it has not heard of anything
    }
    let job = asked.context.r#use.as_deref();
    let decision = decision(&context, &record, Some(member), now, job);
    let key = &app.core.settings.credential_key;
    let presented = match decision.basis {
        Basis::Owner | Basis::Moderator | Basis::Public => Ok(()),
        Basis::Purchase | Basis::Trial | Basis::None => {
            credential::find(key, &context.credentials(), &member.id, version).map(drop)
        }
    };
    let mut refusal = match (presented, decision.refuses(asked.action.name)) {
        // A foreign credential is told as such, whatever else is the matter. A member whose access has ended is told why,
        // also without a credential.
        (Err(code @ (Code::CredentialForeign | Code::CredentialInvalid)), _) => Some(code),
        (_, Some(refusal)) => Some(refusal),
        (presented, None) => presented.err(),
    };
    if let (None, Basis::Trial, Some(grant), Some(job)) = (refusal, decision.basis, decision.grant, job) {
        // Another job may have taken the last use since the record was read.
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
            "basis": decision.basis,
            "grant": decision.grant.map(|grant| &grant.id),
            "valid_until": decision.grant.and_then(|grant| grant.expires_at),
        },
    })))
}
