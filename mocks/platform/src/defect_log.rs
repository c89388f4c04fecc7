//! Which defects a trace has come across, in test mode: the next answer of the service says so.
//!
//! A defect may sit in work that answers nobody, an outbox or a job; so it is noted for the trace, and not on one request.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The header that names them, joined by `+`.
pub const HEADER: &str = "atelier-defect";

/// How many traces are remembered; the oldest is forgotten first.
const REMEMBERED: usize = 10_000;

/// The defects that were come across, by trace.
#[derive(Debug, Default)]
pub(crate) struct DefectLog(Mutex<Traces>);

#[derive(Debug, Default)]
struct Traces {
    of: HashMap<String, Vec<String>>,
    order: VecDeque<String>,
}

impl DefectLog {
    /// The code of this defect was run for this trace.
    pub(crate) fn note(&self, trace: &str, defect: &str) {
        let mut traces = self.lock();
        if !traces.of.contains_key(trace) {
            traces.order.push_back(trace.to_owned());
            if traces.order.len() > REMEMBERED
                && let Some(oldest) = traces.order.pop_front()
            {
                traces.of.remove(&oldest);
            }
        }
        let defects = traces.of.entry(trace.to_owned()).or_default();
        if !defects.iter().any(|known| known == defect) {
            defects.push(defect.to_owned());
        }
    }

    /// What the header says for this trace, if it says anything.
    pub(crate) fn of(&self, trace: &str) -> Option<String> {
        self.lock().of.get(trace).map(|defects| defects.join("+"))
    }

    fn lock(&self) -> MutexGuard<'_, Traces> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
