//! What the worlds of all scenarios share: the platform that is up, and how to speak to it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::browsing::Browsing;
use super::rules::Rules;
use super::services::Services;
use crate::base::clock::Clock;
use crate::base::redact::Redactor;
use crate::model::{Edge, TraceId};
use crate::tap::{FaultBoard, FaultOutcome, Recorder};
use crate::target::{Bounds, Target};

/// The platform as scenarios see it.
pub struct RunContext {
    /// How to speak to it.
    pub target: Target,
    /// What exchanges are held against.
    pub rules: Rules,
    /// The run's clock, by which the taps record.
    pub clock: Clock,
    /// The moment that the run's clock calls 0.
    pub epoch: jiff::Timestamp,
    /// The address of the tap on the member's edge: `http://host:port`.
    pub entry: String,
    /// The address of the service behind that tap, for taps of a scenario's own.
    pub front: String,
    /// The browser, for scenarios that open a page.
    pub browsing: Browsing,
    /// Seeded defects that are switched on in every scenario.
    pub defects: Vec<String>,
    /// The topology's name.
    pub topology: String,
    /// The edges that have taps; the first is the member's.
    pub edges: Vec<Edge>,
    /// The topology's secrets by name.
    pub secrets: BTreeMap<String, String>,
    /// What the taps saw.
    pub recorder: Recorder,
    /// What the taps are asked to do.
    pub faults: FaultBoard,
    /// Replaces what must not be recorded.
    pub redactor: Arc<Redactor>,
    /// For how long nothing has to come any more before a scenario is over.
    pub quiet: Duration,
    /// Whether there is a person to whom a scenario can be handed over.
    pub hand_over: bool,
    /// The services, and where they run.
    pub services: Services,
}

impl RunContext {
    /// How long the platform may take: longer, where it was held up on purpose.
    pub fn bounds(&self) -> Bounds {
        let bounds = &self.target.bounds;
        match self.services.held_up() {
            Some(outage) => bounds.held_up(outage + bounds.recover.0),
            None => bounds.clone(),
        }
    }

    /// What became of a fault, in the words that exchanges name it with: its own may hold a secret.
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
