//! G4. Once allowed, never denied: between the first yes and the end or the refund there is no no, at any service.
//!
//! Evidence: a yes, and a later no about the same member and version. A no to a request that lacked the proof this hop
//! requires says nothing about the right: see [S4](super::s4_credential).

use super::{Classification, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::answers::{AccessAnswer, PresentedProof};
use crate::trail::evidence::Evidence;
use crate::trail::rights::{AllowReason, GENERATE, Obligation};

pub(super) const RULE: Rule = Rule {
    id: RuleId::G4,
    layer: Layer::Entitlement,
    holds: "Once allowed, never denied before the end or a refund, from any client.",
    basis: "Access lasts until it ends or is refunded.",
    consequence: "Access comes and goes: members are let in and turned away in turn.",
    remedy: "Compare the replicas or caches that answered: one of them may not know of the purchase.",
    classification: Classification::of(Class::Refused).ranked(5),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    for later in evidence.access_answers().iter().filter(|answer| answer.proof != PresentedProof::Wrong) {
        let interval = later.event.interval();
        let since = match evidence.obligation(Some(later.member), later.version, GENERATE, interval, 0) {
            Obligation::Allow(AllowReason::Paid) => {
                evidence.paid_since(later.member, later.version, GENERATE, interval)
            }
            Obligation::Allow(AllowReason::OwnerOrModerator | AllowReason::Public) => None,
            Obligation::Refuse(_) | Obligation::Either => continue,
        };
        let mut earlier = evidence.answers_about(later.member, later.version).filter(|earlier| {
            earlier.allowed
                && earlier.event.is_before(later.event)
                // A yes that belonged to an earlier purchase promises nothing for this one.
                && since.is_none_or(|since| earlier.event.started() >= since)
        });
        let Some(yes) = earlier.next() else { continue };
        if !later.allowed && lost_its_proof(evidence, later) {
            continue;
        }
        ruling.judge(later.allowed, || {
            let who = evidence.participants.member_name(later.member);
            let what = evidence.participants.version_name(later.version);
            let message = format!(
                "{who} might use {what} at {}, and a moment later asking at {} {}",
                yes.event.edge(),
                later.event.edge(),
                later.event.describe_answer()
            );
            evidence.finding(RULE.id, later.event, message)
        });
    }
    ruling.finish()
}

/// Returns true for a submit that a service sent on without the proof it came with: the no is not about the member.
fn lost_its_proof(evidence: &Evidence<'_>, answer: &AccessAnswer<'_>) -> bool {
    if answer.event.kind() != EventKind::Submitted {
        return false;
    }
    let mut inner = evidence
        .between_services(EventKind::Submitted)
        .chain(evidence.between_services(EventKind::Checked))
        .filter(|inner| inner.is_during(answer.event) && inner.exchange.id != answer.event.exchange.id);
    inner.any(|inner| {
        evidence.requires_credential(inner) && inner.text(Fact::Credential) != answer.event.text(Fact::Credential)
    })
}
