//! Which scenarios a run is asked for.

use std::collections::HashSet;
use std::path::PathBuf;

use regex::Regex;

use super::history::Timings;
use crate::gherkin::tags::Expression;
use crate::model::Shard;
use crate::model::message::{Location, Pickle};

/// Everything a command line can say about which scenarios to run. All of it must hold.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Files or folders, each with the lines it is narrowed to.
    pub paths: Vec<PathSpec>,
    /// What is in the binary, and nothing on disk.
    pub embedded_only: bool,
    /// By tags.
    pub tags: Option<Expression>,
    /// By name.
    pub name: Option<Regex>,
    /// One part of several.
    pub shard: Option<Shard>,
    /// What the parts are balanced by; without, scenarios are dealt out in turn.
    pub timings: Option<Timings>,
    /// Only those that did not pass in the last run, by [`Planned::key`](super::plan::Planned::key). It narrows the part:
    /// each machine knows its own last run only, and what is divided must be the same on all.
    pub only: Option<HashSet<String>>,
}

impl Selection {
    /// Whether tags and name let this scenario in.
    pub fn takes(&self, pickle: &Pickle) -> bool {
        let tags: Vec<&str> = pickle.tags.iter().map(|tag| tag.name.as_str()).collect();
        self.tags.as_ref().is_none_or(|expression| expression.matches(&tags))
            && self.name.as_ref().is_none_or(|name| name.is_match(&pickle.name))
    }
}

/// A path on the command line, with the lines after it: `features/buying.feature:12:40`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathSpec {
    /// A file or a folder.
    pub path: PathBuf,
    /// Lines of scenarios, outline rows or rules; none means all.
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
    /// The shard that the CI system's environment describes: GitLab, CircleCI, Buildkite, or a Kubernetes indexed job.
    /// Those that count from 0 are told apart from those that count from 1.
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

    /// The places, in a list of so many weights, that fall to this shard: the heaviest first, each to the shard that has
    /// least so far. The same list gives the same parts on every machine.
    pub fn pick(self, weights: &[u64]) -> HashSet<usize> {
        let mut heaviest_first: Vec<usize> = (0..weights.len()).collect();
        heaviest_first.sort_by_key(|place| (std::cmp::Reverse(weights[*place]), *place));
        let mut loads = vec![0_u64; self.count];
        let mut mine = HashSet::new();
        for place in heaviest_first {
            let lightest = (0..self.count).min_by_key(|shard| (loads[*shard], *shard)).unwrap_or_default();
            loads[lightest] += weights[place].max(1);
            if lightest + 1 == self.index {
                mine.insert(place);
            }
        }
        mine
    }
}

/// Whether a line lies in a scenario: on the scenario's own lines, on the row of an outline, or on the line of its rule or
/// feature (which selects all in it).
#[derive(Debug, Clone)]
pub struct Extent {
    /// From the first tag or keyword line of the scenario to its last line.
    pub lines: std::ops::RangeInclusive<u32>,
    /// The row's own line, for an outline.
    pub row: Option<Location>,
    /// Lines of the headers that contain it: rule and feature.
    pub headers: Vec<std::ops::RangeInclusive<u32>>,
}

impl Extent {
    /// Whether one of these lines selects the scenario. A line inside an outline's table selects only its row.
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
