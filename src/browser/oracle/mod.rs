//! The oracle for silent failures: whether an action was answered, and whether what is wrong is explained. Any page will do.
//!
//! Two questions, each with its own rule:
//!
//! - *After an action* ([`Page::answered`](super::Page::answered)): a request, a navigation or a visible change within the
//!   bound; else a dead click, rule U4.
//! - *In an error state* ([`Page::judge`](super::Page::judge)): what looks or says that it is wrong is described by a text
//!   that is visible, means something, is about that thing, and is announced; else a silent failure, rule U3.
//!
//! The looking is done by a script in a world of its own inside the page (`dom.js`, `readable.js`, `watch.js`,
//! `errors.js`, `page.js`), which the page cannot see or change. What it cannot see, such as requests, comes from the
//! browser's events; what the page has planned (`planned.js`) is counted in the page's own world.

mod answer;
mod rules;
mod state;

pub use answer::PressResult;
pub use rules::OracleRules;
pub(super) use rules::script;
pub use state::PageState;

/// Counts what a page has planned; to be called before any script of the page.
pub(super) const PLANNED: &str = include_str!("planned.js");
