//! Trials: defects and faults that are caused for one scenario beyond what it says.
//!
//! The scenario does not know about its trial. So a trial excuses nothing, unlike the faults that a scenario arms in its steps.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::tap::Disturbance;

/// A defect of the platform or a set of faults. The scenarios that run under a trial share it.
#[derive(Debug, Default)]
pub struct Trial {
    /// The id of a seeded defect. It travels in the baggage, under the name in the target file.
    pub defect: Option<String>,
    pub faults: Vec<Disturbance>,
    over: AtomicBool,
}

impl Trial {
    /// Makes a trial of a seeded defect.
    pub fn defect(id: impl Into<String>) -> Self {
        Self { defect: Some(id.into()), ..Self::default() }
    }

    /// Makes a trial of faults.
    pub fn faults(faults: impl IntoIterator<Item = Disturbance>) -> Self {
        Self { faults: faults.into_iter().collect(), ..Self::default() }
    }

    /// Ends the trial: the runner skips scenarios that have not begun under it.
    pub fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// Returns whether a fault, as it was written, belongs to the trial.
    pub(crate) fn has(&self, spec: &str) -> bool {
        self.faults.iter().any(|fault| fault.to_string() == spec)
    }
}
