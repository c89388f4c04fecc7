//! Why a step did not hold, and whose fault that is.

use serde::{Deserialize, Serialize};

use crate::model::{Blame, Expected};

/// The result of a step.
pub type StepResult = Result<(), StepError>;

/// A step that did not hold.
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
    /// The scenario needs something that the topology or this machine does not have: it is skipped.
    NotOnThisPlatform,
    /// A service or tool around the platform is down.
    Environment,
    /// The scenario says something that cannot be done.
    Scenario,
    /// paidpath has a bug.
    Paidpath,
}

/// A control character that no message begins with.
const MARK: char = '\u{1}';

impl StepError {
    /// The platform did not do what the scenario says.
    pub fn platform(message: impl Into<String>) -> Self {
        Self { kind: StepErrorKind::Unfulfilled(Expected::Success), message: message.into() }
    }

    /// The platform did not refuse with this code.
    pub fn not_refused(code: &str, message: impl Into<String>) -> Self {
        let expected = Expected::Refusal { code: code.to_owned() };
        Self { kind: StepErrorKind::Unfulfilled(expected), message: message.into() }
    }

    /// The step did not end within its deadline.
    pub fn deadline_passed(message: impl Into<String>) -> Self {
        Self { kind: StepErrorKind::DeadlinePassed, message: message.into() }
    }

    /// A service or tool around the platform is down.
    pub fn environment(message: impl Into<String>) -> Self {
        Self { kind: StepErrorKind::Environment, message: message.into() }
    }

    /// The scenario needs something that the topology or this machine does not have.
    pub fn not_on_this_platform(message: impl Into<String>) -> Self {
        Self { kind: StepErrorKind::NotOnThisPlatform, message: message.into() }
    }

    /// The scenario says something that cannot be done.
    pub fn scenario(message: impl Into<String>) -> Self {
        Self { kind: StepErrorKind::Scenario, message: message.into() }
    }

    /// The party at fault.
    pub fn blame(&self) -> Blame {
        match self.kind {
            StepErrorKind::Unfulfilled(_) | StepErrorKind::DeadlinePassed => Blame::Platform,
            StepErrorKind::NotOnThisPlatform | StepErrorKind::Environment => Blame::Environment,
            StepErrorKind::Scenario => Blame::User,
            StepErrorKind::Paidpath => Blame::Paidpath,
        }
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
