//! A run as a whole: what it was asked to do, and how it ended. Both travel in the journal as run-level attachments.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Edge, Exit, RuleId};

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
    /// How long it took until the platform was up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub up_micros: Option<u64>,
    /// The faults that hold for the whole run, as they were written.
    pub faults: Vec<String>,
    /// The seeded defects that were switched on for the whole run, by their ids.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub defects: Vec<String>,
    /// What proved that the platform was up before the first scenario, in one sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified: Option<String>,
    /// What is known of how truly the doubles among the services answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doubles: Option<String>,
    /// Whether a scenario that passed only on a retry fails the run.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub flaky_fails: bool,
    /// What it has in common with the other parts of the same run.
    pub identity: Identity,
}

impl RunInfo {
    /// On what a green of this run stands: who supplied each service, and what is known of the doubles among them.
    pub fn stands_on(&self) -> String {
        let services = self.services.iter().map(|service| format!("{} {}", service.name, service.provider));
        let services = services.collect::<Vec<_>>().join(", ");
        self.doubles.iter().fold(services, |services, doubles| format!("{services}; {doubles}"))
    }
}

/// What several machines, or several tries, have in common when they are parts of one run; and which part this is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Identity {
    /// What the CI system calls the build: the same on every machine that works for it, and when a job is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build: Option<String>,
    /// Fingerprint of the target's file.
    pub target: String,
    /// The feature files that had a selected scenario before the selection was divided, in order.
    pub features: Vec<FeatureFile>,
    /// Fingerprint of what was selected before it was divided, and before it was narrowed to what had not passed.
    pub selection: String,
    /// How many scenarios were selected before they were divided.
    pub scenarios: usize,
    /// Which part of the selection this is, where it was divided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// Fingerprint of the timings that the parts were balanced by, where they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timings: Option<String>,
}

/// A feature file, or a stub file that one of its steps names, as a run read it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FeatureFile {
    /// As in the journal's sources.
    pub uri: String,
    /// Of its text.
    pub fingerprint: String,
}

/// One part of a suite that is divided among machines: part `index` (from 1) of `count`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// Which part, counted from 1.
    pub index: usize,
    /// How many parts.
    pub count: usize,
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
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
    /// The rules that scenarios broke and are allowed to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lifted: Vec<Lifted>,
}

impl RunEnd {
    /// An end of which nothing else is said.
    pub fn of(exit: Exit) -> Self {
        Self { exit, notes: Vec::new(), strays: 0, checks: Vec::new(), lifted: Vec::new() }
    }
}

/// A rule that was broken where a tag lifts it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifted {
    pub rule: RuleId,
    /// How often.
    pub times: u64,
}

/// How often one rule could be judged. A rule that never was is not a rule that held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    pub rule: RuleId,
    /// The rule in one sentence.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub says: String,
    /// Scenarios in which there was something to judge.
    pub scenarios: u64,
}
