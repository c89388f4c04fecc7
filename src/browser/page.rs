//! One page of one scenario: its profile, its window, its loading. The actions of a person are in `acting`, the readings in
//! `reading`.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::acting::ActionMark;
use super::browsers::{Tab, keep_names};
use super::connection::{Connection, locked};
use super::{BrowserConfig, BrowserError, PageLog};

/// A tab in a profile of its own. Its cookies, storage and cache are shared only with tabs that were opened with
/// [`Page::another_tab`]. The profile is closed when the last of its tabs is dropped; [`Page::close`] waits for that.
#[derive(Debug)]
pub struct Page {
    pub(super) tab: Tab,
    base: String,
    pub(super) config: Arc<BrowserConfig>,
    pub(super) log: Arc<Mutex<PageLog>>,
    pub(super) marked: Mutex<ActionMark>,
    /// A sender that is dropped when the page has loaded for the first time.
    loads: Mutex<Option<oneshot::Sender<()>>>,
    profile: Arc<Profile>,
}

/// The cookies, storage and cache of a scenario; in the protocol a user context.
#[derive(Debug)]
struct Profile {
    connection: Connection,
    user_context: String,
    _place: OwnedSemaphorePermit,
}

/// The number of attempts to load a page while the machine's network changes.
const LOADS: usize = 3;

impl Page {
    pub(super) fn new(
        tab: Tab,
        base: &str,
        config: Arc<BrowserConfig>,
        place: OwnedSemaphorePermit,
        loads: oneshot::Sender<()>,
    ) -> Self {
        let log = tab.connection.log(&tab.user_context);
        let base = base.trim_end_matches('/').to_owned();
        let profile =
            Profile { connection: tab.connection.clone(), user_context: tab.user_context.clone(), _place: place };
        let loads = Mutex::new(Some(loads));
        Self { tab, base, config, log, marked: Mutex::default(), loads, profile: Arc::new(profile) }
    }

    /// Opens another blank tab of the same profile. The tabs have one log.
    pub async fn another_tab(&self) -> Result<Self, BrowserError> {
        // A window of its own: a tab in the background is hidden, and pages do less while they are.
        let params = json!({ "type": "window", "userContext": self.tab.user_context });
        let made = self.command("browsingContext.create", params).await?;
        let context = made["context"].as_str().unwrap_or_default().to_owned();
        keep_names(&self.tab.connection, &context, self.config.answer_within).await;
        Ok(Self {
            tab: Tab { context, ..self.tab.clone() },
            base: self.base.clone(),
            config: self.config.clone(),
            log: self.log.clone(),
            marked: Mutex::default(),
            loads: Mutex::default(),
            profile: self.profile.clone(),
        })
    }

    /// Returns true while other tabs of the same profile are held.
    pub(super) fn has_other_tabs(&self) -> bool {
        Arc::strong_count(&self.profile) > 1
    }

    /// Brings the tab to the front.
    pub async fn activate(&self) -> Result<(), BrowserError> {
        self.command("browsingContext.activate", json!({ "context": self.tab.context })).await.map(drop)
    }

    /// The address that relative addresses start from, without a slash at its end.
    pub fn base_url(&self) -> &str {
        &self.base
    }

    /// Sets the headers that the browser sends with every request of this page, such as `traceparent` and `baggage`.
    /// Replaces earlier ones.
    pub async fn headers(&self, headers: &[(&str, &str)]) -> Result<(), BrowserError> {
        let headers: Vec<Value> = headers
            .iter()
            .map(|(name, value)| json!({ "name": name, "value": { "type": "string", "value": value } }))
            .collect();
        let params = json!({ "headers": headers, "userContexts": [self.tab.user_context] });
        self.command("network.setExtraHeaders", params).await.map(drop)
    }

    /// Sets a cookie for the base URL's host.
    pub async fn cookie(&self, name: &str, value: &str) -> Result<(), BrowserError> {
        let host = self.base.split("://").nth(1).unwrap_or(&self.base);
        let host = host.split(['/', ':']).next().unwrap_or(host);
        let params = json!({
            "cookie": { "name": name, "value": { "type": "string", "value": value }, "domain": host, "path": "/" },
            "partition": { "type": "storageKey", "userContext": self.tab.user_context },
        });
        self.command("storage.setCookie", params).await.map(drop)
    }

    /// The size of the window's content in CSS pixels.
    pub async fn viewport(&self, width: u32, height: u32) -> Result<(), BrowserError> {
        let params = json!({ "context": self.tab.context, "viewport": { "width": width, "height": height } });
        self.command("browsingContext.setViewport", params).await.map(drop)
    }

    /// Sets whether the page believes that the person prefers dark colours.
    pub async fn dark(&self, dark: bool) -> Result<(), BrowserError> {
        let scheme = if dark { "dark" } else { "light" };
        let params = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        let within = self.config.answer_within;
        self.tab.connection.cdp(&self.tab.context, "Emulation.setEmulatedMedia", params, within).await.map(drop)
    }

    /// Goes to an address, relative to the base URL or absolute, and waits until it has loaded.
    pub async fn goto(&self, address: &str) -> Result<(), BrowserError> {
        let url = if address.contains("://") || address.starts_with("data:") {
            address.to_owned()
        } else {
            format!("{}/{}", self.base, address.trim_start_matches('/'))
        };
        self.begin(None);
        let params = json!({ "context": self.tab.context, "url": url, "wait": "complete" });
        self.load_whole("browsingContext.navigate", params, &url).await
    }

    async fn load_whole(&self, method: &str, params: Value, url: &str) -> Result<(), BrowserError> {
        let loaded = self.load_uncut(method, params, url).await;
        drop(locked(&self.loads).take());
        loaded
    }

    /// Loads the page, and loads it again when the machine's network changed meanwhile.
    async fn load_uncut(&self, method: &str, params: Value, url: &str) -> Result<(), BrowserError> {
        for _ in 0..LOADS {
            let before = locked(&self.log).len();
            let loaded = self.load(method, params.clone(), url).await;
            if loaded.is_ok() {
                self.rest().await?; // what its scripts read belongs to loading it
            }
            if !locked(&self.log).was_cut_off(before) {
                return loaded;
            }
        }
        self.load(method, params, url).await
    }

    /// The status with which the address that was gone to last was answered, behind all redirections.
    pub fn status(&self) -> Option<u16> {
        locked(&self.log).document(self.marked().entry)
    }

    /// Loads the page again and waits until it has loaded.
    pub async fn reload(&self) -> Result<(), BrowserError> {
        self.begin(None);
        let params = json!({ "context": self.tab.context, "wait": "complete" });
        self.load_whole("browsingContext.reload", params, "the page").await
    }

    async fn load(&self, method: &str, params: Value, url: &str) -> Result<(), BrowserError> {
        let within = self.config.load_within;
        let not_opened = |reason: String| BrowserError::NotOpened { url: url.into(), reason };
        match self.tab.connection.command(method, params, within).await {
            Ok(_) => Ok(()),
            Err(BrowserError::Refused { reason, .. }) => Err(not_opened(reason)),
            // The check for signs of life is a command of its own. If it is answered, the page hangs and not the browser.
            Err(hung @ BrowserError::Hung { .. }) => {
                match self.tab.connection.command("browser.getUserContexts", json!({}), Duration::from_secs(5)).await {
                    Ok(_) => Err(not_opened(format!("it had not loaded after {within:?}"))),
                    Err(_) => Err(hung),
                }
            }
            Err(trouble) => Err(trouble),
        }
    }

    /// Closes the profile with all its tabs. Its cookies, storage and cache are forgotten.
    pub async fn close(self) {
        // Dropping the profile does the same again. That does no harm, and helps where this command was too slow.
        let params = json!({ "userContext": self.tab.user_context });
        let _ = self.tab.connection.command("browser.removeUserContext", params, Duration::from_secs(3)).await;
    }

    pub(super) async fn command(&self, method: &str, params: Value) -> Result<Value, BrowserError> {
        self.tab.connection.command(method, params, self.config.answer_within).await
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        let (connection, user_context) = (self.connection.clone(), self.user_context.clone());
        self.connection.spawn(async move {
            let params = json!({ "userContext": user_context });
            let _ = connection.command("browser.removeUserContext", params, Duration::from_secs(5)).await;
            connection.forget(&user_context);
        });
    }
}
