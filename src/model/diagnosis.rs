//! Why a scenario failed: the first hop at which what happened departs from what a paid path does.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Edge, RuleId};

/// The kinds of departure from a paid path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Class {
    /// A proof of purchase did not travel on.
    #[serde(rename = "not carried")]
    NotCarried,
    /// A member who may was told that they may not, or a request was refused.
    #[serde(rename = "refused")]
    Refused,
    /// A member who may not was let in.
    #[serde(rename = "not refused")]
    NotRefused,
    /// An event came too late.
    #[serde(rename = "not synced in time")]
    NotSyncedInTime,
    /// The answer is not the one that this request is answered with.
    #[serde(rename = "wrong code")]
    WrongCode,
    /// An event never came.
    #[serde(rename = "never sent")]
    NeverSent,
    /// A result was made and not shown.
    #[serde(rename = "not shown")]
    NotShown,
    /// A member paid too much, too little, or twice.
    #[serde(rename = "money wrong")]
    MoneyWrong,
    /// A service was not there, did not answer, or said that it cannot.
    #[serde(rename = "environment")]
    Environment,
    /// Every hop went as a paid path goes.
    #[serde(rename = "unexplained")]
    Unexplained,
}

impl Class {
    /// The word for it in journals and reports.
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
        f.pad(self.word())
    }
}

/// The one line and the hops behind it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Diagnosis {
    pub class: Class,
    /// The hop where the path was left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edge: Option<Edge>,
    /// One line, for example
    /// `permission lost at storefront → generation: the submit carried no purchase credential (S4)`.
    pub sentence: String,
    /// The rules that were broken there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleId>,
    /// The path, hop by hop.
    pub hops: Vec<Hop>,
}

/// One hop of the path as it was walked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hop {
    /// What the path does here: `buy`, `charge`, `purchase event`, `may they?` …
    pub name: String,
    /// Where.
    pub edge: Edge,
    /// How it went.
    pub state: HopState,
    /// What was seen, and what was expected where they differ.
    pub note: String,
    /// The exchanges that show it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exchanges: Vec<u64>,
}

/// How a hop went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HopState {
    /// As a paid path goes.
    Kept,
    /// Here the path was left.
    Broken,
    /// Not reached, or not asked for by this scenario.
    Absent,
}
