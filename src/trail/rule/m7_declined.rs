//! M7. A purchase that was declined is never granted.
//!
//! Evidence: refused charges, and grants for the same member and version.

use super::{Classification, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::occurrence::Occurrence;

pub(super) const RULE: Rule = Rule {
    id: RuleId::M7,
    layer: Layer::Billing,
    holds: "A purchase that was declined is never granted.",
    basis: "A purchase that was declined has not been made, so it gives no access.",
    consequence: "Access is given away for purchases that were declined.",
    remedy: "Grant only after the charge has been answered with success.",
    classification: Classification::of(Class::MoneyWrong),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    if !evidence.watches_fact(EventKind::Granted, Fact::Purchase) {
        return ruling.finish();
    }
    let charges = evidence.innermost(EventKind::Charged);
    for declined in charges.iter().filter(|event| event.is_refused()) {
        let (Some(member), Some(version)) = (evidence.member_of(*declined), evidence.version_of(*declined)) else {
            continue;
        };
        // Another try may have succeeded, or may have done so without an answer.
        let may_be_bought_otherwise =
            charges.iter().any(|event| !event.is_refused() && is_about(evidence, *event, member, version));
        let mut grants = evidence.between_services(EventKind::Granted).filter(|event| event.is_done());
        let grant =
            grants.find(|event| event.text(Fact::Purchase).is_some() && is_about(evidence, *event, member, version));
        ruling.judge(grant.is_none() || may_be_bought_otherwise, || {
            let what = evidence.describe_purchase(Some(member), evidence.right_of(*declined), Some(version));
            let why = declined.code().unwrap_or("a refusal");
            let message = format!("{what} was declined with {why}, and granted all the same");
            evidence.finding(RULE.id, grant.unwrap_or(*declined), message)
        });
    }
    ruling.finish()
}

fn is_about<'a>(evidence: &Evidence<'a>, event: Occurrence<'a>, member: &str, version: &str) -> bool {
    evidence.member_of(event) == Some(member) && evidence.version_of(event) == Some(version)
}
