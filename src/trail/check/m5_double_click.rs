//! M5. Many clicks at once, each with a key of its own, are one purchase: nobody is charged for what they have.

use super::{Check, Judgement, Layer, Ruling};
use crate::model::EventKind;
use crate::trail::evidence::Evidence;
use crate::trail::purchases::{Purchase, purchases};

/// M5.
pub struct DoubleClick;

impl Check for DoubleClick {
    fn id(&self) -> &'static str {
        "M5"
    }

    fn layer(&self) -> Layer {
        Layer::Billing
    }

    fn means(&self) -> &'static str {
        "Many clicks at once, each with its own key, are one charge: nobody is charged for what they already have."
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let mut ruling = Ruling::on(evidence);
        let purchases = purchases(evidence);
        for (index, later) in purchases.iter().enumerate() {
            for earlier in purchases[..index].iter().filter(|earlier| is_same(earlier, later)) {
                ruling.judge(!still_has(evidence, earlier, later), || {
                    let what = evidence.tell(later.member, later.right, later.version);
                    evidence.finding(self.id(), later.charge, format!("{what} was charged twice: they had it already"))
                });
            }
        }
        // Clicks of which only one was charged have kept the rule.
        let orders: Vec<_> = evidence.at_front(EventKind::Charged).collect();
        for (index, order) in orders.iter().enumerate() {
            let again = |other: &&crate::trail::Seen<'_>| {
                other.shares(*order, "who")
                    && other.text("key") != order.text("key")
                    && evidence.version(**other) == evidence.version(*order)
                    && evidence.right(**other) == evidence.right(*order)
            };
            if order.is_refused() && orders[..index].iter().any(|other| again(&other)) {
                ruling.hold();
            }
        }
        ruling.end()
    }
}

fn is_same(one: &Purchase<'_>, other: &Purchase<'_>) -> bool {
    one.member.is_some()
        && one.version.is_some()
        && (one.member, one.version, one.right) == (other.member, other.version, other.right)
}

/// Whether the earlier purchase was still good when the later one was charged.
fn still_has(evidence: &Evidence<'_>, earlier: &Purchase<'_>, later: &Purchase<'_>) -> bool {
    let given_back =
        earlier.refunds.iter().chain(&earlier.perhaps_refunded).any(|refund| refund.from() <= later.charge.to());
    let (_, latest) = evidence.moments(later.charge.window());
    !given_back && earlier.expires_at.is_none_or(|end| latest < end)
}
