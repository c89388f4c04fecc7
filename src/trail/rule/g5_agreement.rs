//! G5. Once things have settled, all services give the same answer.
//!
//! Two ways to see that: what a member is told is what the permission service said to whoever asked it for them; and the last
//! answers at different hops agree when nothing has changed meanwhile.

use super::{Departs, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::answers::{Answer, Proof, answers};
use crate::trail::evidence::Evidence;

pub(super) const RULE: Rule = Rule {
    id: RuleId::G5,
    layer: Layer::Entitlement,
    holds: "Once things have settled, all services give the same answer.",
    basis: "One question has one answer, whoever is asked.",
    consequence: "The page shows access that generation refuses, or hides access that was bought.",
    remedy: "Compare the two hops that the finding names, and let one of them ask the other.",
    departs: Departs::shown(Class::Refused),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    for told in evidence.at_front(EventKind::Checked).filter(|seen| seen.fact(Fact::Allowed).is_some()) {
        let mut said = evidence.behind(EventKind::Checked).filter(|seen| {
            seen.is_within(told)
                && seen.to() <= told.to()
                && seen.shares(told, Fact::Who)
                && seen.shares(told, Fact::Version)
        });
        // Of several answers to several questions at once nobody can tell which was passed on.
        let (Some(said), None) = (said.next(), said.next()) else { continue };
        for name in [Fact::Allowed, Fact::Download] {
            if said.fact(name).is_some() {
                ruling.judge(said.truth(name) == told.truth(name), || {
                    let word = |seen: crate::trail::Seen<'_>| if seen.truth(name) == Some(true) { "yes" } else { "no" };
                    let message = format!("{} says {}, and the member is told {}", said.edge(), word(said), word(told));
                    evidence.finding(RULE.id, told, message)
                });
            }
        }
    }
    let settled = |answer: &&Answer<'_>| {
        answer.proof != Proof::Wrong
            && answer.seen.kind() == EventKind::Checked
            && !answer.seen.at_front()
            && answer.seen.text(Fact::Basis) != Some("trial")
            && !answer.seen.event.code.as_ref().is_some_and(|code| evidence.mapping.codes.trial.contains(code))
    };
    let answers = answers(evidence);
    let last_change = last_change(evidence);
    let settled: Vec<_> = answers.iter().filter(settled).filter(|answer| answer.seen.from() >= last_change).collect();
    for (index, one) in settled.iter().enumerate() {
        let same = |other: &&&Answer<'_>| {
            (other.member, other.version) == (one.member, one.version)
                && other.seen.edge() != one.seen.edge()
                && other.seen.text(Fact::Ahead) == one.seen.text(Fact::Ahead)
        };
        // Only the last word of each hop counts.
        let last = |at: &Answer<'_>| {
            !settled.iter().rev().take_while(|later| !std::ptr::eq(**later, at)).any(|later| {
                later.seen.edge() == at.seen.edge() && (later.member, later.version) == (at.member, at.version)
            })
        };
        for other in settled[..index].iter().filter(same).filter(|other| last(other) && last(one)) {
            ruling.judge(one.yes == other.yes, || {
                let (who, what) = (evidence.cast.name(one.member), evidence.cast.title(one.version));
                let word = |answer: &Answer<'_>| if answer.yes { "yes" } else { "no" };
                let message = format!(
                    "asked whether {who} may use {what}, {} says {} and {} says {}",
                    other.seen.edge(),
                    word(other),
                    one.seen.edge(),
                    word(one)
                );
                evidence.finding(RULE.id, one.seen, message)
            });
        }
    }
    ruling.end()
}

/// From when on nothing has changed any more that could change an answer.
fn last_change(evidence: &Evidence<'_>) -> u64 {
    let changes = [
        EventKind::Offered,
        EventKind::Charged,
        EventKind::Refunded,
        EventKind::Granted,
        EventKind::Revoked,
        EventKind::Synced,
    ];
    let ends = changes.iter().flat_map(|kind| evidence.behind(*kind)).map(|seen| seen.to());
    ends.max().unwrap_or_default()
}
