//! E3. An older event never overwrites a newer one.

use super::{Check, Judgement, Layer, Ruling};
use crate::model::EventKind;
use crate::trail::answers::{Proof, answers};
use crate::trail::evidence::Evidence;
use crate::trail::rights::{GENERATE, May, Rights};
use crate::trail::seen::Seen;

/// E3.
pub struct Order;

impl Check for Order {
    fn id(&self) -> &'static str {
        "E3"
    }

    fn layer(&self) -> Layer {
        Layer::Events
    }

    fn means(&self) -> &'static str {
        "An older event never overwrites a newer one."
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let mut ruling = Ruling::on(evidence);
        let rights = Rights::of(evidence);
        let accepted: Vec<_> = evidence
            .behind(EventKind::Granted)
            .chain(evidence.behind(EventKind::Revoked))
            .filter(|seen| seen.is_done() && seen.fact("sequence").is_some())
            .collect();
        for older in &accepted {
            let newer = |seen: &&Seen<'_>| {
                seen.shares(*older, "subject")
                    && seen.text("sequence") > older.text("sequence")
                    && seen.is_before(*older)
            };
            if !accepted.iter().any(|seen| newer(&seen)) {
                continue;
            }
            let (Some(member), Some(version)) = (older.text("member"), older.text("version")) else { continue };
            let undone = evidence.behind(EventKind::Synced).find(|seen| {
                seen.from() >= older.from()
                    && seen.shares(*older, "member")
                    && seen.shares(*older, "version")
                    && seen.text("state") == Some("granted")
                    && rights.may(Some(member), version, GENERATE, seen.window(), 0)
                        != May::Must(crate::trail::rights::Because::Paid)
            });
            ruling.judge(undone.is_none() || older.kind() != EventKind::Granted, || {
                let message = "a purchase event that was older than the refund was applied after it";
                evidence.finding(self.id(), undone.unwrap_or(*older), message)
            });
            let after = answers(evidence).into_iter().rfind(|answer| {
                (answer.member, answer.version) == (member, version)
                    && answer.proof != Proof::Wrong
                    && older.is_before(answer.seen)
            });
            if let Some(answer) = after
                && let May::MustNot(_) = rights.may(Some(member), version, GENERATE, answer.seen.window(), 0)
            {
                ruling.judge(!answer.yes, || {
                    evidence.finding(
                        self.id(),
                        answer.seen,
                        "an older event has overwritten a newer one: the answer is yes",
                    )
                });
            }
        }
        ruling.end()
    }
}
