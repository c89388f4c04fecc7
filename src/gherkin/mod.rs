//! The Gherkin language: text in, Cucumber Messages out.
//!
//! [`parse`] reads a feature file into a [`GherkinDocument`](crate::model::message::GherkinDocument), [`pickles()`] makes of
//! it what can be run, [`tags`] selects among it, and [`suspects()`] says what the language swallows without a word although
//! nobody can have meant it.
//!
//! Neighbours: the records are those of [`model::message`](crate::model::message). What steps mean, which scenarios run
//! and what a suspect costs is decided by the rooms above. Gherkin in Markdown is not read.
//!
//! # Why not the `gherkin` crate
//!
//! That parser refuses valid files (an empty one, escaped pipes, a doc string beside a table, trailing spaces), keeps
//! neither comments nor the positions of tags and cells nor the media type of a doc string, says of a mistake little more
//! than its place, and its time grows with the square of a file's length. People who write features live by exactly these
//! things. The crate stays a dependency only for the `Step` that cucumber's step functions take; inside this crate its
//! name is `::gherkin`.
//!
//! # Where it differs from the official parser
//!
//! The grammar, the columns and the pickles are the official ones, with these exceptions:
//!
//! - A tag may have an argument in parentheses, in which anything may stand: `@allow(M3: why it is so)`. The official
//!   parser ends a tag at white space and would refuse this line, so no valid file changes its meaning except one whose
//!   tag opens a parenthesis and does not close it; that is a mistake here. A lone `@` is a mistake too.
//! - `*` takes the meaning of the step before, as `And` does, and not none at all.
//! - A byte order mark is skipped, and so are blank lines around a description, even beside a comment. Ids are given out in the order of the text.
//! - A line that could be a title or a step (Turkish has one) is a title.
//! - A text longer than [`MAX_BYTES`], or with more than [`MAX_STEPS`] steps, is refused.
//!
//! `languages.json` is the official list of keywords, unchanged (`languages.LICENSE`, MIT).

pub mod dialect;
mod ids;
mod kind;
mod line;
mod mistake;
mod parser;
mod pickles;
mod suspects;
pub mod tags;
mod typos;

#[cfg(test)]
mod tests;

pub use ids::Ids;
pub use mistake::{Fix, Mistake};
pub use parser::{MAX_BYTES, parse};
pub use pickles::{meaning, pickles};
pub use suspects::{SUSPICIONS, descriptions, suspects};
