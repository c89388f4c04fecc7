//! M1. Money is neither made nor lost: all accounts sum to zero, and a wallet changes by what was charged, refunded and
//! paid in.
//!
//! Evidence: the ledger's sum, two answers about the same balance, and the balances before and after movements of
//! money.

use super::{Classification, Judge, Judgement, Layer, Rule, Ruling};
use crate::model::{Class, EventKind, Fact, RuleId};
use crate::trail::evidence::Evidence;
use crate::trail::occurrence::Occurrence;
use crate::trail::wallet::Wallet;

pub(super) const RULE: Rule = Rule {
    id: RuleId::M1,
    layer: Layer::Ledger,
    holds: "Money is conserved: accounts sum to zero, and a wallet changes by what was charged, refunded and paid in.",
    basis: "Double-entry bookkeeping: money moves between accounts; it is neither made nor lost.",
    consequence: "Credits appear or vanish, and no balance can be trusted.",
    remedy: "Compare the movements that the finding names with the wallet's statement: one of them was booked twice, \
             never, or with another amount.",
    classification: Classification::of(Class::MoneyWrong).ranked(8),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    for count in evidence.of_kind(EventKind::Counted).filter(|event| event.is_done()) {
        if let Some(sum) = count.number(Fact::Sum) {
            ruling.judge(sum == 0, || {
                evidence.finding(RULE.id, count, format!("all accounts together should sum to 0, and sum to {sum}"))
            });
        }
    }
    for to_member in evidence.by_members(EventKind::Counted).filter(|event| event.is_done()) {
        judge_passed_on(&mut ruling, evidence, to_member);
    }
    for wallet in evidence.wallets() {
        judge_changes(&mut ruling, evidence, wallet);
    }
    ruling.finish()
}

/// The member has to be shown the balance that the service behind the front door reports.
fn judge_passed_on(ruling: &mut Ruling, evidence: &Evidence<'_>, to_member: Occurrence<'_>) {
    let mut inner = evidence.between_services(EventKind::Counted).filter(|event| {
        event.is_done()
            && event.is_during(to_member)
            && event.ended() <= to_member.ended()
            && event.shares(to_member, Fact::Who)
    });
    // Of several answers at once nobody can tell which one was passed on.
    let (Some(inner), None) = (inner.next(), inner.next()) else { return };
    if let (Some(balance), Some(shown)) = (inner.number(Fact::Balance), to_member.number(Fact::Balance)) {
        ruling.judge(balance == shown, || {
            let message = format!("{} says {balance}, and the member is told {shown}", inner.edge());
            evidence.finding(RULE.id, to_member, message)
        });
    }
}

fn judge_changes(ruling: &mut Ruling, evidence: &Evidence<'_>, wallet: &Wallet<'_>) {
    for pair in wallet.readings.windows(2) {
        let (before, after) = (pair[0], pair[1]);
        let Some(legal) = wallet.legal_differences(before, after, None) else { continue };
        let change = after.balance - before.balance;
        ruling.judge(legal.contains(&change), || {
            let who = evidence.participants.member_name(wallet.member);
            let legal: Vec<_> = legal.iter().map(|sum| format!("{sum:+}")).collect();
            let message = format!(
                "{who}'s wallet went from {} to {} ({change:+}), but what was moved meanwhile is {}",
                before.balance,
                after.balance,
                legal.join(" or ")
            );
            evidence.finding(RULE.id, after.event, message)
        });
    }
}
