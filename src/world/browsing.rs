//! The browser of a run. It starts when the first scenario opens a page, serves all scenarios, and ends with the run.

use std::fmt;
use std::time::Duration;

use tokio::sync::OnceCell;

use crate::browser::{BrowserConfig, BrowserError, Browsers, Page};
use crate::target::PageSpec;

/// A browser that starts with the first page.
pub struct Browsing {
    config: BrowserConfig,
    started: OnceCell<Result<Browsers, BrowserError>>,
}

impl Browsing {
    /// Makes a browser that also knows the signs of failure on this platform's page.
    pub fn new(mut config: BrowserConfig, page: Option<&PageSpec>) -> Self {
        if let Some(page) = page {
            config.oracle.classes.extend(page.error_classes.iter().map(|class| class.to_lowercase()));
            config.oracle.words.extend(page.error_words.iter().map(|word| format!(" {}", word.to_lowercase())));
        }
        // On a busy platform a page may still load when a step looks for an element on it.
        config.find_within = config.find_within.max(Duration::from_secs(15));
        Self { config, started: OnceCell::new() }
    }

    /// Opens a blank page with a profile of its own. `base` completes addresses without a host.
    pub async fn open(&self, base: &str) -> Result<Page, BrowserError> {
        // A failed start is remembered, too: another try would cost every scenario the same time.
        let started = self.started.get_or_init(|| Browsers::start(self.config.clone())).await;
        match started {
            Ok(browsers) => browsers.open(base).await,
            Err(trouble) => Err(trouble.clone()),
        }
    }

    /// Ends the browser with all its processes, if it was started.
    pub async fn stop(&self) {
        if let Some(Ok(browsers)) = self.started.get() {
            browsers.stop().await;
        }
    }
}

impl fmt::Debug for Browsing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Browsing").field("started", &self.started.initialized()).finish_non_exhaustive()
    }
}
