//! M1. Money is neither made nor lost: all accounts together sum to zero, and what is in a wallet has changed by what was
//! charged, refunded and paid in, no more and no less.

use super::{Departs, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::wallet::wallets;

pub(super) const RULE: Rule = Rule {
    id: RuleId::M1,
    layer: Layer::Ledger,
    holds: "Money is conserved: accounts sum to zero, and a wallet changes by what was charged, refunded and paid in.",
    basis: "Double-entry bookkeeping: money moves, it is neither made nor lost.",
    consequence: "Credits appear or vanish, and no later account of a wallet can be trusted.",
    remedy: "Compare the movements that the finding names with the wallet's statement: one of them was booked twice, never, or with another amount.",
    departs: Departs::shown(Class::MoneyWrong).ranked(8),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    for count in evidence.seen(EventKind::Counted).filter(|seen| seen.is_done()) {
        if let Some(sum) = count.number(Fact::Sum) {
            ruling.judge(sum == 0, || {
                evidence.finding(RULE.id, count, format!("all accounts together should sum to 0, and sum to {sum}"))
            });
        }
    }
    for told in evidence.at_front(EventKind::Counted).filter(|seen| seen.is_done()) {
        let mut kept = evidence.behind(EventKind::Counted).filter(|seen| {
            seen.is_done() && seen.is_within(told) && seen.to() <= told.to() && seen.shares(told, Fact::Who)
        });
        // Of several answers at once nobody can tell which was passed on.
        let (Some(kept), None) = (kept.next(), kept.next()) else { continue };
        if let (Some(balance), Some(shown)) = (kept.number(Fact::Balance), told.number(Fact::Balance)) {
            ruling.judge(balance == shown, || {
                let message = format!("{} says {balance}, and the member is told {shown}", kept.edge());
                evidence.finding(RULE.id, told, message)
            });
        }
    }
    for wallet in wallets(evidence) {
        for pair in wallet.looks.windows(2) {
            let (before, after) = (pair[0], pair[1]);
            let Some(legal) = wallet.differences(before, after, None) else { continue };
            let seen = after.balance - before.balance;
            ruling.judge(legal.contains(&seen), || {
                let who = evidence.cast.name(wallet.member);
                let legal: Vec<_> = legal.iter().map(|sum| format!("{sum:+}")).collect();
                let message = format!(
                    "{who}'s wallet went from {} to {} ({seen:+}), but what was moved meanwhile is {}",
                    before.balance,
                    after.balance,
                    legal.join(" or ")
                );
                evidence.finding(RULE.id, after.seen, message)
            });
        }
    }
    ruling.end()
}
