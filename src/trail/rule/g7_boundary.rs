//! G7. The end of access is an exact moment: shortly before it the buyer is let in, and shortly after it they are not,
//! or everybody is.
//!
//! Evidence: access answers within a few seconds of an end, on the scenario's own clock.

use super::{Classification, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, RuleId};
use crate::trail::answers::{AccessAnswer, PresentedProof};
use crate::trail::evidence::Evidence;
use crate::trail::rights::GENERATE;

/// The greatest distance from an end at which an answer tests that end.
const NEAR: jiff::SignedDuration = jiff::SignedDuration::from_secs(5);

pub(super) const RULE: Rule = Rule {
    id: RuleId::G7,
    layer: Layer::Clock,
    holds: "The end is a boundary: allowed just before it, and not (or everybody) from it on.",
    basis: "An end is a moment, and the offer names it.",
    consequence: "Members are turned away before the end, or let in after it.",
    remedy: "Compare with `<`, in UTC, with the full precision of the end.",
    classification: Classification::of(Class::NotRefused),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    // A no to a request without its proof may be about the proof; a yes to one is a yes.
    let answers = evidence.access_answers().iter();
    for answer in answers.filter(|answer| answer.proof != PresentedProof::Wrong || answer.allowed) {
        let Some(side) = side_of_end(evidence, answer) else { continue };
        let (member, interval) = (Some(answer.member), answer.event.interval());
        let obligation = evidence.obligation(member, answer.version, GENERATE, interval, evidence.bounds.sync);
        let Some(expected) = obligation.expected() else { continue };
        ruling.judge(answer.allowed == expected, || {
            let who = evidence.participants.member_name(answer.member);
            let what = evidence.participants.version_name(answer.version);
            let outcome = if answer.allowed { "was let in" } else { "was not let in" };
            evidence.finding(RULE.id, answer.event, format!("{side} access to {what} ended, {who} {outcome}"))
        });
    }
    ruling.finish()
}

/// Returns the side of an end of access on which an answer lies, if it is near one.
fn side_of_end(evidence: &Evidence<'_>, answer: &AccessAnswer<'_>) -> Option<&'static str> {
    let (earliest, latest) = evidence.moments(answer.event.interval());
    evidence.ends_of_access(answer.version).into_iter().find_map(|end| {
        if latest < end && end.duration_since(latest) <= NEAR {
            Some("just before")
        } else if earliest >= end && earliest.duration_since(end) <= NEAR {
            Some("just after")
        } else {
            None
        }
    })
}
