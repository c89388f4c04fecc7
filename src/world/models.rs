//! The model versions of a scenario and the terms on which they are sold.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::StepError;
use crate::target::{Slot, Target, Values};

/// A right that a member can buy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// To generate images with the model version.
    Generation,
    /// To download the file of the model version.
    Download,
}

impl Right {
    /// Returns the word in sentences and in target files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Generation => "generation",
            Self::Download => "download",
        }
    }

    /// Returns the field in which an answer says whether a member has the right.
    pub(super) fn permission(self) -> Slot {
        match self {
            Self::Generation => Slot::Generate,
            Self::Download => Slot::Download,
        }
    }

    /// Returns the field in which the terms of a version have the price of the right.
    pub(super) fn price(self) -> Slot {
        match self {
            Self::Generation => Slot::GenerationPrice,
            Self::Download => Slot::DownloadPrice,
        }
    }
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl FromStr for Right {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = [Self::Generation, Self::Download].into_iter().find(|right| right.word() == text);
        known.ok_or_else(|| format!("`{text}` is not a right: generation or download"))
    }
}

/// The early-access terms of a model version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    /// The price of generation; `None` where it is not sold.
    pub generation: Option<i64>,
    /// The price of download; `None` where it is not sold.
    pub download: Option<i64>,
    /// The number of generations in a trial.
    pub trial_uses: Option<i64>,
    /// The time until early access ends; a week, if nothing is set.
    pub ends_in: Option<Duration>,
    /// The time for which bought access lasts, if it does not last to the end of early access.
    pub access_lasts: Option<Duration>,
}

pub(super) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Terms {
    /// Returns whether anything is sold. A version that sells nothing is public.
    pub(super) fn is_early_access(&self) -> bool {
        self.generation.is_some() || self.download.is_some()
    }

    /// Sets the price of one right; `None` takes it off sale.
    pub fn set_price(&mut self, right: Right, price: Option<i64>) {
        match right {
            Right::Generation => self.generation = price,
            Right::Download => self.download = price,
        }
    }

    /// Returns the terms as values of a request: one by one, and as the one object that the target file describes. Platforms
    /// take either.
    pub(super) fn values(&self, ends_at: Option<jiff::Timestamp>, target: &Target) -> Values {
        let Some(ends_at) = ends_at else {
            // A version without an end is public. Platforms take that as an explicit `null`.
            return Values::new().with_null_or(Slot::EarlyAccess, serde_json::Value::Null);
        };
        let values = Values::new()
            .with(Slot::GenerationPrice, self.generation)
            .with(Slot::DownloadPrice, self.download)
            // A trial is a number of generations, so without generation on sale there is none.
            .with(Slot::TrialUses, self.generation.and(self.trial_uses))
            .with(Slot::AccessDays, self.access_lasts.map(|lasts| lasts.as_secs() / DAY.as_secs()))
            .with(Slot::EndsAt, format!("{ends_at:.3}"));
        let early_access = target.early_access(&values);
        values.with_null_or(Slot::EarlyAccess, early_access)
    }
}

/// A model version.
#[derive(Debug, Clone)]
pub(super) struct ModelVersion {
    /// The platform's id for the version.
    pub id: String,
    /// The owner, by name in the scenario.
    pub owner: String,
    pub terms: Terms,
    /// The end of early access; `None` for a version that is public.
    pub ends_at: Option<jiff::Timestamp>,
}

/// The model versions of one scenario, by their names in it.
#[derive(Debug, Default)]
pub struct Models(BTreeMap<String, ModelVersion>);

impl Models {
    pub(super) fn get(&self, name: &str) -> Result<&ModelVersion, StepError> {
        self.0.get(name).ok_or_else(|| {
            StepError::scenario(format!(
                "no model version is called {name} yet: begin with “Given early access to {name} costs 100 credits for generation”"
            ))
        })
    }

    pub(super) fn set(&mut self, name: &str, version: ModelVersion) {
        self.0.insert(name.to_owned(), version);
    }

    /// Returns the id of a version, if there is one of this name.
    pub(super) fn id(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|version| version.id.as_str())
    }

    /// Returns the name of the version with this id.
    pub(super) fn name_of(&self, id: &str) -> Option<&str> {
        self.0.iter().find(|(_, version)| version.id == id).map(|(name, _)| name.as_str())
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&String, &ModelVersion)> {
        self.0.iter()
    }
}
