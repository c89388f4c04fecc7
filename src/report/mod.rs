//! The journal of a run, and everything rendered from it.
//!
//! A run records itself as Cucumber Messages, one a line ([`journal`]); every report is a pure function of that file, so a
//! run that was killed renders as far as it got, and a report can be made again, or in another format, long after.
//!
//! | file | idea |
//! |---|---|
//! | [`journal`] | writing the journal, reading it back |
//! | [`record`], [`run_builder`] | the run as every reporter reads it, and how it is gathered from the messages |
//! | [`console`], [`failure`], [`style`] | the only live one: what a person sees while the run goes on |
//! | [`reporter`] | what a reporter is, and how files get onto the disk |
//! | [`lateness`] | how late permissions arrived, from the trails |
//! | [`merge`] | several journals of one run as one run |
//! | [`history`], [`history_tables`] | what earlier runs tell, and that in words |
//! | [`proof`] | a proof that the suite can fail, on paper |
//! | [`text`] | text made safe for the place it goes to |
//! | the others | one format each |
//!
//! What is not here: verdicts, diagnoses and findings are made elsewhere and only shown here. Redaction too: it happened
//! where the records were made.
//!
//! # Add another report
//!
//! 1. Write `src/report/<format>.rs` with a unit struct that implements [`Reporter`]: say in its module docs which readers
//!    the format has and where it is specified.
//! 2. Read everything from the [`RunRecord`]. Names, messages and bodies may hold anything: escape for your format, and take file
//!    names from [`text::UniqueNames`]. An unknown verdict must not look green.
//! 3. Add it to [`REPORTERS`]; the help text and the documentation list it from there.
//! 4. Add it to the tests in `tests/`: a run with one of everything, the hostile run, and a run that was killed; then
//!    break the reporter and see them fail.

pub mod allure;
pub mod annotations;
pub mod console;
pub mod ctrf;
pub mod cucumber_json;
pub mod failure;
pub mod har;
pub mod history;
pub mod history_tables;
pub mod html;
pub mod journal;
pub mod junit;
pub mod lateness;
pub mod markdown;
pub mod merge;
pub mod proof;
pub mod record;
pub mod reporter;
pub mod run_builder;
pub mod style;
pub mod tap_protocol;
pub mod text;
mod xml;

#[cfg(test)]
mod tests;

pub use console::Console;
pub use history::RunHistory;
pub use record::{AttemptRecord, RunRecord, ScenarioRecord};
pub use reporter::{Reporter, chosen, clear, named, write_all};
pub use run_builder::RunBuilder;
pub use style::Style;

/// Every report that can be asked for, by [`Reporter::id`].
pub const REPORTERS: &[&dyn Reporter] = &[
    &html::Html,
    &junit::Junit,
    &junit::Surefire,
    &markdown::Markdown,
    &annotations::Annotations,
    &har::Har,
    &allure::Allure,
    &ctrf::Ctrf,
    &cucumber_json::CucumberJson,
    &tap_protocol::TapProtocol,
];
