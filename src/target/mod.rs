//! The target file: a TOML file that maps operations, error payloads and baggage to a platform's wire format.
//!
//! Steps name an [`Operation`] and give [`Values`]; the target makes an HTTP request of them, and reads the answer
//! back into named fields and a stable error code. A second platform needs a second file, not a second set of steps.
//! Sending is not here: `run` does that, through the tap on the member's edge.

mod answer;
mod check;
mod file;
mod operation;
mod page;
mod template;

pub use answer::PlatformAnswer;
pub use file::{Bounds, Target};
pub use operation::{FINAL_STATES, Operation, Slot, WORKING_STATE};
pub use page::PageSpec;
pub use template::Values;

#[cfg(test)]
mod tests;
