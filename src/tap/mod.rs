//! The recording proxy on an edge: it forwards and records every exchange, and disturbs those that a fault is armed for.
//!
//! ```text
//!             ┌ Tap (one per edge) ──────────────────────────┐
//!  caller ───▶│ attribution → faults armed for this exchange │───▶ callee
//!             └──────┬───────────────────▲───────────────────┘
//!                    ▼                   │
//!                 Recorder           FaultBoard        (one of each per run)
//! ```
//!
//! - A [`Tap`] forwards HTTP/1.1 in both directions as it arrives. It adds no header of its own (no `Via`, no `Forwarded`),
//!   because services must behave as if it were not there. `headers.rs` lists the few changes it makes, with reasons.
//! - The [`Recorder`] keeps the exchanges of each scenario. While an exchange passes, its bytes are only copied; they are
//!   parsed and redacted when somebody asks for the records.
//! - The [`FaultBoard`] knows which [`Disturbance`]s are armed, for which scenario, and whether each one fired.
//! - [`fault`] holds the faults themselves, one per file, and says how to add another.
//!
//! An exchange belongs to the scenario whose trace id its `traceparent` carries. An exchange that belongs to none is a
//! *stray*: it is counted and shown, but little of it is kept, because the secrets of its owner may be unknown.
//!
//! Not here: the meaning of exchanges (the trail), the list of edges (the topology), and the arming of faults (steps and the
//! command line).

mod attribution;
mod board;
mod body;
mod disturbance;
pub mod fault;
mod headers;
mod passage;
mod proxy;
mod record;
mod recorder;
mod render;
mod upstream;
mod words;

#[cfg(test)]
mod bench;
#[cfg(test)]
mod tests;

pub use attribution::Attribution;
pub use board::{FaultBoard, FaultOutcome};
pub use disturbance::{Disturbance, Frequency};
pub use proxy::Tap;
pub use recorder::{Recorder, ScenarioProgress};
pub use upstream::InvalidUpstream;
pub use words::FaultSyntaxError;
