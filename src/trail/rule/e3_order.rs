//! E3. An older event never overwrites a newer one.

use super::{Departs, Judge, Judgement, Layer, Question, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::answers::{Proof, answers};
use crate::trail::evidence::Evidence;
use crate::trail::rights::{GENERATE, May, Rights};
use crate::trail::seen::{Seen, Window};

pub(super) const RULE: Rule = Rule {
    id: RuleId::E3,
    layer: Layer::Events,
    holds: "An older event never overwrites a newer one.",
    basis: "Newer facts win, whatever arrives last.",
    consequence: "Access that ended comes back, or a renewal is undone.",
    remedy: "Store the sequence of the last event, and ignore older ones.",
    departs: Departs::shown(Class::NotRefused),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    let rights = Rights::of(evidence);
    let accepted: Vec<_> = evidence
        .behind(EventKind::Granted)
        .chain(evidence.behind(EventKind::Revoked))
        .filter(|seen| seen.is_done() && seen.fact(Fact::Sequence).is_some())
        .collect();
    for older in &accepted {
        // It comes after the newer one; or again, after the newer one has been sent.
        let is_late = |newer: &Seen<'_>| {
            newer.is_before(*older)
                || newer.from() < older.from()
                    && accepted.iter().any(|first| first.shares(*older, Fact::Event) && first.is_before(*newer))
        };
        let newer = |seen: &&Seen<'_>| {
            seen.shares(*older, Fact::Subject)
                && seen.text(Fact::Sequence) > older.text(Fact::Sequence)
                && is_late(seen)
        };
        if !accepted.iter().any(|seen| newer(&seen)) {
            continue;
        }
        let (Some(member), Some(version)) = (older.text(Fact::Member), older.text(Fact::Version)) else { continue };
        let about_it = |seen: &Seen<'_>| seen.shares(*older, Fact::Member) && seen.shares(*older, Fact::Version);
        // What was told before may still have been on its way; what is told last counts.
        let undone = evidence.behind(EventKind::Synced).filter(about_it).last().filter(|seen| {
            seen.from() >= older.from()
                && seen.text(Fact::State) == Some("granted")
                && rights.may(Some(member), version, GENERATE, seen.window(), 0)
                    != May::Must(crate::trail::rights::Because::Paid)
        });
        ruling.judge(undone.is_none() || older.kind() != EventKind::Granted, || {
            let message = "a purchase event that was older than the refund was applied after it";
            evidence.finding(RULE.id, *older, message)
        });
        let after = answers(evidence).into_iter().rfind(|answer| {
            (answer.member, answer.version) == (member, version)
                && answer.proof != Proof::Wrong
                && older.is_before(answer.seen)
        });
        // The newer one was acknowledged, so it needs no more time to arrive.
        let window = after.map_or(older.window(), |answer| answer.seen.window());
        let arrived = Window {
            from: window.from.saturating_add(evidence.bounds.revoke),
            to: window.to.saturating_add(evidence.bounds.revoke),
            ..window
        };
        let May::MustNot(_) = rights.may(Some(member), version, GENERATE, arrived, 0) else { continue };
        match after {
            Some(answer) => ruling.judge(!answer.yes, || {
                evidence.finding(RULE.id, answer.seen, "an older event has overwritten a newer one: the answer is yes")
            }),
            None => {
                let question = Question::Access { member: member.to_owned(), version: version.to_owned() };
                ruling.wait(older.to().saturating_add(evidence.bounds.sync), Some(question));
            }
        }
    }
    ruling.end()
}
