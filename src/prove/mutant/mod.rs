//! Mutation of answers: a proof for any platform, with or without seeded defects.
//!
//! A mutant is one change to the answers of one operation on one edge: an [operator](operators) at a JSON pointer, or on the
//! answer as a whole. Taps make the change, for one scenario alone, in the exchanges that this scenario really had in the
//! baseline. If the scenario stays green, nothing checks what was changed.
//!
//! 1. [`candidates`]: every change that the operators can make to the exchanges of the baseline; each names the scenarios that had
//!    the exchange. Which of them become mutants is drawn from the seed, the operators taking turns, up to the budget.
//! 2. [`trials`]: each mutant runs in a few of these scenarios, until one is red.
//! 3. [`outcome`]: a mutant is *killed* if a scenario failed, *equivalent* if it changed nothing observable, by the rule written
//!    there, and *survived* otherwise.
//! 4. [`score`]: how many of the possible mutants each feature and each Then killed. A Then that was tested and that no mutant
//!    turned red is decoration.

mod candidates;
mod operators;
mod outcome;
mod score;
mod trials;

pub use trials::{Budget, mutate};
