//! G1. Charges and grants match one to one: every purchase is told to the permission service as one event, and every such
//! event is of a purchase.
//!
//! An event that is on its way but late is [G3](super::g3_allowed_in_time)'s affair.

use std::collections::BTreeSet;

use super::{Departs, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::purchases::purchases;

pub(super) const RULE: Rule = Rule {
    id: RuleId::G1,
    layer: Layer::Events,
    holds: "Charges and grants match one to one.",
    basis: "A sale is money against access: one of each.",
    consequence: "Somebody paid and has nothing, or has access and did not pay.",
    remedy: "Count charges and grants of the member: the event between the two services was lost, doubled, or never sent.",
    departs: Departs::shown(Class::MoneyWrong)
        .refused(Class::Refused)
        .absent(Class::NeverSent, &[EventKind::Granted, EventKind::Synced])
        .ranked(3),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    if !evidence.watches_fact(EventKind::Granted, Fact::Purchase) || !evidence.watches(EventKind::Charged) {
        return ruling.end();
    }
    let grants: Vec<_> =
        evidence.behind(EventKind::Granted).filter(|seen| seen.text(Fact::Purchase).is_some()).collect();
    for purchase in purchases(evidence) {
        let what = evidence.tell(purchase.member, purchase.right, purchase.version);
        let told: Vec<_> = grants.iter().filter(|seen| seen.text(Fact::Purchase) == Some(purchase.id)).collect();
        let taken: BTreeSet<_> =
            told.iter().filter(|seen| seen.is_done()).filter_map(|seen| seen.text(Fact::Event)).collect();
        if taken.len() > 1 {
            let last = told.last().expect("two were taken");
            ruling.judge(false, || {
                evidence.finding(RULE.id, **last, format!("{what} was granted {} times", taken.len()))
            });
        } else if told.iter().all(|seen| seen.is_refused()) {
            let due = purchase.charge.to().saturating_add(evidence.bounds.sync);
            ruling.judge_by(due, false, None, || match told.first() {
                Some(first) => {
                    let message = format!("{what} was charged, but the purchase event {}", first.answer());
                    evidence.finding(RULE.id, **first, message)
                }
                None => {
                    let message = format!("{what} was charged, but no purchase event was sent");
                    evidence.missing(RULE.id, EventKind::Granted, message)
                }
            });
        } else {
            ruling.hold();
        }
    }
    let unsure = |seen: &crate::trail::Seen<'_>| seen.is_unsure();
    let perhaps: Vec<_> = evidence.seen(EventKind::Charged).filter(unsure).collect();
    for grant in grants.iter().filter(|seen| seen.is_done()) {
        let charged =
            evidence.seen(EventKind::Charged).any(|seen| seen.is_done() && seen.shares(*grant, Fact::Purchase));
        let perhaps = perhaps.iter().any(|seen| evidence.member(*seen) == grant.text(Fact::Member));
        ruling.judge(charged || perhaps, || {
            let what = evidence.tell(grant.text(Fact::Member), grant.text(Fact::Right), grant.text(Fact::Version));
            evidence.finding(RULE.id, *grant, format!("{what} was granted, and never charged"))
        });
    }
    ruling.end()
}
