//! M11. No balance below zero, however many spend at the same moment: nobody spends more than they have.

use super::{Departs, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::wallet::wallets;

pub(super) const RULE: Rule = Rule {
    id: RuleId::M11,
    layer: Layer::Ledger,
    holds: "No balance below zero, also when several spend at once.",
    basis: "A wallet holds no credit line.",
    consequence: "Two requests at once spend the same credits.",
    remedy: "Lock the wallet, or subtract with a condition on the balance, before anything else is done.",
    departs: Departs::shown(Class::MoneyWrong),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    for wallet in wallets(evidence) {
        let who = evidence.cast.name(wallet.member);
        for look in &wallet.looks {
            ruling.judge(look.balance >= 0, || {
                evidence.finding(RULE.id, look.seen, format!("{who} has {}", look.balance))
            });
        }
        let Some(first) = wallet.looks.first() else { continue };
        let after: Vec<_> = wallet.movements.iter().filter(|movement| movement.from >= first.seen.to()).collect();
        let spent = |movement: &&&_| is_spent(movement);
        for last in after.iter().filter(spent) {
            let so_far = after.iter().filter(|movement| match movement.amount {
                Some(amount) if amount < 0 => movement.to <= last.to,
                Some(_) => movement.from < last.to,
                None => false,
            });
            let left: i64 = first.balance + so_far.filter_map(|movement| movement.amount).sum::<i64>();
            ruling.judge(left >= 0, || {
                evidence.finding(RULE.id, last.seen, format!("{who} has spent {} more than they had", -left))
            });
        }
    }
    ruling.end()
}

/// Money surely left the wallet.
fn is_spent(movement: &crate::trail::wallet::Movement<'_>) -> bool {
    movement.to != u64::MAX && movement.amount.is_some_and(|amount| amount < 0)
}
