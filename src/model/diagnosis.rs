//! Why a scenario failed: the first hop at which what happened departs from what a paid path does.

use serde::{Deserialize, Serialize};

use super::Edge;

/// The one line and the hops behind it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// The kind of departure: `not carried`, `refused`, `not refused`, `not synced in time`, `wrong code`, `never sent`,
    /// `not shown`, `money wrong`, `environment`, or `unexplained`.
    pub class: String,
    /// The hop where the path was left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edge: Option<Edge>,
    /// One line, for example
    /// `permission lost at storefront → generation: the submit carried no purchase credential (S4)`.
    pub sentence: String,
    /// The rules that were broken there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
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
