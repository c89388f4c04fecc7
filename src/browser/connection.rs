//! The connection to one running browser: a thread of its own with the driver, the session, and the events it sends.
//!
//! Workers run on runtimes of their own. What they hold is a handle: commands go over channels, so that they can be awaited
//! on any runtime, while the connection lives and dies on the thread that owns it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use futures::StreamExt;
use serde_json::{Value, json};
use thirtyfour::bidi::{BiDi, RawEvent};
use thirtyfour::{Capabilities, WebDriver};
use tokio::sync::{oneshot, watch};

use super::config::{BrowserConfig, programs};
use super::driver::Driver;
use super::mapper;
use super::oracle;
use super::{BrowserError, OracleRules, PageLog};
use crate::base::client::client_for;
use crate::base::hosts::AllowedHosts;

/// The world of the page that the oracle's script lives in; the page cannot see it.
pub(super) const SANDBOX: &str = "paidpath";

const EVENTS: [&str; 10] = [
    "log.entryAdded",
    "network.beforeRequestSent",
    "network.responseCompleted",
    "network.fetchError",
    "browsingContext.contextCreated",
    "browsingContext.contextDestroyed",
    "browsingContext.navigationStarted",
    "browsingContext.fragmentNavigated",
    "browsingContext.userPromptOpened",
    "browsingContext.downloadWillBegin",
];

/// The owner of a running browser; it ends with this, and its thread is joined.
#[derive(Debug)]
pub(super) struct BrowserThread {
    connection: Connection,
    end: Mutex<Option<(oneshot::Sender<()>, JoinHandle<()>)>>,
}

/// The handle that pages hold. It sends commands to the browser and does not keep it alive.
#[derive(Debug, Clone)]
pub(super) struct Connection {
    bidi: BiDi,
    runtime: tokio::runtime::Handle,
    lost: watch::Sender<Option<String>>,
    logs: Logs,
}

type SharedLog = Arc<Mutex<PageLog>>;

/// The logs by user context, and which tab or frame belongs to which.
type LogTables = (HashMap<String, SharedLog>, HashMap<String, String>);

#[derive(Debug, Clone, Default)]
struct Logs(Arc<Mutex<LogTables>>);

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl BrowserThread {
    /// Starts a browser, or a session on a remote one, on a thread of its own.
    pub(super) async fn start(config: BrowserConfig) -> Result<Self, BrowserError> {
        let (ready, is_ready) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let within = config.start_within;
        let thread = std::thread::Builder::new()
            .name("paidpath-browser".into())
            .spawn(move || own(&config, ready, ended))
            .map_err(|error| BrowserError::Start(error.to_string()))?;
        // The thread bounds each of its own steps; this bounds them together.
        let started = tokio::time::timeout(within + Duration::from_secs(5), is_ready).await;
        let connection = started
            .map_err(|_| BrowserError::Start(format!("not ready within {within:?}")))?
            .map_err(|_| BrowserError::Start("its thread ended".into()))??;
        Ok(Self { connection, end: Mutex::new(Some((end, thread))) })
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Ends the browser and its driver, and joins the thread.
    pub(super) async fn stop(&self) {
        let owned = locked(&self.end).take();
        if let Some((end, thread)) = owned {
            let _ = end.send(());
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

impl Drop for BrowserThread {
    fn drop(&mut self) {
        let owned = locked(&self.end).take();
        if let Some((end, thread)) = owned {
            let _ = end.send(());
            let _ = thread.join();
        }
    }
}

impl Connection {
    /// Returns true for a connection to the same browser.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.logs.0, &other.logs.0)
    }

    /// Sends a command and waits for its answer.
    pub(super) async fn command(&self, method: &str, params: Value, within: Duration) -> Result<Value, BrowserError> {
        let mut lost = self.lost.subscribe();
        let answer = tokio::select! {
            biased;
            // The protocol client waits for ever for an answer from a browser that is gone.
            _ = lost.wait_for(Option::is_some) => return Err(BrowserError::Lost(self.why_lost())),
            answer = self.bidi.send_raw(method, params) => answer,
            () = tokio::time::sleep(within) => return Err(BrowserError::Hung { command: method.into(), within }),
        };
        answer.map_err(|error| {
            let gone = ["no such frame", "no such user context", "invalid session id"].contains(&error.error.as_str());
            let closed = error.message.contains("BiDi")
                || error.message.contains("disconnected")
                || error.message.contains("crashed");
            // Marked at once, because the check for signs of life runs only now and then and the next page must not be opened on a closed connection.
            if error.message.contains("WebSocket") {
                lose(&self.lost, &error.message);
            }
            if gone || closed {
                BrowserError::Lost(format!("{method}: {}", error.message))
            } else {
                BrowserError::Refused { command: method.into(), reason: error.message }
            }
        })
    }

    /// Sends a command of the browser's own protocol to one tab.
    pub(super) async fn cdp(
        &self,
        context: &str,
        method: &str,
        params: Value,
        within: Duration,
    ) -> Result<Value, BrowserError> {
        let session = self.command("goog:cdp.getSession", json!({ "context": context }), within).await?;
        let command = json!({ "method": method, "params": params, "session": session["session"] });
        self.command("goog:cdp.sendCommand", command, within).await
    }

    pub(super) fn is_lost(&self) -> bool {
        self.lost.borrow().is_some()
    }

    fn why_lost(&self) -> String {
        self.lost.borrow().clone().unwrap_or_default()
    }

    /// Runs a task on the browser's own thread.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        drop(self.runtime.spawn(task));
    }

    /// The log of a user context, made when it is first asked for.
    pub(super) fn log(&self, user_context: &str) -> SharedLog {
        locked(&self.logs.0).0.entry(user_context.to_owned()).or_default().clone()
    }

    pub(super) fn forget(&self, user_context: &str) {
        let mut logs = locked(&self.logs.0);
        logs.0.remove(user_context);
        logs.1.retain(|_, owner| owner != user_context);
    }
}

type Ready = oneshot::Sender<Result<Connection, BrowserError>>;

/// The life of the browser's thread.
fn own(config: &BrowserConfig, ready: Ready, ended: oneshot::Receiver<()>) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return drop(ready.send(Err(BrowserError::Start(error.to_string())))),
    };
    runtime.block_on(async {
        let (driver, session) = match tokio::time::timeout(config.start_within, open(config)).await {
            Ok(Ok(opened)) => opened,
            Ok(Err(trouble)) => return drop(ready.send(Err(trouble))),
            Err(_) => {
                return drop(
                    ready.send(Err(BrowserError::Start(format!("no session within {:?}", config.start_within)))),
                );
            }
        };
        if let Some(driver) = &driver {
            mapper::remove_document(&driver.browser_profile()).await;
        }
        match tokio::time::timeout(config.start_within, listen(&session, &config.oracle)).await {
            Ok(Ok((bidi, logs))) => {
                let lost = watch::Sender::new(None);
                let runtime = tokio::runtime::Handle::current();
                if ready.send(Ok(Connection { bidi: bidi.clone(), runtime, lost: lost.clone(), logs })).is_ok() {
                    tokio::select! {
                        _ = ended => lose(&lost, "it was stopped"),
                        why = heart(&bidi) => lose(&lost, &why),
                    }
                }
            }
            Ok(Err(trouble)) => drop(ready.send(Err(trouble))),
            Err(_) => drop(ready.send(Err(BrowserError::Start("it does not speak WebDriver BiDi".into())))),
        }
        let _ = tokio::time::timeout(Duration::from_secs(2), session.quit()).await;
        drop(driver);
    });
    runtime.shutdown_background();
}

/// Marks the browser as gone. The first reason wins.
fn lose(lost: &watch::Sender<Option<String>>, why: &str) {
    lost.send_if_modified(|known| {
        let is_news = known.is_none();
        known.get_or_insert_with(|| why.to_owned());
        is_news
    });
}

/// Asks the browser for a sign of life until there is none, and returns the reason. The command goes through the driver
/// into the browser itself.
async fn heart(bidi: &BiDi) -> String {
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        match tokio::time::timeout(Duration::from_secs(15), bidi.send_raw("browser.getUserContexts", json!({}))).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => return error.message,
            Err(_) => return "it gave no sign of life for 15 s".into(),
        }
    }
}

async fn open(config: &BrowserConfig) -> Result<(Option<Driver>, WebDriver), BrowserError> {
    let mut arguments = vec![
        "--headless=new".to_owned(),
        "--disable-background-networking".into(),
        // In containers `/dev/shm` has 64 MB, and Chromium crashes when it is full.
        "--disable-dev-shm-usage".into(),
        // Tabs of several scenarios share the screen. Without these flags the hidden ones run slower, and pages look
        // late.
        "--disable-backgrounding-occluded-windows".into(),
        "--disable-renderer-backgrounding".into(),
        "--disable-background-timer-throttling".into(),
        "--no-first-run".into(),
        "--no-default-browser-check".into(),
        "--hide-scrollbars".into(),
        "--enable-blink-features=ComputedAccessibilityInfo".into(),
        format!("--window-size={},{}", config.window.0, config.window.1),
        // A proxy would resolve names itself and reach them all.
        "--no-proxy-server".into(),
        format!("--host-resolver-rules={}", resolver_rules(&config.hosts)),
        // WebRTC asks no resolver for the address of a peer.
        "--force-webrtc-ip-handling-policy=disable_non_proxied_udp".into(),
    ];
    let mut options = json!({});
    let (driver, address) = match &config.webdriver {
        Some(url) => {
            let permitted = config.hosts.permit(url);
            let url = permitted.map_err(|why| BrowserError::Start(format!("PAIDPATH_WEBDRIVER: {why}")))?;
            (None, url.as_str().trim_end_matches('/').to_owned())
        }
        None => {
            let programs = programs(config)?;
            let within = config.start_within;
            let driver = Driver::start(&programs, within)?;
            options["binary"] = json!(programs.browser);
            arguments.push(format!("--user-data-dir={}", driver.browser_profile().display()));
            if is_root() {
                arguments.push("--no-sandbox".into()); // Chromium's own sandbox refuses to start as root
            }
            let address = driver.address().to_owned();
            (Some(driver), address)
        }
    };
    options["args"] = json!(arguments);
    let capabilities = serde_json::Map::from_iter([
        ("browserName".to_owned(), json!("chrome")),
        ("webSocketUrl".to_owned(), json!(true)),
        ("unhandledPromptBehavior".to_owned(), json!({ "default": "dismiss", "beforeUnload": "accept" })),
        ("goog:chromeOptions".to_owned(), options),
    ]);
    let client = client_for(&address).timeout(config.start_within).build();
    let client = client.map_err(|error| BrowserError::Start(error.to_string()))?;
    let session = WebDriver::builder(address.clone(), Capabilities::from(capabilities))
        .client(client)
        .connect()
        .await
        .map_err(|error| BrowserError::Start(format!("{address}: {}", first_line(&error.to_string()))))?;
    Ok((driver, session))
}

/// Returns the rules by which Chromium finds no host but these, neither by name nor by address.
fn resolver_rules(hosts: &AllowedHosts) -> String {
    let exclusions: String = ["127.0.0.1", "localhost", "[::1]", "::1"]
        .into_iter()
        .chain(hosts.names())
        .map(|host| format!(", EXCLUDE {host}"))
        .collect();
    format!("MAP * ~NOTFOUND{exclusions}")
}

fn first_line(text: &str) -> &str {
    text.lines().find(|connection| !connection.trim().is_empty()).unwrap_or("no reason given")
}

/// Returns true when this process is root. Reads the owner of its folder in `/proc`, which needs no `unsafe`.
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

async fn listen(session: &WebDriver, rules: &OracleRules) -> Result<(BiDi, Logs), BrowserError> {
    let trouble = |error: &dyn std::fmt::Display| BrowserError::Start(first_line(&error.to_string()).to_owned());
    let bidi = session.bidi().await.map_err(|error| trouble(&error))?;
    let logs = Logs::default();
    let mut events = bidi.subscribe_raw();
    let taking = logs.clone();
    // Subscribed before the session is told to send events, so that none is missed.
    tokio::spawn(async move {
        while let Some(event) = events.next().await {
            taking.take(&event);
        }
    });
    bidi.send_raw("session.subscribe", json!({ "events": EVENTS })).await.map_err(|error| trouble(&error))?;
    let script = json!({ "functionDeclaration": oracle::script(rules), "sandbox": SANDBOX });
    bidi.send_raw("script.addPreloadScript", script).await.map_err(|error| trouble(&error))?;
    let planned = json!({ "functionDeclaration": oracle::PLANNED });
    bidi.send_raw("script.addPreloadScript", planned).await.map_err(|error| trouble(&error))?;
    Ok((bidi, logs))
}

impl Logs {
    /// Sorts an event into the log of the user context that it belongs to.
    fn take(&self, RawEvent { method, params }: &RawEvent) {
        let text = |pointer: &str| params.pointer(pointer).and_then(Value::as_str);
        let Some(context) = text("/context").or_else(|| text("/source/context")) else { return };
        let mut logs = locked(&self.0);
        if method == "browsingContext.contextCreated"
            && let Some(user) = text("/userContext")
        {
            logs.1.insert(context.to_owned(), user.to_owned());
        }
        let Some(user) = logs.1.get(context).cloned() else { return };
        let log = logs.0.entry(user).or_default().clone();
        drop(logs);
        let mut log = locked(&log);
        match method.as_str() {
            "browsingContext.contextCreated" if text("/originalOpener").is_some() => {
                log.push(super::BrowserEvent::Opened { url: text("/url").unwrap_or_default().to_owned() });
            }
            "browsingContext.contextDestroyed" if params["parent"].is_null() => log.push(super::BrowserEvent::Closed),
            _ => log.take(method, params),
        }
    }
}
