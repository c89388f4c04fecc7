//! Which scenarios a run is asked for.

use std::collections::HashSet;
use std::path::PathBuf;

use regex::Regex;

use super::history::Timings;
use crate::gherkin::tags::Expression;
use crate::model::Shard;
use crate::model::message::{Location, Pickle};

/// The selection of scenarios on a command line. A scenario has to satisfy all of it.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// The files or folders, each with its lines.
    pub paths: Vec<PathSpec>,
    /// True to read only the features in the binary.
    pub embedded_only: bool,
    pub tags: Option<Expression>,
    pub name: Option<Regex>,
    pub shard: Option<Shard>,
    /// The durations that balance the shards. Without them scenarios are dealt out in turn.
    pub timings: Option<Timings>,
    /// The scenarios that did not pass in the last run, by [`Planned::key`](super::plan::Planned::key). They narrow the shard
    /// and not the whole: each machine knows only its own last run, and all machines have to divide the same list.
    pub only: Option<HashSet<String>>,
}

impl Selection {
    /// Returns whether tags and name select a scenario.
    pub fn takes(&self, pickle: &Pickle) -> bool {
        let tags: Vec<&str> = pickle.tags.iter().map(|tag| tag.name.as_str()).collect();
        self.tags.as_ref().is_none_or(|expression| expression.matches(&tags))
            && self.name.as_ref().is_none_or(|name| name.is_match(&pickle.name))
    }
}

/// A path on the command line with the lines behind it: `features/buying.feature:12:40`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathSpec {
    pub path: PathBuf,
    /// The lines of scenarios, outline rows or rules; empty for all.
    pub lines: Vec<u32>,
}

impl From<&str> for PathSpec {
    fn from(text: &str) -> Self {
        let mut rest = text;
        let mut lines = Vec::new();
        while let Some((before, line)) = rest.rsplit_once(':')
            && let Ok(line) = line.parse()
        {
            lines.insert(0, line);
            rest = before;
        }
        Self { path: rest.into(), lines }
    }
}

impl std::str::FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a shard: write `2/4` for the second of four");
        let (index, count) = text.split_once('/').ok_or_else(wrong)?;
        let (index, count) = (index.parse().map_err(|_| wrong())?, count.parse().map_err(|_| wrong())?);
        if (1..=count).contains(&index) { Ok(Self { index, count }) } else { Err(wrong()) }
    }
}

impl Shard {
    /// Returns the shard in the environment of the CI system: GitLab, CircleCI, Buildkite, or a Kubernetes indexed job. Some of
    /// them count from 0.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let number = |name: &str| variable(name)?.parse::<usize>().ok();
        let known = [
            ("CI_NODE_INDEX", "CI_NODE_TOTAL", 0),
            ("CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", 1),
            ("BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT", 1),
            ("JOB_COMPLETION_INDEX", "JOB_COMPLETIONS", 1),
        ];
        known.into_iter().find_map(|(index, count, from_zero)| {
            let shard = Self { index: number(index)? + from_zero, count: number(count)? };
            (1..=shard.count).contains(&shard.index).then_some(shard)
        })
    }

    /// Returns the places in a list of weights that belong to this shard. The heaviest goes first, each to the shard with the
    /// least weight so far. Every machine computes the same parts.
    pub fn pick(self, weights: &[u64]) -> HashSet<usize> {
        let mut heaviest_first: Vec<usize> = (0..weights.len()).collect();
        heaviest_first.sort_by_key(|place| (std::cmp::Reverse(weights[*place]), *place));
        let mut loads = vec![0_u64; self.count];
        let mut mine = HashSet::new();
        for place in heaviest_first {
            let lightest = (0..self.count).min_by_key(|shard| (loads[*shard], *shard)).unwrap_or_default();
            // A scenario of unknown or no duration still counts, or one shard would get all of them.
            loads[lightest] += weights[place].max(1);
            if lightest + 1 == self.index {
                mine.insert(place);
            }
        }
        mine
    }
}

/// The lines that select a scenario: its own lines, the row of an outline, or the header of its rule or feature.
#[derive(Debug, Clone)]
pub struct Extent {
    pub lines: std::ops::RangeInclusive<u32>,
    /// The row, for a scenario of an outline.
    pub row: Option<Location>,
    /// The lines of scenarios, outline rows or rules; empty for all.
    pub headers: Vec<std::ops::RangeInclusive<u32>>,
}

impl Extent {
    /// Returns whether one of these lines selects the scenario. A line in the table of an outline selects only its row.
    pub fn selected_by(&self, lines: &[u32], rows_of_outline: &[u32]) -> bool {
        lines.iter().any(|line| {
            if self.headers.iter().any(|header| header.contains(line)) {
                return true;
            }
            match self.row {
                Some(row) if rows_of_outline.contains(line) => row.line == *line,
                Some(_) | None => self.lines.contains(line),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_keeps_the_lines_behind_it() {
        let spec = PathSpec::from("features/a.feature:12:40");
        assert_eq!(spec, PathSpec { path: "features/a.feature".into(), lines: vec![12, 40] });
        assert_eq!(PathSpec::from("features").lines, Vec::<u32>::new());
    }

    #[test]
    fn shards_are_disjoint_complete_and_balanced() {
        let weights: Vec<u64> = (0..100).map(|place| place % 17).collect();
        let parts: Vec<_> = (1..=4).map(|index| Shard { index, count: 4 }.pick(&weights)).collect();
        let all: HashSet<usize> = parts.iter().flatten().copied().collect();
        assert_eq!((all.len(), parts.iter().map(HashSet::len).sum::<usize>()), (100, 100));
        let loads: Vec<u64> = parts.iter().map(|part| part.iter().map(|place| weights[*place]).sum()).collect();
        assert!(loads.iter().max().unwrap() - loads.iter().min().unwrap() <= 17, "{loads:?}");
    }

    #[test]
    fn a_shard_is_read_from_the_common_ci_variables() {
        let gitlab = |name: &str| {
            [("CI_NODE_INDEX", "2"), ("CI_NODE_TOTAL", "3")]
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        };
        assert_eq!(Shard::from_environment(gitlab), Some(Shard { index: 2, count: 3 }));
        let kubernetes = |name: &str| {
            [("JOB_COMPLETION_INDEX", "0"), ("JOB_COMPLETIONS", "3")]
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        };
        assert_eq!(Shard::from_environment(kubernetes), Some(Shard { index: 1, count: 3 }));
        assert_eq!(Shard::from_environment(|_| None), None);
    }

    #[test]
    fn what_is_not_a_shard_is_refused() {
        for text in ["0/4", "5/4", "x", "1/0", "1"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }
}
