//! The options of a run.
//!
//! One value travels from the command line to whoever needs an option, in the [`RunContext`](super::RunContext). A new option is a
//! field here, with its default, and an argument of the command.

use std::time::Duration;

use crate::base::seed::Seed;
use crate::tap::Disturbance;

/// The options of a run, apart from the selection of scenarios.
#[derive(Debug, Clone)]
pub struct Options {
    /// The number of scenarios at the same time.
    pub jobs: usize,
    /// The number of attempts beyond the first, unless a tag says otherwise.
    pub retries: u32,
    pub flaky: FlakyPolicy,
    /// True to begin no scenario after the first failure.
    pub fail_fast: bool,
    /// True to begin scenarios in an order drawn from the seed instead of the longest first.
    pub shuffle: bool,
    /// The number of times that each scenario runs.
    pub repeat: usize,
    pub deadlines: Deadlines,
    /// The seed of everything that is drawn.
    pub seed: Seed,
    /// The faults that hold for every scenario.
    pub faults: Vec<Disturbance>,
    /// The ids of the seeded defects that are switched on in every scenario.
    pub defects: Vec<String>,
    /// True to leave containers standing after the run.
    pub keep: bool,
    /// The command line, for the report.
    pub command: Vec<String>,
    /// The command that repeats a scenario, up to its `file:line`.
    pub repeat_command: String,
    pub record: RecordLevel,
    /// The time without any exchange after which a scenario is over, beyond the time that rules wait for. Zero, unless every event
    /// between services has to be seen.
    pub quiet: Duration,
    /// True if a person is there to whom a scenario can be handed over.
    pub hand_over: bool,
    /// A sentence about how truly the doubles answer, for the report.
    pub doubles: Option<String>,
}

impl Default for Options {
    /// Returns options for a run that nobody watches: one scenario after the other, with the usual deadlines.
    fn default() -> Self {
        Self {
            jobs: 1,
            retries: 0,
            flaky: FlakyPolicy::Fail,
            fail_fast: false,
            shuffle: false,
            repeat: 1,
            deadlines: Deadlines::default(),
            seed: Seed(0),
            faults: Vec::new(),
            defects: Vec::new(),
            keep: false,
            command: std::env::args().collect(),
            repeat_command: "paidpath run".into(),
            record: RecordLevel::Failed,
            quiet: Duration::ZERO,
            hand_over: false,
            doubles: None,
        }
    }
}

/// The deadlines of a run.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    /// The time for one step.
    pub step: Duration,
    /// The time for one attempt at a scenario, unless a tag says otherwise.
    pub scenario: Duration,
    /// The time for the whole run.
    pub run: Option<Duration>,
    /// The time that a step has to return after its deadline, before its worker is given up.
    pub overdue: Duration,
    /// The time that running scenarios have after a signal.
    pub grace: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            step: Duration::from_secs(30),
            scenario: Duration::from_secs(120),
            run: None,
            overdue: Duration::from_millis(500),
            grace: Duration::from_secs(5),
        }
    }
}

/// The policy for scenarios that passed only on a retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlakyPolicy {
    /// They fail the run.
    Fail,
    /// They are reported.
    Warn,
}

/// The amount of evidence that goes into the journal (`--record`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RecordLevel {
    /// Headers, bodies and facts only of attempts that did not pass.
    #[default]
    Failed,
    /// Everything.
    All,
}
