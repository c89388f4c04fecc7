//! What the last run left behind for the next one: how each scenario ended and how long it took.
//!
//! It makes `--last-failed` possible, runs the longest scenarios first, and balances shards. A file that is missing or
//! cannot be read only costs that.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::model::Verdict;

/// The name of the file in the reports' folder.
pub const FILE: &str = "last-run.json";

/// The scenarios of the last run by `file:line`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct History {
    /// How each ended.
    pub scenarios: BTreeMap<String, Ending>,
}

/// How a scenario ended.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Ending {
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
        let bad = |ending: &Ending| matches!(ending.verdict, Verdict::Failed | Verdict::Unknown);
        self.scenarios.iter().filter(move |(_, ending)| bad(ending)).map(|(key, _)| key.as_str())
    }
}
