//! How to speak to a platform: a TOML file that maps operations, error payloads and baggage to that platform's wire.
//!
//! Steps name an [`Operation`] and give [`Values`]; the target makes the HTTP request of it and reads the answer back
//! into named fields and a stable error code. A second platform is a second file, not a second set of steps.
//! Sending is not here: `run` does that, through the tap of the member's edge.

mod answer;
mod check;
mod file;
mod operation;
mod page;
mod template;

pub use answer::PlatformAnswer;
pub use file::{Bounds, Target};
pub use operation::{FINAL_STATES, Operation, WORKING_STATE};
pub use page::PageSpec;
pub use template::Values;

#[cfg(test)]
mod tests;
