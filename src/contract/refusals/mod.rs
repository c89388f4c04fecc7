//! The platform's refusals: what each code means, and that each reaches the member as what it was.
//!
//! - `file.rs`: the catalogue as it is written, in TOML.
//! - `problem.rs`: one refusal by itself. A problem document, of a known code, with the status that goes with it (U1).
//! - `journey.rs`: a refusal on its way out, hop by hop. Nobody says what is another service's to say (U2), says something
//!   else than they were told (U1), or calls trouble "not bought" (U7).

mod file;
mod journey;
mod problem;

pub use file::{RefusalCatalogue, RefusalClass};
