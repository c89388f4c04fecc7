//! M8. What is refunded is refunded once, and never more than was charged; a replayed refund changes nothing.

use super::{Departs, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::purchases::purchases;

pub(super) const RULE: Rule = Rule {
    id: RuleId::M8,
    layer: Layer::Ledger,
    holds: "A purchase is refunded once, and never for more than was charged; a replayed refund changes nothing.",
    basis: "Payment providers allow refunds up to the captured amount.",
    consequence: "The platform loses money with every repeated refund.",
    remedy: "Sum the refunds of a purchase under a lock before another one is made.",
    departs: Departs::shown(Class::MoneyWrong),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    let refunds = evidence.deepest(EventKind::Refunded);
    for purchase in purchases(evidence) {
        let mut asked = refunds.iter().filter(|seen| seen.text(Fact::Purchase) == Some(purchase.id));
        let (Some(amount), Some(last)) = (purchase.amount, asked.next_back()) else { continue };
        ruling.judge(purchase.returned() <= amount, || {
            let what = evidence.tell(purchase.member, purchase.right, purchase.version);
            let message = format!("{what} cost {amount}, and {} was given back", purchase.returned());
            evidence.finding(RULE.id, purchase.refunds.last().copied().unwrap_or(*last), message)
        });
        let replayed = purchase.refunds.iter().enumerate().find(|(index, refund)| {
            purchase.refunds[..*index].iter().any(|earlier| earlier.shares(**refund, Fact::Key))
        });
        ruling.judge(replayed.is_none(), || {
            let (_, refund) = replayed.expect("it was found");
            evidence.finding(RULE.id, *refund, "the same refund, sent again, was paid again")
        });
    }
    ruling.end()
}
