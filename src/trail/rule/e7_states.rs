//! E7. A job goes through legal changes of state only, over all looks at it; a final state stays.

use std::collections::BTreeSet;

use super::{Departs, Judge, Judgement, Layer, Rule, Ruling};
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
    departs: Departs::shown(Class::NotShown),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    let known = |state: &str| evidence.mapping.jobs.contains_key(state);
    let jobs: BTreeSet<_> = evidence.seen(EventKind::State).filter_map(|seen| seen.text(Fact::Job)).collect();
    for job in jobs {
        let looks: Vec<_> = evidence.states(job).filter(|seen| seen.text(Fact::State).is_some_and(known)).collect();
        for (index, later) in looks.iter().enumerate() {
            let state = later.text(Fact::State).unwrap_or_default();
            let history = later.list(Fact::History);
            let wrong = history.windows(2).find(|pair| !may_follow(evidence.mapping, pair[0], pair[1]));
            ruling.judge(wrong.is_none(), || {
                let message = format!("a job's history says {}: that is no legal change", history.join(" → "));
                evidence.finding(RULE.id, *later, message)
            });
            let Some(earlier) = looks[..index].iter().rfind(|earlier| earlier.is_before(*later)) else { continue };
            let before = earlier.text(Fact::State).unwrap_or_default();
            ruling.judge(before == state || is_reachable(evidence.mapping, before, state), || {
                evidence.finding(RULE.id, *later, format!("a job that was {before} is {state}"))
            });
        }
    }
    ruling.end()
}

fn may_follow(mapping: &Mapping, state: &str, next: &str) -> bool {
    mapping.jobs.get(state).is_none_or(|nexts| nexts.iter().any(|known| known == next))
}

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
