//! G4. Once allowed, never denied, from any client: between the first yes and the end or the refund there is no no.
//!
//! A no to somebody who came without the proof that the hop wants says nothing: see [S4](super::s4_credential).

use super::{Departs, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::answers::{Answer, Proof, answers};
use crate::trail::evidence::Evidence;
use crate::trail::rights::{Because, GENERATE, May, Rights};

pub(super) const RULE: Rule = Rule {
    id: RuleId::G4,
    layer: Layer::Entitlement,
    holds: "Once allowed, never denied before the end or a refund, from any client.",
    basis: "Access lasts until it ends or is refunded.",
    consequence: "Access comes and goes: members are let in and turned away in turn.",
    remedy: "Compare the replicas or caches that answered: one of them has not heard of the purchase.",
    departs: Departs::shown(Class::Refused).ranked(5),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    let rights = Rights::of(evidence);
    let answers = answers(evidence);
    for later in answers.iter().filter(|answer| answer.proof != Proof::Wrong) {
        let window = later.seen.window();
        let since = match rights.may(Some(later.member), later.version, GENERATE, window, 0) {
            May::Must(Because::Paid) => rights.paid_since(later.member, later.version, GENERATE, window),
            May::Must(Because::Theirs | Because::Public) => None,
            May::MustNot(_) | May::Either => continue,
        };
        let before = |earlier: &&Answer<'_>| {
            earlier.yes
                && (earlier.member, earlier.version) == (later.member, later.version)
                && earlier.seen.is_before(later.seen)
                && since.is_none_or(|since| earlier.seen.from() >= since)
        };
        let Some(yes) = answers.iter().find(before) else { continue };
        if !later.yes && lost_on_the_way(evidence, later) {
            continue;
        }
        ruling.judge(later.yes, || {
            let (who, what) = (evidence.cast.name(later.member), evidence.cast.title(later.version));
            let message = format!(
                "{who} might use {what} at {}, and a moment later asking at {} {}",
                yes.seen.edge(),
                later.seen.edge(),
                later.seen.answer()
            );
            evidence.finding(RULE.id, later.seen, message)
        });
    }
    ruling.end()
}

/// A member's submit that was sent on without the proof it came with: the no is not about the member.
fn lost_on_the_way(evidence: &Evidence<'_>, answer: &Answer<'_>) -> bool {
    let asked = evidence.behind(EventKind::Submitted).chain(evidence.behind(EventKind::Checked));
    answer.seen.kind() == EventKind::Submitted
        && asked.filter(|inner| inner.is_within(answer.seen) && inner.event.exchange != answer.seen.event.exchange).any(
            |inner| {
                evidence.wants_credential(inner) && inner.text(Fact::Credential) != answer.seen.text(Fact::Credential)
            },
        )
}
