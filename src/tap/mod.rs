//! The recording proxy that stands on an edge: it sees, keeps, and on request disturbs every exchange.
//!
//! ```text
//!             ┌ Tap (one per edge) ──────────────────────────┐
//!  caller ───▶│ attribution → faults armed for this exchange │───▶ callee
//!             └──────┬───────────────────▲───────────────────┘
//!                    ▼                   │
//!                 Recorder           FaultBoard        (one of each per run)
//! ```
//!
//! - A [`Tap`] forwards HTTP/1.1 in both directions as it comes. It adds no header of its own (no `Via`, no `Forwarded`):
//!   services must behave as if it were not there. What it changes, and why, is listed in `headers.rs`.
//! - The [`Recorder`] keeps what passed, per scenario. Parsing and redaction happen when somebody asks for the records, in
//!   the asker's time: on the way of an exchange bytes are only copied.
//! - The [`FaultBoard`] knows which [`Disturbance`]s are armed, for which scenario, and whether each one fired.
//! - [`fault`] holds the faults themselves, one per file, and says how to add another.
//!
//! An exchange belongs to the scenario whose trace id its `traceparent` carries. What belongs to none is a *stray*: it is
//! counted and shown, but little of it is kept, because the secrets of its owner may be unknown.
//!
//! Not here: what exchanges mean (the trail), which edges exist (the topology), when a fault is armed (steps and the command
//! line).

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
pub use passage::BY_TAP;
pub use proxy::Tap;
pub use recorder::{Recorder, ScenarioProgress};
pub use upstream::InvalidUpstream;
pub use words::FaultSyntaxError;
