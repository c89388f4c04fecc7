//! G5. Once nothing changes any more, all services give the same answer.
//!
//! Evidence of two kinds: the answer to a member is compared with the permission service's answer to the service that
//! asked on the member's behalf; and the last answers at different hops are compared with each other.

use super::{Classification, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::answers::{AccessAnswer, PresentedProof};
use crate::trail::evidence::Evidence;
use crate::trail::occurrence::Occurrence;

pub(super) const RULE: Rule = Rule {
    id: RuleId::G5,
    layer: Layer::Entitlement,
    holds: "Once things have settled, all services give the same answer.",
    basis: "One question has one answer, whichever service is asked.",
    consequence: "The page shows access that generation refuses, or hides access that was bought.",
    remedy: "Compare the two hops that the finding names, and let one of them ask the other.",
    classification: Classification::of(Class::Refused),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    for to_member in evidence.by_members(EventKind::Checked).filter(|event| event.fact(Fact::Allowed).is_some()) {
        judge_passed_on(&mut ruling, evidence, to_member);
    }
    judge_hops(&mut ruling, evidence);
    ruling.finish()
}

fn judge_passed_on(ruling: &mut Ruling, evidence: &Evidence<'_>, to_member: Occurrence<'_>) {
    let mut inner = evidence.between_services(EventKind::Checked).filter(|event| {
        event.is_during(to_member)
            && event.ended() <= to_member.ended()
            && event.shares(to_member, Fact::Who)
            && event.shares(to_member, Fact::Version)
    });
    // Of several answers to several questions at once nobody can tell which one was passed on.
    let (Some(inner), None) = (inner.next(), inner.next()) else { return };
    for fact in [Fact::Allowed, Fact::Download] {
        if inner.fact(fact).is_none() {
            continue;
        }
        ruling.judge(inner.boolean(fact) == to_member.boolean(fact), || {
            let word = |event: Occurrence<'_>| yes_or_no(event.boolean(fact) == Some(true));
            let message = format!("{} says {}, and the member is told {}", inner.edge(), word(inner), word(to_member));
            evidence.finding(RULE.id, to_member, message)
        });
    }
}

fn judge_hops(ruling: &mut Ruling, evidence: &Evidence<'_>) {
    let last_change = last_change(evidence);
    let is_settled = |answer: &&AccessAnswer<'_>| {
        answer.event.started() >= last_change
            && answer.proof != PresentedProof::Wrong
            && answer.event.kind() == EventKind::Checked
            && !answer.event.is_from_member()
            // The uses of a trial are counted, and services may disagree on the count for a moment.
            && answer.event.text(Fact::Basis) != Some("trial")
            && !answer.event.code().is_some_and(|code| evidence.mapping.codes.trial.iter().any(|known| known == code))
    };
    let settled: Vec<_> = evidence.access_answers().iter().filter(is_settled).collect();
    // Only the last answer of each hop counts.
    let is_last = |index: usize| {
        let answer = settled[index];
        !settled[index + 1..]
            .iter()
            .any(|later| later.event.edge() == answer.event.edge() && later.is_about(answer.member, answer.version))
    };
    for (index, answer) in settled.iter().enumerate().filter(|(index, _)| is_last(*index)) {
        let others = settled[..index].iter().enumerate().filter(|(other_index, other)| {
            other.is_about(answer.member, answer.version)
                && other.event.edge() != answer.event.edge()
                // Answers at different times of the scenario's clock may rightly differ.
                && other.event.text(Fact::Ahead) == answer.event.text(Fact::Ahead)
                && is_last(*other_index)
        });
        for (_, other) in others {
            ruling.judge(answer.allowed == other.allowed, || {
                let who = evidence.participants.member_name(answer.member);
                let what = evidence.participants.version_name(answer.version);
                let message = format!(
                    "asked whether {who} may use {what}, {} says {} and {} says {}",
                    other.event.edge(),
                    yes_or_no(other.allowed),
                    answer.event.edge(),
                    yes_or_no(answer.allowed)
                );
                evidence.finding(RULE.id, answer.event, message)
            });
        }
    }
}

fn yes_or_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

/// Returns the end of the last exchange that may have changed an answer.
fn last_change(evidence: &Evidence<'_>) -> u64 {
    let changing = [
        EventKind::Offered,
        EventKind::Charged,
        EventKind::Refunded,
        EventKind::Granted,
        EventKind::Revoked,
        EventKind::Synced,
    ];
    let ends = changing.iter().flat_map(|kind| evidence.between_services(*kind)).map(Occurrence::ended);
    ends.max().unwrap_or_default()
}
