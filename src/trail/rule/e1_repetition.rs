//! E1. However often events come, and in whichever order: the final state is the same, and what a repetition tells of happens
//! once.

use std::collections::{BTreeMap, BTreeSet};

use super::{Departs, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::answers::{Proof, answers};
use crate::trail::evidence::Evidence;
use crate::trail::rights::{GENERATE, May, Rights};
use crate::trail::seen::Seen;

pub(super) const RULE: Rule = Rule {
    id: RuleId::E1,
    layer: Layer::Events,
    holds: "Any repetition and any order of events leads to the same final state.",
    basis: "Deliveries are at least once, and in no order.",
    consequence: "A repeated or late event changes the outcome.",
    remedy: "Make the handler idempotent by the event's id, and compare sequence numbers.",
    departs: Departs::shown(Class::Refused),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    let rights = Rights::of(evidence);
    let answers = answers(evidence);
    let mut deliveries: BTreeMap<&str, Vec<Seen<'_>>> = BTreeMap::new();
    for kind in [EventKind::Granted, EventKind::Revoked, EventKind::Synced] {
        for seen in evidence.behind(kind).filter(|seen| !seen.is_refused()) {
            if let Some(event) = seen.text(Fact::Event) {
                deliveries.entry(event).or_default().push(seen);
            }
        }
    }
    for repeated in deliveries.values().filter(|deliveries| deliveries.len() > 1) {
        let last = repeated[repeated.len() - 1];
        let (Some(member), Some(version)) = (last.text(Fact::Member), last.text(Fact::Version)) else { continue };
        let told: BTreeSet<_> = evidence
            .behind(EventKind::Synced)
            .filter(|seen| seen.text(Fact::Member) == Some(member) && seen.text(Fact::Version) == Some(version))
            .filter(|seen| seen.text(Fact::State) == Some("granted"))
            .filter_map(|seen| seen.text(Fact::Event))
            .collect();
        let bought =
            rights.purchases.iter().filter(|bought| bought.member == Some(member) && bought.version == Some(version));
        let bought = bought.count();
        if last.kind() == EventKind::Granted && evidence.watches(EventKind::Synced) {
            ruling.judge(told.len() <= bought.max(1), || {
                let message = format!("an event that came {} times was applied {} times", repeated.len(), told.len());
                evidence.finding(RULE.id, last, message)
            });
        }
        let mut after = answers.iter().filter(|answer| {
            (answer.member, answer.version) == (member, version)
                && answer.proof != Proof::Wrong
                && last.is_before(answer.seen)
        });
        if let Some(answer) = after.next_back() {
            let expected = match rights.may(Some(member), version, GENERATE, answer.seen.window(), evidence.bounds.sync)
            {
                May::Must(_) => true,
                May::MustNot(_) => false,
                May::Either => answer.yes,
            };
            ruling.judge(answer.yes == expected, || {
                let message = format!("after an event that came {} times the answer is wrong", repeated.len());
                evidence.finding(RULE.id, answer.seen, message)
            });
        }
    }
    ruling.end()
}
