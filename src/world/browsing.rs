//! The browser of a run: started when the first scenario opens a page, shared by all that do, ended with the run.

use std::fmt;
use std::time::Duration;

use tokio::sync::OnceCell;

use crate::browser::{BrowserConfig, BrowserError, Browsers, Page};
use crate::target::PageSpec;

/// A browser that nobody pays for before a page is opened.
pub struct Browsing {
    config: BrowserConfig,
    /// That it does not start is remembered, too: trying again would cost every scenario as long.
    started: OnceCell<Result<Browsers, BrowserError>>,
}

impl Browsing {
    /// This browser, with what the platform's own page takes for a sign of failure.
    pub fn new(mut config: BrowserConfig, page: Option<&PageSpec>) -> Self {
        if let Some(page) = page {
            config.oracle.classes.extend(page.error_classes.iter().map(|class| class.to_lowercase()));
            config.oracle.words.extend(page.error_words.iter().map(|word| format!(" {}", word.to_lowercase())));
        }
        // A page may still be reading from a busy platform when somebody already looks for something on it.
        config.find_within = config.find_within.max(Duration::from_secs(15));
        Self { config, started: OnceCell::new() }
    }

    /// Opens a blank page with a profile of its own; addresses without a host are taken from `base`.
    ///
    /// # Errors
    /// If there is no browser, or it is in trouble.
    pub async fn open(&self, base: &str) -> Result<Page, BrowserError> {
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
