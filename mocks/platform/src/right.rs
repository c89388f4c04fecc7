//! Rights, actions and the status of a version: the words that all services share.

use serde::{Deserialize, Serialize};

/// A right that a member buys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Right {
    Generation,
    /// Includes generating.
    Download,
}

impl Right {
    /// Returns the actions that a purchase of this right allows.
    #[must_use]
    pub fn actions(self) -> Vec<Action> {
        match self {
            Self::Generation => vec![Action::Generate],
            Self::Download => vec![Action::Generate, Action::Download],
        }
    }

    /// Says whether a member who has `self` need not buy `other`.
    #[must_use]
    pub fn includes(self, other: Self) -> bool {
        self == other || self == Self::Download
    }
}

/// An action of a member with a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Generate,
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
