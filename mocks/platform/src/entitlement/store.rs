//! The records of entitlement. Each method of the store is one transaction: it happens wholly, or not at all.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::clock::Time;
use crate::context::Propagated;
use crate::event::{Event, Receipt};
use crate::outbox::Outbox;
use crate::problem::Problem;
use crate::right::{Action, VersionStatus};

/// The terms of a version that access depends on, as the storefront sets them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Gate {
    /// The member who made the version.
    pub(crate) owner: String,
    pub(crate) status: VersionStatus,
    /// The end of early access; without, there is none.
    pub(crate) ends_at: Option<Time>,
    /// Says whether generating is sold by itself.
    pub(crate) generation: bool,
    /// Says whether downloading is sold.
    pub(crate) download: bool,
    /// The number of jobs that may be tried.
    pub(crate) trial_uses: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GrantSource {
    Purchase {
        purchase: String,
    },
    Trial {
        allowed: u32,
        /// The jobs that the trial was used for.
        used: Vec<String>,
    },
}

/// A permission of a member for a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) id: String,
    pub(crate) member: String,
    pub(crate) version: String,
    pub(crate) rights: Vec<Action>,
    /// The end of the grant; without, it does not end by itself.
    pub(crate) expires_at: Option<Time>,
    pub(crate) revoked: bool,
    pub(crate) source: GrantSource,
}

/// The records that decide about a member and a version.
#[derive(Clone, Debug)]
pub(super) struct AccessRecord {
    pub(super) gate: Gate,
    /// The member's grants for the version, oldest first.
    pub(super) grants: Vec<Grant>,
}

/// The data of billing's event about a purchase.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct PurchaseCompleted {
    pub(super) purchase: String,
    pub(super) member: String,
    pub(super) version: String,
    pub(super) rights: Vec<Action>,
    #[serde(default)]
    pub(super) expires_at: Option<Time>,
}

/// The data of billing's event about a refund.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct PurchaseRefunded {
    pub(super) purchase: String,
    pub(super) member: String,
    pub(super) version: String,
    /// Set if nothing of the price is left.
    pub(super) full: bool,
}

/// The gates and grants. Every change of a grant appends the event that tells generation.
#[async_trait]
pub(super) trait Store: Send + Sync {
    /// Returns the events that are not delivered yet. They are appended in the transactions of this store.
    fn outbox(&self) -> Arc<dyn Outbox>;

    async fn set_gate(&self, version: &str, gate: Gate) -> Result<(), Problem>;
    /// Returns what decides about a member (or nobody) and a version.
    ///
    /// # Errors
    /// `not-found` without a gate.
    async fn access_record(&self, member: Option<&str>, version: &str) -> Result<AccessRecord, Problem>;

    /// Remembers the event, and grants. A purchase whose refund came first stays refunded.
    async fn purchase_completed(&self, event: &Event, bought: PurchaseCompleted) -> Result<Receipt, Problem>;
    /// Remembers the event, and revokes if nothing of the price is left.
    async fn purchase_refunded(&self, event: &Event, refunded: PurchaseRefunded) -> Result<Receipt, Problem>;

    /// Adds a trial, or returns the one that the member has begun before.
    async fn begin_trial(&self, trial: Grant, at: Time, propagated: &Propagated) -> Result<Grant, Problem>;
    /// Counts one use of a trial, once for each job.
    ///
    /// # Errors
    /// `trial-exhausted` if there is none left.
    async fn use_trial(&self, grant: &str, job: &str) -> Result<(), Problem>;
}
