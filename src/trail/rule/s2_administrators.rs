//! S2. What only administrators may do is refused to everybody else.

use super::{Departs, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, Fact, RuleId};
use crate::trail::evidence::Evidence;

pub(super) const RULE: Rule = Rule {
    id: RuleId::S2,
    layer: Layer::Gateway,
    holds: "A member on an administrator's route is refused.",
    basis: "OWASP API5:2023, broken function level authorization.",
    consequence: "Members do what only administrators may.",
    remedy: "Check the role on the route itself.",
    departs: Departs::shown(Class::NotRefused),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    for seen in evidence.all().filter(|seen| seen.at_front() && seen.text(Fact::Needs) == Some("moderator")) {
        let Some(person) = evidence.person(seen).filter(|person| !person.moderator) else { continue };
        ruling.judge(!seen.is_done(), || {
            let request = &seen.exchange.request;
            let message =
                format!("{} is no moderator, and {} {} {}", person.name, request.method, request.path(), seen.answer());
            evidence.finding(RULE.id, seen, message)
        });
    }
    ruling.end()
}
