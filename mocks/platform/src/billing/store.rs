//! What billing keeps. Each method is one transaction: it happens wholly, or not at all.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::ledger::Kind;
use crate::clock::Time;
use crate::context::Carried;
use crate::idempotency::{Once, Outcome};
use crate::outbox::Outbox;
use crate::problem::{Code, Problem};
use crate::right::Right;

/// The only currency.
pub const CURRENCY: &str = "credits";

const DAY: std::time::Duration = std::time::Duration::from_secs(86_400);

/// A price that is held for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// `quo_…`
    pub id: String,
    /// For whom.
    pub member: String,
    /// Of what.
    pub version: String,
    /// Of which right.
    pub right: Right,
    /// Credits.
    pub amount: i64,
    /// When early access ends, and with it the sale.
    pub ends_at: Option<Time>,
    /// How many days the access lasts; without, until early access ends.
    pub access_days: Option<u32>,
    /// Until when the price is held.
    pub expires_at: Time,
}

impl Quote {
    /// Whether it can still be bought from.
    pub(super) fn check(&self, withdrawn: bool, at: Time) -> Result<(), Problem> {
        if self.ends_at.is_some_and(|end| at >= end) {
            return Err(Code::EarlyAccessEnded.into());
        }
        if withdrawn {
            return Err(Code::QuoteChanged.into());
        }
        if at >= self.expires_at {
            return Err(Code::QuoteExpired.into());
        }
        Ok(())
    }

    /// The purchase that comes of it.
    pub(super) fn bought(self, at: Time) -> Purchase {
        Purchase {
            id: crate::ids::new("pur"),
            quote: self.id,
            member: self.member,
            version: self.version,
            right: self.right,
            amount: self.amount,
            currency: CURRENCY.into(),
            status: Status::Charged,
            refunded: 0,
            purchased_at: at,
            expires_at: self.access_days.map(|days| at.after(DAY * days)),
        }
    }
}

/// What has become of a purchase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Paid.
    Charged,
    /// Given back in full.
    Refunded,
}

/// A purchase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purchase {
    /// `pur_…`
    pub id: String,
    /// The quote it was made from.
    pub quote: String,
    /// Who bought.
    pub member: String,
    /// Of what.
    pub version: String,
    /// Which right.
    pub right: Right,
    /// Credits.
    pub amount: i64,
    /// Always [`CURRENCY`].
    pub currency: String,
    /// What has become of it.
    pub status: Status,
    /// Credits given back so far.
    pub refunded: i64,
    /// When it was paid.
    pub purchased_at: Time,
    /// When the access ends, if it is sold for a time.
    pub expires_at: Option<Time>,
}

impl Purchase {
    /// What is told of it; `ends_at` is when early access ends.
    pub(super) fn completed(&self, ends_at: Option<Time>) -> Value {
        json!({
            "purchase": self.id, "member": self.member, "version": self.version, "right": self.right,
            "rights": self.right.actions(), "amount": self.amount, "ends_at": ends_at, "expires_at": self.expires_at,
        })
    }

    /// Notes that so much was given back; says whether that was all of it.
    pub(super) fn give_back(&mut self, amount: i64) -> bool {
        self.refunded += amount;
        let full = self.refunded == self.amount;
        if full {
            self.status = Status::Refunded;
        }
        full
    }
}

/// Credits bought by card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopUp {
    /// `top_…`
    pub id: String,
    /// Credits.
    pub amount: i64,
    /// What the wallet holds now.
    pub balance: i64,
}

/// Credits given back for a purchase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurchaseRefund {
    /// `ref_…`
    pub id: String,
    /// Of which purchase.
    pub purchase: String,
    /// Credits.
    pub amount: i64,
}

/// How a purchase is made, beyond from which quote.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// Who must not have bought it already.
    pub buyer: &'a str,
    /// When.
    pub at: Time,
    /// Whether the price is taken for it.
    pub charged: bool,
    /// What travels with the event that tells of it; without, nobody is told.
    pub told: Option<&'a Carried>,
}

/// What a job cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// `chg_…`
    pub id: String,
    /// Whose wallet.
    pub member: String,
    /// For which job.
    pub job: String,
    /// Credits.
    pub amount: i64,
}

/// Credits given back for a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargeRefund {
    /// `ref_…`
    pub id: String,
    /// Of which charge.
    pub charge: String,
    /// Credits.
    pub amount: i64,
}

/// A line of a wallet's statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// `txn_…`
    pub id: String,
    /// When.
    pub at: Time,
    /// Why.
    pub kind: Kind,
    /// Credits; negative was spent.
    pub amount: i64,
    /// The id of the top-up, purchase, job or refund.
    pub reference: String,
    /// What the wallet held afterwards.
    pub balance: i64,
}

/// What an account holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Account {
    /// Its name.
    pub account: String,
    /// Credits.
    pub balance: i64,
}

/// How much may be given back now.
pub(super) fn refundable(amount: Option<i64>, charged: i64, refunded: i64) -> Result<i64, Problem> {
    let left = charged - refunded;
    if left == 0 && charged > 0 {
        return Err(Code::AlreadyRefunded.into());
    }
    let amount = amount.unwrap_or(left);
    if amount > left {
        return Err(Problem::new(Code::RefundTooLarge).with("left", left));
    }
    Ok(amount)
}

/// The books.
#[async_trait]
pub trait Store: Outbox {
    /// What a member has.
    async fn balance(&self, member: &str) -> Result<i64, Problem>;
    /// A member's statement, oldest first.
    async fn entries(&self, member: &str) -> Result<Vec<Entry>, Problem>;
    /// All accounts.
    async fn accounts(&self) -> Result<Vec<Account>, Problem>;
    /// Moves credits from cash to the member's wallet.
    async fn top_up(&self, once: &Once, amount: i64, at: Time) -> Result<Outcome<TopUp>, Problem>;

    /// Keeps a quote. Refuses with `already-purchased` what the buyer has.
    async fn open_quote(&self, quote: Quote, buyer: &str, at: Time) -> Result<(), Problem>;
    /// Withdraws all open quotes for a version, because its offer has changed.
    async fn withdraw_quotes(&self, version: &str) -> Result<(), Problem>;

    /// Buys what was quoted: checks quote, wallet and "already bought", moves the money, appends the event.
    async fn purchase(&self, once: &Once, quote: &str, terms: Terms<'_>) -> Result<Outcome<Purchase>, Problem>;
    /// A member's purchases, oldest first.
    async fn purchases(&self, member: &str) -> Result<Vec<Purchase>, Problem>;
    /// One purchase.
    async fn find_purchase(&self, id: &str) -> Result<Option<Purchase>, Problem>;
    /// Gives back part of a purchase, or all that is left; appends the event, if anybody is to be told.
    async fn refund_purchase(
        &self,
        once: &Once,
        purchase: &str,
        amount: Option<i64>,
        at: Time,
        told: Option<&Carried>,
    ) -> Result<Outcome<PurchaseRefund>, Problem>;

    /// Pays a job.
    async fn charge(&self, once: &Once, job: &str, amount: i64, at: Time) -> Result<Outcome<Charge>, Problem>;
    /// Gives back part of what a job cost.
    async fn refund_charge(
        &self,
        once: &Once,
        charge: &str,
        amount: i64,
        at: Time,
    ) -> Result<Outcome<ChargeRefund>, Problem>;
}
