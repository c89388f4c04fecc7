//! The error of a step, with the kind that says whose fault it is.

use serde::{Deserialize, Serialize};

use crate::base::wait;
use crate::model::{Blame, Expected};

/// The result of a step.
pub type StepResult = Result<(), StepError>;

/// The error of a step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{}", self.marked())]
pub struct StepError {
    /// The kind of error, for the runner and the diagnosis.
    pub kind: StepErrorKind,
    /// One sentence for a person.
    pub message: String,
}

/// The kinds of step errors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepErrorKind {
    /// The platform did not do what the scenario says.
    Unfulfilled(Expected),
    /// The step did not end within its deadline.
    DeadlinePassed,
    /// The topology or this machine lacks something that the scenario needs. The scenario is skipped.
    NotOnThisPlatform,
    /// A service or tool around the platform is down.
    Environment,
    /// The scenario says something that cannot be done.
    Scenario,
    /// paidpath has a bug.
    Paidpath,
}

/// A control character with which no other panic begins.
const MARK: char = '\u{1}';

impl StepError {
    /// Makes the error of a platform that did not do what the scenario says.
    pub fn platform(message: impl Into<String>) -> Self {
        Self { kind: StepErrorKind::Unfulfilled(Expected::Success), message: message.into() }
    }

    /// Makes the error of a platform that did not refuse with this code.
    pub fn not_refused(code: &str, message: impl Into<String>) -> Self {
        let expected = Expected::Refusal { code: code.to_owned() };
        Self { kind: StepErrorKind::Unfulfilled(expected), message: message.into() }
    }

    /// Makes the error of a step that did not end within its deadline.
    pub fn deadline_passed(message: impl Into<String>) -> Self {
        Self { kind: StepErrorKind::DeadlinePassed, message: message.into() }
    }

    /// Makes the error of an environment in which nothing can be judged.
    pub fn environment(message: impl Into<String>) -> Self {
        Self { kind: StepErrorKind::Environment, message: message.into() }
    }

    /// Makes the error that skips a scenario, because the topology or this machine lacks something that it needs.
    pub fn not_on_this_platform(message: impl Into<String>) -> Self {
        Self { kind: StepErrorKind::NotOnThisPlatform, message: message.into() }
    }

    /// Makes the error of a scenario that says something that cannot be done.
    pub fn scenario(message: impl Into<String>) -> Self {
        Self { kind: StepErrorKind::Scenario, message: message.into() }
    }

    /// Returns the party at fault.
    pub fn blame(&self) -> Blame {
        match self.kind {
            StepErrorKind::Unfulfilled(_) | StepErrorKind::DeadlinePassed => Blame::Platform,
            StepErrorKind::NotOnThisPlatform | StepErrorKind::Environment => Blame::Environment,
            StepErrorKind::Scenario => Blame::User,
            StepErrorKind::Paidpath => Blame::Paidpath,
        }
    }

    /// Returns the value that was waited for, or the error that `late` makes of the last thing that was seen.
    pub(super) fn in_time<T>(
        waited: Result<T, wait::Gave<Self>>,
        late: impl FnOnce(String) -> Self,
    ) -> Result<T, Self> {
        waited.map_err(|gave| match gave {
            wait::Gave::Never(trouble) => trouble,
            wait::Gave::Up { last_seen, .. } => late(last_seen),
        })
    }

    /// Reads an error back from the text of a panic; `None` for any other panic.
    pub fn read(panic: &str) -> Option<Self> {
        serde_json::from_str(panic.strip_prefix(MARK)?).ok()
    }

    // cucumber hands a step's error on as the text of a panic and nothing else, so the whole record has to travel in that text.
    fn marked(&self) -> String {
        format!("{MARK}{}", serde_json::to_string(self).expect("an error of texts and enums is JSON"))
    }
}
