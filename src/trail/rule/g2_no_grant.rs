//! G2. No grant, no generation: a member who has not paid, or whose access is over, is not let in by any route.
//!
//! Evidence: access answers, submits without a session, and renderings without an accepted submit. A member who bought
//! something else is the subject of [G6](super::g6_scope), one with a refund that of [G9](super::g9_revocation).

use super::{Classification, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::rights::{GENERATE, Obligation, RefusalReason};

pub(super) const RULE: Rule = Rule {
    id: RuleId::G2,
    layer: Layer::Generation,
    holds: "No grant, no generation: not for anonymous, unpaid or expired members, whichever way they come.",
    basis: "Access control denies by default.",
    consequence: "What is for sale can be had for nothing.",
    remedy: "Find the way in that let the member through: the gate is missing there, or fails open.",
    classification: Classification::of(Class::NotRefused),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    judge_answers(&mut ruling, evidence);
    judge_anonymous(&mut ruling, evidence);
    judge_rendered(&mut ruling, evidence);
    ruling.finish()
}

fn judge_answers(ruling: &mut Ruling, evidence: &Evidence<'_>) {
    for answer in evidence.access_answers() {
        let has_bought_something = evidence.purchases().iter().any(|purchase| purchase.member == Some(answer.member));
        let interval = answer.event.interval();
        let reason = match evidence.obligation(Some(answer.member), answer.version, GENERATE, interval, 0) {
            Obligation::Refuse(RefusalReason::NotBought) if has_bought_something => continue,
            Obligation::Refuse(reason @ (RefusalReason::NotBought | RefusalReason::Expired)) => reason,
            Obligation::Refuse(RefusalReason::Revoked) | Obligation::Allow(_) | Obligation::Either => continue,
        };
        ruling.judge(!answer.allowed, || answer.let_in_wrongly(evidence, RULE.id, reason));
    }
}

fn judge_anonymous(ruling: &mut Ruling, evidence: &Evidence<'_>) {
    for submit in evidence.between_services(EventKind::Submitted).filter(|event| event.fact(Fact::Who).is_none()) {
        let Some(version) = submit.text(Fact::Version) else { continue };
        if let Obligation::Refuse(_) = evidence.obligation(None, version, GENERATE, submit.interval(), 0) {
            ruling.judge(!submit.is_done(), || {
                evidence.finding(RULE.id, submit, "somebody who is not signed in was let in to generate")
            });
        }
    }
}

fn judge_rendered(ruling: &mut Ruling, evidence: &Evidence<'_>) {
    // Where no tap sees submits, a rendering without one proves nothing.
    if !evidence.watches(EventKind::Submitted) {
        return;
    }
    for rendered in evidence.between_services(EventKind::Rendered).filter(|event| event.is_done()) {
        let Some(job) = rendered.text(Fact::Job) else { continue };
        // A submit without a usable answer may have made the job.
        let has_submit = evidence
            .between_services(EventKind::Submitted)
            .any(|event| event.is_unsure() || event.is_done() && event.text(Fact::Job) == Some(job));
        ruling.judge(has_submit, || {
            evidence.finding(RULE.id, rendered, "a job was rendered whose submit was not accepted")
        });
    }
}
