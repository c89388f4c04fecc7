//! The tables of a [`RunHistory`], for the console and for Markdown.

use super::history::{PastRun, RunHistory, ScenarioHistory};
use super::text;
use crate::model::Verdict;

/// The number of runs and scenarios in a table; the HTML report has all of them.
const LISTED: usize = 10;

/// A table of the history, as text.
pub(super) struct HistoryTable {
    pub title: &'static str,
    pub heads: &'static [&'static str],
    pub rows: Vec<Vec<String>>,
    /// The number of rows that are left out.
    pub more: usize,
}

/// Returns the tables of a history, without empty ones.
pub(super) fn tables(history: &RunHistory) -> Vec<HistoryTable> {
    let tables = [trend(history), red(history), flaky(history), slow(history)];
    tables.into_iter().filter(|table| !table.rows.is_empty()).collect()
}

fn listed<T>(
    all: Vec<T>,
    title: &'static str,
    heads: &'static [&'static str],
    row: impl Fn(&T) -> Vec<String>,
) -> HistoryTable {
    let rows: Vec<_> = all.iter().take(LISTED).map(row).collect();
    HistoryTable { title, heads, more: all.len() - rows.len(), rows }
}

/// Lists the runs, the newest first.
fn trend(history: &RunHistory) -> HistoryTable {
    let heads = &["run", "failed", "unknown", "skipped", "passed", "flaky", "took"];
    listed(history.runs.iter().rev().collect(), "trend", heads, |past: &&PastRun| {
        let mut row = vec![past.started.strftime("%Y-%m-%d %H:%M UTC").to_string()];
        row.extend(Verdict::ALL.iter().map(|verdict| past.totals.of(*verdict).to_string()));
        row.extend([past.totals.flaky.to_string(), text::duration(past.took)]);
        row
    })
}

fn red(history: &RunHistory) -> HistoryTable {
    listed(history.red(), "red since", &["scenario", "since", "run"], |(one, since)| {
        vec![one.name.said(), since.started.strftime("%Y-%m-%d %H:%M UTC").to_string(), since.id.clone()]
    })
}

fn flaky(history: &RunHistory) -> HistoryTable {
    listed(history.flaky(), "flaky", &["scenario", "rate", "times"], |one: &&ScenarioHistory| {
        let (flaky, ran) = (one.flaky(), one.ran());
        vec![one.name.said(), format!("{:.0} %", one.flaky_rate() * 100.0), format!("{flaky} of {ran}")]
    })
}

fn slow(history: &RunHistory) -> HistoryTable {
    listed(history.slowest(LISTED), "slowest", &["scenario", "median", "last"], |one: &&ScenarioHistory| {
        vec![one.name.said(), text::duration(one.median()), text::duration(one.last())]
    })
}

/// Returns the tables as plain text.
pub fn text(history: &RunHistory) -> String {
    let mut said = String::new();
    for HistoryTable { title, heads, rows, more } in tables(history) {
        let mut lines: Vec<Vec<String>> = vec![heads.iter().map(|head| (*head).to_owned()).collect()];
        lines.extend(rows.iter().map(|row| row.iter().map(|cell| text::cut(&text::line(cell), 80)).collect()));
        let width = |column: usize| lines.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
        let widths: Vec<usize> = (0..heads.len()).map(width).collect();
        said.push_str(&format!("\n{title}\n"));
        for row in &lines {
            let cells = row.iter().zip(&widths).map(|(cell, width)| super::style::pad(cell, *width));
            said.push_str(&format!("  {}\n", cells.collect::<Vec<_>>().join("  ").trim_end()));
        }
        if more > 0 {
            said.push_str(&format!("  … and {more} more\n"));
        }
    }
    said
}
