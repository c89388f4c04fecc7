//! E5. Every job that was accepted reaches a final state in time.

use std::collections::BTreeSet;

use super::{Departs, Judge, Judgement, Layer, Question, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::seen::Seen;

pub(super) const RULE: Rule = Rule {
    id: RuleId::E5,
    layer: Layer::Worker,
    holds: "Every job reaches a final state in time.",
    basis: "Whoever submits a job waits for its end.",
    consequence: "A job hangs for ever, paid for and not delivered.",
    remedy: "Give jobs a deadline, and end those of workers that do not answer.",
    departs: Departs::shown(Class::NotShown).absent(Class::NotShown, &[EventKind::Rendered]).at_the_deadline(),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    if evidence.mapping.jobs.is_empty() {
        return ruling.end();
    }
    let accepted = evidence.seen(EventKind::Submitted).filter(|seen| seen.is_done());
    let jobs: BTreeSet<_> = accepted.filter_map(|seen| seen.text(Fact::Job)).collect();
    for job in jobs {
        let Some(submit) = evidence.submit_of(job) else { continue };
        let due = submit.to().saturating_add(evidence.bounds.job);
        let member = evidence.person(submit).map(|person| person.id.clone());
        let question = member.map(|member| Question::Job { member, job: job.to_owned() });
        let last = evidence.states(job).last();
        let in_time = evidence.end_of(job).is_some();
        ruling.judge_by(due, in_time, question, || {
            let at = last.unwrap_or(submit);
            let state = last.and_then(|last| last.text(Fact::State)).unwrap_or("never seen again");
            let bound = evidence.bounds.job as f64 / 1e6;
            let message = format!("{bound:.1} s after it was accepted a job is {state}");
            let of_job = |seen: &Seen<'_>| seen.text(Fact::Job) == Some(job);
            match evidence.behind(EventKind::Rendered).find(of_job) {
                Some(rendered) if !rendered.is_done() => {
                    evidence.finding(RULE.id, rendered, format!("{message}: its rendering {}", rendered.answer()))
                }
                None if evidence.watches(EventKind::Rendered) => {
                    evidence.missing(RULE.id, EventKind::Rendered, format!("{message}, and was never rendered"))
                }
                Some(_) | None => evidence.finding(RULE.id, at, message),
            }
        });
    }
    ruling.end()
}
