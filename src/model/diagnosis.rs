//! The diagnosis of a failed scenario: the first hop at which its trail departs from a paid path.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Edge, RuleId};

/// The class of a departure from the paid path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Class {
    /// A service did not pass the proof of purchase on.
    #[serde(rename = "not carried")]
    NotCarried,
    /// A request was refused, often that of a member who had paid.
    #[serde(rename = "refused")]
    Refused,
    /// A member without a right was let in.
    #[serde(rename = "not refused")]
    NotRefused,
    /// An event came too late.
    #[serde(rename = "not synced in time")]
    NotSyncedInTime,
    /// A request got another answer than the one it should get.
    #[serde(rename = "wrong code")]
    WrongCode,
    /// An expected event was never sent.
    #[serde(rename = "never sent")]
    NeverSent,
    /// A result was made and not shown.
    #[serde(rename = "not shown")]
    NotShown,
    /// A member paid too much, too little, or twice.
    #[serde(rename = "money wrong")]
    MoneyWrong,
    /// A service was absent, did not answer, or reported a failure of its own.
    #[serde(rename = "environment")]
    Environment,
    /// Every hop went as a paid path goes.
    #[serde(rename = "unexplained")]
    Unexplained,
}

impl Class {
    /// Returns the word for the class in journals and reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::NotCarried => "not carried",
            Self::Refused => "refused",
            Self::NotRefused => "not refused",
            Self::NotSyncedInTime => "not synced in time",
            Self::WrongCode => "wrong code",
            Self::NeverSent => "never sent",
            Self::NotShown => "not shown",
            Self::MoneyWrong => "money wrong",
            Self::Environment => "environment",
            Self::Unexplained => "unexplained",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `pad` honours the width that tables give.
        f.pad(self.word())
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Diagnosis {
    pub class: Class,
    /// The edge at which the trail leaves the path.
    // Something without an exchange, such as a dead button, has no edge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edge: Option<Edge>,
    /// One line, for example
    /// `permission lost at storefront → generation: the submit carried no purchase credential (S4)`.
    pub sentence: String,
    /// The rules that were broken there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleId>,
    pub hops: Vec<Hop>,
}

/// A hop of the path as this scenario took it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hop {
    /// The name of the hop: `buy`, `charge`, `purchase event`, `may they?` …
    pub name: String,
    pub edge: Edge,
    pub state: HopState,
    /// The answer or, for a broken hop, the message of the departure.
    pub note: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exchanges: Vec<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HopState {
    /// The hop went as on a paid path.
    Kept,
    /// The trail leaves the path here.
    Broken,
    /// The scenario did not reach this hop, or did not need it.
    Absent,
}
