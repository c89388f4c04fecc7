//! The board of armed disturbances, which counts how often each one fired.
//!
//! Everything is counted per scenario, even for disturbances of the whole run: `once` means once in each scenario, so that
//! scenarios that run at the same time do not take each other's faults.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, RwLock};

use http::request::Parts;
use rand::rngs::StdRng;
use tokio::sync::watch;

use super::disturbance::{Disturbance, Frequency};
use super::fault::{Fault, TapRequest};
use crate::base::seed::Seed;
use crate::model::{Edge, TraceId};

/// The armed disturbances of a run. One per run; copies are the same board.
#[derive(Clone)]
pub struct FaultBoard(Arc<Inner>);

struct Inner {
    seed: Seed,
    armed: RwLock<Vec<Arc<Armed>>>,
    /// The number of armed disturbances, so that a run without faults does not even take the lock.
    count: AtomicUsize,
}

/// The result of an armed disturbance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultOutcome {
    /// The disturbance as it was written.
    pub spec: String,
    /// The number of exchanges that it disturbed. With 0, the scenario did not test what it armed the fault for.
    pub times: u32,
    /// The last reason why a matching exchange was left alone, for example a body that was not JSON.
    pub missed: Option<String>,
}

impl fmt::Display for FaultOutcome {
    /// Writes the disturbance, and for one that never fired the closest miss.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.times, &self.missed) {
            (0, Some(missed)) => write!(f, "{} (it came near, but {missed})", self.spec),
            (0, None) => write!(f, "{} (no request came that it is for)", self.spec),
            (_, _) => f.write_str(&self.spec),
        }
    }
}

impl FaultBoard {
    /// A board with nothing armed. What faults draw (jitter, noise) comes from `seed`.
    pub fn new(seed: Seed) -> Self {
        let inner = Inner { seed, armed: RwLock::default(), count: AtomicUsize::new(0) };
        Self(Arc::new(inner))
    }

    /// Arms a disturbance for the exchanges of one scenario, or (`None`) of every scenario. Exchanges without trace context are
    /// never disturbed. Where several match one exchange, the first armed is the outermost: nearest to the caller.
    pub fn arm(&self, scenario: Option<TraceId>, disturbance: Disturbance) {
        let armed = Armed {
            scenario,
            seed: self.0.seed,
            spec: disturbance.to_string().into(),
            disturbance,
            tallies: Mutex::default(),
        };
        self.change(|all| all.push(Arc::new(armed)));
    }

    /// Disarms the disturbances of one scenario and returns their results, in the order in which they were armed. Also
    /// forgets what disturbances of the run remember of the scenario.
    pub fn clear(&self, scenario: TraceId) -> Vec<FaultOutcome> {
        let mut cleared = Vec::new();
        self.change(|all| {
            all.retain(|armed| {
                if armed.scenario == Some(scenario) {
                    cleared.push(armed.lift());
                }
                armed.scenario != Some(scenario)
            });
            // Disturbances of the run outlive the scenario, but an instance of theirs would stay in memory for each
            // scenario.
            all.iter().for_each(|armed| armed.forget(scenario));
        });
        cleared
    }

    /// Returns the results so far of the disturbances of one scenario.
    pub fn fired(&self, scenario: TraceId) -> Vec<FaultOutcome> {
        self.all().iter().filter(|armed| armed.scenario == Some(scenario)).map(|armed| armed.fired()).collect()
    }

    /// Returns the results so far of the disturbances of the whole run, summed over all scenarios.
    pub fn run_wide(&self) -> Vec<FaultOutcome> {
        self.all().iter().filter(|armed| armed.scenario.is_none()).map(|armed| armed.fired()).collect()
    }

    /// Returns the disturbances that a request may meet, as far as its head tells.
    pub(super) fn armed_for(&self, edge: &Edge, trace: Option<TraceId>, head: &Parts) -> Vec<Arc<Armed>> {
        let (Some(trace), false) = (trace, self.is_empty()) else { return Vec::new() };
        let meant = |armed: &&Arc<Armed>| armed.is_for(trace) && armed.disturbance.matches_head(edge, head);
        self.read().iter().filter(meant).cloned().collect()
    }

    /// An exchange on this edge has been answered (or has broken off): who waits for another one to pass may go on.
    pub(super) fn passed(&self, edge: &Edge, trace: Option<TraceId>) {
        let (Some(trace), false) = (trace, self.is_empty()) else { return };
        // Only `reorder` listens. Asking all armed faults is cheaper than a list of listeners, because few are armed at
        // a time.
        for armed in self.read().iter().filter(|armed| armed.is_for(trace) && armed.disturbance.is_on(edge)) {
            if let Some(tally) = armed.tallies().get(&trace) {
                tally.fault.another_passed();
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.0.count.load(Ordering::Acquire) == 0
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Vec<Arc<Armed>>> {
        self.0.armed.read().expect("no thread panics while it holds this lock")
    }

    fn all(&self) -> Vec<Arc<Armed>> {
        self.read().clone()
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Arc<Armed>>)) {
        let mut armed = self.0.armed.write().expect("no thread panics while it holds this lock");
        change(&mut armed);
        self.0.count.store(armed.len(), Ordering::Release);
    }
}

pub(super) struct Armed {
    /// `None` for every scenario.
    scenario: Option<TraceId>,
    seed: Seed,
    spec: Arc<str>,
    disturbance: Disturbance,
    tallies: Mutex<Tallies>,
}

#[derive(Default)]
struct Tallies {
    of: HashMap<TraceId, Tally>,
    /// The number of firings in scenarios that are over.
    earlier: u32,
    missed: Option<String>,
}

/// The state of one armed disturbance in one scenario.
struct Tally {
    fault: Arc<dyn Fault>,
    matched: u32,
    /// The number of permits that are out or used.
    taken: u32,
    fired: u32,
    /// Closed with the tally when the disturbance is lifted, so that a fault that holds a request back lets it go.
    armed: watch::Sender<()>,
}

impl Tallies {
    fn get(&self, trace: &TraceId) -> Option<&Tally> {
        self.of.get(trace)
    }
}

impl Armed {
    fn is_for(&self, trace: TraceId) -> bool {
        self.scenario.is_none_or(|scenario| scenario == trace)
    }

    fn tallies(&self) -> MutexGuard<'_, Tallies> {
        self.tallies.lock().expect("no thread panics while it holds this lock")
    }

    fn fired(&self) -> FaultOutcome {
        let tallies = self.tallies();
        let times = tallies.earlier + tallies.of.values().map(|tally| tally.fired).sum::<u32>();
        FaultOutcome { spec: self.spec.to_string(), times, missed: tallies.missed.clone() }
    }

    /// Ends the disturbance and returns its result.
    fn lift(&self) -> FaultOutcome {
        let fired = self.fired();
        self.tallies().of.clear();
        fired
    }

    /// The scenario is over: only the sum stays.
    fn forget(&self, scenario: TraceId) {
        let mut tallies = self.tallies();
        if let Some(tally) = tallies.of.remove(&scenario) {
            tallies.earlier += tally.fired;
        }
    }

    /// Notes why a matching exchange could not be disturbed.
    pub fn missed(&self, why: &str) {
        self.tallies().missed = Some(why.to_owned());
    }

    /// The right to disturb one exchange, if it is meant and its turn has come. Unused, the right goes back.
    pub fn claim(self: &Arc<Self>, trace: Option<TraceId>, call: &TapRequest) -> Option<FaultPermit> {
        let trace = trace?;
        if !self.disturbance.matches_event(call) {
            return None;
        }
        let mut tallies = self.tallies();
        // Made at the first match: most disturbances of a run never match anything in most scenarios.
        let tally = tallies.of.entry(trace).or_insert_with(|| Tally {
            fault: self.disturbance.instance(),
            matched: 0,
            taken: 0,
            fired: 0,
            armed: watch::Sender::new(()),
        });
        // Asked before the request is counted: a request that the fault is not for must not use up `once`.
        if let Err(why) = tally.fault.wants(call) {
            tallies.missed = Some(why);
            return None;
        }
        tally.matched += 1;
        let its_turn = match self.disturbance.frequency() {
            Frequency::Always => true,
            Frequency::Times(times) => tally.taken < times,
            Frequency::From(first) => tally.matched >= first,
        };
        its_turn.then(|| {
            // Taken now and given back on drop when unused, so that two requests at the same time cannot both be the
            // first.
            tally.taken += 1;
            let (fault, nth, lifted) = (Arc::clone(&tally.fault), tally.matched, tally.armed.subscribe());
            FaultPermit { armed: Arc::clone(self), trace, fault, nth, lifted, fired: AtomicBool::new(false) }
        })
    }
}

/// The right of one disturbance to disturb one exchange.
pub(super) struct FaultPermit {
    armed: Arc<Armed>,
    trace: TraceId,
    fault: Arc<dyn Fault>,
    nth: u32,
    lifted: watch::Receiver<()>,
    fired: AtomicBool,
}

impl FaultPermit {
    pub fn fault(&self) -> &dyn Fault {
        &*self.fault
    }

    pub fn spec(&self) -> &Arc<str> {
        &self.armed.spec
    }

    /// Notes that the fault has disturbed the exchange. Returns true the first time.
    pub fn fired(&self) -> bool {
        let first = !self.fired.swap(true, Ordering::AcqRel);
        if first && let Some(tally) = self.armed.tallies().of.get_mut(&self.trace) {
            tally.fired += 1;
        }
        first
    }

    /// Waits until it is armed no longer, in this scenario.
    pub async fn lifted(&self) {
        // The sender never sends. It is dropped with the tally, and the error of `changed` is the signal.
        while self.lifted.clone().changed().await.is_ok() {}
    }

    pub fn missed(&self, why: &str) {
        self.armed.missed(why);
    }

    /// Returns a random generator that is the same in every run with the same seed.
    pub fn rng(&self) -> StdRng {
        // Drawn by the fault's words and the number of the match, and not from a shared stream: draws stay the same
        // however scenarios interleave.
        self.armed.seed.rng((&*self.armed.spec, self.nth))
    }
}

impl Drop for FaultPermit {
    fn drop(&mut self) {
        if !*self.fired.get_mut()
            && let Some(tally) = self.armed.tallies().of.get_mut(&self.trace)
        {
            tally.taken -= 1;
        }
    }
}
