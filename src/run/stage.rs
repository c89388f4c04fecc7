//! What the worlds of all scenarios share: the platform that is up, and how to speak to it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::rules::Rules;
use crate::base::clock::Clock;
use crate::base::redact::Redactor;
use crate::model::Edge;
use crate::tap::{FaultBoard, Recorder};
use crate::target::Target;

/// The platform as scenarios see it.
pub struct Stage {
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
    /// The edges that have taps.
    pub edges: Vec<Edge>,
    /// The topology's secrets by name.
    pub secrets: BTreeMap<String, String>,
    /// What the taps saw.
    pub recorder: Recorder,
    /// What the taps are asked to do.
    pub faults: FaultBoard,
    /// Replaces what must not be recorded.
    pub redactor: Arc<Redactor>,
}

impl fmt::Debug for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stage").field("entry", &self.entry).field("edges", &self.edges.len()).finish_non_exhaustive()
    }
}
