//! The oracle for silent failures, for any page: it checks that actions are answered and that errors are explained.
//!
//! Two questions, each with its own rule:
//!
//! - *After an action* ([`Page::answered`](super::Page::answered)): a request, a navigation or a visible change within the
//!   bound; else a dead click, rule U4.
//! - *In an error state* ([`Page::judge`](super::Page::judge)): what looks or says that it is wrong is described by a text
//!   that is visible, means something, is about that thing, and is announced; else a silent failure, rule U3.
//!
//! A script does the looking (`dom.js`, `readable.js`, `watch.js`, `errors.js`, `page.js`), in a world of its own inside the
//! page that the page can neither see nor change. Events of the browser report what the script cannot see, such as requests.
//! The timers that the page has planned are counted in the page's own world (`planned.js`).

mod answer;
mod rules;
mod state;

pub use answer::PressResult;
pub use rules::OracleRules;
pub(super) use rules::script;
pub use state::PageState;

/// Counts the timers of a page. Has to run before any script of the page.
pub(super) const PLANNED: &str = include_str!("planned.js");
