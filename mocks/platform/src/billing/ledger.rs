//! The double-entry ledger: money is moved from account to account, and never made.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock::Time;
use crate::problem::{Code, Problem};

/// Where top-ups come from: it owes what the members have. The one account that goes below zero.
pub const CASH: &str = "platform:cash";
/// Where purchases and generation are paid to.
pub const REVENUE: &str = "platform:revenue";

/// The wallet of a member.
#[must_use]
pub fn wallet(member: &str) -> String {
    format!("wallet:{member}")
}

/// There is less than what is to be paid.
pub(super) fn insufficient(balance: i64, amount: i64) -> Problem {
    Problem::new(Code::InsufficientFunds).with("balance", balance).with("amount", amount)
}

/// Why money moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A card was charged for credits.
    TopUp,
    /// Early access was bought.
    Purchase,
    /// A purchase was given back.
    PurchaseRefund,
    /// A job was paid.
    Charge,
    /// A job was given back.
    ChargeRefund,
}

/// One account's part of a movement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// Whose.
    pub account: String,
    /// Credits; negative leaves the account.
    pub amount: i64,
    /// What the account holds afterwards.
    pub balance: i64,
}

/// Money that moved. Its postings sum to zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// `txn_…`
    pub id: String,
    /// When.
    pub at: Time,
    /// Why.
    pub kind: Kind,
    /// The id of the top-up, purchase, job or refund.
    pub reference: String,
    /// From one account, to another.
    pub postings: [Posting; 2],
}

/// All accounts, and everything that ever moved.
#[derive(Debug, Default)]
pub struct Ledger {
    balances: BTreeMap<String, i64>,
    transactions: Vec<Transaction>,
}

impl Ledger {
    /// What an account holds.
    #[must_use]
    pub fn balance(&self, account: &str) -> i64 {
        self.balances.get(account).copied().unwrap_or_default()
    }

    /// All accounts with what they hold.
    #[must_use]
    pub fn accounts(&self) -> &BTreeMap<String, i64> {
        &self.balances
    }

    /// What moved on one account, oldest first.
    pub fn of<'a>(&'a self, account: &'a str) -> impl Iterator<Item = (&'a Transaction, &'a Posting)> {
        self.transactions.iter().flat_map(move |transaction| {
            transaction
                .postings
                .iter()
                .filter(move |posting| posting.account == account)
                .map(move |posting| (transaction, posting))
        })
    }

    /// Moves `amount` credits, which is not negative.
    ///
    /// # Errors
    /// `insufficient-funds` if `from` would go below zero (only [`CASH`] may); nothing has moved then.
    pub fn transfer(
        &mut self,
        from: &str,
        to: &str,
        amount: i64,
        kind: Kind,
        reference: &str,
        at: Time,
    ) -> Result<(), Problem> {
        assert!(amount >= 0, "invariant: money moves forwards");
        let left = self.balance(from) - amount;
        if left < 0 && from != CASH {
            return Err(insufficient(self.balance(from), amount));
        }
        let postings = [(from, -amount), (to, amount)].map(|(account, amount)| {
            let balance = self.balances.entry(account.to_owned()).or_default();
            *balance += amount;
            Posting { account: account.to_owned(), amount, balance: *balance }
        });
        self.transactions.push(Transaction {
            id: crate::ids::new("txn"),
            at,
            kind,
            reference: reference.to_owned(),
            postings,
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_conserved_and_no_wallet_goes_below_zero() {
        let (mut ledger, at) = (Ledger::default(), Time::wall());
        ledger.transfer(CASH, "wallet:a", 100, Kind::TopUp, "top_1", at).unwrap();
        ledger.transfer("wallet:a", REVENUE, 60, Kind::Purchase, "pur_1", at).unwrap();
        let refused = ledger.transfer("wallet:a", REVENUE, 41, Kind::Purchase, "pur_2", at).unwrap_err();
        assert_eq!(refused.code, Code::InsufficientFunds);
        assert_eq!(ledger.balance("wallet:a"), 40);
        assert_eq!(ledger.accounts().values().sum::<i64>(), 0);
        assert_eq!(ledger.of("wallet:a").map(|(_, posting)| posting.balance).collect::<Vec<_>>(), [100, 40]);
    }
}
