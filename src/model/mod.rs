//! Plain records that every room speaks in: what was exchanged, what it meant, what was found, how it ended.
//!
//! Serde only; no I/O, no time, no randomness. Records that are written to disk tolerate unknown fields when read, so that
//! an older reader understands a newer journal.

pub mod agreement;
pub mod diagnosis;
pub mod exchange;
mod fact;
pub mod finding;
pub mod locator;
pub mod message;
pub mod proof;
mod rule;
pub mod run;
pub mod trail;
pub mod verdict;

pub use diagnosis::{Class, Diagnosis, Hop, HopState};
pub use exchange::{BY_TAP, Body, Change, Content, Edge, Exchange, Outcome, Request, Response, TraceId};
pub use fact::Fact;
pub use finding::Finding;
pub use locator::Locator;
pub use proof::Proof;
pub use rule::RuleId;
pub use run::{FeatureFile, Identity, Judged, Lifted, RunEnd, RunInfo, ServiceInfo, Shard};
pub use trail::{Event, EventKind, Trail};
pub use verdict::{Blame, Cause, Exit, Expected, ScenarioVerdict, Verdict};
