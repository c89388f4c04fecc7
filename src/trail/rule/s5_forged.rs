//! S5. A forged, stale or replayed event or token changes nothing.
//!
//! Evidence: an accepted event that cannot be genuine, because it has no signature, an old one, was changed on its way,
//! or contradicts the purchase that it reports; and an accepted session token that the platform never issued.

use super::{Classification, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Change, Class, EventKind, Fact, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::occurrence::Occurrence;

pub(super) const RULE: Rule = Rule {
    id: RuleId::S5,
    layer: Layer::Events,
    holds: "A forged, stale or replayed event or token changes nothing.",
    basis: "Standard Webhooks: a receiver verifies the signature and the timestamp of every event.",
    consequence: "Anybody who can reach the receiver can give themselves access.",
    remedy: "Verify the signature over the body as it was received, and refuse what is too old.",
    classification: Classification::of(Class::NotRefused).ranked(1),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    for kind in [EventKind::Granted, EventKind::Revoked, EventKind::Synced] {
        for event in evidence.between_services(kind).filter(|event| is_signed_kind(evidence, *event)) {
            match flaw(evidence, event).filter(|_| event.is_done()) {
                Some(flaw) => {
                    let message = format!("an event {flaw}, and was accepted");
                    ruling.fail(evidence.finding(RULE.id, event, message));
                }
                None => ruling.pass(),
            }
        }
    }
    for event in evidence.events().filter(|event| event.is_from_member()) {
        let Some(who) = event.text(Fact::Who) else { continue };
        if evidence.participants.forged.iter().any(|forged| forged == who) {
            ruling.judge(!event.is_done(), || {
                evidence.finding(RULE.id, event, "a session that nobody was given was accepted")
            });
        }
    }
    ruling.finish()
}

/// Returns true if the target file says that such events are signed.
fn is_signed_kind(evidence: &Evidence<'_>, event: Occurrence<'_>) -> bool {
    event.text(Fact::Event).is_some() && evidence.carries(event, Fact::Signature)
}

/// Returns words for the reason why an event cannot be genuine.
fn flaw(evidence: &Evidence<'_>, event: Occurrence<'_>) -> Option<String> {
    if event.fact(Fact::Signature).is_none() {
        return Some("was not signed".into());
    }
    if event.number(Fact::SignedAt).is_some_and(|signed_at| is_out_of_time(evidence, event, signed_at)) {
        return Some("was signed at another time".into());
    }
    if event.exchange.changes.iter().any(|change| breaks_signature(evidence, event, change)) {
        return Some(format!("was changed on the way ({})", event.exchange.faults.join("; ")));
    }
    let charge = evidence.charge_of(event)?;
    let facts = [
        ("member", evidence.member_of(charge), event.text(Fact::Member)),
        ("version", evidence.version_of(charge), event.text(Fact::Version)),
        ("right", evidence.right_of(charge), event.text(Fact::Right)),
    ];
    let (name, ..) = facts.into_iter().find(|(_, charged, reported)| {
        // An event that leaves a fact out contradicts nothing.
        charged.is_some() && reported.is_some() && charged != reported
    })?;
    Some(format!("named another {name} than the purchase that it reports"))
}

fn is_out_of_time(evidence: &Evidence<'_>, event: Occurrence<'_>, signed_at: i64) -> bool {
    let (earliest, latest) = evidence.moments(event.interval());
    let age = i64::try_from(evidence.mapping.event_age.0.as_secs()).unwrap_or(i64::MAX);
    // A signature has whole seconds: one more on each side covers the rounding.
    signed_at < earliest.as_second() - age - 1 || signed_at > latest.as_second() + age + 1
}

/// Returns true if a change on the way makes the signature wrong.
///
/// The body is signed. Of the headers only those count that the target file reads the signature and its time from.
fn breaks_signature(evidence: &Evidence<'_>, event: Occurrence<'_>, change: &Change) -> bool {
    match change {
        Change::RequestBody => true,
        Change::RequestHeader { name } => {
            let mut meanings = evidence.meanings_of(event);
            meanings.any(|meaning| {
                let sources = [Fact::Signature, Fact::SignedAt].map(|fact| meaning.facts.get(&fact));
                sources.into_iter().flatten().any(|source| source.request_header() == Some(name))
            })
        }
        Change::Response
        | Change::ResponseStatus
        | Change::ResponseHeader { .. }
        | Change::ResponseBody
        | Change::Timing
        | Change::Delivery => false,
    }
}
