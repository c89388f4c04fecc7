//! Wallets, refunds, and the ledger.

use super::asking::required;
use super::{StepError, StepResult, World};
use crate::target::{Operation, Values};

impl World {
    /// What a member has in their wallet now.
    ///
    /// # Errors
    /// If the wallet cannot be read.
    pub async fn balance(&self, member: &str) -> Result<i64, StepError> {
        let answer = self.get(member, Operation::Wallet, Values::new()).await?;
        answer.number("balance").ok_or_else(|| StepError::platform(format!("{member}'s wallet says no balance")))
    }

    /// Puts money into a wallet, with a card that pays or one that declines.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn top_up(&mut self, member: &str, amount: i64, card: &str) -> StepResult {
        let values = Values::new().with("amount", amount).with("key", self.key()).with("card", card);
        self.last = Some(self.ask(member, Operation::TopUp, values).await?);
        Ok(())
    }

    /// A moderator (or whoever tries) gives a member's latest purchase back: in full, or so much.
    ///
    /// # Errors
    /// If there is no answer, or no purchase.
    pub async fn refund(&mut self, by: &str, member: &str, amount: Option<i64>) -> StepResult {
        let purchase = self.bought(member, "give back")?;
        let values = Values::new()
            .with("purchase", purchase.as_str())
            .with("key", format!("refund-{purchase}"))
            .with("amount", amount);
        self.last = Some(self.ask(by, Operation::Refund, values).await?);
        Ok(())
    }

    /// Somebody looks at a member's latest purchase.
    ///
    /// # Errors
    /// If there is no answer, or no purchase.
    pub async fn look_at_purchase(&mut self, by: &str, of: &str) -> StepResult {
        let purchase = self.bought(of, "look at")?;
        self.last = Some(self.ask(by, Operation::Order, Values::new().with("purchase", purchase)).await?);
        Ok(())
    }

    /// The latest purchase that the platform accepted, which there has to be.
    fn bought(&self, member: &str, for_what: &str) -> Result<String, StepError> {
        let accepted = self.member(member)?.bought();
        accepted.ok_or_else(|| self.nothing(format!("{member} has bought nothing to {for_what}")))
    }

    /// The sum over all accounts, as an administrator of the platform sees it.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn ledger_sum(&self) -> Result<i64, StepError> {
        let admin = self.context.secrets.get("admin").cloned();
        let answer = self.ask_with(admin, Operation::Ledger, Values::new()).await?;
        required(&answer, "sum")?.parse().map_err(|_| StepError::platform("the ledger's sum is not a whole number"))
    }
}
