//! M7. A purchase that was declined is never granted.

use super::{Departs, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::seen::Seen;

pub(super) const RULE: Rule = Rule {
    id: RuleId::M7,
    layer: Layer::Billing,
    holds: "A purchase that was declined is never granted.",
    basis: "A refusal has no effect: RFC 9110 calls a 4xx a request that was not carried out.",
    consequence: "Access is given away for purchases that were declined.",
    remedy: "Grant only after the charge has been answered with success.",
    departs: Departs::shown(Class::MoneyWrong),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    if !evidence.watches_fact(EventKind::Granted, Fact::Purchase) {
        return ruling.end();
    }
    let charges = evidence.deepest(EventKind::Charged);
    for declined in charges.iter().filter(|seen| seen.is_refused()) {
        let (Some(member), Some(version)) = (evidence.member(*declined), evidence.version(*declined)) else {
            continue;
        };
        let about_it =
            |seen: Seen<'_>| evidence.member(seen) == Some(member) && evidence.version(seen) == Some(version);
        let otherwise = charges.iter().any(|seen| !seen.is_refused() && about_it(*seen));
        let grant = evidence
            .behind(EventKind::Granted)
            .find(|seen| seen.is_done() && seen.text(Fact::Purchase).is_some() && about_it(*seen));
        ruling.judge(grant.is_none() || otherwise, || {
            let what = evidence.tell(Some(member), evidence.right(*declined), Some(version));
            let why = declined.event.code.as_deref().unwrap_or("a refusal");
            let message = format!("{what} was declined with {why}, and granted all the same");
            evidence.finding(RULE.id, grant.unwrap_or(*declined), message)
        });
    }
    ruling.end()
}
