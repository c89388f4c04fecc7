//! What can be bought and what can be done: the two words that all services share.

use serde::{Deserialize, Serialize};

/// What a member buys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Right {
    /// To generate images with a version.
    Generation,
    /// To download it, which includes generating.
    Download,
}

impl Right {
    /// What a purchase of this right allows.
    #[must_use]
    pub fn actions(self) -> Vec<Action> {
        match self {
            Self::Generation => vec![Action::Generate],
            Self::Download => vec![Action::Generate, Action::Download],
        }
    }

    /// Whether whoever bought `self` has no reason left to buy `other`.
    #[must_use]
    pub fn includes(self, other: Self) -> bool {
        self == other || self == Self::Download
    }
}

/// What a member does with a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Generate an image.
    Generate,
    /// Download the model.
    Download,
}

/// Says whether a version is out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum VersionStatus {
    /// For sale, and later for everybody.
    #[default]
    Published,
    Draft,
}
