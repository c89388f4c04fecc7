//! M1. Money is neither made nor lost: all accounts together sum to zero, and what is in a wallet has changed by what was
//! charged, refunded and paid in, no more and no less.

use super::{Check, Judgement, Layer, Ruling};
use crate::model::EventKind;
use crate::trail::evidence::Evidence;
use crate::trail::wallet::wallets;

/// M1.
pub struct Conserved;

impl Check for Conserved {
    fn id(&self) -> &'static str {
        "M1"
    }

    fn layer(&self) -> Layer {
        Layer::Ledger
    }

    fn means(&self) -> &'static str {
        "Money is conserved: accounts sum to zero, and a wallet changes by what was charged, refunded and paid in."
    }

    fn judge(&self, evidence: &Evidence<'_>) -> Judgement {
        let mut ruling = Ruling::on(evidence);
        for count in evidence.seen(EventKind::Counted).filter(|seen| seen.is_done()) {
            if let Some(sum) = count.number("sum") {
                ruling.judge(sum == 0, || {
                    evidence.finding(
                        self.id(),
                        count,
                        format!("all accounts together should sum to 0, and sum to {sum}"),
                    )
                });
            }
        }
        for told in evidence.at_front(EventKind::Counted).filter(|seen| seen.is_done()) {
            let mut kept = evidence.behind(EventKind::Counted).filter(|seen| {
                seen.is_done() && seen.is_within(told) && seen.to() <= told.to() && seen.shares(told, "who")
            });
            // Of several answers at once nobody can tell which was passed on.
            let (Some(kept), None) = (kept.next(), kept.next()) else { continue };
            if let (Some(balance), Some(shown)) = (kept.number("balance"), told.number("balance")) {
                ruling.judge(balance == shown, || {
                    let message = format!("{} says {balance}, and the member is told {shown}", kept.edge());
                    evidence.finding(self.id(), told, message)
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
                    evidence.finding(self.id(), after.seen, message)
                });
            }
        }
        ruling.end()
    }
}
