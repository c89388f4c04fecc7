//! M8. A purchase is refunded once and never for more than its price; a refund that is sent again changes nothing.
//!
//! Evidence: the sum of the refunds of a purchase, and refunds that carry the same key.

use super::{Classification, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::evidence::Evidence;

pub(super) const RULE: Rule = Rule {
    id: RuleId::M8,
    layer: Layer::Ledger,
    holds: "A purchase is refunded once, and never for more than was charged; a replayed refund changes nothing.",
    basis: "A refund returns what was paid, so all refunds together are at most the charge.",
    consequence: "The platform loses money with every repeated refund.",
    remedy: "Sum the refunds of a purchase under a lock before another one is made.",
    classification: Classification::of(Class::MoneyWrong),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    let refunds = evidence.innermost(EventKind::Refunded);
    for purchase in evidence.purchases() {
        let last = refunds.iter().rfind(|event| event.text(Fact::Purchase) == Some(purchase.id));
        let (Some(amount), Some(last)) = (purchase.amount, last) else { continue };
        let refunded = purchase.refunded_amount();
        ruling.judge(refunded <= amount, || {
            let message = format!("{} cost {amount}, and {refunded} was given back", purchase.describe(evidence));
            evidence.finding(RULE.id, purchase.refunds.last().copied().unwrap_or(*last), message)
        });
        // Each refund is listed once, so two with one key are two payments.
        let repeated = purchase.refunds.iter().enumerate().find(|(index, refund)| {
            purchase.refunds[..*index].iter().any(|earlier| earlier.shares(**refund, Fact::Key))
        });
        match repeated {
            Some((_, refund)) => {
                ruling.fail(evidence.finding(RULE.id, *refund, "the same refund, sent again, was paid again"));
            }
            None => ruling.pass(),
        }
    }
    ruling.finish()
}
