//! The linter behind `paidpath check`: what is wrong with features, targets and topologies, without running anything.
//!
//! It looks with the runner's own eyes ([`run::Inspector`](crate::run::Inspector)), so that what it lets pass a run does not
//! refuse, and adds what a run does not mind but a reader does: tags that nobody declared, outcomes that say little,
//! quarantines that are over.
//!
//! Neighbours: `gherkin` reads and suspects, `run` resolves steps and tags, `target` and `topology` read their files; `cli`
//! finds the files and prints. It stands above `run` because it holds features against the vocabulary.
//!
//! # Add another rule
//!
//! 1. Give it a line in [`RULES`].
//! 2. Find it: in `features.rs` what needs the vocabulary, in `names.rs` what needs the platform's files too, in `tags.rs` what
//!    is about tags, in `configuration.rs` what stands in TOML files.
//! 3. Give it a row in the table of `tests/product/mistakes.rs`, with the place where it must be found.
//! 4. If the languages under `steps/languages/` say the rules, say it there.

mod charge;
mod configuration;
mod features;
mod finding;
mod format;
mod names;
mod rules;
mod tags;

pub use charge::Charge;
pub use configuration::{Kind, configuration};
pub use features::Linter;
pub use finding::{Finding, fix_all};
pub use format::{github, json, sarif, text};
pub use names::Names;
pub use rules::{RULES, Weight, rule};
