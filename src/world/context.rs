//! The part of a run that the worlds of all scenarios share.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::{Browsing, Options, Rules, Services};
use crate::base::clock::Clock;
use crate::base::redact::Redactor;
use crate::model::{Edge, Exchange, TraceId, Trail};
use crate::tap::{FaultBoard, FaultOutcome, Recorder};
use crate::target::{Bounds, Target};

/// The platform that is up, and everything that scenarios and the runner need to use it.
pub struct RunContext {
    pub options: Arc<Options>,
    /// The target file: how to speak to the platform.
    pub target: Target,
    pub rules: Rules,
    /// The run's clock, by which the taps record.
    pub clock: Clock,
    /// The moment that the run's clock calls 0.
    pub epoch: jiff::Timestamp,
    /// The address of the tap on the member's edge: `http://host:port`.
    pub entry: String,
    /// The address of the service behind that tap, for further taps of a scenario.
    pub front: String,
    pub browsing: Browsing,
    /// The name of the topology.
    pub topology: String,
    /// The edges that have taps; the first is the member's.
    pub edges: Vec<Edge>,
    /// The secrets of the topology, by name.
    pub secrets: BTreeMap<String, String>,
    pub recorder: Recorder,
    pub faults: FaultBoard,
    pub redactor: Arc<Redactor>,
    pub services: Services,
}

impl RunContext {
    /// Returns the target's bounds. They are longer if a scenario has caused an outage.
    pub fn bounds(&self) -> Bounds {
        let bounds = &self.target.bounds;
        match self.services.downtime() {
            Some(downtime) => bounds.held_up(downtime + bounds.recover.0),
            None => bounds.clone(),
        }
    }

    /// Returns the exchanges of a trace so far, with the trail that they make.
    pub fn trail(&self, trace: TraceId) -> (Vec<Exchange>, Trail) {
        self.trail_after(trace, 0)
    }

    /// Returns the exchanges of a trace that arrived after the one with this id, with their trail.
    pub(crate) fn trail_after(&self, trace: TraceId, exchange: u64) -> (Vec<Exchange>, Trail) {
        self.trail_of(trace, self.recorder.exchanges_after(trace, exchange))
    }

    /// Returns these exchanges of a trace with the trail that they make.
    pub(crate) fn trail_of(&self, trace: TraceId, exchanges: Vec<Exchange>) -> (Vec<Exchange>, Trail) {
        let trail = Trail::build(&self.rules.mapping, trace, &exchanges);
        (exchanges, trail)
    }

    /// Returns the edges on which the exchanges of an attempt can be seen. Where requests carry no trace context, and none of the
    /// attempt was seen, nothing follows from that.
    pub(crate) fn watched(&self, exchanges: &[Exchange]) -> Vec<Edge> {
        let untraced = self.recorder.untraced();
        let is_seen = |edge: &Edge| !untraced.contains(edge) || exchanges.iter().any(|exchange| exchange.edge == *edge);
        self.edges.iter().filter(|edge| edge.from == Edge::MEMBER || is_seen(edge)).cloned().collect()
    }

    /// Returns the record of a fault with its secrets redacted, as recorded exchanges name it.
    pub(crate) fn as_recorded(&self, owner: Option<TraceId>, fired: &FaultOutcome) -> FaultOutcome {
        let clean = |text: &String| self.redactor.text(owner, text).into_owned();
        FaultOutcome { spec: clean(&fired.spec), times: fired.times, missed: fired.missed.as_ref().map(clean) }
    }
}

impl fmt::Debug for RunContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunContext")
            .field("entry", &self.entry)
            .field("edges", &self.edges.len())
            .finish_non_exhaustive()
    }
}
