//! M9. Refunded means revoked: once all of the price came back, the permission service is told so, and not before. Where a
//! platform tells whether it was all, it tells of each part, too.
//!
//! That the permission then really ends is [G9](super::g9_revocation).

use std::collections::HashSet;

use super::{Check, Judgement, Layer, Ruling};
use crate::model::{EventKind, Finding};
use crate::trail::evidence::Evidence;
use crate::trail::purchases::purchases;
use crate::trail::seen::Seen;

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
        "Refunded means revoked: once all of the price came back, and not before, the permission is taken back in time."
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let mut ruling = Ruling::on(evidence);
        if !evidence.watches(EventKind::Revoked) {
            return ruling.end();
        }
        let tells_parts = evidence.watches_fact(EventKind::Revoked, "full");
        let due = |refund: &Seen<'_>| refund.to().saturating_add(evidence.bounds.revoke);
        for purchase in purchases(evidence) {
            let what = evidence.tell(purchase.member, purchase.right, purchase.version);
            let events = evidence.behind(EventKind::Revoked).filter(|seen| seen.text("purchase") == Some(purchase.id));
            let (of_parts, of_all): (Vec<_>, Vec<_>) = events.partition(|seen| seen.truth("full") == Some(false));
            let whole = purchase.fully_refunded();
            if let Some(whole) = &whole {
                ruling.judge_by(due(whole), of_all.iter().any(|seen| seen.is_done()), None, || {
                    self.untold(evidence, of_all.last(), &format!("{what} was given back, but the revocation"))
                });
            }
            let parts = purchase.refunds_in_part();
            if let Some(last) = parts.last().filter(|_| tells_parts) {
                let told = of_parts.iter().filter(|seen| seen.is_done()).filter_map(|seen| seen.text("event"));
                let told = told.collect::<HashSet<_>>().len();
                ruling.judge_by(due(last), told >= parts.len(), None, || {
                    let refused = of_parts.iter().rfind(|seen| !seen.is_done());
                    self.untold(evidence, refused, &format!("a part of {what} was given back, but the event of it"))
                });
                let wrong = of_all.iter().find(|seen| seen.is_done());
                let wrong = wrong.filter(|_| whole.is_none() && purchase.perhaps_refunded.is_empty());
                if let Some(wrong) = wrong {
                    let message = format!("a part of {what} was given back, and all of it was revoked");
                    ruling.judge(false, || evidence.finding(self.id(), *wrong, message));
                }
            }
        }
        ruling.end()
    }
}

impl RefundRevokes {
    /// `what` has not arrived in time; `last` is the last try.
    fn untold(&self, evidence: &Evidence<'_>, last: Option<&Seen<'_>>, what: &str) -> Finding {
        match last {
            Some(last) => evidence.finding(self.id(), *last, format!("{what} {} until then", last.answer())),
            None => evidence.missing(self.id(), EventKind::Revoked, format!("{what} was never sent")),
        }
    }
}
