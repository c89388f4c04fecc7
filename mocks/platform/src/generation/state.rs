//! The states of a job, and which may follow which.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Unassigned,
    Preparing,
    Scheduled,
    Processing,
    Succeeded,
    Failed,
    Expired,
    Canceled,
}

impl Status {
    pub const fn is_terminal(self) -> bool {
        match self {
            Self::Unassigned | Self::Preparing | Self::Scheduled | Self::Processing => false,
            Self::Succeeded | Self::Failed | Self::Expired | Self::Canceled => true,
        }
    }

    /// Says whether `next` may follow. A job that is with the worker can no longer be canceled.
    pub const fn may_become(self, next: Self) -> bool {
        match (self, next) {
            (Self::Unassigned, Self::Preparing)
            | (Self::Preparing, Self::Scheduled)
            | (Self::Scheduled, Self::Processing)
            | (Self::Processing, Self::Succeeded | Self::Failed | Self::Expired)
            | (Self::Unassigned | Self::Preparing | Self::Scheduled, Self::Failed | Self::Expired | Self::Canceled) => {
                true
            }
            (
                Self::Unassigned
                | Self::Preparing
                | Self::Scheduled
                | Self::Processing
                | Self::Succeeded
                | Self::Failed
                | Self::Expired
                | Self::Canceled,
                _,
            ) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Status; 8] = [
        Status::Unassigned,
        Status::Preparing,
        Status::Scheduled,
        Status::Processing,
        Status::Succeeded,
        Status::Failed,
        Status::Expired,
        Status::Canceled,
    ];

    #[test]
    fn terminal_is_terminal_and_everything_else_can_end() {
        for from in ALL {
            let ways_out = ALL.into_iter().filter(|next| from.may_become(*next)).count();
            assert_eq!(ways_out == 0, from.is_terminal(), "{from:?}");
            assert!(!from.may_become(Status::Unassigned), "{from:?} starts again");
        }
    }
}
