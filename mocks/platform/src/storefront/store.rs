//! What the storefront keeps: the catalogue. Each method is one transaction: it happens wholly, or not at all.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::clock::Time;
use crate::problem::Problem;
use crate::right::{Right, VersionStatus};

/// The early-access terms of a version: the offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlyAccess {
    /// From when the version is for everybody.
    pub ends_at: Time,
    /// Generating with it, if that is sold by itself.
    pub generation: Option<GenerationOffer>,
    /// Downloading it, which includes generating, if that is sold.
    pub download: Option<DownloadOffer>,
    /// How many days the access lasts that is sold; without, until early access ends.
    pub access_days: Option<u32>,
}

/// What generating costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenerationOffer {
    /// Credits.
    pub price: i64,
    /// How many jobs may be tried without buying.
    #[serde(default)]
    pub trial_uses: u32,
}

/// What downloading costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DownloadOffer {
    /// Credits.
    pub price: i64,
}

impl EarlyAccess {
    /// What a right costs; `None` if it is not sold.
    #[must_use]
    pub fn price(&self, right: Right) -> Option<i64> {
        match right {
            Right::Generation => self.generation.map(|offer| offer.price),
            Right::Download => self.download.map(|offer| offer.price),
        }
    }

    /// Whether it is over. At the very moment of its end it is.
    #[must_use]
    pub fn has_ended(&self, now: Time) -> bool {
        now >= self.ends_at
    }
}

/// A model, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Model {
    /// `mod_…`
    pub id: String,
    /// Its name.
    pub name: String,
    /// Who made it.
    pub owner: Owner,
}

/// Who made a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// `mem_…`
    pub id: String,
    /// Their name.
    pub name: String,
}

/// A version of a model: what is sold and used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// `ver_…`
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether it is out.
    pub status: VersionStatus,
    /// Its model.
    pub model: Model,
    /// What it builds on.
    pub base_model: String,
    /// The offer, also after it has ended.
    pub early_access: Option<EarlyAccess>,
}

/// The catalogue.
#[async_trait]
pub trait Store: Send + Sync {
    /// Adds a version, or replaces it.
    async fn put(&self, version: Version) -> Result<(), Problem>;
    /// One version.
    async fn version(&self, id: &str) -> Result<Option<Version>, Problem>;
}
