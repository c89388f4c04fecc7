//! E2. An acknowledged event takes effect: the permission service applies it and passes it on to the services that rely
//! on it.
//!
//! Evidence: accepted purchase events and refund events. Each has to be followed, within its bound, by an accepted
//! change of access, and a grant must not be followed by a no. A service that accepted a revocation must not let the
//! member in again.

use super::{Classification, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::occurrence::Occurrence;
use crate::trail::rights::{GENERATE, Obligation};

pub(super) const RULE: Rule = Rule {
    id: RuleId::E2,
    layer: Layer::Events,
    holds: "Acknowledged means durable: an event that was accepted takes effect.",
    basis: "An acknowledgement is a promise: the sender will not send the event again.",
    consequence: "The service that accepted a purchase or a refund acts as if it had never happened.",
    remedy: "Commit first, and acknowledge then.",
    classification: Classification::of(Class::Refused).when_missing(Class::NeverSent, &[EventKind::Synced]),
    judge: Judge::Trail(judge),
};

/// A change of access that an accepted event has to lead to.
struct ExpectedChange<'a> {
    /// The accepted event.
    accepted: Occurrence<'a>,
    /// The state that other services have to be informed of.
    state: &'static str,
    /// The time for it, in microseconds.
    bound: u64,
}

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    for change in expected_changes(evidence) {
        if evidence.watches(EventKind::Synced) {
            judge_passed_on(&mut ruling, evidence, &change);
        }
        if change.accepted.kind() == EventKind::Granted {
            judge_grant_applied(&mut ruling, evidence, &change);
        }
    }
    judge_revocations(&mut ruling, evidence);
    ruling.finish()
}

fn expected_changes<'a>(evidence: &Evidence<'a>) -> Vec<ExpectedChange<'a>> {
    let kinds = [
        (EventKind::Granted, "granted", evidence.bounds.sync),
        (EventKind::Revoked, "revoked", evidence.bounds.revoke),
    ];
    let mut changes: Vec<ExpectedChange<'a>> = Vec::new();
    for (kind, state, bound) in kinds {
        let with_id = |event: &Occurrence<'_>| event.is_done() && event.fact(Fact::Event).is_some();
        for accepted in evidence.between_services(kind).filter(with_id) {
            // A repetition of an accepted event changes nothing.
            let is_repetition = changes
                .iter()
                .any(|known| known.accepted.kind() == kind && known.accepted.shares(accepted, Fact::Event));
            if !is_repetition {
                changes.push(ExpectedChange { accepted, state, bound });
            }
        }
    }
    changes.retain(|change| has_an_effect(evidence, change.accepted));
    changes
}

/// Returns true if the event has to change the access of its member.
fn has_an_effect(evidence: &Evidence<'_>, accepted: Occurrence<'_>) -> bool {
    // A partial refund leaves the access as it is.
    if accepted.boolean(Fact::Full) == Some(false) || has_newer(evidence, accepted) {
        return false;
    }
    if accepted.kind() == EventKind::Granted {
        // A refund may overtake the grant, which then need not be passed on.
        evidence.purchase(accepted.text(Fact::Purchase)).is_none_or(|purchase| purchase.refunds.is_empty())
    } else {
        // Nobody needs to be informed that a right has ended that nobody was informed of.
        evidence
            .between_services(EventKind::Synced)
            .any(|synced| synced.shares_subject(accepted) && synced.started() <= accepted.ended())
    }
}

/// Returns true if a newer event of the same subject had been accepted: the older one then rightly changes nothing.
fn has_newer(evidence: &Evidence<'_>, event: Occurrence<'_>) -> bool {
    let Some(own) = event.text(Fact::Sequence) else { return false };
    evidence
        .between_services(EventKind::Granted)
        .chain(evidence.between_services(EventKind::Revoked))
        .filter(|other| other.is_done() && other.shares(event, Fact::Subject) && other.started() < event.ended())
        .any(|other| other.text(Fact::Sequence).is_some_and(|sequence| sequence > own))
}

fn judge_passed_on(ruling: &mut Ruling, evidence: &Evidence<'_>, change: &ExpectedChange<'_>) {
    let ExpectedChange { accepted, state, bound } = change;
    // The acknowledgement may have got lost once, so the change may follow from the first delivery already.
    let deliveries = evidence.between_services(accepted.kind()).filter(|event| event.shares(*accepted, Fact::Event));
    let first_delivery = deliveries.map(Occurrence::started).min().unwrap_or_default();
    let synced: Vec<_> = evidence
        .between_services(EventKind::Synced)
        .filter(|synced| {
            synced.shares_subject(*accepted)
                && synced.text(Fact::State).is_none_or(|synced| synced == *state)
                && synced.ended() >= first_delivery
        })
        .collect();
    let due = accepted.ended().saturating_add(*bound);
    ruling.judge_by(due, synced.iter().any(|synced| synced.is_done()), None, || {
        let what = format!("a purchase event was accepted, and that access is {state}");
        match synced.first() {
            Some(first) => {
                let message = format!("{what} could not be passed on: it {}", first.describe_answer());
                evidence.finding(RULE.id, *first, message)
            }
            None => evidence.missing(RULE.id, EventKind::Synced, format!("{what} was never passed on")),
        }
    });
}

/// After its bound nobody may be told that they have not bought what an accepted event granted.
fn judge_grant_applied(ruling: &mut Ruling, evidence: &Evidence<'_>, change: &ExpectedChange<'_>) {
    let ExpectedChange { accepted, bound, .. } = change;
    let (Some(member), Some(version)) = (accepted.text(Fact::Member), accepted.text(Fact::Version)) else { return };
    let due = accepted.ended().saturating_add(*bound);
    let refused = evidence.answers_about(member, version).find(|answer| {
        let interval = answer.event.interval();
        !answer.allowed
            && answer.event.kind() == EventKind::Checked
            // A no at a hop that requires the credential may be about the credential.
            && !evidence.requires_credential(answer.event)
            && answer.event.started() >= due
            && matches!(
                evidence.obligation(Some(member), version, GENERATE, interval, *bound),
                Obligation::Allow(_)
            )
    });
    ruling.judge(refused.is_none(), || {
        let event = refused.map_or(*accepted, |answer| answer.event);
        evidence.finding(RULE.id, event, "a purchase event was accepted, and later the purchase is not known")
    });
}

/// A service that accepted a revocation must not let the member in by the revoked right.
fn judge_revocations(ruling: &mut Ruling, evidence: &Evidence<'_>) {
    let changes: Vec<_> = evidence.between_services(EventKind::Synced).collect();
    let is_revocation = |event: &Occurrence<'_>| event.text(Fact::State) == Some("revoked");
    for revocation in changes.iter().filter(|event| event.is_done() && is_revocation(event)) {
        let (Some(member), Some(version)) = (revocation.text(Fact::Member), revocation.text(Fact::Version)) else {
            continue;
        };
        // A later grant ends the revocation.
        let is_granted_anew = changes.iter().any(|event| {
            event.shares_subject(*revocation) && !is_revocation(event) && event.ended() >= revocation.started()
        });
        if is_granted_anew {
            continue;
        }
        let let_in = evidence.answers_about(member, version).find(|answer| {
            // The revocation has arrived, so the time that a refund has to take effect is treated as over.
            let interval = answer.event.interval().later_by(evidence.bounds.revoke);
            answer.allowed
                && answer.event.kind() == EventKind::Submitted
                && !answer.event.is_from_member()
                && revocation.is_before(answer.event)
                && matches!(evidence.obligation(Some(member), version, GENERATE, interval, 0), Obligation::Refuse(_))
        });
        ruling.judge(let_in.is_none(), || {
            let event = let_in.map_or(*revocation, |answer| answer.event);
            evidence.finding(RULE.id, event, "a revocation was accepted, and the member was let in all the same")
        });
    }
}
