//! Whether several topologies answer alike: what was compared, and what was found. Written by `paidpath verify-doubles`, and
//! read by every run that has doubles.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Exit;

/// What came of comparing: `doubles.json`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Agreement {
    /// When.
    pub at: Timestamp,
    /// paidpath's own version.
    pub version: String,
    /// The topologies; the first is the one that the others are held against.
    pub topologies: Vec<String>,
    /// How many scenarios ran on more than one of them.
    pub scenarios: usize,
    /// How many cases were compared: a scenario, an operation in it, and an outcome of that.
    pub cases: usize,
    /// Where one of them answers otherwise than the first.
    pub differences: Vec<Difference>,
    /// What was not compared, each with its reason.
    pub skipped: Vec<Unjudged>,
    /// The scenarios that did not pass, each with its reason.
    pub red: Vec<Unjudged>,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Difference {
    /// The feature's and the scenario's name.
    pub scenario: String,
    /// `file:line`.
    pub at: String,
    /// Edge, method and path as the contract writes it; with the outcome and the place in the message, where it is about
    /// what stands there.
    pub about: String,
    /// What each of the two says: topology and words.
    pub say: [(String, String); 2],
}

/// A scenario on a topology about which nothing can be said.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Unjudged {
    /// The topology.
    pub topology: String,
    /// `file:line` of the scenario.
    pub at: String,
    /// Why.
    pub why: String,
}

impl Agreement {
    /// How the process ends. A difference wins over what could not be judged.
    pub fn exit(&self) -> Exit {
        if !self.differences.is_empty() {
            Exit::Failed
        } else if !self.red.is_empty() || self.cases == 0 {
            Exit::Unknown
        } else {
            Exit::Passed
        }
    }
}

impl fmt::Display for Agreement {
    /// In half a sentence, for reports of runs with doubles.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
