//! M10. A job that failed is refunded once, and in full for what it did not deliver. So is a charge of which no job came.

use std::collections::BTreeMap;

use super::{Check, Judgement, Layer, Ruling};
use crate::model::EventKind;
use crate::trail::evidence::Evidence;
use crate::trail::seen::Seen;

/// M10.
pub struct JobRefund;

impl Check for JobRefund {
    fn id(&self) -> &'static str {
        "M10"
    }

    fn layer(&self) -> Layer {
        Layer::Worker
    }

    fn means(&self) -> &'static str {
        "A job that failed is refunded once, and in full for what it did not deliver."
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let mut ruling = Ruling::on(evidence);
        if !evidence.watches(EventKind::Repaid) {
            return ruling.end();
        }
        for (job, billed) in billed(evidence) {
            let Some(charged) = billed.number("amount") else { continue };
            let returned = repaid(evidence, billed);
            let last = evidence.behind(EventKind::Repaid).filter(|seen| belongs(*seen, billed)).last();
            let (owed, since) = match (evidence.end_of(job), no_job_came(evidence, job, billed)) {
                (Some(end), _) => (charged - worth(end, charged), end.to()),
                (None, Some(refusal)) => (charged, refusal.to()),
                (None, None) => (returned.min(charged), billed.to()),
            };
            ruling.judge(returned <= owed || returned == 0, || {
                let message = format!("the job cost {charged}, {owed} of that was owed back, and {returned} came back");
                evidence.finding(self.id(), last.unwrap_or(billed), message)
            });
            if owed > 0 {
                ruling.judge_by(since.saturating_add(evidence.bounds.sync), returned >= owed, None, || {
                    let message = format!("a job was charged {charged} and owed {owed} back, but {returned} came back");
                    let found = last.map(|last| evidence.finding(self.id(), last, message.clone()));
                    found.unwrap_or_else(|| evidence.missing(self.id(), EventKind::Repaid, message))
                });
            }
        }
        ruling.end()
    }
}

/// The charges that were made, by job; the first answer of each.
fn billed<'a>(evidence: &Evidence<'a>) -> BTreeMap<&'a str, Seen<'a>> {
    let mut charges = BTreeMap::new();
    for seen in evidence.behind(EventKind::Billed).filter(|seen| seen.is_done()) {
        if let Some(job) = seen.text("job") {
            charges.entry(job).or_insert(seen);
        }
    }
    charges
}

fn belongs(repaid: Seen<'_>, billed: Seen<'_>) -> bool {
    repaid.shares(billed, "charge") || (repaid.fact("charge").is_none() && repaid.shares(billed, "job"))
}

/// How much of a job's charge came back; each refund counts once, however often it was answered.
pub(super) fn repaid(evidence: &Evidence<'_>, billed: Seen<'_>) -> i64 {
    let mut counted: Vec<&str> = Vec::new();
    let mut sum = 0;
    for seen in evidence.behind(EventKind::Repaid).filter(|seen| seen.is_done() && belongs(*seen, billed)) {
        let refund = seen.text("refund").unwrap_or_default();
        if refund.is_empty() || !counted.contains(&refund) {
            counted.push(refund);
            sum += seen.number("amount").unwrap_or_default();
        }
    }
    sum
}

/// What the images of a job that has ended are worth.
fn worth(end: Seen<'_>, charged: i64) -> i64 {
    let delivered = end.number("images").unwrap_or_default();
    let asked = end.number("quantity").unwrap_or(delivered).max(1);
    charged * delivered.min(asked) / asked
}

/// The refusal of the submit that the charge was made for, if no job came of it.
fn no_job_came<'a>(evidence: &Evidence<'a>, job: &str, billed: Seen<'a>) -> Option<Seen<'a>> {
    if evidence.submit_of(job).is_some() {
        return None;
    }
    let mut submits =
        evidence.behind(EventKind::Submitted).filter(|seen| billed.is_within(*seen) && billed.shares(*seen, "who"));
    let only = submits.next()?;
    (submits.next().is_none() && only.exchange.response().is_some() && !only.is_done()).then_some(only)
}
