//! What earlier runs tell about this one: how it went each time, what is flaky how often, what is slow, and since when
//! something is red. Gathered from the journals that earlier runs left.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::record::{RunRecord, ScenarioRecord, Totals};
use crate::model::{Exit, Verdict};

/// Earlier runs and this one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RunHistory {
    /// In the order in which they began; the last is the one that is reported.
    pub runs: Vec<PastRun>,
    /// Every scenario that ran in one of them.
    pub scenarios: Vec<ScenarioHistory>,
}

/// One run, in short.
#[derive(Debug, Clone, PartialEq)]
pub struct PastRun {
    /// Its id.
    pub id: String,
    /// By its machine's clock.
    pub started: Timestamp,
    /// How long it took.
    pub took: Duration,
    /// How it ended.
    pub exit: Exit,
    /// How many scenarios ended how.
    pub totals: Totals,
}

/// One scenario over the runs. Lines move when files are edited, so it is known by its file and its name.
#[derive(Debug, Clone, PartialEq)]
pub struct ScenarioHistory {
    /// The file, the rule, and the title.
    pub name: ScenarioName,
    /// Each time it ran, in order.
    pub times: Vec<PastResult>,
}

/// What a scenario is known by over the runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct ScenarioName {
    /// The feature file.
    pub uri: String,
    /// The feature's name.
    pub feature: String,
    /// The rule's, where it stands under one.
    pub rule: Option<String>,
    /// Its own.
    pub title: String,
}

/// One time that a scenario ran.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PastResult {
    /// In which run: a place in [`RunHistory::runs`].
    pub run: usize,
    /// How it ended.
    pub verdict: Verdict,
    /// Whether it needed a second attempt.
    pub flaky: bool,
    /// How long it took.
    pub took: Duration,
}

impl ScenarioName {
    /// In one line.
    pub fn said(&self) -> String {
        let parts = [Some(&self.feature), self.rule.as_ref(), Some(&self.title)];
        parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" › ")
    }

    /// Of this scenario.
    pub fn of(scenario: &ScenarioRecord) -> Self {
        let (uri, feature, rule) = (scenario.uri.clone(), scenario.feature.clone(), scenario.rule.clone());
        Self { uri, feature, rule, title: scenario.title() }
    }
}

impl RunHistory {
    /// What these runs tell, of which `now` is the one to report. Runs that `now` was merged from are not earlier ones.
    pub fn of(earlier: &[RunRecord], now: &RunRecord) -> Self {
        let own = |run: &&RunRecord| run.info.id != now.info.id && !now.parts.iter().any(|part| part.id == run.info.id);
        let mut runs: Vec<&RunRecord> = earlier.iter().filter(own).collect();
        runs.sort_by_key(|run| (run.info.started, run.info.id.clone()));
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

    /// Scenarios that are red in the last run, with the first run of those in which they have been red without a break;
    /// the longest first.
    pub fn red(&self) -> Vec<(&ScenarioHistory, &PastRun)> {
        let last = self.runs.len().saturating_sub(1);
        let mut red: Vec<(&ScenarioHistory, usize)> =
            self.scenarios.iter().filter_map(|one| Some((one, one.red_since(last)?))).collect();
        red.sort_by_key(|(_, since)| *since);
        red.into_iter().filter_map(|(one, since)| Some((one, self.runs.get(since)?))).collect()
    }

    /// Scenarios that were ever flaky, the most often flaky first.
    pub fn flaky(&self) -> Vec<&ScenarioHistory> {
        let mut flaky: Vec<&ScenarioHistory> = self.scenarios.iter().filter(|one| one.flaky() > 0).collect();
        flaky.sort_by(|one, other| other.flaky_rate().total_cmp(&one.flaky_rate()));
        flaky
    }

    /// The slowest, by their median.
    pub fn slowest(&self, count: usize) -> Vec<&ScenarioHistory> {
        let mut slow: Vec<&ScenarioHistory> =
            self.scenarios.iter().filter(|one| one.median() > Duration::ZERO).collect();
        slow.sort_by_key(|one| std::cmp::Reverse(one.median()));
        slow.truncate(count);
        slow
    }
}

impl ScenarioHistory {
    /// How often it was flaky.
    pub fn flaky(&self) -> usize {
        self.times.iter().filter(|time| time.flaky).count()
    }

    /// How often it ran to a verdict.
    pub fn ran(&self) -> usize {
        self.times.iter().filter(|time| matches!(time.verdict, Verdict::Passed | Verdict::Failed)).count()
    }

    /// The share of the times it ran in which it was flaky, from 0 to 1.
    pub fn flaky_rate(&self) -> f64 {
        self.flaky() as f64 / self.ran().max(1) as f64
    }

    /// The median of how long it took, skipped times left out.
    pub fn median(&self) -> Duration {
        let mut took: Vec<Duration> =
            self.times.iter().filter(|time| time.verdict != Verdict::Skipped).map(|time| time.took).collect();
        took.sort_unstable();
        took.get(took.len() / 2).copied().unwrap_or_default()
    }

    /// How long it took the last time.
    pub fn last(&self) -> Duration {
        self.times.last().map(|time| time.took).unwrap_or_default()
    }

    /// Since which run it has been red without a break, if it is red in the run `last`. A run in which it could not be
    /// judged, or did not run, breaks nothing.
    fn red_since(&self, last: usize) -> Option<usize> {
        self.times.last().filter(|time| time.run == last && time.verdict == Verdict::Failed)?;
        let judged = self.times.iter().rev().filter(|time| matches!(time.verdict, Verdict::Passed | Verdict::Failed));
        judged.take_while(|time| time.verdict == Verdict::Failed).last().map(|time| time.run)
    }
}
