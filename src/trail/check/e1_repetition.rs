//! E1. However often events come, and in whichever order: the final state is the same, and what a repetition tells of happens
//! once.

use std::collections::{BTreeMap, BTreeSet};

use super::{Check, Judgement, Layer, Ruling};
use crate::model::EventKind;
use crate::trail::answers::{Proof, answers};
use crate::trail::evidence::Evidence;
use crate::trail::rights::{GENERATE, May, Rights};
use crate::trail::seen::Seen;

/// E1.
pub struct Repetition;

impl Check for Repetition {
    fn id(&self) -> &'static str {
        "E1"
    }

    fn layer(&self) -> Layer {
        Layer::Events
    }

    fn means(&self) -> &'static str {
        "Any repetition and any order of events leads to the same final state."
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let mut ruling = Ruling::on(evidence);
        let rights = Rights::of(evidence);
        let answers = answers(evidence);
        let mut deliveries: BTreeMap<&str, Vec<Seen<'_>>> = BTreeMap::new();
        for kind in [EventKind::Granted, EventKind::Revoked, EventKind::Synced] {
            for seen in evidence.behind(kind).filter(|seen| !seen.is_refused()) {
                if let Some(event) = seen.text("event") {
                    deliveries.entry(event).or_default().push(seen);
                }
            }
        }
        for repeated in deliveries.values().filter(|deliveries| deliveries.len() > 1) {
            let last = repeated[repeated.len() - 1];
            let (Some(member), Some(version)) = (last.text("member"), last.text("version")) else { continue };
            let told: BTreeSet<_> = evidence
                .behind(EventKind::Synced)
                .filter(|seen| seen.text("member") == Some(member) && seen.text("version") == Some(version))
                .filter(|seen| seen.text("state") == Some("granted"))
                .filter_map(|seen| seen.text("event"))
                .collect();
            let bought = rights
                .purchases
                .iter()
                .filter(|bought| bought.member == Some(member) && bought.version == Some(version));
            let bought = bought.count();
            if last.kind() == EventKind::Granted && evidence.watches(EventKind::Synced) {
                ruling.judge(told.len() <= bought.max(1), || {
                    let message =
                        format!("an event that came {} times was applied {} times", repeated.len(), told.len());
                    evidence.finding(self.id(), last, message)
                });
            }
            let mut after = answers.iter().filter(|answer| {
                (answer.member, answer.version) == (member, version)
                    && answer.proof != Proof::Wrong
                    && last.is_before(answer.seen)
            });
            if let Some(answer) = after.next_back() {
                let expected =
                    match rights.may(Some(member), version, GENERATE, answer.seen.window(), evidence.bounds.sync) {
                        May::Must(_) => true,
                        May::MustNot(_) => false,
                        May::Either => answer.yes,
                    };
                ruling.judge(answer.yes == expected, || {
                    let message = format!("after an event that came {} times the answer is wrong", repeated.len());
                    evidence.finding(self.id(), answer.seen, message)
                });
            }
        }
        ruling.end()
    }
}
