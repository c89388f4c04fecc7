//! G7. The end is a boundary: shortly before it the buyer is let in, shortly after it they are not (or everybody is), on the
//! scenario's own clock.

use super::{Departs, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, RuleId};
use crate::trail::answers::{Answer, Proof, answers};
use crate::trail::evidence::Evidence;
use crate::trail::rights::{GENERATE, May, Rights};

/// What is no further from an end than this is a probe of it.
const NEAR: jiff::SignedDuration = jiff::SignedDuration::from_secs(5);

pub(super) const RULE: Rule = Rule {
    id: RuleId::G7,
    layer: Layer::Clock,
    holds: "The end is a boundary: allowed just before it, and not (or everybody) from it on.",
    basis: "An end is a moment, and the offer names it.",
    consequence: "Members are turned away before the end, or let in after it.",
    remedy: "Compare with `<`, in UTC, with the full precision of the end.",
    departs: Departs::shown(Class::NotRefused),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    let rights = Rights::of(evidence);
    for answer in answers(evidence).into_iter().filter(|answer| answer.proof != Proof::Wrong || answer.yes) {
        let Some(side) = side(evidence, &rights, &answer) else { continue };
        let expected =
            match rights.may(Some(answer.member), answer.version, GENERATE, answer.seen.window(), evidence.bounds.sync)
            {
                May::Must(_) => true,
                May::MustNot(_) => false,
                May::Either => continue,
            };
        ruling.judge(answer.yes == expected, || {
            let (who, what) = (evidence.cast.name(answer.member), evidence.cast.title(answer.version));
            let word = if answer.yes { "was let in" } else { "was not let in" };
            evidence.finding(RULE.id, answer.seen, format!("{side} access to {what} ended, {who} {word}"))
        });
    }
    ruling.end()
}

/// On which side of an end it is, if it is near one.
fn side(evidence: &Evidence<'_>, rights: &Rights<'_, '_>, answer: &Answer<'_>) -> Option<&'static str> {
    let (earliest, latest) = evidence.moments(answer.seen.window());
    rights.boundaries(answer.version).into_iter().find_map(|end| match () {
        () if latest < end && end.duration_since(latest) <= NEAR => Some("just before"),
        () if earliest >= end && earliest.duration_since(end) <= NEAR => Some("just after"),
        () => None,
    })
}
