//! The results of earlier runs beside those of this one: the trend, flaky and slow scenarios, and since when a scenario is red.
//!
//! They are gathered from the journals that earlier runs left. [`history_tables`](super::history_tables) shows them as text.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::record::{RunRecord, ScenarioRecord, Totals};
use crate::model::{Exit, Verdict};

/// Earlier runs together with the reported one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RunHistory {
    /// The runs in the order in which they began; the reported one is the last.
    pub runs: Vec<PastRun>,
    /// Every scenario that ran in one of the runs.
    pub scenarios: Vec<ScenarioHistory>,
}

/// The summary of one run.
#[derive(Debug, Clone, PartialEq)]
pub struct PastRun {
    pub id: String,
    /// The start by the clock of the run's machine.
    pub started: Timestamp,
    pub took: Duration,
    pub exit: Exit,
    pub totals: Totals,
}

/// The results of one scenario over the runs. A scenario is identified by its file and name, because lines move when files
/// are edited.
#[derive(Debug, Clone, PartialEq)]
pub struct ScenarioHistory {
    pub name: ScenarioName,
    /// The results in the order of the runs.
    pub times: Vec<PastResult>,
}

/// The identity of a scenario over the runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct ScenarioName {
    pub uri: String,
    pub feature: String,
    /// The name of the Gherkin rule around the scenario.
    pub rule: Option<String>,
    pub title: String,
}

/// The result of a scenario in one run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PastResult {
    /// The index into [`RunHistory::runs`].
    pub run: usize,
    pub verdict: Verdict,
    /// True where the scenario passed only on a retry.
    pub flaky: bool,
    pub took: Duration,
}

impl ScenarioName {
    /// Returns feature, rule and title on one line.
    pub fn said(&self) -> String {
        let parts = [Some(&self.feature), self.rule.as_ref(), Some(&self.title)];
        parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" › ")
    }

    pub fn of(scenario: &ScenarioRecord) -> Self {
        let (uri, feature, rule) = (scenario.uri.clone(), scenario.feature.clone(), scenario.rule.clone());
        Self { uri, feature, rule, title: scenario.title() }
    }
}

impl RunHistory {
    /// Gathers the history of `now`. The runs that `now` was merged from are not earlier runs.
    pub fn of(earlier: &[RunRecord], now: &RunRecord) -> Self {
        let own = |run: &&RunRecord| run.info.id != now.info.id && !now.parts.iter().any(|part| part.id == run.info.id);
        let mut runs: Vec<&RunRecord> = earlier.iter().filter(own).collect();
        runs.sort_by_key(|run| (run.info.started, run.info.id.clone()));
        // The same journal may lie in several folders.
        runs.dedup_by_key(|run| run.info.id.clone());
        runs.push(now);
        let mut history = Self::default();
        let mut places: HashMap<ScenarioName, usize> = HashMap::new();
        for (number, run) in runs.into_iter().enumerate() {
            history.runs.push(PastRun {
                id: run.info.id.clone(),
                started: run.started.unwrap_or(run.info.started),
                took: run.took(),
                exit: run.exit(),
                totals: run.totals(),
            });
            for scenario in &run.scenarios {
                let name = ScenarioName::of(scenario);
                let place = *places.entry(name.clone()).or_insert_with(|| {
                    history.scenarios.push(ScenarioHistory { name, times: Vec::new() });
                    history.scenarios.len() - 1
                });
                let (verdict, flaky) = (scenario.verdict.verdict, scenario.verdict.flaky);
                history.scenarios[place].times.push(PastResult { run: number, verdict, flaky, took: scenario.took() });
            }
        }
        history
    }

    /// Returns the scenarios that are red in the last run, each with the run since which it has been red without a break;
    /// the longest first.
    pub fn red(&self) -> Vec<(&ScenarioHistory, &PastRun)> {
        let last = self.runs.len().saturating_sub(1);
        let mut red: Vec<(&ScenarioHistory, usize)> =
            self.scenarios.iter().filter_map(|one| Some((one, one.red_since(last)?))).collect();
        red.sort_by_key(|(_, since)| *since);
        red.into_iter().filter_map(|(one, since)| Some((one, self.runs.get(since)?))).collect()
    }

    /// Returns the scenarios that were ever flaky, the most often flaky first.
    pub fn flaky(&self) -> Vec<&ScenarioHistory> {
        let mut flaky: Vec<&ScenarioHistory> = self.scenarios.iter().filter(|one| one.flaky() > 0).collect();
        flaky.sort_by(|one, other| other.flaky_rate().total_cmp(&one.flaky_rate()));
        flaky
    }

    /// Returns the slowest scenarios, by their median.
    pub fn slowest(&self, count: usize) -> Vec<&ScenarioHistory> {
        let mut slow: Vec<&ScenarioHistory> =
            self.scenarios.iter().filter(|one| one.median() > Duration::ZERO).collect();
        slow.sort_by_key(|one| std::cmp::Reverse(one.median()));
        slow.truncate(count);
        slow
    }
}

impl ScenarioHistory {
    /// Counts the runs in which the scenario was flaky.
    pub fn flaky(&self) -> usize {
        self.times.iter().filter(|time| time.flaky).count()
    }

    /// Counts the runs in which the scenario passed or failed.
    pub fn ran(&self) -> usize {
        self.times.iter().filter(|time| matches!(time.verdict, Verdict::Passed | Verdict::Failed)).count()
    }

    /// Returns the share of runs in which the scenario was flaky, from 0 to 1.
    pub fn flaky_rate(&self) -> f64 {
        self.flaky() as f64 / self.ran().max(1) as f64
    }

    /// Returns the median duration, without the runs that skipped the scenario.
    pub fn median(&self) -> Duration {
        let mut took: Vec<Duration> =
            self.times.iter().filter(|time| time.verdict != Verdict::Skipped).map(|time| time.took).collect();
        took.sort_unstable();
        took.get(took.len() / 2).copied().unwrap_or_default()
    }

    /// Returns the duration in the last run.
    pub fn last(&self) -> Duration {
        self.times.last().map(|time| time.took).unwrap_or_default()
    }

    /// Returns the run since which the scenario has been red without a break, if it is red in the run `last`. A run in
    /// which it was unknown or did not run is no break.
    fn red_since(&self, last: usize) -> Option<usize> {
        // A scenario that did not run in the last run may have been deleted.
        self.times.last().filter(|time| time.run == last && time.verdict == Verdict::Failed)?;
        let judged = self.times.iter().rev().filter(|time| matches!(time.verdict, Verdict::Passed | Verdict::Failed));
        judged.take_while(|time| time.verdict == Verdict::Failed).last().map(|time| time.run)
    }
}
