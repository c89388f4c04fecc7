//! G1. Charges and grants match one to one: the permission service gets one event for every purchase, and none without
//! one.
//!
//! Evidence: charges, and purchase events between services. An event that was sent and is late is the subject of
//! [G3](super::g3_allowed_in_time).

use std::collections::BTreeSet;

use super::{Classification, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::occurrence::Occurrence;
use crate::trail::purchases::Purchase;

pub(super) const RULE: Rule = Rule {
    id: RuleId::G1,
    layer: Layer::Events,
    holds: "Charges and grants match one to one.",
    basis: "A sale exchanges money for access: each charge gives one grant.",
    consequence: "Somebody paid and has nothing, or has access and did not pay.",
    remedy: "Count the charges and grants of the member: the event between the two services was lost, doubled, or \
             never sent.",
    classification: Classification::of(Class::MoneyWrong)
        .when_refused(Class::Refused)
        .when_missing(Class::NeverSent, &[EventKind::Granted, EventKind::Synced])
        .ranked(3),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    if !evidence.watches_fact(EventKind::Granted, Fact::Purchase) || !evidence.watches(EventKind::Charged) {
        return ruling.finish();
    }
    // Grants without a purchase are trials.
    let grants: Vec<_> =
        evidence.between_services(EventKind::Granted).filter(|event| event.text(Fact::Purchase).is_some()).collect();
    for purchase in evidence.purchases() {
        judge_purchase(&mut ruling, evidence, purchase, &grants);
    }
    for grant in grants.iter().filter(|event| event.is_done()) {
        judge_grant(&mut ruling, evidence, *grant);
    }
    ruling.finish()
}

fn judge_purchase(ruling: &mut Ruling, evidence: &Evidence<'_>, purchase: &Purchase<'_>, grants: &[Occurrence<'_>]) {
    let what = purchase.describe(evidence);
    let sent: Vec<_> = grants.iter().filter(|event| event.text(Fact::Purchase) == Some(purchase.id)).collect();
    // One event that is delivered twice is E1's subject: only different ids are different grants.
    let accepted: BTreeSet<_> =
        sent.iter().filter(|event| event.is_done()).filter_map(|event| event.text(Fact::Event)).collect();
    if accepted.len() > 1 {
        let last = sent[sent.len() - 1];
        ruling.fail(evidence.finding(RULE.id, *last, format!("{what} was granted {} times", accepted.len())));
    } else if sent.iter().all(|event| event.is_refused()) {
        let due = purchase.charge.ended().saturating_add(evidence.bounds.sync);
        ruling.judge_by(due, false, None, || match sent.first() {
            Some(first) => {
                let message = format!("{what} was charged, but the purchase event {}", first.describe_answer());
                evidence.finding(RULE.id, **first, message)
            }
            None => {
                let message = format!("{what} was charged, but no purchase event was sent");
                evidence.missing(RULE.id, EventKind::Granted, message)
            }
        });
    } else {
        ruling.pass();
    }
}

fn judge_grant(ruling: &mut Ruling, evidence: &Evidence<'_>, grant: Occurrence<'_>) {
    // An order without a usable answer may be the one that this grant is for.
    let may_be_charged = evidence
        .of_kind(EventKind::Charged)
        .any(|charge| charge.is_unsure() && evidence.member_of(charge) == grant.text(Fact::Member));
    ruling.judge(may_be_charged || evidence.charge_of(grant).is_some(), || {
        let (member, right, version) = (grant.text(Fact::Member), grant.text(Fact::Right), grant.text(Fact::Version));
        let what = evidence.describe_purchase(member, right, version);
        evidence.finding(RULE.id, grant, format!("{what} was granted, and never charged"))
    });
}
