//! The comparison of several topologies by `paidpath verify-doubles`. Every run with doubles reads it, to report how
//! far they can be trusted.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Exit;

/// The result of a comparison, as it is kept in `doubles.json`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Agreement {
    pub at: Timestamp,
    /// The version of paidpath that compared them.
    pub version: String,
    /// The topologies. The others are compared with the first.
    pub topologies: Vec<String>,
    /// The number of scenarios that ran on more than one topology.
    pub scenarios: usize,
    /// The number of compared cases: a scenario, an operation in it, and an outcome of the operation.
    pub cases: usize,
    pub differences: Vec<Difference>,
    pub skipped: Vec<Unjudged>,
    /// The scenarios that did not pass.
    pub red: Vec<Unjudged>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Difference {
    /// The name of the feature and that of the scenario.
    pub scenario: String,
    /// The place of the scenario, as `file:line`.
    pub at: String,
    /// Edge, method and the path as the contract writes it; for a difference within a message also the outcome and the
    /// place.
    pub about: String,
    /// The answers of the two topologies in words, each with the topology's name.
    pub say: [(String, String); 2],
}

/// A scenario that could not be judged on a topology, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Unjudged {
    pub topology: String,
    /// The place of the scenario, as `file:line`.
    pub at: String,
    pub why: String,
}

impl Agreement {
    /// Returns the exit of the process.
    pub fn exit(&self) -> Exit {
        // A difference is certain, whatever could not be judged beside it.
        if !self.differences.is_empty() {
            Exit::Failed
        } else if !self.red.is_empty() || self.cases == 0 {
            // A comparison without any case proves nothing.
            Exit::Unknown
        } else {
            Exit::Passed
        }
    }
}

impl fmt::Display for Agreement {
    /// Writes half a sentence for the reports of runs with doubles.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The services may have changed since, so the reader needs the day.
        let day = self.at.strftime("%Y-%m-%d");
        let cases = self.cases;
        match (self.exit(), self.differences.len()) {
            (Exit::Passed, _) => write!(f, "doubles verified {day}: {cases} cases, no difference"),
            (_, 0) => write!(f, "doubles not verified {day}: not everything could be judged"),
            (_, 1) => write!(f, "doubles not verified {day}: 1 difference in {cases} cases"),
            (_, count) => write!(f, "doubles not verified {day}: {count} differences in {cases} cases"),
        }
    }
}
