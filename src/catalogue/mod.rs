//! The vocabulary as people read it: every sentence with what it does, its parameters, and where it is written.
//!
//! The step attributes register a regular expression and a line. What a person wants to know, the sentence as it was
//! written and the comment above it, stands only in the source text, which is therefore built into the binary and read
//! here: [`Catalogue::read`]. A [`Language`] gives the same sentences in another spoken language.
//!
//! Neighbours: `run::Vocabulary` finds the sentence of a step, and refuses to start if it and the catalogue disagree; `cli`
//! adds the examples, which are steps of real features. Nothing here knows cucumber.

mod expression;
mod language;
mod render;
mod snippet;
mod source;

pub use expression::Expression;
pub use language::{Language, Translated};
pub use render::{Entry, Example, Word, html, json, markdown, text};
pub use snippet::Snippets;
pub use source::{Catalogue, Under};
