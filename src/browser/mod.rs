//! A real browser, driven as a person would, and the oracle that notices when a page fails in silence.
//!
//! One browser serves a whole run; each scenario gets a page with its own cookies, storage and cache. It is driven over
//! WebDriver BiDi, so that a Selenium Grid works like a local Chromium. Trouble with the browser itself makes a scenario
//! unknown; trouble with the page makes it failed ([`BrowserError::blame`] says which).
//!
//! Not here: which elements a platform's page has (its target file says), and what a scenario does with them (steps).

mod acting;
mod asking;
mod axe;
mod browsers;
mod config;
mod connection;
mod driver;
mod error;
mod log;
mod mapper;
mod oracle;
mod page;
mod reading;

pub use browsers::Browsers;
pub use config::{BrowserConfig, REMEDY, missing};
pub use error::BrowserError;
pub use log::{BrowserEvent, PageLog};
pub use oracle::{OracleRules, PageState, PressResult};
pub use page::Page;

pub use crate::model::Locator;
