//! Wallets, refunds, and the ledger.

use super::client::{readable, required};
use super::{StepError, StepResult, World};
use crate::base::wait::{self, Look};
use crate::target::{Operation, Slot, Values};

impl World {
    /// Reads the wallet of a member.
    pub(super) async fn balance(&self, member: &str) -> Result<i64, StepError> {
        let answer = self.get(member, Operation::Wallet, Values::new()).await?;
        readable(&answer, Slot::Balance)?;
        answer.number(Slot::Balance).ok_or_else(|| StepError::platform(format!("{member}'s wallet says no balance")))
    }

    /// Puts money into a wallet, with a card that pays (`ok`) or one that is declined.
    pub async fn top_up(&mut self, member: &str, amount: i64, card: &str) -> StepResult {
        let values = Values::new().with(Slot::Amount, amount).with(Slot::Key, new_key()).with(Slot::Card, card);
        self.answer(member, Operation::TopUp, values).await
    }

    /// Refunds the latest purchase of a member, in full or in part. `by` is a moderator, or somebody who tries to refund.
    pub async fn refund(&mut self, by: &str, member: &str, amount: Option<i64>) -> StepResult {
        let purchase = self.bought(member, "give back")?;
        let values = Values::new()
            .with(Slot::Purchase, purchase.as_str())
            // One key for each purchase: a refund that is sent again is the same refund.
            .with(Slot::Key, format!("refund-{purchase}"))
            .with(Slot::Amount, amount);
        self.answer(by, Operation::Refund, values).await
    }

    /// Reads the latest purchase of a member on behalf of somebody.
    pub async fn look_at_purchase(&mut self, by: &str, of: &str) -> StepResult {
        let purchase = self.bought(of, "look at")?;
        self.answer(by, Operation::Order, Values::new().with(Slot::Purchase, purchase)).await
    }

    /// Expects the balance of a wallet.
    pub async fn expect_balance(&self, member: &str, expected: i64) -> StepResult {
        // Refunds arrive a moment after the failure they belong to, so the balance has time to become right.
        let waited = wait::until(self.context.bounds().sync.0, || async {
            match self.balance(member).await {
                Ok(balance) if balance == expected => Look::Holds(()),
                Ok(balance) => Look::NotYet(format!("{member} has {balance} credits")),
                Err(trouble) => Look::Never(trouble),
            }
        });
        StepError::in_time(waited.await, |last_seen| {
            StepError::platform(format!("{member} should have {expected} credits, but {last_seen}"))
        })?;
        self.assertions.held()
    }

    /// Expects the sum that a member has paid since joining, for purchases and for jobs.
    pub async fn expect_paid(&self, member: &str, expected: i64) -> StepResult {
        let opening = self.members.get(member)?.opening_balance;
        self.expect_balance(member, opening - expected).await
    }

    /// Expects that all accounts together sum to zero: money was neither made nor lost.
    pub async fn expect_conserved(&self) -> StepResult {
        let admin = self.context.secrets.get("admin").cloned();
        let answer = self.client.ask(admin, Operation::Ledger, Values::new()).await?;
        let sum = required(&answer, Slot::Sum)?;
        let sum: i64 = sum.parse().map_err(|_| StepError::platform("the ledger's sum is not a whole number"))?;
        self.assertions.judge(sum == 0, || format!("all accounts together should sum to 0, and sum to {sum}"))
    }

    fn bought(&self, member: &str, for_what: &str) -> Result<String, StepError> {
        let accepted = self.members.get(member)?.bought();
        accepted.ok_or_else(|| self.answers.missing(format!("{member} has bought nothing to {for_what}")))
    }
}

/// Returns an idempotency key that no other request has.
pub(super) fn new_key() -> String {
    format!("key-{:032x}", rand::random::<u128>())
}
