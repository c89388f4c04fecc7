//! The vocabulary: one file per noun of the domain, each step one sentence.
//!
//! Steps translate words and call the [`World`](paidpath::World); what is judged, waited for and sent is there.
//! Attributes stand on top-level functions, so that the Cucumber language server finds them.
//!
//! # Add a step
//!
//! 1. Find the file of its noun. Say the sentence aloud; look through `features/STEPS.md` for one that is already there.
//! 2. Write a function of at most ten lines with `#[given]`, `#[when]` or `#[then]` on one line, and above it a doc comment:
//!    the catalogue shows it. Rows of a table are named after the word *rows*, in backticks: `paidpath check` holds tables to it.
//! 3. If it needs something new of the platform, add a method to the `World` or to one of its parts; if it expects something, let it judge
//!    it (a Then that judges nothing is not green).
//! 4. Use it in a feature, break what it expects once, and see it fail. The catalogue takes its example from there.
//! 5. Say it in the files under `languages/`, and make the page anew:
//!    `paidpath steps --format markdown > features/STEPS.md`.

mod access;
mod buying;
mod disturbing;
mod events;
mod generating;
mod handover;
mod machines;
mod members;
mod models;
mod money;
mod outcome;
mod page;
pub mod parameters;
mod rehearsal;
mod requests;
mod stubs;
mod time;
