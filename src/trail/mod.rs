//! From what the taps saw to what it means: the trail of a scenario, the rules it is held against, and why it failed.
//!
//! | file | idea |
//! |---|---|
//! | [`mapping`], [`source`] | which exchange means what: the `[trail]` section of a target's file |
//! | `build`, `staleness` | exchanges to events, and how long a permission took to arrive |
//! | [`cast`], [`evidence`], [`seen`] | everything that is known of one attempt, and how to ask it |
//! | [`purchases`], [`rights`] | what was bought, and who must (and must not) be let in when: worked out from the money alone |
//! | [`answers`], [`wallet`] | who was let in, and what was in their wallets, as the platform says it |
//! | [`check`] | the always-on rules, one file each |
//! | [`diagnosis`] | the first hop at which what happened departs from what a paid path does |
//!
//! Everything here is a pure function of its arguments: no clock, no network. What is not here: recording (`tap`), error
//! payloads (`contract`), and waiting for what may still come, which is done by `run`.

pub mod answers;
pub mod cast;
pub mod diagnosis;
pub mod evidence;
pub mod mapping;
pub mod purchases;
pub mod rights;
pub mod rule;
pub mod seen;
pub mod source;
pub mod wallet;

mod build;
mod schema;
mod staleness;

#[cfg(test)]
mod tests;

pub use cast::{Cast, Person, Thing};
pub use diagnosis::{FailedStep, diagnose};
pub use evidence::{Bounds, Evidence, Given};
pub use mapping::Mapping;
pub use rule::{Judge, Judgement, Question, RULES, Rule, rule};
pub use seen::Seen;
pub use source::Source;
