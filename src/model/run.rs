//! A run as a whole: its settings and its end. The journal has both as attachments to the run.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Edge, Exit, RuleId};

/// The settings and circumstances of a run, as known when it begins.
// Every field has a default, so that journals of earlier versions, which lack some, can still be read.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RunInfo {
    /// The unique id of the run. Names of containers and members contain it.
    pub id: String,
    /// The seed of everything random in the run.
    pub seed: u64,
    /// The start by the machine's clock.
    pub started: Timestamp,
    /// The version of paidpath that runs.
    pub version: String,
    /// The command line, program first, secrets redacted.
    pub command: Vec<String>,
    /// The topology's name or file.
    pub topology: String,
    /// The target's name or file.
    pub target: String,
    /// Where the topology and the target came from.
    pub origins: Origins,
    /// The services of the platform, in the order of the topology.
    pub services: Vec<ServiceInfo>,
    /// The edges, each of which has a tap.
    pub edges: Vec<Edge>,
    /// The number of selected scenarios.
    pub selected: usize,
    /// The number of scenarios that run at once.
    pub jobs: usize,
    /// The time until the platform was up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub up_micros: Option<u64>,
    /// The faults that hold for the whole run, as they were written.
    pub faults: Vec<String>,
    /// The seeded defects that were switched on for the whole run, by their ids.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub defects: Vec<String>,
    /// The proof, in one sentence, that the platform was up before the first scenario.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified: Option<String>,
    /// The last comparison of the doubles with the services that they stand for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doubles: Option<String>,
    /// True if a scenario that passed only on a retry fails the run.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub flaky_fails: bool,
    /// The properties that this part shares with the other parts of the same run.
    pub identity: Identity,
}

/// Where the topology and the target of a run came from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Origins {
    pub topology: Origin,
    pub target: Origin,
}

/// Where a file came from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A journal of an earlier version does not say it.
    #[default]
    Unknown,
    /// It came with paidpath, inside the binary.
    Paidpath,
    /// A file, by its path.
    File(String),
}

impl fmt::Display for Origin {
    /// Writes words to put behind a name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => Ok(()),
            Self::Paidpath => f.write_str(" (comes with paidpath)"),
            Self::File(path) => write!(f, " ({path})"),
        }
    }
}

impl RunInfo {
    /// Returns words for what the scenarios ran against, and where its description came from.
    pub fn against(&self) -> String {
        format!("{}{} on {}{}", self.target, self.origins.target, self.topology, self.origins.topology)
    }

    /// Returns words for what a green result relies on: the provider of each service, and the last check of the
    /// doubles.
    pub fn stands_on(&self) -> String {
        let provided = self.services.iter().map(|service| format!("{} {}", service.name, service.provider));
        let services = provided.collect::<Vec<_>>().join(", ");
        // Without doubles there is nothing to be known of them.
        match &self.doubles {
            Some(doubles) => format!("{services}; {doubles}"),
            None => services,
        }
    }
}

/// The identity of a run that several machines or several tries make up together, and the part that this one is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Identity {
    /// The CI system's id of the build, which is equal on all of its machines and in every try of a job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build: Option<String>,
    /// A fingerprint of the target file.
    pub target: String,
    /// The feature files with a selected scenario, in order, before the selection was divided.
    pub features: Vec<FeatureFile>,
    // A merge compares these: parts of different selections do not make up a whole run.
    /// A fingerprint of the selection, before it was divided or narrowed to scenarios that had not passed.
    pub selection: String,
    /// The number of selected scenarios, before they were divided.
    pub scenarios: usize,
    /// The part of the selection, if it was divided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    // Parts that were balanced by different timings may overlap, or leave scenarios out.
    /// A fingerprint of the timings that the parts were balanced by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timings: Option<String>,
}

/// A feature file, or a stub file that one of its steps names, as a run read it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FeatureFile {
    /// The URI of the file in the journal's sources.
    pub uri: String,
    /// A fingerprint of the text.
    pub fingerprint: String,
}

/// One part of a suite that is divided among machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// The number of the part, counted from 1.
    pub index: usize,
    /// The number of parts of the whole suite.
    pub count: usize,
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

/// A service of the platform in this run.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ServiceInfo {
    /// The service's name: `storefront`, `billing` …
    pub name: String,
    /// The provider: `embedded`, `mock`, `container`, `url`.
    pub provider: String,
    /// The base URL of the service.
    pub address: String,
}

/// The end of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunEnd {
    pub exit: Exit,
    /// Notes that a reader must know, one sentence each: rules that judged nothing, faults that never fired, and
    /// others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The number of exchanges that belong to no scenario.
    #[serde(default)]
    pub strays: u64,
    /// The rules, with the number of scenarios that each of them judged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Judged>,
    /// The rules that were broken and that a tag allows to be broken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lifted: Vec<Lifted>,
}

impl RunEnd {
    /// Makes an end with nothing but an exit.
    pub fn of(exit: Exit) -> Self {
        Self { exit, notes: Vec::new(), strays: 0, checks: Vec::new(), lifted: Vec::new() }
    }
}

/// A rule that was broken in scenarios whose tag lifts it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifted {
    pub rule: RuleId,
    pub times: u64,
}

/// The number of scenarios in which a rule could be judged. A rule that was never judged does not count as one that
/// holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    pub rule: RuleId,
    /// The rule in one sentence.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub says: String,
    /// The number of scenarios with something to judge.
    pub scenarios: u64,
}
