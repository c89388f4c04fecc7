//! G8. When access ends while a job runs, the job is finished or its charge is refunded.
//!
//! Evidence: a charged job whose member had to be let in at the submit and refused at the job's end.

use super::m10_job_refund::refunded_for;
use super::{Classification, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::rights::{GENERATE, Obligation};

pub(super) const RULE: Rule = Rule {
    id: RuleId::G8,
    layer: Layer::Worker,
    holds: "Access that ends while a job runs: the job is finished, or refunded.",
    basis: "A charge pays for a result: the member gets the result or the money, whatever became of their access.",
    consequence: "A member pays for a job that is neither finished nor refunded.",
    remedy: "Decide at submit time and finish the job, or refund it when it is stopped.",
    classification: Classification::of(Class::MoneyWrong).when_missing(Class::MoneyWrong, &[EventKind::Repaid]),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    for billed in evidence.between_services(EventKind::Billed).filter(|event| event.is_done()) {
        let Some(job) = billed.text(Fact::Job) else { continue };
        let (Some(submit), Some(end)) = (evidence.submit_of(job), evidence.final_state_of(job)) else { continue };
        let (Some(member), Some(version)) = (evidence.member_of(submit), submit.text(Fact::Version)) else { continue };
        let at_submit = evidence.obligation(Some(member), version, GENERATE, submit.interval(), 0);
        let at_end = evidence.obligation(Some(member), version, GENERATE, end.interval(), 0);
        let (Obligation::Allow(_), Obligation::Refuse(reason)) = (at_submit, at_end) else { continue };
        // A job that was stopped with some of its images counts as finished: M10 judges what the rest costs.
        let is_finished =
            end.text(Fact::State) == Some("succeeded") || end.number(Fact::Images).is_some_and(|images| images > 0);
        let amount = billed.number(Fact::Amount).unwrap_or_default();
        let due = end.ended().saturating_add(evidence.bounds.sync);
        ruling.judge_by(due, is_finished || refunded_for(evidence, billed) >= amount, None, || {
            let who = evidence.participants.member_name(member);
            let message = format!("{who} {} while the job ran; it was neither finished nor refunded", reason.words());
            evidence.missing(RULE.id, EventKind::Repaid, message)
        });
    }
    ruling.finish()
}
