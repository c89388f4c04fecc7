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
    /// What to write instead, where only one thing can have been meant.
    pub fix: Option<Fix>,
}

/// A piece of text that stands at a mistake's location, and what should stand there instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What is written; it begins at the location and lies on one line.
    pub written: String,
    /// What was meant.
    pub meant: String,
}

impl Mistake {
    pub(super) fn new(location: Location, message: impl Into<String>) -> Self {
        Self { location, message: message.into(), help: None, fix: None }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds what was meant, also as a question.
    pub(super) fn meant(mut self, fix: Fix) -> Self {
        self.help.get_or_insert_with(|| fix.question());
        self.fix = Some(fix);
        self
    }
}

impl Fix {
    pub(super) fn question(&self) -> String {
        format!("Did you mean `{}`?", self.meant)
    }
}
