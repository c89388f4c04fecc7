//! E2. Acknowledged means durable: what the permission service has accepted takes effect, and it tells the others.

use super::{Check, Judgement, Layer, Ruling};
use crate::model::EventKind;
use crate::trail::answers::answers;
use crate::trail::evidence::Evidence;
use crate::trail::purchases::purchases;
use crate::trail::rights::{GENERATE, May, Rights};
use crate::trail::seen::Seen;

/// E2.
pub struct Durable;

impl Check for Durable {
    fn id(&self) -> &'static str {
        "E2"
    }

    fn layer(&self) -> Layer {
        Layer::Events
    }

    fn means(&self) -> &'static str {
        "Acknowledged means durable: an event that was accepted takes effect."
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let mut ruling = Ruling::on(evidence);
        let rights = Rights::of(evidence);
        let purchases = purchases(evidence);
        let changes = [
            (EventKind::Granted, "granted", evidence.bounds.sync),
            (EventKind::Revoked, "revoked", evidence.bounds.revoke),
        ];
        for (kind, state, bound) in changes {
            let accepted: Vec<_> =
                evidence.behind(kind).filter(|seen| seen.is_done() && seen.fact("event").is_some()).collect();
            for (index, event) in accepted.iter().copied().enumerate() {
                if accepted[..index].iter().any(|earlier| earlier.shares(event, "event")) {
                    continue; // It came again, and changes nothing.
                }
                let same = evidence.behind(kind).filter(|seen| seen.shares(event, "event"));
                let since = same.map(Seen::from).min().unwrap_or_default();
                let purchase = purchases.iter().find(|known| event.text("purchase") == Some(known.id));
                let revoked = purchase.is_some_and(|purchase| !purchase.refunds.is_empty());
                // A grant that was given back may never have been told; part of a refund changes nothing.
                if (kind == EventKind::Granted && revoked)
                    || event.truth("full") == Some(false)
                    || came_too_late(evidence, event)
                {
                    continue;
                }
                if evidence.watches(EventKind::Synced) {
                    let told = evidence.behind(EventKind::Synced).any(|seen| {
                        seen.shares(event, "member")
                            && seen.shares(event, "version")
                            && seen.text("state").is_none_or(|told| told == state)
                            && seen.to() >= since
                    });
                    ruling.judge_by(event.to().saturating_add(bound), told, None, || {
                        let message =
                            format!("a purchase event was accepted, and that access is {state} was never told on");
                        evidence.finding(self.id(), event, message)
                    });
                }
                let (Some(member), Some(version), EventKind::Granted) =
                    (event.text("member"), event.text("version"), kind)
                else {
                    continue;
                };
                let ignored = answers(evidence).into_iter().find(|answer| {
                    !answer.yes
                        && (answer.member, answer.version) == (member, version)
                        && answer.seen.kind() == EventKind::Checked
                        && !evidence.wants_credential(answer.seen)
                        && answer.seen.from() >= event.to().saturating_add(bound)
                        && matches!(
                            rights.may(Some(member), version, GENERATE, answer.seen.window(), bound),
                            May::Must(_)
                        )
                });
                ruling.judge(ignored.is_none(), || {
                    let seen = ignored.map_or(event, |answer| answer.seen);
                    evidence.finding(
                        self.id(),
                        seen,
                        "a purchase event was accepted, and what it tells of is not known",
                    )
                });
            }
        }
        ruling.end()
    }
}

/// Whether a newer event of its subject had been accepted before: then it rightly changes nothing.
fn came_too_late(evidence: &Evidence<'_>, event: Seen<'_>) -> bool {
    let accepted =
        evidence.behind(EventKind::Granted).chain(evidence.behind(EventKind::Revoked)).filter(|seen| seen.is_done());
    accepted.filter(|seen| seen.shares(event, "subject") && seen.from() < event.to()).any(
        |seen| matches!((seen.text("sequence"), event.text("sequence")), (Some(theirs), Some(own)) if theirs > own),
    )
}
