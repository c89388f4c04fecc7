//! Remembers the defects whose code a trace has reached, in test mode: the next answer of the service names them.
//!
//! A defect may sit in work that answers nobody, an outbox or a job; so it is noted for the trace, and not on one request.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The header that names the defects, joined by `+`.
pub const HEADER: &str = "atelier-defect";

/// The number of traces that are remembered; the oldest is forgotten first.
const REMEMBERED: usize = 10_000;

/// The defects whose code was reached, by trace.
#[derive(Debug, Default)]
pub(crate) struct DefectLog(Mutex<Traces>);

#[derive(Debug, Default)]
struct Traces {
    of: HashMap<String, Vec<String>>,
    order: VecDeque<String>,
}

impl DefectLog {
    /// Notes that the code of a defect was reached by a trace.
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

    /// Returns the value of the header for a trace, if there is one.
    pub(crate) fn of(&self, trace: &str) -> Option<String> {
        self.lock().of.get(trace).map(|defects| defects.join("+"))
    }

    fn lock(&self) -> MutexGuard<'_, Traces> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
