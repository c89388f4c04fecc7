//! M11. No balance falls below zero: nobody spends more than they have, however many requests spend at the same moment.
//!
//! Evidence: negative balances, and movements of money after the first balance that together exceed it.

use super::{Classification, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::wallet::Movement;

pub(super) const RULE: Rule = Rule {
    id: RuleId::M11,
    layer: Layer::Ledger,
    holds: "No balance below zero, also when several spend at once.",
    basis: "A wallet is prepaid: it has no overdraft.",
    consequence: "Two requests at once spend the same credits.",
    remedy: "Lock the wallet, or subtract with a condition on the balance, before anything else is done.",
    classification: Classification::of(Class::MoneyWrong),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    for wallet in evidence.wallets() {
        let who = evidence.participants.member_name(wallet.member);
        for reading in &wallet.readings {
            ruling.judge(reading.balance >= 0, || {
                evidence.finding(RULE.id, reading.event, format!("{who} has {}", reading.balance))
            });
        }
        let Some(first) = wallet.readings.first() else { continue };
        let since: Vec<_> = wallet.movements.iter().filter(|movement| movement.from >= first.event.ended()).collect();
        for spent in since.iter().filter(|movement| is_surely_spent(movement)) {
            let left: i64 =
                first.balance + since.iter().filter_map(|movement| amount_before(movement, spent)).sum::<i64>();
            ruling.judge(left >= 0, || {
                evidence.finding(RULE.id, spent.event, format!("{who} has spent {} more than they had", -left))
            });
        }
    }
    ruling.finish()
}

/// Returns the amount of a movement if it counts by the time of `spent`.
fn amount_before(movement: &Movement<'_>, spent: &Movement<'_>) -> Option<i64> {
    let amount = movement.amount?;
    // In doubt the member has more: spending counts once it is certain, income as soon as it is possible.
    let counts = if amount < 0 { movement.to <= spent.to } else { movement.from < spent.to };
    if counts { Some(amount) } else { None }
}

fn is_surely_spent(movement: &Movement<'_>) -> bool {
    movement.to != u64::MAX && movement.amount.is_some_and(|amount| amount < 0)
}
