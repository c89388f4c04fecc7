//! Findings as text, SARIF, GitHub annotations and JSON: one file each.

mod github;
mod json;
mod sarif;
mod text;

pub use github::github;
pub use json::json;
pub use sarif::sarif;
pub use text::text;
