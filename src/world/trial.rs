//! What a scenario is run under beyond what it says: a defect of the platform, or faults on its edges, for this scenario alone.
//!
//! The scenario does not know. So what a trial breaks excuses nothing, unlike the faults that a scenario's own steps arm.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::tap::Disturbance;

/// One thing that is broken on purpose. The scenarios that run under it share it.
#[derive(Debug, Default)]
pub struct Trial {
    /// The id of a defect that the platform has; it travels in the baggage, under the name that the target's file gives.
    pub defect: Option<String>,
    /// What taps do to the scenario's exchanges.
    pub faults: Vec<Disturbance>,
    over: AtomicBool,
}

impl Trial {
    /// A defect of the platform.
    pub fn defect(id: impl Into<String>) -> Self {
        Self { defect: Some(id.into()), ..Self::default() }
    }

    /// Faults on edges.
    pub fn faults(faults: impl IntoIterator<Item = Disturbance>) -> Self {
        Self { faults: faults.into_iter().collect(), ..Self::default() }
    }

    /// What was to be learned is known: scenarios that have not begun under it are skipped.
    pub fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    /// Whether [`Self::end`] was said.
    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// Whether this is one of its faults, as it was written.
    pub(crate) fn has(&self, spec: &str) -> bool {
        self.faults.iter().any(|fault| fault.to_string() == spec)
    }
}
