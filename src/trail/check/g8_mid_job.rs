//! G8. Access that ends while a job runs: the job is finished, or its money comes back.

use super::m10_job_refund::repaid;
use super::{Check, Judgement, Layer, Ruling};
use crate::model::EventKind;
use crate::trail::evidence::Evidence;
use crate::trail::rights::{GENERATE, May, Rights};

/// G8.
pub struct MidJob;

impl Check for MidJob {
    fn id(&self) -> &'static str {
        "G8"
    }

    fn layer(&self) -> Layer {
        Layer::Worker
    }

    fn means(&self) -> &'static str {
        "Access that ends while a job runs: the job is finished, or refunded."
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let mut ruling = Ruling::on(evidence);
        let rights = Rights::of(evidence);
        for billed in evidence.behind(EventKind::Billed).filter(|seen| seen.is_done()) {
            let Some(job) = billed.text("job") else { continue };
            let (Some(submit), Some(end)) = (evidence.submit_of(job), evidence.end_of(job)) else { continue };
            let (Some(member), Some(version)) = (evidence.member(submit), submit.text("version")) else { continue };
            let may = |window| rights.may(Some(member), version, GENERATE, window, 0);
            let (May::Must(_), May::MustNot(why)) = (may(submit.window()), may(end.window())) else { continue };
            let finished =
                end.text("state") == Some("succeeded") || end.number("images").is_some_and(|images| images > 0);
            let amount = billed.number("amount").unwrap_or_default();
            let due = end.to().saturating_add(evidence.bounds.sync);
            ruling.judge_by(due, finished || repaid(evidence, billed) >= amount, None, || {
                let who = evidence.cast.name(member);
                let message = format!("{who} {} while the job ran; it was neither finished nor refunded", why.words());
                evidence.missing(self.id(), EventKind::Repaid, message)
            });
        }
        ruling.end()
    }
}
