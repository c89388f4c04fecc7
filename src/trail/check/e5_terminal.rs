//! E5. Every job that was accepted reaches a final state in time.

use std::collections::BTreeSet;

use super::{Check, Judgement, Layer, Question, Ruling};
use crate::model::EventKind;
use crate::trail::evidence::Evidence;
use crate::trail::seen::Seen;

/// E5.
pub struct Terminal;

impl Check for Terminal {
    fn id(&self) -> &'static str {
        "E5"
    }

    fn layer(&self) -> Layer {
        Layer::Worker
    }

    fn means(&self) -> &'static str {
        "Every job reaches a final state in time."
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let mut ruling = Ruling::on(evidence);
        if evidence.mapping.jobs.is_empty() {
            return ruling.end();
        }
        let accepted = evidence.seen(EventKind::Submitted).filter(|seen| seen.is_done());
        let jobs: BTreeSet<_> = accepted.filter_map(|seen| seen.text("job")).collect();
        for job in jobs {
            let Some(submit) = evidence.submit_of(job) else { continue };
            let due = submit.to().saturating_add(evidence.bounds.job);
            let member = evidence.person(submit).map(|person| person.id.clone());
            let question = member.map(|member| Question::Job { member, job: job.to_owned() });
            let last = evidence.states(job).last();
            let in_time = evidence.end_of(job).is_some();
            ruling.judge_by(due, in_time, question, || {
                let at = last.unwrap_or(submit);
                let state = last.and_then(|last| last.text("state")).unwrap_or("never seen again");
                let bound = evidence.bounds.job as f64 / 1e6;
                let message = format!("{bound:.1} s after it was accepted a job is {state}");
                let of_job = |seen: &Seen<'_>| seen.text("job") == Some(job);
                match evidence.behind(EventKind::Rendered).find(of_job) {
                    Some(rendered) if !rendered.is_done() => {
                        evidence.finding(self.id(), rendered, format!("{message}: its rendering {}", rendered.answer()))
                    }
                    None if evidence.watches(EventKind::Rendered) => {
                        evidence.missing(self.id(), EventKind::Rendered, format!("{message}, and was never rendered"))
                    }
                    Some(_) | None => evidence.finding(self.id(), at, message),
                }
            });
        }
        ruling.end()
    }
}
