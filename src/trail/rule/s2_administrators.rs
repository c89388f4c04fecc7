//! S2. A route for moderators refuses every other member.
//!
//! Evidence: requests that the target file marks as reserved for moderators.

use super::{Classification, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, Fact, RuleId};
use crate::trail::evidence::Evidence;

pub(super) const RULE: Rule = Rule {
    id: RuleId::S2,
    layer: Layer::Gateway,
    holds: "A member on an administrator's route is refused.",
    basis: "OWASP API5:2023, broken function level authorization.",
    consequence: "Members do what only administrators may.",
    remedy: "Check the role on the route itself.",
    classification: Classification::of(Class::NotRefused),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    let reserved = evidence.events().filter(|event| event.text(Fact::Needs) == Some("moderator"));
    for event in reserved.filter(|event| event.is_from_member()) {
        let Some(member) = evidence.asker(event).filter(|member| !member.moderator) else { continue };
        ruling.judge(!event.is_done(), || {
            let request = &event.exchange.request;
            let (method, path, answer) = (&request.method, request.path(), event.describe_answer());
            evidence.finding(RULE.id, event, format!("{} is no moderator, and {method} {path} {answer}", member.name))
        });
    }
    ruling.finish()
}
