//! G3. Paid means allowed in time: within the target's bound after the charge, the platform lets the buyer in.
//!
//! Evidence: the access answers about the buyer after the charge, and the events that carry the purchase to them. Where
//! nobody asks, paidpath does: otherwise the rule might never have anything to judge.

use super::{Classification, Judge, Judgement, Layer, Question, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, Finding, RuleId};
use crate::trail::answers::{AccessAnswer, PresentedProof};
use crate::trail::evidence::Evidence;
use crate::trail::occurrence::{Interval, Occurrence};
use crate::trail::purchases::Purchase;
use crate::trail::rights::{GENERATE, Obligation};

pub(super) const RULE: Rule = Rule {
    id: RuleId::G3,
    layer: Layer::Entitlement,
    holds: "Paid means allowed, in time: the buyer is let in within the bound after the charge.",
    basis: "The promise of the sale, and the first incident on record: a member had bought access, and was refused.",
    consequence: "Somebody who paid cannot use what they bought.",
    remedy: "Read the path from the charge on: mend the first hop that shows no sign of the purchase. A common cause \
             is a cache that was filled before the purchase.",
    classification: Classification::of(Class::Refused)
        .when_permission_event(Class::NotSyncedInTime)
        .when_missing(Class::NeverSent, &[EventKind::Granted, EventKind::Synced])
        .ranked(4),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    for purchase in evidence.purchases() {
        let (Some(member), Some(version)) = (purchase.member, purchase.version) else { continue };
        let mut allowing = evidence.purchases_allowing(member, version, GENERATE);
        if allowing.any(|other| other.id == purchase.id) {
            judge_purchase(&mut ruling, evidence, purchase, (member, version));
        }
    }
    ruling.finish()
}

fn judge_purchase<'a>(
    ruling: &mut Ruling,
    evidence: &Evidence<'a>,
    purchase: &Purchase<'a>,
    (member, version): (&str, &str),
) {
    let answers: Vec<_> = evidence
        .answers_about(member, version)
        .filter(|answer| answer.event.ended() >= purchase.charge.started())
        .collect();
    let due = purchase.charge.ended().saturating_add(evidence.bounds.sync);
    match answers.iter().find(|answer| answer.allowed) {
        Some(yes) => {
            // A yes after the bound may only mean that nobody asked earlier. A no between the bound and the yes is
            // late.
            let late_no =
                denials(&answers).find(|no| no.event.started() >= due && no.event.ended() <= yes.event.started());
            match late_no {
                Some(no) => ruling.fail(
                    late_event(evidence, purchase)
                        .unwrap_or_else(|| refusal(evidence, purchase, innermost_denial(&answers, no.event))),
                ),
                None => ruling.pass(),
            }
        }
        // A purchase that ended before its bound never had to be usable.
        None if !must_allow_at(evidence, purchase, (member, version), due) => {}
        None if evidence.now < due => ruling.wait(due, Some(Question::access(member, version))),
        None => {
            let last_no = denials(&answers).next_back().map(|no| no.event);
            let no = last_no.or_else(|| last_unanswered(evidence, purchase));
            let finding = late_event(evidence, purchase)
                .or_else(|| no.map(|no| refusal(evidence, purchase, innermost_denial(&answers, no))));
            if let Some(finding) = finding {
                ruling.fail(finding);
            }
        }
    }
}

/// Returns the noes that are about the right, and not about a proof that was missing in the request.
fn denials<'s, 'a>(answers: &'s [AccessAnswer<'a>]) -> impl DoubleEndedIterator<Item = &'s AccessAnswer<'a>> {
    answers.iter().filter(|answer| !answer.allowed && answer.proof != PresentedProof::Wrong)
}

/// Returns the denial that was given last while another one was under way: a service that only passes a no on is not to
/// blame.
fn innermost_denial<'a>(answers: &[AccessAnswer<'a>], no: Occurrence<'a>) -> Occurrence<'a> {
    let inner = denials(answers).map(|answer| answer.event).filter(|inner| inner.is_during(no));
    inner.max_by_key(|inner| inner.started()).unwrap_or(no)
}

fn must_allow_at(evidence: &Evidence<'_>, purchase: &Purchase<'_>, (member, version): (&str, &str), at: u64) -> bool {
    let interval = Interval { from: at, to: at, ahead: purchase.charge.interval().ahead };
    let obligation = evidence.obligation(Some(member), version, GENERATE, interval, evidence.bounds.sync);
    matches!(obligation, Obligation::Allow(_))
}

/// Makes the finding about the first event on the way that was not accepted in time.
fn late_event(evidence: &Evidence<'_>, purchase: &Purchase<'_>) -> Option<Finding> {
    let events = [(EventKind::Granted, "the purchase event"), (EventKind::Synced, "the change of access")];
    let mut watched = events.into_iter().filter(|(kind, _)| evidence.watches(*kind));
    watched.find_map(|(kind, name)| late(evidence, purchase, kind, name))
}

fn late(evidence: &Evidence<'_>, purchase: &Purchase<'_>, kind: EventKind, name: &str) -> Option<Finding> {
    let due = purchase.charge.ended().saturating_add(evidence.bounds.sync);
    let sent: Vec<_> = evidence.between_services(kind).filter(|event| is_about(*event, purchase)).collect();
    if sent.iter().any(|event| event.is_done() && event.ended() <= due) {
        return None;
    }
    let what = purchase.describe(evidence);
    let bound = seconds(evidence.bounds.sync);
    let Some(first) = sent.first() else {
        let message = format!("{what} was charged, and {name} was not sent within {bound}");
        return Some(evidence.missing(RULE.id, kind, message));
    };
    let how = match sent.iter().find(|event| event.is_done()) {
        Some(accepted) => {
            let after = accepted.ended().saturating_sub(purchase.charge.ended());
            format!("was taken only after {}", seconds(after))
        }
        None => first.describe_answer(),
    };
    Some(evidence.finding(RULE.id, *first, format!("{what} was charged, and {name} {how}; it has {bound}")))
}

/// Makes the finding about a no although every event was in time.
fn refusal(evidence: &Evidence<'_>, purchase: &Purchase<'_>, no: Occurrence<'_>) -> Finding {
    let what = purchase.describe(evidence);
    let after = seconds(no.ended().saturating_sub(purchase.charge.ended()));
    let message = format!("{what} was charged, and {after} later asking for it {}", no.describe_answer());
    evidence.finding(RULE.id, no, message)
}

fn seconds(micros: u64) -> String {
    format!("{:.1} s", micros as f64 / 1e6)
}

/// Returns the last question about a purchase that got no usable answer.
fn last_unanswered<'a>(evidence: &Evidence<'a>, purchase: &Purchase<'a>) -> Option<Occurrence<'a>> {
    evidence.of_kind(EventKind::Checked).rfind(|event| {
        event.is_unsure()
            && evidence.member_of(*event) == purchase.member
            && event.text(Fact::Version) == purchase.version
            && event.started() >= purchase.charge.started()
    })
}

/// Returns true if an event is about this purchase, or about the access that it changed.
fn is_about(event: Occurrence<'_>, purchase: &Purchase<'_>) -> bool {
    match event.text(Fact::Purchase) {
        Some(id) => id == purchase.id,
        // A change of access names no purchase; one that was over before the charge cannot come from it.
        None => {
            event.text(Fact::Member) == purchase.member
                && event.text(Fact::Version) == purchase.version
                && event.ended() >= purchase.charge.started()
        }
    }
}
