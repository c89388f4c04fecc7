//! S5. A forged, stale or replayed event or token changes nothing.
//!
//! What cannot be genuine: an event without a signature, one whose signature is too old, one that was changed on the way, one
//! that tells of a purchase otherwise than it was made; and a session that nobody was given.

use super::{Check, Judgement, Layer, Ruling};
use crate::model::EventKind;
use crate::trail::evidence::Evidence;
use crate::trail::seen::Seen;

/// S5.
pub struct Forged;

impl Check for Forged {
    fn id(&self) -> &'static str {
        "S5"
    }

    fn layer(&self) -> Layer {
        Layer::Events
    }

    fn means(&self) -> &'static str {
        "A forged, stale or replayed event or token changes nothing."
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let mut ruling = Ruling::on(evidence);
        let events = [EventKind::Granted, EventKind::Revoked, EventKind::Synced];
        for event in events.iter().flat_map(|kind| evidence.behind(*kind)).filter(|seen| is_signed(evidence, *seen)) {
            let flaw = flaw(evidence, event);
            ruling.judge(!(event.is_done() && flaw.is_some()), || {
                let message = format!("an event {}, and was accepted", flaw.unwrap_or_default());
                evidence.finding(self.id(), event, message)
            });
        }
        for seen in evidence.all().filter(|seen| seen.at_front()) {
            let Some(who) = seen.text("who") else { continue };
            if evidence.cast.forged.iter().any(|forged| forged == who) {
                ruling.judge(!seen.is_done(), || {
                    evidence.finding(self.id(), seen, "a session that nobody was given was accepted")
                });
            }
        }
        ruling.end()
    }
}

/// Whether the target's file says that such events are signed.
fn is_signed(evidence: &Evidence<'_>, seen: Seen<'_>) -> bool {
    seen.text("event").is_some()
        && evidence.mapping.events.iter().any(|meaning| {
            meaning.means == seen.kind()
                && meaning.facts.contains_key("signature")
                && meaning.at.iter().any(|place| place.edge == *seen.edge())
        })
}

/// Why an event cannot be genuine.
fn flaw(evidence: &Evidence<'_>, event: Seen<'_>) -> Option<String> {
    if event.fact("signature").is_none() {
        return Some("was not signed".into());
    }
    if let Some(signed) = event.number("signed_at") {
        let (earliest, latest) = evidence.moments(event.window());
        let age = i64::try_from(evidence.mapping.event_age.0.as_secs()).unwrap_or(i64::MAX);
        if signed < earliest.as_second() - age - 1 || signed > latest.as_second() + age + 1 {
            return Some("was signed at another time".into());
        }
    }
    let tampers = |fault: &&String| {
        let fault = fault.to_lowercase();
        let signed = [" request", "-signature", "-timestamp"].iter().any(|word| fault.contains(word));
        signed && !fault.contains("response")
    };
    if let Some(fault) = event.exchange.faults.iter().find(tampers) {
        return Some(format!("was changed on the way ({fault})"));
    }
    let charge = evidence.seen(EventKind::Charged).find(|seen| seen.is_done() && seen.shares(event, "purchase"))?;
    let told = [
        ("member", evidence.member(charge), event.text("member")),
        ("version", evidence.version(charge), event.text("version")),
        ("right", evidence.right(charge), event.text("right")),
    ];
    let other = told.into_iter().find(|(_, made, told)| made.is_some() && told.is_some() && made != told);
    other.map(|(name, ..)| format!("named another {name} than the purchase that it tells of"))
}
