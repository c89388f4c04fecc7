//! Checking that doubles answer as the platform does: the same scenarios run on several topologies, and the exchanges on each are
//! compared with those on the first.
//!
//! 1. [`form`] reduces an exchange to its operation, its outcome (status and error code) and the class of the value at each place of
//!    its messages. Ids, times, secrets, wording and the number of repetitions may differ between runs and are left out.
//! 2. [`cases`] groups the forms of one scenario by operation and outcome.
//! 3. [`mod@compare`] compares case by case, on the edges that both topologies have. A difference is an outcome that only one of them
//!    has, or a place in a message that only one of them fills or that holds another class of value.
//!
//! [`agree`] does this for all scenarios and topologies.
//!
//! Not here: running the scenarios and printing the result, which `cli` does.

mod agree;
mod cases;
mod compare;
mod form;

pub use agree::{TopologyRun, agree};
