//! M9. Refunded means revoked: once all of the price came back, the permission service is told so.
//!
//! That the permission then really ends is [G9](super::g9_revocation).

use super::{Check, Judgement, Layer, Ruling};
use crate::model::EventKind;
use crate::trail::evidence::Evidence;
use crate::trail::purchases::purchases;

/// M9.
pub struct RefundRevokes;

impl Check for RefundRevokes {
    fn id(&self) -> &'static str {
        "M9"
    }

    fn layer(&self) -> Layer {
        Layer::Events
    }

    fn means(&self) -> &'static str {
        "Refunded means revoked: once all of the price came back, the permission is taken back in time."
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let mut ruling = Ruling::on(evidence);
        if !evidence.watches(EventKind::Revoked) {
            return ruling.end();
        }
        for purchase in purchases(evidence) {
            let Some(refund) = purchase.fully_refunded() else { continue };
            let about_it = |seen: &crate::trail::Seen<'_>| {
                seen.text("purchase") == Some(purchase.id) && seen.truth("full") != Some(false)
            };
            let told = evidence.behind(EventKind::Revoked).filter(about_it).any(|seen| seen.is_done());
            let due = refund.to().saturating_add(evidence.bounds.revoke);
            ruling.judge_by(due, told, None, || {
                let what = evidence.tell(purchase.member, purchase.right, purchase.version);
                let last = evidence.behind(EventKind::Revoked).filter(about_it).last();
                let how = last.map_or("was never sent".to_owned(), |last| format!("{} until then", last.answer()));
                let message = format!("{what} was given back, but the revocation {how}");
                let found = last.map(|last| evidence.finding(self.id(), last, message.clone()));
                found.unwrap_or_else(|| evidence.missing(self.id(), EventKind::Revoked, message))
            });
        }
        ruling.end()
    }
}
