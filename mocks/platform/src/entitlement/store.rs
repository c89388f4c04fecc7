//! What entitlement keeps. Each method is one transaction: it happens wholly, or not at all.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::clock::Time;
use crate::context::Carried;
use crate::event::{Event, Receipt};
use crate::outbox::Outbox;
use crate::problem::Problem;
use crate::right::Action;

/// What stands between everybody and a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// The member who made it.
    pub owner: String,
    /// Only what is published opens for everybody.
    pub status: Status,
    /// When early access ends; without, there is none.
    pub ends_at: Option<Time>,
    /// Whether generating is sold by itself.
    pub generation: bool,
    /// Whether downloading is sold.
    pub download: bool,
    /// How many images may be tried.
    pub trial_uses: u32,
}

/// Whether a version is out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// For everybody to see.
    #[default]
    Published,
    /// Not yet.
    Draft,
}

/// Where a grant comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// It was bought.
    Purchase {
        /// `pur_…`
        purchase: String,
    },
    /// It is being tried.
    Trial {
        /// How often it may be used.
        allowed: u32,
        /// For which jobs it was used.
        used: Vec<String>,
    },
}

/// A permission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// `grt_…`
    pub id: String,
    /// Whose.
    pub member: String,
    /// For what.
    pub version: String,
    /// To do what.
    pub rights: Vec<Action>,
    /// From when it is over; without, never.
    pub expires_at: Option<Time>,
    /// Whether it was taken back.
    pub revoked: bool,
    /// Where it comes from.
    pub source: Source,
}

/// What decides about a member and a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The version's gate.
    pub gate: Gate,
    /// The member's grants for it, oldest first.
    pub grants: Vec<Grant>,
}

/// A purchase, as billing tells of it.
#[derive(Clone, Debug, Deserialize)]
pub struct Bought {
    /// `pur_…`
    pub purchase: String,
    /// Who.
    pub member: String,
    /// What.
    pub version: String,
    /// To do what.
    pub rights: Vec<Action>,
    /// From when it is over.
    #[serde(default)]
    pub expires_at: Option<Time>,
}

/// A refund, as billing tells of it.
#[derive(Clone, Debug, Deserialize)]
pub struct Refunded {
    /// `pur_…`
    pub purchase: String,
    /// Who.
    pub member: String,
    /// What.
    pub version: String,
    /// Whether nothing of the price is left.
    pub full: bool,
}

/// The grants.
#[async_trait]
pub trait Store: Outbox {
    /// Sets a version's gate.
    async fn set_gate(&self, version: &str, gate: Gate) -> Result<(), Problem>;
    /// What decides about this member (or nobody) and this version; `not-found` without a gate.
    async fn standing(&self, member: Option<&str>, version: &str) -> Result<Standing, Problem>;

    /// Takes a purchase in: remembers the event, grants, appends the event that tells generation. A purchase whose refund
    /// came first stays refunded.
    async fn bought(&self, event: &Event, bought: Bought) -> Result<Receipt, Problem>;
    /// Takes a refund in: remembers the event, and revokes if nothing is left of the price.
    async fn refunded(&self, event: &Event, refunded: Refunded) -> Result<Receipt, Problem>;

    /// Begins a trial, or finds the one that was begun.
    async fn begin_trial(
        &self,
        member: &str,
        version: &str,
        uses: u32,
        at: Time,
        carried: &Carried,
    ) -> Result<Grant, Problem>;
    /// Counts one use of a trial, once for each job; `trial-exhausted` if there is none left.
    async fn use_trial(&self, grant: &str, job: &str) -> Result<(), Problem>;
}
