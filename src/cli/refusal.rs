//! Why a command gave no verdict.

use std::fmt;

use crate::base::config::ConfigError;
use crate::model::Exit;

/// A command that ended before anything was judged.
#[derive(Debug)]
pub enum Refusal {
    /// The command or a file is wrong.
    Usage(String),
    /// The environment is broken.
    Environment(String),
    /// A signal ended the command.
    Stopped(Exit),
}

impl Refusal {
    /// Returns the exit of the process.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::Environment(_) => Exit::Unknown,
            Self::Stopped(exit) => *exit,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(message) => write!(f, "{message}"),
            Self::Environment(message) => write!(f, "nothing could be judged: {message}"),
            Self::Stopped(_) => f.write_str("it was stopped before anything could be concluded"),
        }
    }
}

impl From<ConfigError> for Refusal {
    fn from(error: ConfigError) -> Self {
        Self::Usage(error.to_string())
    }
}
