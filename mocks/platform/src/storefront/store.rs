//! The catalogue, which the storefront keeps. Each method of the store is one transaction: it happens wholly, or not at all.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::clock::Time;
use crate::problem::Problem;
use crate::right::{Right, VersionStatus};

/// The early-access terms of a version: the offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlyAccess {
    /// The moment from which the version is for everybody.
    pub ends_at: Time,
    /// Generating with it, if that is sold by itself.
    pub generation: Option<GenerationOffer>,
    /// Downloading it, which includes generating, if that is sold.
    pub download: Option<DownloadOffer>,
    /// The days that a sold access lasts; without, it lasts until early access ends.
    pub access_days: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenerationOffer {
    pub price: i64,
    /// The number of jobs that may be tried without buying.
    #[serde(default)]
    pub trial_uses: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DownloadOffer {
    pub price: i64,
}

impl EarlyAccess {
    /// Returns the price of a right; `None` if it is not sold.
    pub fn price(&self, right: Right) -> Option<i64> {
        match right {
            Right::Generation => self.generation.map(|offer| offer.price),
            Right::Download => self.download.map(|offer| offer.price),
        }
    }

    /// Says whether early access is over. At the very moment of its end it is.
    pub fn has_ended(&self, now: Time) -> bool {
        now >= self.ends_at
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Model {
    pub id: String,
    pub name: String,
    pub owner: Owner,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    pub id: String,
    pub name: String,
}

/// A version of a model: what is sold and used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    pub id: String,
    pub name: String,
    pub status: VersionStatus,
    pub model: Model,
    pub base_model: String,
    /// The offer, also after it has ended.
    pub early_access: Option<EarlyAccess>,
}

#[async_trait]
pub trait Store: Send + Sync {
    /// Adds a version, or replaces it.
    async fn put(&self, version: Version) -> Result<(), Problem>;
    async fn version(&self, id: &str) -> Result<Option<Version>, Problem>;
}
