//! M5. Several clicks at once, each with its own key, are one purchase: nobody is charged for access that they have.
//!
//! Evidence: two charges for the same member, version and right, the earlier of which was still valid; and orders that
//! were refused because an equal one came before.

use super::{Classification, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::occurrence::Occurrence;
use crate::trail::purchases::Purchase;

pub(super) const RULE: Rule = Rule {
    id: RuleId::M5,
    layer: Layer::Billing,
    holds: "Many clicks at once, each with its own key, are one charge: nobody is charged for what they already have.",
    basis: "Double clicks and two open tabs are ordinary use.",
    consequence: "A member pays twice for the same access.",
    remedy: "Check “already bought” and make the charge in one transaction, with a unique constraint on member, \
             version and right.",
    classification: Classification::of(Class::MoneyWrong),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    let purchases = evidence.purchases();
    for (index, later) in purchases.iter().enumerate() {
        for earlier in purchases[..index].iter().filter(|earlier| is_same_access(earlier, later)) {
            ruling.judge(!is_still_valid(evidence, earlier, later), || {
                let message = format!("{} was charged twice: they had it already", later.describe(evidence));
                evidence.finding(RULE.id, later.charge, message)
            });
        }
    }
    // A second click that was refused shows that the rule holds.
    let orders: Vec<_> = evidence.by_members(EventKind::Charged).collect();
    for (index, order) in orders.iter().enumerate().filter(|(_, order)| order.is_refused()) {
        if orders[..index].iter().any(|other| is_another_click(evidence, *other, *order)) {
            ruling.pass();
        }
    }
    ruling.finish()
}

fn is_another_click<'a>(evidence: &Evidence<'a>, one: Occurrence<'a>, other: Occurrence<'a>) -> bool {
    one.shares(other, Fact::Who)
        && one.text(Fact::Key) != other.text(Fact::Key)
        && evidence.version_of(one) == evidence.version_of(other)
        && evidence.right_of(one) == evidence.right_of(other)
}

fn is_same_access(one: &Purchase<'_>, other: &Purchase<'_>) -> bool {
    one.member.is_some()
        && one.version.is_some()
        && (one.member, one.version, one.right) == (other.member, other.version, other.right)
}

/// Returns true if the earlier purchase was still valid when the later one was charged.
fn is_still_valid(evidence: &Evidence<'_>, earlier: &Purchase<'_>, later: &Purchase<'_>) -> bool {
    let may_be_refunded = earlier.possible_refunds().any(|refund| refund.started() <= later.charge.ended());
    let (_, latest) = evidence.moments(later.charge.interval());
    !may_be_refunded && earlier.expires_at.is_none_or(|end| latest < end)
}
