//! The records that rooms exchange: recorded exchanges, their events, findings, diagnoses and verdicts, and the run as
//! a whole.
//!
//! They have no behaviour beyond serde: no I/O, no clock, no randomness. Readers of records from disk ignore unknown
//! fields, so that an older version reads a newer journal.

pub mod acceptance;
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

pub use acceptance::{Acceptance, Acceptances, BodyTest};
pub use diagnosis::{Class, Diagnosis, Hop, HopState};
pub use exchange::{BY_TAP, Body, Change, Content, Edge, Exchange, Outcome, Request, Response, TraceId};
pub use fact::Fact;
pub use finding::Finding;
pub use locator::Locator;
pub use proof::Proof;
pub use rule::RuleId;
pub use run::{FeatureFile, Identity, Judged, Lifted, Origin, Origins, RunEnd, RunInfo, ServiceInfo, Shard};
pub use trail::{Event, EventKind, Trail};
pub use verdict::{Blame, Cause, Exit, Expected, ScenarioVerdict, Verdict};
