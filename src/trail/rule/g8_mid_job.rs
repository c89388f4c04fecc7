//! G8. Access that ends while a job runs: the job is finished, or its money comes back.

use super::m10_job_refund::repaid;
use super::{Departs, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::rights::{GENERATE, May, Rights};

pub(super) const RULE: Rule = Rule {
    id: RuleId::G8,
    layer: Layer::Worker,
    holds: "Access that ends while a job runs: the job is finished, or refunded.",
    basis: "What the target file promises for access that ends while a job runs.",
    consequence: "A member pays for a job that is neither finished nor refunded.",
    remedy: "Decide at submit time and finish the job, or refund it when it is stopped.",
    departs: Departs::shown(Class::MoneyWrong).absent(Class::MoneyWrong, &[EventKind::Repaid]),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    let rights = Rights::of(evidence);
    for billed in evidence.behind(EventKind::Billed).filter(|seen| seen.is_done()) {
        let Some(job) = billed.text(Fact::Job) else { continue };
        let (Some(submit), Some(end)) = (evidence.submit_of(job), evidence.end_of(job)) else { continue };
        let (Some(member), Some(version)) = (evidence.member(submit), submit.text(Fact::Version)) else { continue };
        let may = |window| rights.may(Some(member), version, GENERATE, window, 0);
        let (May::Must(_), May::MustNot(why)) = (may(submit.window()), may(end.window())) else { continue };
        let finished =
            end.text(Fact::State) == Some("succeeded") || end.number(Fact::Images).is_some_and(|images| images > 0);
        let amount = billed.number(Fact::Amount).unwrap_or_default();
        let due = end.to().saturating_add(evidence.bounds.sync);
        ruling.judge_by(due, finished || repaid(evidence, billed) >= amount, None, || {
            let who = evidence.cast.name(member);
            let message = format!("{who} {} while the job ran; it was neither finished nor refunded", why.words());
            evidence.missing(RULE.id, EventKind::Repaid, message)
        });
    }
    ruling.end()
}
