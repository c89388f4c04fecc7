//! Whether doubles tell the truth: the same scenarios on several topologies, and what was exchanged held against the first.
//!
//! 1. [`form`]: an exchange without what may differ from run to run: ids, times, secrets, wording, and how often somebody
//!    looked. What is left is the operation, the outcome (status and error code), and at each place of the message the class
//!    of the value there.
//! 2. [`cases`]: the forms of one scenario by operation and outcome, those with the same taken together.
//! 3. [`mod@compare`]: case by case, on the edges that both topologies have. An outcome that only one of them has is a difference,
//!    and so is a place in a message that only one of them fills, or fills with something else.
//!
//! [`agree`] does that for all scenarios and topologies.
//!
//! Not here: who runs them and says it (`cli`).

mod agree;
mod cases;
mod compare;
mod form;

pub use agree::{TopologyRun, agree};
