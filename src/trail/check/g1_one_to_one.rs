//! G1. Charges and grants match one to one: every purchase is told to the permission service as one event, and every such
//! event is of a purchase.
//!
//! An event that is on its way but late is [G3](super::g3_allowed_in_time)'s affair.

use std::collections::BTreeSet;

use super::{Check, Judgement, Layer, Ruling};
use crate::model::EventKind;
use crate::trail::evidence::Evidence;
use crate::trail::purchases::purchases;

/// G1.
pub struct OneToOne;

impl Check for OneToOne {
    fn id(&self) -> &'static str {
        "G1"
    }

    fn layer(&self) -> Layer {
        Layer::Events
    }

    fn means(&self) -> &'static str {
        "Charges and grants match one to one."
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let mut ruling = Ruling::on(evidence);
        if !evidence.watches_fact(EventKind::Granted, "purchase") || !evidence.watches(EventKind::Charged) {
            return ruling.end();
        }
        let grants: Vec<_> =
            evidence.behind(EventKind::Granted).filter(|seen| seen.text("purchase").is_some()).collect();
        for purchase in purchases(evidence) {
            let what = evidence.tell(purchase.member, purchase.right, purchase.version);
            let told: Vec<_> = grants.iter().filter(|seen| seen.text("purchase") == Some(purchase.id)).collect();
            let taken: BTreeSet<_> =
                told.iter().filter(|seen| seen.is_done()).filter_map(|seen| seen.text("event")).collect();
            if taken.len() > 1 {
                let last = told.last().expect("two were taken");
                ruling.judge(false, || {
                    evidence.finding(self.id(), **last, format!("{what} was granted {} times", taken.len()))
                });
            } else if told.iter().all(|seen| seen.is_refused()) {
                let due = purchase.charge.to().saturating_add(evidence.bounds.sync);
                ruling.judge_by(due, false, None, || match told.first() {
                    Some(first) => {
                        let message = format!("{what} was charged, but the purchase event {}", first.answer());
                        evidence.finding(self.id(), **first, message)
                    }
                    None => {
                        let message = format!("{what} was charged, but no purchase event was sent");
                        evidence.missing(self.id(), EventKind::Granted, message)
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
                evidence.seen(EventKind::Charged).any(|seen| seen.is_done() && seen.shares(*grant, "purchase"));
            let perhaps = perhaps.iter().any(|seen| evidence.member(*seen) == grant.text("member"));
            ruling.judge(charged || perhaps, || {
                let what = evidence.tell(grant.text("member"), grant.text("right"), grant.text("version"));
                evidence.finding(self.id(), *grant, format!("{what} was granted, and never charged"))
            });
        }
        ruling.end()
    }
}
