//! E3. An older event never overwrites a newer one.
//!
//! Evidence: an event that was accepted after an event of the same subject with a higher sequence number. The access
//! afterwards has to be that of the newer one.

use super::{Classification, Judge, Judgement, Layer, Question, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::answers::PresentedProof;
use crate::trail::evidence::Evidence;
use crate::trail::occurrence::Occurrence;
use crate::trail::rights::{AllowReason, GENERATE, Obligation};

pub(super) const RULE: Rule = Rule {
    id: RuleId::E3,
    layer: Layer::Events,
    holds: "An older event never overwrites a newer one.",
    basis: "The newer fact counts, whichever arrives last.",
    consequence: "Access that has ended comes back, or a renewal is undone.",
    remedy: "Store the sequence number of the last event, and ignore older ones.",
    classification: Classification::of(Class::NotRefused),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    let accepted: Vec<_> = evidence
        .between_services(EventKind::Granted)
        .chain(evidence.between_services(EventKind::Revoked))
        .filter(|event| event.is_done() && event.fact(Fact::Sequence).is_some())
        .collect();
    for older in accepted.iter().filter(|older| is_out_of_order(**older, &accepted)) {
        let (Some(member), Some(version)) = (older.text(Fact::Member), older.text(Fact::Version)) else { continue };
        let revives = older.kind() == EventKind::Granted && revives_access(evidence, *older, member, version);
        ruling.judge(!revives, || {
            let message = "a purchase event that was older than the refund was applied after it";
            evidence.finding(RULE.id, *older, message)
        });
        judge_answer_after(&mut ruling, evidence, *older, (member, version));
    }
    ruling.finish()
}

/// Returns true if an event was accepted after a newer one of its subject.
fn is_out_of_order(older: Occurrence<'_>, accepted: &[Occurrence<'_>]) -> bool {
    accepted.iter().any(|newer| {
        // A second delivery counts as late when the newer event was sent after the first delivery was accepted.
        let is_late_repetition = || {
            newer.started() < older.started()
                && accepted.iter().any(|first| first.shares(older, Fact::Event) && first.is_before(*newer))
        };
        newer.shares(older, Fact::Subject)
            && newer.text(Fact::Sequence) > older.text(Fact::Sequence)
            && (newer.is_before(older) || is_late_repetition())
    })
}

/// Returns true if the last change of access that was passed on grants a right that nobody has paid for.
fn revives_access(evidence: &Evidence<'_>, older: Occurrence<'_>, member: &str, version: &str) -> bool {
    // Changes from before may have been on their way; the last one counts.
    let last = evidence.between_services(EventKind::Synced).rfind(|event| event.shares_subject(older));
    last.is_some_and(|synced| {
        synced.started() >= older.started()
            && synced.text(Fact::State) == Some("granted")
            && evidence.obligation(Some(member), version, GENERATE, synced.interval(), 0)
                != Obligation::Allow(AllowReason::Paid)
    })
}

fn judge_answer_after(
    ruling: &mut Ruling,
    evidence: &Evidence<'_>,
    older: Occurrence<'_>,
    (member, version): (&str, &str),
) {
    let answer = evidence
        .answers_about(member, version)
        .rfind(|answer| answer.proof != PresentedProof::Wrong && older.is_before(answer.event));
    // The newer event was acknowledged, so it needs no more time to take effect.
    let interval = answer.map_or(older.interval(), |answer| answer.event.interval()).later_by(evidence.bounds.revoke);
    let Obligation::Refuse(_) = evidence.obligation(Some(member), version, GENERATE, interval, 0) else { return };
    match answer {
        Some(answer) => ruling.judge(!answer.allowed, || {
            let message = "an older event has overwritten a newer one: the answer is yes";
            evidence.finding(RULE.id, answer.event, message)
        }),
        None => {
            let due = older.ended().saturating_add(evidence.bounds.sync);
            ruling.wait(due, Some(Question::access(member, version)));
        }
    }
}
