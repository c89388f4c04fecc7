//! How a scenario and a run end.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The four endings of a scenario, from best to worst news.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Its steps and every check hold.
    Passed,
    /// It was not run, for a reason that is named.
    Skipped,
    /// It could not be judged: the environment was broken, the scenario asks for what is not there, a fault never fired, a check
    /// crashed.
    Unknown,
    /// The platform did not do what the scenario says, or broke a rule.
    Failed,
}

impl Verdict {
    /// All of them, in the order in which people want to read them.
    pub const ALL: [Self; 4] = [Self::Failed, Self::Unknown, Self::Skipped, Self::Passed];

    /// The lower-case word for it.
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

/// Whose fault a bad ending is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blame {
    /// The platform broke a promise: `failed`.
    Platform,
    /// Something around it is down: `unknown`.
    Environment,
    /// A file or the command is wrong, or a scenario asks for what cannot be done: `unknown`.
    User,
    /// paidpath has a bug: `unknown`.
    Paidpath,
}

/// What a failed step expected of the platform, for the diagnosis.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expected {
    /// A success, a value, or anything else that is no refusal.
    #[default]
    Success,
    /// A refusal with this code.
    Refusal { code: String },
}

/// A reason for a verdict that others decide by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A step did not end within its deadline.
    DeadlinePassed,
    /// The run ended before the scenario did.
    Unfinished,
}

/// The ending of one scenario over all of its attempts; attached to its last attempt in the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScenarioVerdict {
    /// The ending that counts.
    pub verdict: Verdict,
    /// One sentence: why it is not passed. Empty when it passed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Whose fault, when it is not passed or skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blame: Option<Blame>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// Whether an earlier attempt ended worse.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub flaky: bool,
    /// Why a bad ending does not fail the run, where a quarantine covers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantine: Option<String>,
    /// The command that repeats this scenario alone.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub repeat: String,
}

/// How the process ends. The numbers are a promise to CI pipelines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// Everything that ran passed.
    Passed,
    /// At least one scenario failed.
    Failed,
    /// Nothing failed, but something could not be judged, or nothing ran.
    Unknown,
    /// The command or a file is wrong; nothing was judged.
    Usage,
    /// SIGINT; the reports were written.
    Interrupted,
    /// SIGTERM; the reports were written.
    Terminated,
}

impl Exit {
    /// Each ending with its meaning, for the help text and the documentation.
    pub const TABLE: [(Self, &'static str); 6] = [
        (Self::Passed, "everything that ran passed"),
        (Self::Failed, "at least one scenario failed"),
        (Self::Unknown, "nothing failed, but something could not be judged, or nothing ran"),
        (Self::Usage, "the command or a file is wrong"),
        (Self::Interrupted, "interrupted (SIGINT); the reports were written"),
        (Self::Terminated, "terminated (SIGTERM); the reports were written"),
    ];

    /// The process exit code.
    pub fn code(self) -> u8 {
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
