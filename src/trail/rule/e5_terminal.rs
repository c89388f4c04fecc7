//! E5. Every accepted job reaches a final state in time.
//!
//! Evidence: the states that a job was seen in. Where nobody looks at a job, paidpath asks for its state.

use std::collections::BTreeSet;

use super::{Classification, Judge, Judgement, Layer, Question, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, Finding, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::occurrence::Occurrence;

pub(super) const RULE: Rule = Rule {
    id: RuleId::E5,
    layer: Layer::Worker,
    holds: "Every job reaches a final state in time.",
    basis: "Whoever submits a job waits for its end.",
    consequence: "A job hangs for ever: it is paid for and never delivered.",
    remedy: "Give jobs a deadline, and end those of workers that do not answer.",
    classification: Classification::of(Class::NotShown)
        .when_missing(Class::NotShown, &[EventKind::Rendered])
        .at_the_deadline(),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    // A target file without job states does not say which of them are final.
    if evidence.mapping.jobs.is_empty() {
        return ruling.finish();
    }
    let accepted = evidence.of_kind(EventKind::Submitted).filter(|event| event.is_done());
    let jobs: BTreeSet<_> = accepted.filter_map(|event| event.text(Fact::Job)).collect();
    for job in jobs {
        let Some(submit) = evidence.submit_of(job) else { continue };
        let due = submit.ended().saturating_add(evidence.bounds.job);
        let asker = evidence.asker(submit).map(|member| member.id.clone());
        let question = asker.map(|member| Question::Job { member, job: job.to_owned() });
        let has_ended = evidence.final_state_of(job).is_some();
        ruling.judge_by(due, has_ended, question, || unfinished(evidence, job, submit));
    }
    ruling.finish()
}

/// Makes the finding about a job without an end. It points at the rendering where that went wrong.
fn unfinished(evidence: &Evidence<'_>, job: &str, submit: Occurrence<'_>) -> Finding {
    let last = evidence.states_of(job).next_back();
    let state = last.and_then(|last| last.text(Fact::State)).unwrap_or("never seen again");
    let bound = evidence.bounds.job as f64 / 1e6;
    let message = format!("{bound:.1} s after it was accepted a job is {state}");
    match evidence.between_services(EventKind::Rendered).find(|event| event.text(Fact::Job) == Some(job)) {
        Some(rendered) if !rendered.is_done() => {
            let message = format!("{message}: its rendering {}", rendered.describe_answer());
            evidence.finding(RULE.id, rendered, message)
        }
        None if evidence.watches(EventKind::Rendered) => {
            evidence.missing(RULE.id, EventKind::Rendered, format!("{message}, and was never rendered"))
        }
        Some(_) | None => evidence.finding(RULE.id, last.unwrap_or(submit), message),
    }
}
