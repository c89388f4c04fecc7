//! M7. A purchase that was declined is never granted.

use super::{Check, Judgement, Layer, Ruling};
use crate::model::EventKind;
use crate::trail::evidence::Evidence;
use crate::trail::seen::Seen;

/// M7.
pub struct Declined;

impl Check for Declined {
    fn id(&self) -> &'static str {
        "M7"
    }

    fn layer(&self) -> Layer {
        Layer::Billing
    }

    fn means(&self) -> &'static str {
        "A purchase that was declined is never granted."
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let mut ruling = Ruling::on(evidence);
        if !evidence.watches_fact(EventKind::Granted, "purchase") {
            return ruling.end();
        }
        let charges = evidence.deepest(EventKind::Charged);
        for declined in charges.iter().filter(|seen| seen.is_refused()) {
            let (Some(member), Some(version)) = (evidence.member(*declined), evidence.version(*declined)) else {
                continue;
            };
            let about_it =
                |seen: Seen<'_>| evidence.member(seen) == Some(member) && evidence.version(seen) == Some(version);
            let otherwise = charges.iter().any(|seen| !seen.is_refused() && about_it(*seen));
            let grant = evidence
                .behind(EventKind::Granted)
                .find(|seen| seen.is_done() && seen.text("purchase").is_some() && about_it(*seen));
            ruling.judge(grant.is_none() || otherwise, || {
                let what = evidence.tell(Some(member), evidence.right(*declined), Some(version));
                let why = declined.event.code.as_deref().unwrap_or("a refusal");
                let message = format!("{what} was declined with {why}, and granted all the same");
                evidence.finding(self.id(), grant.unwrap_or(*declined), message)
            });
        }
        ruling.end()
    }
}
