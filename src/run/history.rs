//! What the last run left behind for the next one: how each scenario ended and how long it took.
//!
//! It makes `--last-failed` possible and runs the longest scenarios first. A file that is missing or cannot be read only
//! costs that. It does not divide shards, because each machine has its own: for that there are [`Timings`], which somebody
//! gives to all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::base::config::{ConfigError, read_text};
use crate::base::fingerprint::fingerprint;
use crate::model::{Origins, Verdict};

/// The name of the file in the folder of the reports.
pub const FILE: &str = "last-run.json";

/// What is known of the last run.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct History {
    /// The scenarios by `file:line`.
    pub scenarios: BTreeMap<String, ScenarioEnd>,
    /// The reports in the folder that paidpath wrote, by their file names. Anything else there is somebody's own.
    #[serde(default)]
    pub reports: BTreeSet<String>,
    /// Where the topology and the target of the run came from.
    #[serde(default)]
    pub origins: Origins,
    /// The process of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<u32>,
}

/// The end of a scenario.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct ScenarioEnd {
    pub verdict: Verdict,
    pub took_micros: u64,
}

impl ScenarioEnd {
    /// The end of a scenario that was selected and has no verdict.
    pub const UNJUDGED: Self = Self { verdict: Verdict::Unknown, took_micros: 0 };
}

impl History {
    /// Begins a run of this process, which has judged none of its scenarios yet. If it is killed, `--last-failed` selects all of
    /// them.
    pub fn begin(&mut self, selected: impl IntoIterator<Item = String>) {
        self.process = Some(std::process::id());
        for key in selected {
            self.scenarios.entry(key).or_insert(ScenarioEnd::UNJUDGED).verdict = Verdict::Unknown;
        }
    }

    /// Reads the file that the last run left in this folder.
    pub fn read(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(folder.join(FILE)).ok()?).ok()
    }

    /// Writes the file for the next run. Scenarios that were not selected this time keep their earlier entry, and those that
    /// did not run keep their duration.
    pub fn write(&self, folder: &Path) -> std::io::Result<()> {
        let mut all = Self::read(folder).unwrap_or_default();
        for (key, end) in &self.scenarios {
            let took_micros = if end.took_micros > 0 { end.took_micros } else { all.took_micros(key) };
            all.scenarios.insert(key.clone(), ScenarioEnd { took_micros, ..*end });
        }
        all.save(folder)
    }

    /// Writes the file as it is.
    pub fn save(&self, folder: &Path) -> std::io::Result<()> {
        // Written beside and renamed, so that a run that is killed leaves the old file and not half a new one.
        let half = folder.join(format!("{FILE}.part"));
        std::fs::write(&half, serde_json::to_vec(self)?)?;
        std::fs::rename(half, folder.join(FILE))
    }

    /// Returns the duration of a scenario in the last run, or 0.
    pub fn took_micros(&self, key: &str) -> u64 {
        self.scenarios.get(key).map_or(0, |ending| ending.took_micros)
    }

    /// Returns the scenarios that failed or could not be judged.
    pub fn not_passed(&self) -> impl Iterator<Item = &str> {
        let bad = |ending: &ScenarioEnd| matches!(ending.verdict, Verdict::Failed | Verdict::Unknown);
        self.scenarios.iter().filter(move |(_, ending)| bad(ending)).map(|(key, _)| key.as_str())
    }
}

/// The durations of scenarios in a run that all machines know. They balance shards. Machines with different files would divide
/// differently and lose scenarios between them, so the fingerprint is part of a run's identity.
#[derive(Debug, Clone)]
pub struct Timings {
    pub history: History,
    /// The fingerprint of the file.
    pub fingerprint: String,
    /// The weight of a scenario whose duration is not in the file: the average of the others.
    typical_micros: u64,
}

impl Timings {
    /// Reads a file that a run has left as [`FILE`]. A file that cannot be read is an error: without it this machine would
    /// divide the scenarios differently from the others.
    pub fn read(file: &Path) -> Result<Self, ConfigError> {
        let text = read_text(file)?;
        let history: History = serde_json::from_str(&text).map_err(|error| {
            let message = format!("is not the {FILE} of a run: {error}");
            ConfigError::whole(file.display().to_string(), message)
        })?;
        // A scenario that never ran says nothing about how long scenarios take.
        let took = history.scenarios.values().map(|ending| ending.took_micros).filter(|took| *took > 0);
        let typical_micros = took.clone().sum::<u64>() / took.count().max(1) as u64;
        Ok(Self { history, fingerprint: fingerprint([&text]), typical_micros })
    }

    pub fn weight(&self, key: &str) -> u64 {
        match self.history.took_micros(key) {
            0 => self.typical_micros,
            took => took,
        }
    }
}
