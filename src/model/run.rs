//! A run as a whole: what it was asked to do, and how it ended. Both travel in the journal as run-level attachments.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Edge, Exit};

/// What is known when a run begins.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RunInfo {
    /// Unique among runs; names of containers and members carry it.
    pub id: String,
    /// Everything drawn in the run comes from it.
    pub seed: u64,
    /// By the machine's clock.
    pub started: Timestamp,
    /// paidpath's own version.
    pub version: String,
    /// The command line, program first, secrets redacted.
    pub command: Vec<String>,
    /// The topology's name or file.
    pub topology: String,
    /// The target's name or file.
    pub target: String,
    /// The services of the platform, in the order of the topology.
    pub services: Vec<ServiceInfo>,
    /// Who calls whom; each has a tap.
    pub edges: Vec<Edge>,
    /// How many scenarios were selected.
    pub selected: usize,
    /// How many scenarios run at once.
    pub jobs: usize,
    /// The faults that hold for the whole run, as they were written.
    pub faults: Vec<String>,
    /// What proved that the platform was up before the first scenario, in one sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified: Option<String>,
}

/// One service as this run had it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ServiceInfo {
    /// `storefront`, `billing` …
    pub name: String,
    /// `embedded`, `mock`, `container`, `url`.
    pub provider: String,
    /// Its base URL.
    pub address: String,
}

/// What is known when a run has ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunEnd {
    /// How the process ends.
    pub exit: Exit,
    /// What was not checked, faults that never fired and other things a reader must know, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Exchanges that no scenario owned.
    #[serde(default)]
    pub strays: u64,
    /// The checks and how often each was held against a scenario.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Judged>,
}

/// How often one rule could be judged. A rule that never was is not a rule that held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// The rule's id, as in [`Finding::rule`](super::Finding::rule).
    pub rule: String,
    /// The rule in one sentence.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub says: String,
    /// Scenarios in which there was something to judge.
    pub scenarios: u64,
}
