//! Mutation of answers: proof for any platform, with or without seeded defects.
//!
//! A mutant is one change to the answers of one operation on one edge: an [operator](operators) at a JSON pointer, or on the
//! answer as a whole. Taps make the change, for one scenario alone, in the exchanges that this scenario really had in the
//! baseline. If the scenario stays green, nobody looks at what was changed.
//!
//! 1. [`ideas`]: every change that the operators can make to the exchanges of the baseline; each names the scenarios that had
//!    the exchange. Which of them become mutants is drawn from the seed, the operators taking turns, up to the budget.
//! 2. [`trials`]: each mutant runs in a few of these scenarios, until one is red.
//! 3. [`fate`]: *killed* is a scenario that failed. *Equivalent* is a mutant that changed nothing observable, by the rule that is
//!    written there; nobody decides that by hand. *Survived* is the rest.
//! 4. [`score`]: what was killed of what could be, for each feature and for each Then. A Then that was put to the test and that
//!    no mutant turned red is decoration.

mod candidates;
mod operators;
mod outcome;
mod score;
mod trials;

pub use trials::{Budget, mutate};
