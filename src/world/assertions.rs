//! The count of things that a scenario has judged.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{StepError, StepResult};

/// A counter of judgements. Clones count together, so that every part of the world can judge.
///
/// The runner compares the count before and after each Then: a Then that judges nothing proves nothing, and is not green.
#[derive(Debug, Clone, Default)]
pub struct Assertions(Arc<AtomicU64>);

impl Assertions {
    /// Judges something that the world does not know about. `otherwise` is the message if it does not hold.
    pub fn expect(&self, holds: bool, otherwise: &str) -> StepResult {
        self.judge(holds, || otherwise.to_owned())
    }

    /// Counts one judgement; if it does not hold, the platform is to blame.
    pub(super) fn judge(&self, holds: bool, otherwise: impl FnOnce() -> String) -> StepResult {
        self.judge_or(holds, || StepError::platform(otherwise()))
    }

    /// Counts one judgement; if it does not hold, the result is the error that `otherwise` makes.
    pub(super) fn judge_or(&self, holds: bool, otherwise: impl FnOnce() -> StepError) -> StepResult {
        self.0.fetch_add(1, Ordering::Relaxed);
        if holds { Ok(()) } else { Err(otherwise()) }
    }

    /// Counts one judgement that holds.
    pub(super) fn held(&self) -> StepResult {
        self.judge(true, String::new)
    }

    /// Returns how many judgements were made so far.
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
