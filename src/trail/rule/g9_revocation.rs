//! G9. A revocation works in time: within the bound after the refund nobody is let in by it any more.

use super::{Departs, Judge, Judgement, Layer, Question, Rule, Ruling};
use crate::model::{Class, RuleId};
use crate::trail::answers::{Answer, answers};
use crate::trail::evidence::Evidence;
use crate::trail::rights::{GENERATE, May, Rights, Why};
use crate::trail::seen::Window;

pub(super) const RULE: Rule = Rule {
    id: RuleId::G9,
    layer: Layer::Entitlement,
    holds: "A revocation works in time: within the bound after the refund, generation refuses.",
    basis: "A revocation is a security decision and has a deadline.",
    consequence: "Somebody who lost access still uses it.",
    remedy: "Follow the revocation to the service that still says yes: a cache or a token outlives it.",
    departs: Departs::shown(Class::NotRefused),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    let rights = Rights::of(evidence);
    let answers = answers(evidence);
    for answer in &answers {
        let may = rights.may(Some(answer.member), answer.version, GENERATE, answer.seen.window(), 0);
        if may == May::MustNot(Why::Revoked) {
            ruling.judge(!answer.yes, || {
                let (who, what) = (evidence.cast.name(answer.member), evidence.cast.title(answer.version));
                let message = format!("{who} was let in to generate with {what}, and {}", Why::Revoked.words());
                evidence.finding(RULE.id, answer.seen, message)
            });
        }
    }
    for purchase in &rights.purchases {
        let (Some(refund), Some(member), Some(version)) =
            (purchase.fully_refunded(), purchase.member, purchase.version)
        else {
            continue;
        };
        let due = refund.to().saturating_add(evidence.bounds.revoke);
        let at_due = Window { from: due, to: due, ahead: refund.window().ahead };
        if rights.may(Some(member), version, GENERATE, at_due, 0) != May::MustNot(Why::Revoked) {
            continue;
        }
        let about_it = |answer: &&Answer<'_>| {
            answer.member == member && answer.version == version && answer.seen.to() >= refund.from()
        };
        let denied = answers.iter().filter(about_it).any(|answer| !answer.yes);
        if denied {
            ruling.hold();
        } else {
            ruling.wait(due, Some(Question::Access { member: member.to_owned(), version: version.to_owned() }));
        }
    }
    ruling.end()
}
