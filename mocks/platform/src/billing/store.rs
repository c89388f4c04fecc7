//! The records of billing. Each method of the store is one transaction: it happens wholly, or not at all.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::ledger::MovementKind;
use crate::clock::Time;
use crate::context::Propagated;
use crate::idempotency::{IdempotentRequest, Replayable};
use crate::outbox::Outbox;
use crate::problem::Problem;
use crate::right::Right;

/// A price that is held for a while.
#[derive(Clone, Debug)]
pub(super) struct Quote {
    pub(super) id: String,
    pub(super) member: String,
    pub(super) version: String,
    pub(super) right: Right,
    pub(super) amount: i64,
    /// The end of early access, and with it of the sale.
    pub(super) ends_at: Option<Time>,
    /// The days that the access lasts; without, it lasts until early access ends.
    pub(super) access_days: Option<u32>,
    /// The moment up to which the price is held.
    pub(super) expires_at: Time,
    /// Set once the terms of the version have changed.
    pub(super) withdrawn: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PurchaseStatus {
    Charged,
    /// Nothing of the price is left.
    Refunded,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Purchase {
    pub(super) id: String,
    pub(super) quote: String,
    pub(super) member: String,
    pub(super) version: String,
    pub(super) right: Right,
    pub(super) amount: i64,
    pub(super) currency: String,
    pub(super) status: PurchaseStatus,
    /// Credits given back so far.
    pub(super) refunded: i64,
    pub(super) purchased_at: Time,
    /// The end of the access, if it is sold for a time.
    pub(super) expires_at: Option<Time>,
}

/// Credits bought by card.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct TopUp {
    pub(super) id: String,
    pub(super) amount: i64,
    /// The balance of the wallet afterwards.
    pub(super) balance: i64,
}

/// Credits given back for a purchase.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct PurchaseRefund {
    pub(super) id: String,
    pub(super) purchase: String,
    pub(super) amount: i64,
}

/// The way in which a purchase is made. Without a defect the buyer is the member, the price is
/// charged, and entitlement is told.
#[derive(Clone, Copy, Debug)]
pub(super) struct PurchaseOptions<'a> {
    /// The member who must not own the right yet.
    pub(super) buyer: &'a str,
    pub(super) at: Time,
    pub(super) charged: bool,
    /// The context that travels with the event to entitlement; without, no event is sent.
    pub(super) told: Option<&'a Propagated>,
}

/// The price of a job, as billing took it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Charge {
    pub(super) id: String,
    pub(super) member: String,
    pub(super) job: String,
    pub(super) amount: i64,
}

/// Credits given back for a job.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ChargeRefund {
    pub(super) id: String,
    pub(super) charge: String,
    pub(super) amount: i64,
}

/// A line of an account's statement.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Entry {
    /// The id of the transaction.
    pub(super) id: String,
    pub(super) at: Time,
    pub(super) kind: MovementKind,
    /// Credits; negative was spent.
    pub(super) amount: i64,
    /// The id of the top-up, purchase, job or refund.
    pub(super) reference: String,
    /// The balance of the account afterwards.
    pub(super) balance: i64,
}

/// An account with its balance.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Account {
    pub(super) account: String,
    pub(super) balance: i64,
}

/// The ledger with everything that moves money in it. What a purchase or a refund comes to is decided in
/// [`decisions`](super::decisions).
#[async_trait]
pub(super) trait Store: Send + Sync {
    /// Returns the events that are not delivered yet. They are appended in the transactions of this store.
    fn outbox(&self) -> Arc<dyn Outbox>;

    async fn balance(&self, member: &str) -> Result<i64, Problem>;
    /// Returns the statement of a member's wallet, oldest first.
    async fn entries(&self, member: &str) -> Result<Vec<Entry>, Problem>;
    async fn accounts(&self) -> Result<Vec<Account>, Problem>;
    async fn top_up(&self, request: &IdempotentRequest, amount: i64, at: Time) -> Result<Replayable<TopUp>, Problem>;

    /// Keeps a quote, unless the buyer owns the right.
    async fn open_quote(&self, quote: Quote, buyer: &str, at: Time) -> Result<(), Problem>;
    /// Withdraws all open quotes for a version, because its offer has changed.
    async fn withdraw_quotes(&self, version: &str) -> Result<(), Problem>;

    /// Sells at a quote: moves the money, and appends the event.
    async fn purchase(
        &self,
        request: &IdempotentRequest,
        quote: &str,
        options: PurchaseOptions<'_>,
    ) -> Result<Replayable<Purchase>, Problem>;
    /// Returns a member's purchases, oldest first.
    async fn purchases(&self, member: &str) -> Result<Vec<Purchase>, Problem>;
    async fn find_purchase(&self, id: &str) -> Result<Option<Purchase>, Problem>;
    /// Gives back part of a purchase, or all that is left, and appends the event unless `told` is `None`.
    async fn refund_purchase(
        &self,
        request: &IdempotentRequest,
        purchase: &str,
        amount: Option<i64>,
        at: Time,
        told: Option<&Propagated>,
    ) -> Result<Replayable<PurchaseRefund>, Problem>;

    async fn charge(
        &self,
        request: &IdempotentRequest,
        job: &str,
        amount: i64,
        at: Time,
    ) -> Result<Replayable<Charge>, Problem>;
    async fn refund_charge(
        &self,
        request: &IdempotentRequest,
        charge: &str,
        amount: i64,
        at: Time,
    ) -> Result<Replayable<ChargeRefund>, Problem>;
}
