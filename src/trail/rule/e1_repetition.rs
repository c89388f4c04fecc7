//! E1. Repeated and reordered deliveries of an event lead to the same final state as one delivery.
//!
//! Evidence: an event id that was delivered more than once. Afterwards the number of changes it caused and the last
//! access answer have to be those of a single delivery.

use std::collections::{BTreeMap, BTreeSet};

use super::{Classification, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::answers::PresentedProof;
use crate::trail::evidence::Evidence;
use crate::trail::occurrence::Occurrence;
use crate::trail::rights::GENERATE;

pub(super) const RULE: Rule = Rule {
    id: RuleId::E1,
    layer: Layer::Events,
    holds: "Any repetition and any order of events leads to the same final state.",
    basis: "Webhooks and message queues usually deliver at least once, and do not promise an order.",
    consequence: "A repeated or late event changes the outcome.",
    remedy: "Make the handler idempotent by the event's id, and compare sequence numbers.",
    classification: Classification::of(Class::Refused),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    let mut deliveries: BTreeMap<&str, Vec<Occurrence<'_>>> = BTreeMap::new();
    for kind in [EventKind::Granted, EventKind::Revoked, EventKind::Synced] {
        for event in evidence.between_services(kind).filter(|event| !event.is_refused()) {
            if let Some(id) = event.text(Fact::Event) {
                deliveries.entry(id).or_default().push(event);
            }
        }
    }
    for repeated in deliveries.values().filter(|deliveries| deliveries.len() > 1) {
        judge_repeated(&mut ruling, evidence, repeated);
    }
    ruling.finish()
}

fn judge_repeated(ruling: &mut Ruling, evidence: &Evidence<'_>, deliveries: &[Occurrence<'_>]) {
    let times = deliveries.len();
    let last = deliveries[times - 1];
    let (Some(member), Some(version)) = (last.text(Fact::Member), last.text(Fact::Version)) else { return };
    if last.kind() == EventKind::Granted && evidence.watches(EventKind::Synced) {
        let applied = grants_synced(evidence, last);
        // Each purchase of the same access may be passed on once.
        let is_this = |id: Option<&str>, wanted| id == Some(wanted);
        let bought =
            evidence.purchases().iter().filter(|it| is_this(it.member, member) && is_this(it.version, version));
        ruling.judge(applied <= bought.count().max(1), || {
            let message = format!("an event that came {times} times was applied {applied} times");
            evidence.finding(RULE.id, last, message)
        });
    }
    let mut later = evidence
        .answers_about(member, version)
        .filter(|answer| answer.proof != PresentedProof::Wrong && last.is_before(answer.event));
    if let Some(answer) = later.next_back() {
        let interval = answer.event.interval();
        let obligation = evidence.obligation(Some(member), version, GENERATE, interval, evidence.bounds.sync);
        ruling.judge(obligation.expected().is_none_or(|expected| expected == answer.allowed), || {
            let message = format!("after an event that came {times} times the answer is wrong");
            evidence.finding(RULE.id, answer.event, message)
        });
    }
}

/// Counts the different events that passed on a grant for the same member and version.
fn grants_synced(evidence: &Evidence<'_>, grant: Occurrence<'_>) -> usize {
    let synced = evidence.between_services(EventKind::Synced).filter(|event| event.shares_subject(grant));
    let granted = synced.filter(|event| event.text(Fact::State) == Some("granted"));
    granted.filter_map(|event| event.text(Fact::Event)).collect::<BTreeSet<_>>().len()
}
