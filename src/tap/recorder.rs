//! The exchanges of all edges, by scenario.
//!
//! There is no recording thread: taps write raw parts into shared records, and the reader does the parsing. So a record is
//! complete as soon as the caller has its answer, and a wake-up per exchange is saved.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, RwLock};

use tokio::sync::Notify;

use super::record::{ExchangeIdentity, ExchangeRecord, Ongoing};
use crate::base::clock::Clock;
use crate::base::redact::Redactor;
use crate::model::{Edge, Exchange, TraceId};

/// The number of strays that are kept.
const STRAYS: usize = 100;

/// The keeper of the exchanges of a run. Copies are the same recorder.
#[derive(Clone)]
pub struct Recorder(Arc<Inner>);

struct Inner {
    clock: Clock,
    redactor: Arc<Redactor>,
    last_id: AtomicU64,
    scenarios: RwLock<HashMap<TraceId, Arc<ScenarioLog>>>,
    strays: Mutex<StrayLog>,
}

#[derive(Default)]
struct StrayLog {
    count: u64,
    first: Vec<Arc<ExchangeRecord>>,
    /// The edges on which a request without trace context has been seen.
    untraced: HashSet<Arc<Edge>>,
}

/// The exchanges that no scenario owned: without trace context, of a trace that was never opened, or after it was
/// closed.
#[derive(Debug, Clone, Default)]
pub struct Strays {
    pub count: u64,
    /// The first hundred of them, without the parts that can hold a secret: no bodies, no query, and of most headers
    /// only a fingerprint.
    #[cfg_attr(not(test), expect(dead_code, reason = "only tests look at single strays so far"))]
    pub first: Vec<Exchange>,
}

/// The exchanges of one scenario.
#[derive(Default)]
pub(super) struct ScenarioLog {
    records: Mutex<Vec<Arc<ExchangeRecord>>>,
    open: AtomicUsize,
    quiet: Notify,
}

impl ScenarioLog {
    pub fn ended(&self) {
        if self.open.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.quiet.notify_waiters();
        }
    }

    fn records(&self) -> MutexGuard<'_, Vec<Arc<ExchangeRecord>>> {
        self.records.lock().expect("no thread panics while it holds this lock")
    }
}

/// A mark of how far the recording of a scenario has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ScenarioProgress {
    begun: usize,
    ended: usize,
}

impl ScenarioProgress {
    fn of(records: &[Arc<ExchangeRecord>]) -> Self {
        Self { begun: records.len(), ended: records.iter().filter(|record| record.has_ended()).count() }
    }
}

/// The recording of a scenario that is over.
pub struct ClosedScenario {
    records: Vec<Arc<ExchangeRecord>>,
    redactor: Arc<Redactor>,
}

impl ClosedScenario {
    pub fn progress(&self) -> ScenarioProgress {
        ScenarioProgress::of(&self.records)
    }

    /// Renders all of it, as [`Recorder::exchanges`] does.
    pub fn exchanges(self) -> Vec<Exchange> {
        rendered(self.records, &self.redactor)
    }
}

fn rendered(mut records: Vec<Arc<ExchangeRecord>>, redactor: &Redactor) -> Vec<Exchange> {
    // Taps push from several threads, so that the order in the log is not quite the order of arrival.
    records.sort_by_key(|record| record.identity.id);
    records.iter().map(|record| record.exchange(redactor)).collect()
}

impl Recorder {
    /// The recorder of one run.
    pub fn new(clock: Clock, redactor: Arc<Redactor>) -> Self {
        Self(Arc::new(Inner {
            clock,
            redactor,
            last_id: AtomicU64::new(0),
            scenarios: RwLock::default(),
            strays: Mutex::default(),
        }))
    }

    /// A scenario begins: from now on the exchanges of this trace are its own. Opening it twice changes nothing.
    pub fn open(&self, trace: TraceId) {
        self.0.scenarios.write().expect("no thread panics while it holds this lock").entry(trace).or_default();
    }

    /// Returns the exchanges of a scenario so far, in the order in which requests arrived. Requests in flight are
    /// [`Outcome::Open`](crate::model::Outcome::Open). A caller that has its answer finds the exchange here. Returns
    /// nothing for a scenario that is not open.
    ///
    /// A secret that was learned late is replaced in earlier exchanges too.
    pub fn exchanges(&self, trace: TraceId) -> Vec<Exchange> {
        self.exchanges_after(trace, 0)
    }

    /// Returns the exchanges that arrived after the one with this id; all of them for 0.
    pub fn exchanges_after(&self, trace: TraceId, id: u64) -> Vec<Exchange> {
        let later =
            |log: Arc<ScenarioLog>| log.records().iter().filter(|record| record.identity.id > id).cloned().collect();
        self.log(trace).map(|log| rendered(later(log), &self.0.redactor)).unwrap_or_default()
    }

    /// The id of the exchange of a scenario that arrived last; 0 where there is none.
    pub fn last(&self, trace: TraceId) -> u64 {
        let ids = |log: Arc<ScenarioLog>| log.records().iter().map(|record| record.identity.id).max();
        self.log(trace).and_then(ids).unwrap_or_default()
    }

    /// Returns the number of requests of a scenario that are in flight.
    #[cfg(test)]
    pub fn in_flight(&self, trace: TraceId) -> usize {
        self.log(trace).map_or(0, |log| log.open.load(Ordering::Acquire))
    }

    /// Waits until no request of a scenario is in flight. A tap gives up on every exchange in the end, but that may
    /// take a minute, so callers set a deadline.
    pub async fn settled(&self, trace: TraceId) {
        let Some(log) = self.log(trace) else { return };
        loop {
            let mut quiet = std::pin::pin!(log.quiet.notified());
            // Registered before the look, so that an end between the look and the wait is not missed.
            quiet.as_mut().enable();
            if log.open.load(Ordering::Acquire) == 0 {
                return;
            }
            quiet.await;
        }
    }

    /// Returns a value that stays equal as long as no exchange of the scenario begins or ends.
    pub fn progress(&self, trace: TraceId) -> ScenarioProgress {
        self.log(trace).map(|log| ScenarioProgress::of(&log.records())).unwrap_or_default()
    }

    /// The scenario is over: what was seen of it is handed out, and forgotten. What comes later is a stray.
    pub fn close(&self, trace: TraceId) -> ClosedScenario {
        let log = self.0.scenarios.write().expect("no thread panics while it holds this lock").remove(&trace);
        // Taken out and not copied: a record holds its log, and the two would keep each other in memory.
        let records = log.map(|log| std::mem::take(&mut *log.records())).unwrap_or_default();
        ClosedScenario { records, redactor: Arc::clone(&self.0.redactor) }
    }

    /// Returns the exchanges that no scenario owned, so far.
    pub fn strays(&self) -> Strays {
        let strays = self.0.strays.lock().expect("no thread panics while it holds this lock");
        let (count, first) = (strays.count, strays.first.clone());
        // Rendering takes a while, and taps need this lock for every stray.
        drop(strays);
        Strays { count, first: first.iter().map(|record| record.exchange(&self.0.redactor)).collect() }
    }

    /// Returns the edges on which a request without trace context has been seen: nobody knows which scenario it belongs to.
    pub fn untraced(&self) -> HashSet<Arc<Edge>> {
        self.0.strays.lock().expect("no thread panics while it holds this lock").untraced.clone()
    }

    /// A request has arrived at a tap.
    pub(super) fn begin(&self, edge: &Arc<Edge>, trace: Option<TraceId>, request: &http::request::Parts) -> Ongoing {
        let id = self.0.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        let identity = ExchangeIdentity { id, edge: Arc::clone(edge), trace, at_micros: self.0.clock.micros() };
        // The lock is held until the record is in its log, so that `close` misses nothing that found its scenario open.
        let scenarios = self.0.scenarios.read().expect("no thread panics while it holds this lock");
        let log = trace.and_then(|trace| scenarios.get(&trace));
        let record = Arc::new(ExchangeRecord::new(identity, log.map(Arc::clone), self.0.clock, request));
        match log {
            Some(log) => {
                log.open.fetch_add(1, Ordering::AcqRel);
                log.records().push(Arc::clone(&record));
            }
            None => {
                let mut strays = self.0.strays.lock().expect("no thread panics while it holds this lock");
                strays.count += 1;
                if trace.is_none() && !strays.untraced.contains(edge) {
                    strays.untraced.insert(Arc::clone(edge));
                }
                if strays.first.len() < STRAYS {
                    strays.first.push(Arc::clone(&record));
                }
            }
        }
        Ongoing::new(record)
    }

    fn log(&self, trace: TraceId) -> Option<Arc<ScenarioLog>> {
        self.0.scenarios.read().expect("no thread panics while it holds this lock").get(&trace).cloned()
    }
}
