//! S5. A forged, stale or replayed event or token changes nothing.
//!
//! What cannot be genuine: an event without a signature, one whose signature is too old, one that was changed on the way, one
//! that tells of a purchase otherwise than it was made; and a session that nobody was given.

use super::{Departs, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Change, Class, EventKind, Fact, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::mapping::Meaning;
use crate::trail::seen::Seen;

pub(super) const RULE: Rule = Rule {
    id: RuleId::S5,
    layer: Layer::Events,
    holds: "A forged, stale or replayed event or token changes nothing.",
    basis: "Standard Webhooks and CloudEvents: receivers verify signature and age.",
    consequence: "Anybody who can reach the receiver can give themselves access.",
    remedy: "Verify the signature over the body as it was received, and refuse what is too old.",
    departs: Departs::shown(Class::NotRefused).ranked(1),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    let events = [EventKind::Granted, EventKind::Revoked, EventKind::Synced];
    for event in events.iter().flat_map(|kind| evidence.behind(*kind)).filter(|seen| is_signed(evidence, *seen)) {
        let flaw = flaw(evidence, event);
        ruling.judge(!(event.is_done() && flaw.is_some()), || {
            let message = format!("an event {}, and was accepted", flaw.unwrap_or_default());
            evidence.finding(RULE.id, event, message)
        });
    }
    for seen in evidence.all().filter(|seen| seen.at_front()) {
        let Some(who) = seen.text(Fact::Who) else { continue };
        if evidence.cast.forged.iter().any(|forged| forged == who) {
            ruling.judge(!seen.is_done(), || {
                evidence.finding(RULE.id, seen, "a session that nobody was given was accepted")
            });
        }
    }
    ruling.end()
}

/// Whether the target's file says that such events are signed.
fn is_signed(evidence: &Evidence<'_>, seen: Seen<'_>) -> bool {
    seen.text(Fact::Event).is_some()
        && evidence.mapping.events.iter().any(|meaning| {
            meaning.means == seen.kind()
                && meaning.facts.contains_key(&Fact::Signature)
                && meaning.at.iter().any(|place| place.edge == *seen.edge())
        })
}

/// True if a signature that the receiver verifies no longer fits: the body is signed, and so is what the target file names
/// as signature and as time of signing. Other headers are not.
fn breaks_signature(evidence: &Evidence<'_>, event: Seen<'_>, change: &Change) -> bool {
    match change {
        Change::RequestBody => true,
        Change::RequestHeader { name } => {
            let here = evidence.mapping.events.iter().filter(|meaning| {
                meaning.means == event.kind() && meaning.at.iter().any(|place| place.edge == *event.edge())
            });
            let signed = |meaning: &Meaning| {
                let sources = [Fact::Signature, Fact::SignedAt].map(|fact| meaning.facts.get(&fact));
                sources.into_iter().flatten().any(|source| source.request_header() == Some(name))
            };
            here.into_iter().any(signed)
        }
        Change::Response
        | Change::ResponseStatus
        | Change::ResponseHeader { .. }
        | Change::ResponseBody
        | Change::Timing
        | Change::Delivery => false,
    }
}

/// Why an event cannot be genuine.
fn flaw(evidence: &Evidence<'_>, event: Seen<'_>) -> Option<String> {
    if event.fact(Fact::Signature).is_none() {
        return Some("was not signed".into());
    }
    if let Some(signed) = event.number(Fact::SignedAt) {
        let (earliest, latest) = evidence.moments(event.window());
        let age = i64::try_from(evidence.mapping.event_age.0.as_secs()).unwrap_or(i64::MAX);
        if signed < earliest.as_second() - age - 1 || signed > latest.as_second() + age + 1 {
            return Some("was signed at another time".into());
        }
    }
    if event.exchange.changes.iter().any(|change| breaks_signature(evidence, event, change)) {
        return Some(format!("was changed on the way ({})", event.exchange.faults.join("; ")));
    }
    let charge = evidence.seen(EventKind::Charged).find(|seen| seen.is_done() && seen.shares(event, Fact::Purchase))?;
    let told = [
        ("member", evidence.member(charge), event.text(Fact::Member)),
        ("version", evidence.version(charge), event.text(Fact::Version)),
        ("right", evidence.right(charge), event.text(Fact::Right)),
    ];
    let other = told.into_iter().find(|(_, made, told)| made.is_some() && told.is_some() && made != told);
    other.map(|(name, ..)| format!("named another {name} than the purchase that it tells of"))
}
