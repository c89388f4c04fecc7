//! The journal of a run, and every report that is rendered from it.
//!
//! A run records itself as Cucumber Messages, one message per line ([`journal`]). Every report is a pure function of that file.
//! A run that was killed is therefore reported as far as it got, and reports can be made again later, in any format.
//!
//! | file | idea |
//! |---|---|
//! | [`journal`] | writing a journal and reading it back |
//! | [`record`], [`run_builder`] | the run as every reporter reads it, and building it from messages |
//! | [`console`], [`failure`], [`style`] | the terminal output while a run goes on, the only live report |
//! | [`reporter`] | the trait of a reporter, and writing its files |
//! | [`lateness`] | the delays of permissions, measured in the trails |
//! | [`merge`] | merging several journals of one run |
//! | [`history`], [`history_tables`] | the results of earlier runs, and tables of them |
//! | [`proof`] | a proof that the suite can fail, as text and as Markdown |
//! | [`text`], [`xml`] | text made safe for the place it goes to |
//! | the others | one format each |
//!
//! Not here: verdicts, diagnoses and findings, which this room only shows, and redaction, which happens where records are made.
//!
//! # Add another report
//!
//! 1. Write `src/report/<format>.rs` with a constant of type [`Reporter`]. Say in its module docs which readers
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

/// Every report that can be asked for, by its `id`.
pub const REPORTERS: &[&Reporter] = &[
    &html::HTML,
    &junit::JUNIT,
    &junit::SUREFIRE,
    &markdown::MARKDOWN,
    &annotations::ANNOTATIONS,
    &har::HAR,
    &allure::ALLURE,
    &ctrf::CTRF,
    &cucumber_json::CUCUMBER_JSON,
    &tap_protocol::TAP_PROTOCOL,
];
