//! E7. A job changes state only as the target file allows, and a final state stays.
//!
//! Evidence: the history that an answer reports, and the states of two answers one after the other.

use std::collections::BTreeSet;

use super::{Classification, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::mapping::Mapping;

pub(super) const RULE: Rule = Rule {
    id: RuleId::E7,
    layer: Layer::Worker,
    holds: "A job goes through legal changes of state only; a final state stays.",
    basis: "The target file lists the states of a job and what may follow each.",
    consequence: "A page shows a job going backwards, or one that changes after its end.",
    remedy: "Guard the change of state in the store: only from a state that allows it.",
    classification: Classification::of(Class::NotShown),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    // A state that the target file does not list says nothing about the changes that are legal.
    let is_listed = |state: &str| evidence.mapping.jobs.contains_key(state);
    let jobs: BTreeSet<_> = evidence.of_kind(EventKind::State).filter_map(|event| event.text(Fact::Job)).collect();
    for job in jobs {
        let sightings: Vec<_> =
            evidence.states_of(job).filter(|event| event.text(Fact::State).is_some_and(is_listed)).collect();
        for (index, later) in sightings.iter().enumerate() {
            let state = later.text(Fact::State).unwrap_or_default();
            let history = later.list(Fact::History);
            let illegal = history.windows(2).find(|pair| !may_follow(evidence.mapping, pair[0], pair[1]));
            ruling.judge(illegal.is_none(), || {
                let message = format!("a job's history says {}: that is no legal change", history.join(" → "));
                evidence.finding(RULE.id, *later, message)
            });
            // Two answers that overlap may have been given in either order.
            let Some(earlier) = sightings[..index].iter().rfind(|earlier| earlier.is_before(*later)) else { continue };
            let before = earlier.text(Fact::State).unwrap_or_default();
            ruling.judge(before == state || is_reachable(evidence.mapping, before, state), || {
                evidence.finding(RULE.id, *later, format!("a job that was {before} is {state}"))
            });
        }
    }
    ruling.finish()
}

fn may_follow(mapping: &Mapping, state: &str, next: &str) -> bool {
    mapping.jobs.get(state).is_none_or(|nexts| nexts.iter().any(|known| known == next))
}

/// Returns true if some chain of legal changes leads from one state to the other: nobody sees every state.
fn is_reachable(mapping: &Mapping, from: &str, to: &str) -> bool {
    let mut known = BTreeSet::from([from]);
    let mut ahead = vec![from];
    while let Some(state) = ahead.pop() {
        for next in mapping.jobs.get(state).into_iter().flatten() {
            if next == to {
                return true;
            }
            if known.insert(next) {
                ahead.push(next);
            }
        }
    }
    false
}
