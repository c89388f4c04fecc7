//! M5. Many clicks at once, each with a key of its own, are one purchase: nobody is charged for what they have.

use super::{Departs, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::purchases::{Purchase, purchases};

pub(super) const RULE: Rule = Rule {
    id: RuleId::M5,
    layer: Layer::Billing,
    holds: "Many clicks at once, each with its own key, are one charge: nobody is charged for what they already have.",
    basis: "Double clicks and two open tabs are ordinary use.",
    consequence: "A member pays twice for the same access.",
    remedy: "Hold “already bought” and the charge in one transaction, with a unique constraint on member, version and right.",
    departs: Departs::shown(Class::MoneyWrong),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    let purchases = purchases(evidence);
    for (index, later) in purchases.iter().enumerate() {
        for earlier in purchases[..index].iter().filter(|earlier| is_same(earlier, later)) {
            ruling.judge(!still_has(evidence, earlier, later), || {
                let what = evidence.tell(later.member, later.right, later.version);
                evidence.finding(RULE.id, later.charge, format!("{what} was charged twice: they had it already"))
            });
        }
    }
    // Clicks of which only one was charged have kept the rule.
    let orders: Vec<_> = evidence.at_front(EventKind::Charged).collect();
    for (index, order) in orders.iter().enumerate() {
        let again = |other: &&crate::trail::Seen<'_>| {
            other.shares(*order, Fact::Who)
                && other.text(Fact::Key) != order.text(Fact::Key)
                && evidence.version(**other) == evidence.version(*order)
                && evidence.right(**other) == evidence.right(*order)
        };
        if order.is_refused() && orders[..index].iter().any(|other| again(&other)) {
            ruling.hold();
        }
    }
    ruling.end()
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
