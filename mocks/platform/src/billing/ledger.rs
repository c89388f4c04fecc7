//! The double-entry ledger: money is moved from account to account, and never made.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::store::Entry;
use crate::clock::Time;
use crate::problem::{Code, Problem};

/// The account that top-ups come from. It owes what the members have, so it alone goes below zero.
pub(crate) const CASH: &str = "platform:cash";
/// The account that purchases and jobs are paid to.
pub(crate) const REVENUE: &str = "platform:revenue";

/// The name of a member's wallet account.
pub(crate) fn wallet(member: &str) -> String {
    format!("wallet:{member}")
}

/// The reason why money moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MovementKind {
    TopUp,
    Purchase,
    PurchaseRefund,
    Charge,
    ChargeRefund,
}

/// Money on its way between a member's wallet and an account of the platform.
#[derive(Clone, Debug)]
pub(super) struct Movement {
    pub(super) wallet: String,
    pub(super) platform: &'static str,
    /// Credits; negative leaves the wallet.
    pub(super) into_wallet: i64,
    pub(super) kind: MovementKind,
    /// The id of the top-up, purchase, job or refund.
    pub(super) reference: String,
    pub(super) at: Time,
}

impl Movement {
    pub(super) fn new(
        member: &str,
        platform: &'static str,
        into_wallet: i64,
        kind: MovementKind,
        reference: &str,
        at: Time,
    ) -> Self {
        Self { wallet: wallet(member), platform, into_wallet, kind, reference: reference.to_owned(), at }
    }

    pub(super) fn to_platform(member: &str, amount: i64, kind: MovementKind, reference: &str, at: Time) -> Self {
        Self::new(member, REVENUE, -amount, kind, reference, at)
    }

    pub(super) fn to_wallet(member: &str, amount: i64, kind: MovementKind, reference: &str, at: Time) -> Self {
        Self::new(member, REVENUE, amount, kind, reference, at)
    }

    /// Returns the balance of the wallet afterwards.
    ///
    /// # Errors
    /// `insufficient-funds` if it would be below zero.
    pub(super) fn applied_to(&self, balance: i64) -> Result<i64, Problem> {
        let after = balance + self.into_wallet;
        if after < 0 {
            let short = Problem::new(Code::InsufficientFunds);
            return Err(short.with("balance", balance).with("amount", -self.into_wallet));
        }
        Ok(after)
    }

    /// The two postings, which sum to zero: account and credits, the platform's first.
    pub(super) fn postings(&self) -> [(&str, i64); 2] {
        [(self.platform, -self.into_wallet), (&self.wallet, self.into_wallet)]
    }
}

/// All accounts in memory, and the statement of each.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    balances: BTreeMap<String, i64>,
    statements: BTreeMap<String, Vec<Entry>>,
}

impl Ledger {
    pub(super) fn balance(&self, account: &str) -> i64 {
        self.balances.get(account).copied().unwrap_or_default()
    }

    pub(super) fn accounts(&self) -> &BTreeMap<String, i64> {
        &self.balances
    }

    /// The movements of one account, oldest first.
    pub(super) fn statement(&self, account: &str) -> Vec<Entry> {
        self.statements.get(account).cloned().unwrap_or_default()
    }

    /// Moves credits, and returns the balance of the wallet afterwards. After an error nothing has moved.
    pub(super) fn apply(&mut self, movement: &Movement) -> Result<i64, Problem> {
        let after = movement.applied_to(self.balance(&movement.wallet))?;
        let id = crate::ids::new("txn");
        for (account, amount) in movement.postings() {
            let balance = self.balances.entry(account.to_owned()).or_default();
            *balance += amount;
            let Movement { at, kind, reference, .. } = movement.clone();
            let entry = Entry { id: id.clone(), at, kind, amount, reference, balance: *balance };
            self.statements.entry(account.to_owned()).or_default().push(entry);
        }
        Ok(after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_conserved_and_no_wallet_goes_below_zero() {
        let (mut ledger, at) = (Ledger::default(), Time::wall());
        ledger.apply(&Movement::new("a", CASH, 100, MovementKind::TopUp, "top_1", at)).unwrap();
        ledger.apply(&Movement::to_platform("a", 60, MovementKind::Purchase, "pur_1", at)).unwrap();
        let refused = ledger.apply(&Movement::to_platform("a", 41, MovementKind::Purchase, "pur_2", at)).unwrap_err();
        assert_eq!(refused.code, Code::InsufficientFunds);
        assert_eq!(ledger.balance("wallet:a"), 40);
        assert_eq!(ledger.accounts().values().sum::<i64>(), 0);
        assert_eq!(ledger.statement("wallet:a").iter().map(|entry| entry.balance).collect::<Vec<_>>(), [100, 40]);
    }
}
