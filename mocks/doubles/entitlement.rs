//! Entitlement: gates, what a member may do, trials. The rule by which it decides is Atelier's own; what it decides about
//! stands in the books.

use atelier::entitlement::credential;
use atelier::entitlement::rule::{Basis, Ruling, over, rule, uses_left};
use atelier::entitlement::store::{Bought, Gate, Grant, Refunded, Source, Status};
use atelier::event::{Event, PURCHASE_COMPLETED, PURCHASE_REFUNDED};
use atelier::problem::{Code, Problem};
use atelier::request;
use atelier::right::Action;
use atelier::session::Member;
use atelier::signing::verify_webhook;
use serde::Deserialize;
use serde_json::{Value, json};

use super::books::{Books, bought_with};
use super::wire::{Answered, Asked, Desk, Route, answer, new_id};

pub const ROUTES: &[Route] = &[
    ("PUT", "/v1/gates/{version}", set_gate),
    ("GET", "/v1/access", access),
    ("POST", "/access/v1/evaluation", evaluation),
    ("POST", "/v1/trials", begin_trial),
    ("POST", "/v1/events", hear),
];

/// How far the time of a signed event may be from ours.
const TOLERANCE: std::time::Duration = std::time::Duration::from_secs(5 * 60);

fn set_gate(desk: &Desk, asked: &Asked<'_>) -> Answered {
    let gate: Gate = asked.body()?;
    asked.fellow()?;
    desk.books().gates.insert(asked.id.to_owned(), gate.clone());
    Ok(answer(200, &gate))
}

fn access(desk: &Desk, asked: &Asked<'_>) -> Answered {
    let version = asked.parameter("version").ok_or(Code::InvalidRequest)?;
    let member = asked.visitor()?;
    let standing = desk.books().standing(member.as_ref().map(|member| member.id.as_str()), &version)?;
    let ruling = rule(&standing, member.as_ref(), asked.now, None);
    let live = ruling.grant.filter(|grant| over(grant, asked.now, None).is_none());
    let document = json!({
        "version": version,
        "generate": ruling.rights.contains(&Action::Generate),
        "download": ruling.rights.contains(&Action::Download),
        "basis": ruling.basis,
        "reason": ruling.refuses(Action::Generate),
        "rights": ruling.rights,
        "grant": ruling.grant.map(shown),
        "credential": live.map(|grant| credential::issue(&desk.keys.credential, grant)),
    });
    Ok(answer(200, &document).insert_header("cache-control", "no-store"))
}

fn shown(grant: &Grant) -> Value {
    let mut shown = json!({"id": grant.id, "rights": grant.rights, "expires_at": grant.expires_at});
    if let Some(left) = uses_left(grant) {
        shown["uses_left"] = json!(left);
    }
    shown
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
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
    r#use: Option<String>,
}

fn evaluation(desk: &Desk, asked: &Asked<'_>) -> Answered {
    let question: Question = asked.body()?;
    let member = asked.member()?;
    for (entity, expected) in [(&question.subject, "member"), (&question.resource, "model-version")] {
        if entity.r#type != expected {
            return Err(Problem::because(Code::InvalidRequest, format!("Not a {expected}: {:?}.", entity.r#type)));
        }
    }
    if question.subject.id != member.id {
        return Err(Problem::because(Code::Forbidden, "The subject is not the member who is signed in."));
    }
    let (version, job) = (&question.resource.id, question.context.r#use.as_deref());
    let mut books = desk.books();
    let decided = decide(&books, desk, asked, &member, version, question.action.name, job)?;
    if let (None, Basis::Trial, Some(job)) = (decided.refusal, decided.basis, job) {
        use_trial(&mut books, &member.id, version, job);
    }
    let context = json!({
        "reason": decided.refusal, "basis": decided.basis, "grant": decided.grant.as_ref().map(|grant| &grant.id),
        "valid_until": decided.grant.as_ref().and_then(|grant| grant.expires_at),
    });
    let decision = json!({"decision": decided.refusal.is_none(), "context": context});
    Ok(answer(200, &decision).insert_header("cache-control", "no-store"))
}

/// What was decided.
pub struct Decided {
    /// Why not; `None` is a yes.
    pub refusal: Option<Code>,
    pub basis: Basis,
    pub grant: Option<Grant>,
}

/// Whether a member may do this with what they present.
pub fn decide(
    books: &Books,
    desk: &Desk,
    asked: &Asked<'_>,
    member: &Member,
    version: &str,
    action: Action,
    job: Option<&str>,
) -> Result<Decided, Problem> {
    let standing = books.standing(Some(&member.id), version)?;
    let ruling: Ruling<'_> = rule(&standing, Some(member), asked.now, job);
    let presented = || credential::find(&desk.keys.credential, &asked.credentials(), &member.id, version).err();
    let unproven = match ruling.basis {
        Basis::Owner | Basis::Moderator | Basis::Public => None,
        Basis::Purchase | Basis::Trial | Basis::None => presented(),
    };
    let refusal = match unproven {
        // Who comes with what is not theirs is told that, whatever else is the matter.
        Some(Code::CredentialForeign | Code::CredentialInvalid) => unproven,
        Some(_) | None => ruling.refuses(action).or(unproven),
    };
    Ok(Decided { refusal, basis: ruling.basis, grant: ruling.grant.cloned() })
}

/// Counts a job as a use of the trial that it rests on; once.
pub fn use_trial(books: &mut Books, member: &str, version: &str, job: &str) {
    for grant in books.account(member).grants.iter_mut().filter(|grant| grant.version == version) {
        match &mut grant.source {
            Source::Trial { used, .. } if !used.iter().any(|known| known == job) => used.push(job.to_owned()),
            Source::Trial { .. } | Source::Purchase { .. } => {}
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TrialRequest {
    version: String,
}

fn begin_trial(desk: &Desk, asked: &Asked<'_>) -> Answered {
    let TrialRequest { version } = asked.body()?;
    let member = asked.member()?.id;
    let mut books = desk.books();
    let gate = books.standing(Some(&member), &version)?.gate;
    let gated = gate.ends_at.is_some_and(|end| asked.now < end) && gate.owner != member;
    if !gated || gate.status != Status::Published || gate.trial_uses == 0 {
        return Err(Code::TrialUnavailable.into());
    }
    let is_trial = |grant: &&Grant| grant.version == version && matches!(grant.source, Source::Trial { .. });
    if !books.account(&member).grants.iter().any(|grant| is_trial(&grant)) {
        let grant = Grant {
            id: new_id("grt"),
            member: member.clone(),
            version: version.clone(),
            rights: vec![Action::Generate],
            expires_at: None,
            revoked: false,
            source: Source::Trial { allowed: gate.trial_uses, used: Vec::new() },
        };
        books.grant(desk, asked, grant);
    }
    let grants = &books.account(&member).grants;
    let grant = grants.iter().find(is_trial).expect("invariant: it was begun a line above");
    let begun = json!({
        "grant": grant.id, "uses_left": uses_left(grant),
        "credential": credential::issue(&desk.keys.credential, grant),
    });
    Ok(answer(201, &begun))
}

/// What a billing that is no double tells. Each purchase is granted and revoked at most once, in whatever order.
fn hear(desk: &Desk, asked: &Asked<'_>) -> Answered {
    let text = asked.text()?;
    let id = verify_webhook(&desk.keys.event, asked.headers(), text, asked.now, TOLERANCE)?;
    let event: Event = request::parse(text.as_bytes())?;
    if event.id != id || event.specversion != "1.0" {
        return Err(Problem::because(Code::InvalidRequest, "The event is not the one that was signed."));
    }
    let mut books = desk.books();
    let is_new = match event.r#type.as_str() {
        PURCHASE_COMPLETED => grant(&mut books, desk, asked, event.data()?),
        PURCHASE_REFUNDED => revoke(&mut books, desk, asked, event.data()?),
        other => {
            return Err(Problem::because(Code::InvalidRequest, format!("No event of type {other:?} is taken here.")));
        }
    };
    let receipt = if is_new { json!({"accepted": true}) } else { json!({"accepted": false, "duplicate": true}) };
    Ok(answer(202, &receipt))
}

fn grant(books: &mut Books, desk: &Desk, asked: &Asked<'_>, bought: Bought) -> bool {
    let grants = &books.account(&bought.member).grants;
    let is_new = !grants.iter().any(|grant| bought_with(grant, &bought.purchase));
    if is_new {
        let grant = Grant {
            id: new_id("grt"),
            member: bought.member,
            version: bought.version,
            rights: bought.rights,
            expires_at: bought.expires_at,
            revoked: false,
            source: Source::Purchase { purchase: bought.purchase },
        };
        books.grant(desk, asked, grant);
    }
    is_new
}

fn revoke(books: &mut Books, desk: &Desk, asked: &Asked<'_>, refunded: Refunded) -> bool {
    if refunded.full && !books.revoke(desk, asked, &refunded.member, &refunded.purchase) {
        // Its purchase is still on the way, and will find that it is not new.
        books.account(&refunded.member).grants.push(Grant {
            id: new_id("grt"),
            member: refunded.member.clone(),
            version: refunded.version,
            rights: Vec::new(),
            expires_at: None,
            revoked: true,
            source: Source::Purchase { purchase: refunded.purchase },
        });
    }
    true
}
