//! What is wrong with a feature file, said to the person who wrote it.

use crate::model::message::Location;

/// A mistake: where, what, and what to do about it. Shown as `line 12: …`, without the help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {}: {message}", location.line)]
pub struct Mistake {
    /// Where it is; the column always has a value when the line exists.
    pub location: Location,
    /// What is wrong: a sentence without its full stop.
    pub message: String,
    /// What to do about it: whole sentences.
    pub help: Option<String>,
}

impl Mistake {
    pub(super) fn new(location: Location, message: impl Into<String>) -> Self {
        Self { location, message: message.into(), help: None }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
