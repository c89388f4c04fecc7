//! The trail of an attempt: what its exchanges mean, the rules it is held against, and the diagnosis of a failure.
//!
//! | file | idea |
//! |---|---|
//! | [`mapping`], [`source`] | the `[trail]` section of a target file: which exchange means what |
//! | `schema` | the JSON Schemas of those values in the section that are written as one string |
//! | `build`, `staleness` | from exchanges to events, and the time that a permission takes to arrive |
//! | [`participants`], [`evidence`], [`occurrence`] | everything that is known of one attempt, and the questions to it |
//! | [`purchases`], [`rights`] | what was bought, and who must be let in or refused, derived from the money alone |
//! | [`answers`], [`wallet`] | who was let in, and what was in the wallets, as the platform reports it |
//! | [`rule`] | the always-on rules, one file each |
//! | [`diagnosis`] | the first hop at which the trail departs from a paid path |
//!
//! Everything here is a pure function of its arguments: there is no clock and no network. Not here: recording (room
//! `tap`), error payloads (room `contract`), and waiting for what may still come (room `run`).

pub mod answers;
pub mod diagnosis;
pub mod evidence;
pub mod mapping;
pub mod occurrence;
pub mod participants;
pub mod purchases;
pub mod rights;
pub mod rule;
pub mod source;
pub mod wallet;

mod build;
mod schema;
mod staleness;

#[cfg(test)]
mod tests;

pub use diagnosis::{FailedStep, diagnose};
pub use evidence::{Evidence, EvidenceInputs, TimeBounds};
pub use mapping::Mapping;
pub use participants::{KnownMember, KnownVersion, Participants};
pub use rule::{Judge, Judgement, Question, RULES, Rule, rule};
pub use source::Source;
