//! One warm browser for all scenarios of a run; each page lives in a user context of its own.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tokio::sync::{Semaphore, oneshot};

use super::connection::{BrowserThread, Connection, locked};
use super::{BrowserConfig, BrowserError, Page};

/// The number of times that a dead browser is restarted in one run.
const RESTARTS: usize = 3;

/// The browser that all scenarios of a run share. Start it once, behind an `Arc`. Calls may come from any runtime.
#[derive(Debug)]
pub struct Browsers {
    config: Arc<BrowserConfig>,
    running: tokio::sync::Mutex<RunningBrowser>,
    warm: Arc<Mutex<Vec<Tab>>>,
    places: Arc<Semaphore>,
}

#[derive(Debug)]
struct RunningBrowser {
    link: Option<BrowserThread>,
    restarts: usize,
}

/// A blank tab with its own cookies, storage and cache.
#[derive(Debug, Clone)]
pub(super) struct Tab {
    pub(super) connection: Connection,
    pub(super) user_context: String,
    pub(super) context: String,
}

impl Browsers {
    /// Starts the driver and one browser, or a session on the remote one that the configuration names, and the first
    /// blank pages.
    pub async fn start(config: BrowserConfig) -> Result<Self, BrowserError> {
        // The connection to the browser needs a TLS provider even where it is not encrypted; a second call changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let config = Arc::new(config);
        let link = BrowserThread::start((*config).clone()).await?;
        let connection = link.connection().clone();
        let browsers = Self {
            running: tokio::sync::Mutex::new(RunningBrowser { link: Some(link), restarts: 0 }),
            warm: Arc::default(),
            places: Arc::new(Semaphore::new(config.parallel.max(1))),
            config,
        };
        browsers.refill(&connection, std::future::ready(()));
        Ok(browsers)
    }

    /// Opens a blank page for one scenario. Addresses without a host are relative to `base_url`. Waits while as many
    /// pages are open as the configuration allows.
    pub async fn open(&self, base_url: &str) -> Result<Page, BrowserError> {
        let place = self.places.clone().acquire_owned().await.map_err(|_| stopped())?;
        let connection = self.connection().await?;
        // A warm tab may belong to a browser that died since, and is then left to its user context.
        let ready = locked(&self.warm).pop();
        let tab = match ready {
            Some(tab) if tab.connection.is(&connection) => tab,
            Some(_) | None => blank(&connection, self.config.answer_within).await?,
        };
        let (loaded, has_loaded) = oneshot::channel();
        self.refill(&connection, async move {
            let _ = has_loaded.await; // or it was given up
        });
        Ok(Page::new(tab, base_url, self.config.clone(), place, loaded))
    }

    /// Ends the browser, the driver and every process that they started.
    pub async fn stop(&self) {
        self.places.close();
        let link = {
            let mut running = self.running.lock().await;
            // A scenario that is still running must not start the browser again after the end of the run.
            running.restarts = RESTARTS;
            running.link.take()
        };
        locked(&self.warm).clear();
        if let Some(link) = link {
            link.stop().await;
        }
    }

    async fn connection(&self) -> Result<Connection, BrowserError> {
        let mut running = self.running.lock().await;
        match &running.link {
            Some(link) if !link.connection().is_lost() => return Ok(link.connection().clone()),
            Some(_) | None if running.restarts >= RESTARTS => return Err(stopped()),
            Some(link) => link.stop().await,
            None => {}
        }
        running.link = None;
        running.restarts += 1;
        locked(&self.warm).clear();
        let link = BrowserThread::start((*self.config).clone()).await?;
        let connection = link.connection().clone();
        running.link = Some(link);
        Ok(connection)
    }

    /// Makes blank pages in the background, because making one is the largest part of opening a page. Waits until the
    /// last opened page has loaded, so as not to take the browser's time from it.
    fn refill(&self, connection: &Connection, has_loaded: impl Future<Output = ()> + Send + 'static) {
        let (warm, wanted, within) = (self.warm.clone(), self.config.warm, self.config.answer_within);
        let own = connection.clone();
        connection.spawn(async move {
            has_loaded.await;
            while locked(&warm).len() < wanted && !own.is_lost() {
                // A failure here is not reported: the next `open` tries again and reports it.
                let Ok(tab) = blank(&own, within).await else { break };
                locked(&warm).push(tab);
            }
        });
    }
}

fn stopped() -> BrowserError {
    BrowserError::Lost("it was stopped, or it died too often".into())
}

async fn blank(connection: &Connection, within: Duration) -> Result<Tab, BrowserError> {
    let made = connection.command("browser.createUserContext", json!({}), within).await?;
    let user_context = made["userContext"].as_str().unwrap_or_default().to_owned();
    let refuse = json!({ "downloadBehavior": { "type": "denied" }, "userContexts": [user_context] });
    let (made, refused) = tokio::join!(
        connection.command(
            "browsingContext.create",
            json!({ "type": "window", "userContext": user_context, "background": true }),
            within
        ),
        connection.command("browser.setDownloadBehavior", refuse, within)
    );
    drop(refused); // a driver that does not know the command downloads into a folder that is thrown away
    let context = made?["context"].as_str().unwrap_or_default().to_owned();
    keep_names(connection, &context, within).await;
    Ok(Tab { connection: connection.clone(), user_context, context })
}

/// Tells the browser to keep the tree of roles and names up to date. Otherwise it builds the tree for every question,
/// and the oracle asks for the name of every control. A driver without the command is slower, but gives the same
/// answers.
pub(super) async fn keep_names(connection: &Connection, context: &str, within: Duration) {
    let _ = connection.cdp(context, "Accessibility.enable", json!({}), within).await;
}
