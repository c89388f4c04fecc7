//! G9. A revocation works in time: within the bound after the refund nobody is let in by the refunded purchase.
//!
//! Evidence: the access answers after a full refund. Where the member does not ask, paidpath does.

use super::{Classification, Judge, Judgement, Layer, Question, Rule, Ruling};
use crate::model::{Class, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::occurrence::Interval;
use crate::trail::purchases::Purchase;
use crate::trail::rights::{GENERATE, Obligation, RefusalReason};

const REVOKED: Obligation = Obligation::Refuse(RefusalReason::Revoked);

pub(super) const RULE: Rule = Rule {
    id: RuleId::G9,
    layer: Layer::Entitlement,
    holds: "A revocation works in time: within the bound after the refund, generation refuses.",
    basis: "A member who got the money back has no claim to the access any more.",
    consequence: "Somebody who lost access still uses it.",
    remedy: "Follow the revocation to the service that still says yes: a cache or a token may outlive it.",
    classification: Classification::of(Class::NotRefused),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    for answer in evidence.access_answers() {
        let interval = answer.event.interval();
        if evidence.obligation(Some(answer.member), answer.version, GENERATE, interval, 0) == REVOKED {
            let finding = || answer.let_in_wrongly(evidence, RULE.id, RefusalReason::Revoked);
            ruling.judge(!answer.allowed, finding);
        }
    }
    for purchase in evidence.purchases() {
        wait_for_a_no(&mut ruling, evidence, purchase);
    }
    ruling.finish()
}

/// Waits until a member with a refund was refused, so that the rule has something to judge.
fn wait_for_a_no(ruling: &mut Ruling, evidence: &Evidence<'_>, purchase: &Purchase<'_>) {
    let Some(refund) = purchase.full_refund() else { return };
    let (Some(member), Some(version)) = (purchase.member, purchase.version) else { return };
    let due = refund.ended().saturating_add(evidence.bounds.revoke);
    let at_due = Interval { from: due, to: due, ahead: refund.interval().ahead };
    // Another purchase, or the end of early access, may let the member in all the same.
    if evidence.obligation(Some(member), version, GENERATE, at_due, 0) != REVOKED {
        return;
    }
    let mut since_refund =
        evidence.answers_about(member, version).filter(|answer| answer.event.ended() >= refund.started());
    if since_refund.any(|answer| !answer.allowed) {
        ruling.pass();
    } else {
        ruling.wait(due, Some(Question::access(member, version)));
    }
}
