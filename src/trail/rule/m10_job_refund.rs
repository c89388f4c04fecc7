//! M10. A failed job is refunded once, in full for the images that it did not deliver. A charge that led to no job is
//! refunded, too.
//!
//! Evidence: the charge of a job, its refunds, and its final state or the refusal of its submit.

use std::collections::BTreeMap;

use super::{Classification, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::occurrence::Occurrence;

pub(super) const RULE: Rule = Rule {
    id: RuleId::M10,
    layer: Layer::Worker,
    holds: "A job that failed is refunded once, and in full for what it did not deliver.",
    basis: "A job is paid for what it delivers.",
    consequence: "Members pay for images that they never get, or get back more than they paid.",
    remedy: "Refund in the same transaction that marks the job as failed, by the number of images that are missing.",
    classification: Classification::of(Class::MoneyWrong).when_missing(Class::MoneyWrong, &[EventKind::Repaid]),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    if !evidence.watches(EventKind::Repaid) {
        return ruling.finish();
    }
    for (job, billed) in first_charges(evidence) {
        let Some(charged) = billed.number(Fact::Amount) else { continue };
        let returned = refunded_for(evidence, billed);
        let last = evidence.between_services(EventKind::Repaid).rfind(|event| is_refund_of(*event, billed));
        let (owed, since) = if let Some(end) = evidence.final_state_of(job) {
            (charged - worth(end, charged), end.ended())
        } else if let Some(refusal) = refusal_instead_of_job(evidence, job, billed) {
            (charged, refusal.ended())
        } else {
            // The job still runs: whatever came back may be right, up to the charge.
            (returned.min(charged), billed.ended())
        };
        ruling.judge(returned <= owed || returned == 0, || {
            let message = format!("the job cost {charged}, {owed} of that was owed back, and {returned} came back");
            evidence.finding(RULE.id, last.unwrap_or(billed), message)
        });
        if owed > 0 {
            ruling.judge_by(since.saturating_add(evidence.bounds.sync), returned >= owed, None, || {
                let message = format!("a job was charged {charged} and owed {owed} back, but {returned} came back");
                match last {
                    Some(last) => evidence.finding(RULE.id, last, message),
                    None => evidence.missing(RULE.id, EventKind::Repaid, message),
                }
            });
        }
    }
    ruling.finish()
}

/// Returns the first successful charge of each job.
fn first_charges<'a>(evidence: &Evidence<'a>) -> BTreeMap<&'a str, Occurrence<'a>> {
    let mut charges = BTreeMap::new();
    for event in evidence.between_services(EventKind::Billed).filter(|event| event.is_done()) {
        if let Some(job) = event.text(Fact::Job) {
            charges.entry(job).or_insert(event);
        }
    }
    charges
}

fn is_refund_of(repaid: Occurrence<'_>, billed: Occurrence<'_>) -> bool {
    // A job may have several charges, so the charge decides wherever the refund names one.
    repaid.shares(billed, Fact::Charge) || (repaid.fact(Fact::Charge).is_none() && repaid.shares(billed, Fact::Job))
}

/// Returns the amount of a job's charge that came back; each refund counts once, however often it was answered.
pub(super) fn refunded_for(evidence: &Evidence<'_>, billed: Occurrence<'_>) -> i64 {
    let mut counted: Vec<&str> = Vec::new();
    let mut sum = 0;
    let refunds = evidence.between_services(EventKind::Repaid).filter(|event| event.is_done());
    for refund in refunds.filter(|event| is_refund_of(*event, billed)) {
        let id = refund.text(Fact::Refund).unwrap_or_default();
        if id.is_empty() || !counted.contains(&id) {
            counted.push(id);
            sum += refund.number(Fact::Amount).unwrap_or_default();
        }
    }
    sum
}

/// Returns the part of the charge that the delivered images of a job are worth.
fn worth(end: Occurrence<'_>, charged: i64) -> i64 {
    let delivered = end.number(Fact::Images).unwrap_or_default();
    let asked = end.number(Fact::Quantity).unwrap_or(delivered).max(1);
    charged * delivered.min(asked) / asked
}

/// Returns the refused submit that the charge was made for, if no job came of it.
fn refusal_instead_of_job<'a>(evidence: &Evidence<'a>, job: &str, billed: Occurrence<'a>) -> Option<Occurrence<'a>> {
    if evidence.submit_of(job).is_some() {
        return None;
    }
    let mut submits = evidence
        .between_services(EventKind::Submitted)
        .filter(|event| billed.is_during(*event) && billed.shares(*event, Fact::Who));
    // Of two submits at once nobody can tell which one was charged.
    let (Some(only), None) = (submits.next(), submits.next()) else { return None };
    if only.exchange.response().is_some() && !only.is_done() { Some(only) } else { None }
}
