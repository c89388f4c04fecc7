//! The platform's refusals: the meaning of each code, and the check that each refusal reaches the member unchanged.
//!
//! - `file.rs`: the catalogue of refusals, a TOML file.
//! - `problem.rs`: one refusal by itself. It is a problem document, with a known code and the status that belongs to it (U1).
//! - `journey.rs`: a refusal on its way to the member, hop by hop. No service says a code that only another may say (U2),
//!   says something else than it learned (U1), or calls trouble "not bought" (U7).

mod file;
mod journey;
mod problem;

pub use file::{RefusalCatalogue, RefusalClass};
