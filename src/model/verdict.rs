//! Verdicts on scenarios, and the exit of a run.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The verdict on a scenario, from the best to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// All steps passed, and every rule holds.
    Passed,
    /// The scenario was not run; the reason is named.
    Skipped,
    /// The scenario could not be judged: the environment was broken, something it needs is absent, a fault never fired,
    /// or a rule crashed.
    Unknown,
    /// The platform failed a step, or broke a rule.
    Failed,
}

impl Verdict {
    /// All verdicts, the most urgent first.
    pub const ALL: [Self; 4] = [Self::Failed, Self::Unknown, Self::Skipped, Self::Passed];

    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Skipped => "skipped",
            Self::Unknown => "unknown",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// The party that is to blame for a bad verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blame {
    /// The platform broke a promise; the verdict is `failed`.
    Platform,
    /// Something around the platform is down; the verdict is `unknown`.
    Environment,
    /// A file, the command line or a scenario is wrong; the verdict is `unknown`.
    User,
    /// paidpath has a bug; the verdict is `unknown`.
    Paidpath,
}

/// The expectation of a failed step, which the diagnosis depends on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expected {
    /// A success, a certain value, or anything else that is no refusal.
    #[default]
    Success,
    /// A refusal with a certain code.
    Refusal { code: String },
}

/// The cause of a verdict, as far as other rooms act on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A step missed its deadline.
    DeadlinePassed,
    /// The run ended before the scenario did.
    Unfinished,
}

/// The verdict on a scenario over all of its attempts. The journal attaches it to the last attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScenarioVerdict {
    pub verdict: Verdict,
    /// The reason in one sentence; empty for a scenario that passed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blame: Option<Blame>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// True if an earlier attempt ended worse.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub flaky: bool,
    /// The reason of the quarantine that keeps a bad verdict from failing the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantine: Option<String>,
    /// The command that runs this scenario alone.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub repeat: String,
}

/// The exit of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// All selected scenarios passed, apart from those that were skipped or are in quarantine.
    Passed,
    /// At least one scenario failed.
    Failed,
    /// Nothing failed, but something could not be judged, or nothing ran.
    Unknown,
    /// The command or a file is wrong; nothing was judged.
    Usage,
    /// SIGINT ended the run; the reports were written.
    Interrupted,
    /// SIGTERM ended the run; the reports were written.
    Terminated,
}

impl Exit {
    /// Each exit with its meaning, for the help text and the documentation.
    pub const TABLE: [(Self, &'static str); 6] = [
        (Self::Passed, "everything that ran passed"),
        (Self::Failed, "at least one scenario failed"),
        (Self::Unknown, "nothing failed, but something could not be judged, or nothing ran"),
        (Self::Usage, "the command or a file is wrong"),
        (Self::Interrupted, "interrupted (SIGINT); the reports were written"),
        (Self::Terminated, "terminated (SIGTERM); the reports were written"),
    ];

    pub fn code(self) -> u8 {
        // CI pipelines rely on these numbers: 64 is EX_USAGE, 130 and 143 are 128 plus the signal, as shells report
        // them.
        match self {
            Self::Passed => 0,
            Self::Failed => 1,
            Self::Unknown => 2,
            Self::Usage => 64,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }
}
