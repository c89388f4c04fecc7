//! M8. What is refunded is refunded once, and never more than was charged; a replayed refund changes nothing.

use super::{Check, Judgement, Layer, Ruling};
use crate::model::EventKind;
use crate::trail::evidence::Evidence;
use crate::trail::purchases::purchases;

/// M8.
pub struct RefundOnce;

impl Check for RefundOnce {
    fn id(&self) -> &'static str {
        "M8"
    }

    fn layer(&self) -> Layer {
        Layer::Ledger
    }

    fn means(&self) -> &'static str {
        "A purchase is refunded once, and never for more than was charged; a replayed refund changes nothing."
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let mut ruling = Ruling::on(evidence);
        let refunds = evidence.deepest(EventKind::Refunded);
        for purchase in purchases(evidence) {
            let mut asked = refunds.iter().filter(|seen| seen.text("purchase") == Some(purchase.id));
            let (Some(amount), Some(last)) = (purchase.amount, asked.next_back()) else { continue };
            ruling.judge(purchase.returned() <= amount, || {
                let what = evidence.tell(purchase.member, purchase.right, purchase.version);
                let message = format!("{what} cost {amount}, and {} was given back", purchase.returned());
                evidence.finding(self.id(), purchase.refunds.last().copied().unwrap_or(*last), message)
            });
            let replayed = purchase.refunds.iter().enumerate().find(|(index, refund)| {
                purchase.refunds[..*index].iter().any(|earlier| earlier.shares(**refund, "key"))
            });
            ruling.judge(replayed.is_none(), || {
                let (_, refund) = replayed.expect("it was found");
                evidence.finding(self.id(), *refund, "the same refund, sent again, was paid again")
            });
        }
        ruling.end()
    }
}
