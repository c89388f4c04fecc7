//! The delays of permissions: the time between one stage of the path and the next, measured in the trails.
//!
//! The rules that limit these delays are in `trail`. This file only measures them for readers.

use std::time::Duration;

use super::record::RunRecord;
use crate::model::{Event, EventKind};

/// The time from one kind of event to the next one of another kind, over all scenarios.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lateness {
    /// The name of the first stage.
    pub from: &'static str,
    /// The name of the second stage.
    pub to: &'static str,
    pub count: usize,
    pub median: Duration,
    pub p95: Duration,
    pub worst: Duration,
    /// The slowest scenario, as an index into [`RunRecord::scenarios`].
    pub worst_scenario: usize,
    /// The number of times up to each of [`BINS`], and behind these the number of longer ones.
    pub bins: Vec<usize>,
}

/// The bounds of the histogram in microseconds, three for each power of ten.
pub const BINS: &[u64] = &[
    500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000, 2_000_000, 5_000_000,
    10_000_000,
];

/// The pairs of stages that are measured.
const STAGES: &[(&str, EventKind, &str, EventKind)] = &[
    ("charged", EventKind::Charged, "granted", EventKind::Granted),
    ("granted", EventKind::Granted, "known to generation", EventKind::Synced),
    ("charged", EventKind::Charged, "first allowed", EventKind::Checked),
    ("submitted", EventKind::Submitted, "rendered", EventKind::Rendered),
    ("submitted", EventKind::Submitted, "delivered", EventKind::Delivered),
];

/// Measures every pair of stages that occurred at least once.
pub fn lateness(run: &RunRecord) -> Vec<Lateness> {
    STAGES.iter().filter_map(|(from, start, to, end)| measure(run, from, *start, to, *end)).collect()
}

fn measure(
    run: &RunRecord,
    from: &'static str,
    start: EventKind,
    to: &'static str,
    end: EventKind,
) -> Option<Lateness> {
    let mut seen: Vec<(u64, usize)> = Vec::new();
    for (index, scenario) in run.scenarios.iter().enumerate() {
        for trail in scenario.attempts.iter().filter_map(|attempt| attempt.trail.as_ref()) {
            let took = |event: &Event, kind| event.kind == kind && event.done == Some(true);
            let Some(first) = trail.events.iter().find(|event| took(event, start)) else { continue };
            // An event before the first stage belongs to an earlier purchase.
            let after = |event: &&Event| took(event, end) && event.at_micros >= first.at_micros;
            seen.extend(trail.events.iter().find(after).map(|event| (event.at_micros - first.at_micros, index)));
        }
    }
    seen.sort_unstable();
    let (worst, worst_scenario) = *seen.last()?;
    let at = |share: usize| Duration::from_micros(seen[(seen.len() * share / 100).min(seen.len() - 1)].0);
    let worst = Duration::from_micros(worst);
    let mut bins = vec![0; BINS.len() + 1];
    seen.iter().for_each(|(took, _)| bins[BINS.partition_point(|bound| bound < took)] += 1);
    Some(Lateness { from, to, count: seen.len(), median: at(50), p95: at(95), worst, worst_scenario, bins })
}
