//! The errors of the browser, and whose fault each one is.

#![expect(missing_docs, reason = "only this repository's own tests see these items from outside")]

use std::time::Duration;

use crate::model::Blame;

/// A failure between paidpath, the browser and the page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrowserError {
    /// No browser is on this machine, and none was named.
    #[error("{0}")]
    Missing(String),
    /// The browser or its driver did not start.
    #[error("the browser did not start: {0}")]
    Start(String),
    /// The browser, its driver or the tab is gone.
    #[error("the browser is gone: {0}")]
    Lost(String),
    /// The browser did not answer in time.
    #[error("the browser did not answer `{command}` within {within:?}")]
    Hung {
        /// The command of the protocol.
        command: String,
        within: Duration,
    },
    /// The browser refused a command.
    #[error("the browser refused `{command}`: {reason}")]
    Refused {
        /// The command of the protocol.
        command: String,
        reason: String,
    },
    /// The page could not be opened.
    #[error("{url} did not open: {reason}")]
    NotOpened {
        url: String,
        /// The browser's message, or that the time was up.
        reason: String,
    },
    /// No such element is on the page.
    #[error("there is no {locator} on the page within {within:.1?}: {seen}")]
    NotFound {
        locator: String,
        within: Duration,
        /// The elements that were there instead.
        seen: String,
    },
    /// Several elements on the page have this name.
    #[error("the {locator} could be any of {count} on the page: {seen}")]
    Ambiguous {
        locator: String,
        count: u64,
        /// The first of the candidates.
        seen: String,
    },
    /// The element is there, and nobody can use it in this way.
    #[error("the {locator} cannot be {used}")]
    Unfit { locator: String, used: String },
    /// The element is there, and a person cannot reach it.
    #[error("the {locator} cannot be pressed: it is covered by {by}")]
    Covered {
        locator: String,
        /// The element in front of it.
        by: String,
    },
    /// The expected text or element did not appear.
    #[error("the page did not show {wanted} within {within:.1?}; it shows: {seen}")]
    NotShown {
        wanted: String,
        within: Duration,
        /// The readable text, shortened.
        seen: String,
    },
}

impl BrowserError {
    /// Returns whose fault it is: the platform's for trouble with the page (failed), the environment's for trouble with
    /// the browser (unknown).
    pub fn blame(&self) -> Blame {
        match self {
            Self::Missing(_) | Self::Start(_) | Self::Lost(_) | Self::Hung { .. } => Blame::Environment,
            Self::Refused { .. } => Blame::Paidpath,
            Self::NotOpened { .. }
            | Self::NotFound { .. }
            | Self::Ambiguous { .. }
            | Self::Unfit { .. }
            | Self::Covered { .. }
            | Self::NotShown { .. } => Blame::Platform,
        }
    }
}
