//! What the last run left behind for the next one: how each scenario ended and how long it took.
//!
//! It makes `--last-failed` possible and runs the longest scenarios first. A file that is missing or cannot be read only
//! costs that. It does not divide shards, because each machine has its own: for that there are [`Timings`], which somebody
//! gives to all of them.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::base::config::{ConfigError, read_text};
use crate::base::fingerprint::fingerprint;
use crate::model::Verdict;

/// The name of the file in the reports' folder.
pub const FILE: &str = "last-run.json";

/// The scenarios of the last run by `file:line`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct History {
    /// How each ended.
    pub scenarios: BTreeMap<String, ScenarioEnd>,
}

/// How a scenario ended.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct ScenarioEnd {
    /// Its verdict.
    pub verdict: Verdict,
    /// How long it took, in microseconds.
    pub took_micros: u64,
}

impl History {
    /// Reads what the last run wrote into this folder.
    pub fn read(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(folder.join(FILE)).ok()?).ok()
    }

    /// Writes it for the next run; scenarios that did not run this time keep what was known of them.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, folder: &Path) -> std::io::Result<()> {
        let mut all = Self::read(folder).unwrap_or_default();
        all.scenarios.extend(self.scenarios.iter().map(|(key, ending)| (key.clone(), *ending)));
        let half = folder.join(format!("{FILE}.part"));
        std::fs::write(&half, serde_json::to_vec(&all)?)?;
        std::fs::rename(half, folder.join(FILE))
    }

    /// How long a scenario took last time, or 0.
    pub fn took_micros(&self, key: &str) -> u64 {
        self.scenarios.get(key).map_or(0, |ending| ending.took_micros)
    }

    /// Those that failed or could not be judged.
    pub fn not_passed(&self) -> impl Iterator<Item = &str> {
        let bad = |ending: &ScenarioEnd| matches!(ending.verdict, Verdict::Failed | Verdict::Unknown);
        self.scenarios.iter().filter(move |(_, ending)| bad(ending)).map(|(key, _)| key.as_str())
    }
}

/// How long scenarios took in a run that all machines know: what shards are balanced by. Machines that were given different
/// ones divide differently and lose scenarios between them, so the fingerprint is part of what a run is.
#[derive(Debug, Clone)]
pub struct Timings {
    /// The run they are of.
    pub history: History,
    /// Of the file.
    pub fingerprint: String,
    /// What a scenario counts that is not among them: as much as the others do on average.
    typical_micros: u64,
}

impl Timings {
    /// Reads a file that some run has left as [`FILE`].
    ///
    /// # Errors
    /// If it cannot be read or is no such file. Going on without would divide otherwise than the machines that have it.
    pub fn read(file: &Path) -> Result<Self, ConfigError> {
        let text = read_text(file)?;
        let history: History = serde_json::from_str(&text).map_err(|error| {
            let message = format!("is not the {FILE} of a run: {error}");
            ConfigError::whole(file.display().to_string(), message)
        })?;
        let took = history.scenarios.values().map(|ending| ending.took_micros);
        let typical_micros = took.sum::<u64>() / history.scenarios.len().max(1) as u64;
        Ok(Self { history, fingerprint: fingerprint([&text]), typical_micros })
    }

    /// How much a scenario counts.
    pub fn weight(&self, key: &str) -> u64 {
        self.history.scenarios.get(key).map_or(self.typical_micros, |ending| ending.took_micros)
    }
}
