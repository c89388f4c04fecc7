//! The browser of a run. It starts when the first scenario opens a page, serves all scenarios, and ends with the run.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::OnceCell;

use crate::base::hosts::AllowedHosts;
use crate::browser::{BrowserConfig, BrowserError, Browsers, Page, PageLog};
use crate::target::PageSpec;

/// A browser that starts with the first page.
pub struct Browsing {
    config: BrowserConfig,
    started: OnceCell<Result<Browsers, BrowserError>>,
    foreign_hosts: Mutex<BTreeSet<String>>,
}

impl Browsing {
    /// Makes a browser that reaches the loopback and these hosts, and that also knows the signs of failure on this platform's page.
    pub fn new(mut config: BrowserConfig, page: Option<&PageSpec>, hosts: AllowedHosts) -> Self {
        config.hosts = hosts;
        if let Some(page) = page {
            config.oracle.classes.extend(page.error_classes.iter().map(|class| class.to_lowercase()));
            config.oracle.words.extend(page.error_words.iter().map(|word| format!(" {}", word.to_lowercase())));
        }
        // On a busy platform a page may still load when a step looks for an element on it.
        config.find_within = config.find_within.max(Duration::from_secs(15));
        Self { config, started: OnceCell::new(), foreign_hosts: Mutex::default() }
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

    /// Notes which hosts a page tried to reach in vain. `clean` redacts a name.
    pub fn note_foreign_hosts(&self, log: &PageLog, clean: impl Fn(&str) -> String) {
        let foreign = log.foreign_hosts(&self.config.hosts);
        if !foreign.is_empty() {
            let mut noted = self.foreign_hosts.lock().expect("nothing panics while it holds this lock");
            noted.extend(foreign.iter().map(|host| clean(host)));
        }
    }

    /// Returns a sentence about the hosts that pages tried to reach in vain, if there are any.
    pub fn foreign_hosts(&self) -> Option<String> {
        let noted = self.foreign_hosts.lock().expect("nothing panics while it holds this lock");
        let names: Vec<String> = noted.iter().map(|host| format!("`{host}`")).collect();
        (!names.is_empty()).then(|| {
            let names = names.join(", ");
            format!("pages tried to reach {names}, which the browser does not reach: hosts of the platform belong in `allowed_hosts`")
        })
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
