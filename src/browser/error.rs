//! Why the browser could not do what was asked, and whose fault that is.

use std::time::Duration;

use crate::model::Blame;

/// Something went wrong between paidpath, the browser and the page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrowserError {
    /// There is no browser on this machine, and none was named.
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
        /// How long was waited.
        within: Duration,
    },
    /// The browser refused a command.
    #[error("the browser refused `{command}`: {reason}")]
    Refused {
        /// The command of the protocol.
        command: String,
        /// What it said.
        reason: String,
    },
    /// The page could not be opened.
    #[error("{url} did not open: {reason}")]
    NotOpened {
        /// The address.
        url: String,
        /// What the browser said, or that the time was up.
        reason: String,
    },
    /// There is no such element on the page.
    #[error("there is no {locator} on the page within {within:.1?}: {seen}")]
    NotFound {
        /// What was looked for.
        locator: String,
        /// How long was waited.
        within: Duration,
        /// What was there instead.
        seen: String,
    },
    /// Several elements on the page are called so.
    #[error("the {locator} could be any of {count} on the page: {seen}")]
    Ambiguous {
        /// What was looked for.
        locator: String,
        /// How many there are.
        count: u64,
        /// The first of them.
        seen: String,
    },
    /// The element is there, and nobody can use it in this way.
    #[error("the {locator} cannot be {used}")]
    Unfit {
        /// What was to be used.
        locator: String,
        /// In which way.
        used: String,
    },
    /// The element is there, and a person cannot reach it.
    #[error("the {locator} cannot be pressed: it is covered by {by}")]
    Covered {
        /// What was to be pressed.
        locator: String,
        /// What stands in front of it.
        by: String,
    },
    /// What was waited for did not come.
    #[error("the page did not show {wanted} within {within:.1?}; it shows: {seen}")]
    NotShown {
        /// What was waited for.
        wanted: String,
        /// How long was waited.
        within: Duration,
        /// What was readable instead, shortened.
        seen: String,
    },
}

impl BrowserError {
    /// Whose fault it is: the platform's where the page is at fault (failed), the environment's where the browser is
    /// (unknown).
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
