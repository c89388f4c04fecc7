//! M10. A job that failed is refunded once, and in full for what it did not deliver. So is a charge of which no job came.

use std::collections::BTreeMap;

use super::{Departs, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::seen::Seen;

pub(super) const RULE: Rule = Rule {
    id: RuleId::M10,
    layer: Layer::Worker,
    holds: "A job that failed is refunded once, and in full for what it did not deliver.",
    basis: "A job is paid for what it delivers.",
    consequence: "Members pay for images that they never get.",
    remedy: "Refund in the same transaction that marks the job as failed, by the number of images that are missing.",
    departs: Departs::shown(Class::MoneyWrong).absent(Class::MoneyWrong, &[EventKind::Repaid]),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    if !evidence.watches(EventKind::Repaid) {
        return ruling.end();
    }
    for (job, billed) in billed(evidence) {
        let Some(charged) = billed.number(Fact::Amount) else { continue };
        let returned = repaid(evidence, billed);
        let last = evidence.behind(EventKind::Repaid).filter(|seen| belongs(*seen, billed)).last();
        let (owed, since) = match (evidence.end_of(job), no_job_came(evidence, job, billed)) {
            (Some(end), _) => (charged - worth(end, charged), end.to()),
            (None, Some(refusal)) => (charged, refusal.to()),
            (None, None) => (returned.min(charged), billed.to()),
        };
        ruling.judge(returned <= owed || returned == 0, || {
            let message = format!("the job cost {charged}, {owed} of that was owed back, and {returned} came back");
            evidence.finding(RULE.id, last.unwrap_or(billed), message)
        });
        if owed > 0 {
            ruling.judge_by(since.saturating_add(evidence.bounds.sync), returned >= owed, None, || {
                let message = format!("a job was charged {charged} and owed {owed} back, but {returned} came back");
                let found = last.map(|last| evidence.finding(RULE.id, last, message.clone()));
                found.unwrap_or_else(|| evidence.missing(RULE.id, EventKind::Repaid, message))
            });
        }
    }
    ruling.end()
}

/// The charges that were made, by job; the first answer of each.
fn billed<'a>(evidence: &Evidence<'a>) -> BTreeMap<&'a str, Seen<'a>> {
    let mut charges = BTreeMap::new();
    for seen in evidence.behind(EventKind::Billed).filter(|seen| seen.is_done()) {
        if let Some(job) = seen.text(Fact::Job) {
            charges.entry(job).or_insert(seen);
        }
    }
    charges
}

fn belongs(repaid: Seen<'_>, billed: Seen<'_>) -> bool {
    repaid.shares(billed, Fact::Charge) || (repaid.fact(Fact::Charge).is_none() && repaid.shares(billed, Fact::Job))
}

/// How much of a job's charge came back; each refund counts once, however often it was answered.
pub(super) fn repaid(evidence: &Evidence<'_>, billed: Seen<'_>) -> i64 {
    let mut counted: Vec<&str> = Vec::new();
    let mut sum = 0;
    for seen in evidence.behind(EventKind::Repaid).filter(|seen| seen.is_done() && belongs(*seen, billed)) {
        let refund = seen.text(Fact::Refund).unwrap_or_default();
        if refund.is_empty() || !counted.contains(&refund) {
            counted.push(refund);
            sum += seen.number(Fact::Amount).unwrap_or_default();
        }
    }
    sum
}

/// What the images of a job that has ended are worth.
fn worth(end: Seen<'_>, charged: i64) -> i64 {
    let delivered = end.number(Fact::Images).unwrap_or_default();
    let asked = end.number(Fact::Quantity).unwrap_or(delivered).max(1);
    charged * delivered.min(asked) / asked
}

/// The refusal of the submit that the charge was made for, if no job came of it.
fn no_job_came<'a>(evidence: &Evidence<'a>, job: &str, billed: Seen<'a>) -> Option<Seen<'a>> {
    if evidence.submit_of(job).is_some() {
        return None;
    }
    let mut submits =
        evidence.behind(EventKind::Submitted).filter(|seen| billed.is_within(*seen) && billed.shares(*seen, Fact::Who));
    let only = submits.next()?;
    (submits.next().is_none() && only.exchange.response().is_some() && !only.is_done()).then_some(only)
}
