//! One page of one scenario: what a person can do on it and read from it.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine as _;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::asking::{End, passing, string_of};
use super::browsers::{Tab, keep_names};
use super::link::{Line, locked};
use super::{BrowserConfig, BrowserTrouble, Locator, Noticed, PageLog};
use crate::base::wait::{Gave, Look};

/// A tab of a profile of its own: its cookies, storage and cache are shared with no other but those that were opened with
/// [`Page::another_tab`]. The profile is closed when the last of its tabs is dropped; [`Page::close`] waits for that.
#[derive(Debug)]
pub struct Page {
    pub(super) tab: Tab,
    base: String,
    pub(super) config: Arc<BrowserConfig>,
    pub(super) log: Arc<Mutex<PageLog>>,
    marked: Mutex<Mark>,
    /// Dropped when the page has loaded for the first time.
    loads: Mutex<Option<oneshot::Sender<()>>>,
    profile: Arc<Profile>,
}

/// Cookies, storage and cache; in the protocol a user context.
#[derive(Debug)]
struct Profile {
    line: Line,
    user_context: String,
    _place: OwnedSemaphorePermit,
}

/// Where the last action began.
#[derive(Debug, Clone, Default)]
pub(super) struct Mark {
    /// The first entry of the log that is later than the mark.
    pub(super) entry: usize,
    /// What was pressed, for sentences.
    pub(super) action: Option<String>,
}

/// How one element stands.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ElementState {
    /// Its text, white space squeezed.
    pub text: String,
    /// The value of a field.
    pub value: Option<String>,
    /// Whether it is checked, where it can be.
    pub checked: Option<bool>,
    /// Whether it is disabled, natively or by ARIA.
    pub disabled: bool,
    /// Why a person cannot read its text; `None` where they can.
    pub unreadable: Option<String>,
}

/// How often a page is loaded again that the machine's network was taken away from.
const LOADS: usize = 3;

impl Page {
    pub(super) fn new(
        tab: Tab,
        base: &str,
        config: Arc<BrowserConfig>,
        place: OwnedSemaphorePermit,
        loads: oneshot::Sender<()>,
    ) -> Self {
        let log = tab.line.log(&tab.user_context);
        let base = base.trim_end_matches('/').to_owned();
        let profile = Profile { line: tab.line.clone(), user_context: tab.user_context.clone(), _place: place };
        let loads = Mutex::new(Some(loads));
        Self { tab, base, config, log, marked: Mutex::default(), loads, profile: Arc::new(profile) }
    }

    /// Opens another blank tab of the same profile. The tabs have one log.
    ///
    /// # Errors
    /// If the browser is in trouble.
    pub async fn another_tab(&self) -> Result<Self, BrowserTrouble> {
        // A window of its own: a tab in the background is hidden, and pages do less while they are.
        let params = json!({ "type": "window", "userContext": self.tab.user_context });
        let made = self.command("browsingContext.create", params).await?;
        let context = made["context"].as_str().unwrap_or_default().to_owned();
        keep_names(&self.tab.line, &context, self.config.answer_within).await;
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

    /// Whether more tabs of the same profile were opened and are held.
    pub(super) fn has_other_tabs(&self) -> bool {
        Arc::strong_count(&self.profile) > 1
    }

    /// Brings the tab to the front, as a person does who turns to it.
    ///
    /// # Errors
    /// If the browser is in trouble.
    pub async fn activate(&self) -> Result<(), BrowserTrouble> {
        self.command("browsingContext.activate", json!({ "context": self.tab.context })).await.map(drop)
    }

    /// The address that relative addresses start from, without a slash at its end.
    pub fn base_url(&self) -> &str {
        &self.base
    }

    /// Headers that the browser sends with every request of this page, such as `traceparent` and `baggage`. Replaces
    /// those set before.
    pub async fn headers(&self, headers: &[(&str, &str)]) -> Result<(), BrowserTrouble> {
        let headers: Vec<Value> = headers
            .iter()
            .map(|(name, value)| json!({ "name": name, "value": { "type": "string", "value": value } }))
            .collect();
        let params = json!({ "headers": headers, "userContexts": [self.tab.user_context] });
        self.command("network.setExtraHeaders", params).await.map(drop)
    }

    /// Sets a cookie for the base URL's host.
    pub async fn cookie(&self, name: &str, value: &str) -> Result<(), BrowserTrouble> {
        let host = self.base.split("://").nth(1).unwrap_or(&self.base);
        let host = host.split(['/', ':']).next().unwrap_or(host);
        let params = json!({
            "cookie": { "name": name, "value": { "type": "string", "value": value }, "domain": host, "path": "/" },
            "partition": { "type": "storageKey", "userContext": self.tab.user_context },
        });
        self.command("storage.setCookie", params).await.map(drop)
    }

    /// The size of the window's content in CSS pixels.
    pub async fn viewport(&self, width: u32, height: u32) -> Result<(), BrowserTrouble> {
        let params = json!({ "context": self.tab.context, "viewport": { "width": width, "height": height } });
        self.command("browsingContext.setViewport", params).await.map(drop)
    }

    /// Whether the page is to believe that the person prefers dark colours.
    pub async fn dark(&self, dark: bool) -> Result<(), BrowserTrouble> {
        let scheme = if dark { "dark" } else { "light" };
        let params = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        let within = self.config.answer_within;
        self.tab.line.cdp(&self.tab.context, "Emulation.setEmulatedMedia", params, within).await.map(drop)
    }

    /// Goes to an address, relative to the base URL or whole, and waits until it has loaded.
    ///
    /// # Errors
    /// [`BrowserTrouble::NotOpened`] where it does not load within the bound of the configuration.
    pub async fn goto(&self, address: &str) -> Result<(), BrowserTrouble> {
        let url = if address.contains("://") || address.starts_with("data:") {
            address.to_owned()
        } else {
            format!("{}/{}", self.base, address.trim_start_matches('/'))
        };
        self.begin(None);
        let params = json!({ "context": self.tab.context, "url": url, "wait": "complete" });
        self.load_whole("browsingContext.navigate", params, &url).await
    }

    async fn load_whole(&self, method: &str, params: Value, url: &str) -> Result<(), BrowserTrouble> {
        let loaded = self.load_uncut(method, params, url).await;
        drop(locked(&self.loads).take());
        loaded
    }

    /// Loads, and again where the machine's network changed meanwhile.
    async fn load_uncut(&self, method: &str, params: Value, url: &str) -> Result<(), BrowserTrouble> {
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

    /// Loads the page again and waits until it has loaded.
    ///
    /// # Errors
    /// As [`Page::goto`].
    pub async fn reload(&self) -> Result<(), BrowserTrouble> {
        self.begin(None);
        let params = json!({ "context": self.tab.context, "wait": "complete" });
        self.load_whole("browsingContext.reload", params, "the page").await
    }

    async fn load(&self, method: &str, params: Value, url: &str) -> Result<(), BrowserTrouble> {
        let within = self.config.load_within;
        let not_opened = |reason: String| BrowserTrouble::NotOpened { url: url.into(), reason };
        match self.tab.line.command(method, params, within).await {
            Ok(_) => Ok(()),
            Err(BrowserTrouble::Refused { reason, .. }) => Err(not_opened(reason)),
            // The heart of the browser beats on its own line: if that still answers, it is the page that does not.
            Err(hung @ BrowserTrouble::Hung { .. }) => {
                match self.tab.line.command("browser.getUserContexts", json!({}), Duration::from_secs(5)).await {
                    Ok(_) => Err(not_opened(format!("it had not loaded after {within:?}"))),
                    Err(_) => Err(hung),
                }
            }
            Err(trouble) => Err(trouble),
        }
    }

    /// Presses an element with the mouse, where a person would; waits until it is there. What follows is judged against
    /// the moment before the press ([`Page::answered`], [`Page::judge`]). A disabled element is pressed all the same.
    ///
    /// # Errors
    /// [`BrowserTrouble::NotFound`], [`BrowserTrouble::Covered`].
    pub async fn press(&self, locator: &Locator) -> Result<(), BrowserTrouble> {
        self.press_times(locator, 1).await
    }

    /// Presses several times in quick succession, as a double-click does.
    ///
    /// # Errors
    /// As [`Page::press`].
    pub async fn press_times(&self, locator: &Locator, times: usize) -> Result<(), BrowserTrouble> {
        let mut actions = vec![Value::Null];
        for _ in 0..times {
            actions.push(json!({ "type": "pointerDown", "button": 0 }));
            actions.push(json!({ "type": "pointerUp", "button": 0 }));
        }
        let until = Instant::now() + self.config.find_within;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let place = self.element_within("aim", json!(locator), locator, left).await?;
            self.begin(Some(locator.to_string()));
            actions[0] = json!({ "type": "pointerMove", "x": place["x"], "y": place["y"], "origin": "viewport" });
            self.act(
                json!({ "type": "pointer", "id": "mouse", "parameters": { "pointerType": "mouse" }, "actions": actions }),
            )
            .await?;
            // The page may have put something else there in between, which is then kept from the press: aim again.
            let Some(other) = self.missed().await? else { return Ok(()) };
            if Instant::now() >= until {
                return Err(BrowserTrouble::Covered { locator: locator.to_string(), by: other });
            }
        }
    }

    /// What got the last press instead of the element that was aimed at.
    async fn missed(&self) -> Result<Option<String>, BrowserTrouble> {
        match self.call("missed", Value::Null).await {
            Ok(other) => Ok(other.as_str().map(str::to_owned)),
            // What was pressed took the page away.
            Err(trouble) if passing(&trouble) => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    /// Presses a key of the keyboard, wherever the focus is: `Enter`, `Tab`, `Escape`, `Space`, or a character.
    ///
    /// # Errors
    /// If the browser is in trouble.
    pub async fn key(&self, key: &str) -> Result<(), BrowserTrouble> {
        let value = match key {
            "Enter" => "\u{e007}",
            "Tab" => "\u{e004}",
            "Escape" => "\u{e00c}",
            "Space" => " ",
            "Backspace" => "\u{e003}",
            other => other,
        };
        self.mark().await?;
        self.keys(value).await
    }

    /// Types into a field, replacing what is there.
    ///
    /// # Errors
    /// As [`Page::press`].
    pub async fn type_text(&self, locator: &Locator, text: &str) -> Result<(), BrowserTrouble> {
        let state = self.element("select", json!(locator), locator).await?;
        if text.is_empty() {
            return if state["empty"] == json!(true) { Ok(()) } else { self.keys("\u{e003}").await };
        }
        self.keys(text).await
    }

    /// Chooses an option of a list (`select`) by its text or value.
    ///
    /// # Errors
    /// [`BrowserTrouble::NotFound`] where there is no such list or no such option.
    pub async fn choose(&self, list: &Locator, option: &str) -> Result<(), BrowserTrouble> {
        self.begin(Some(list.to_string()));
        self.element("choose", json!({ "locator": list, "option": option }), list).await.map(drop)
    }

    /// How an element stands; waits until it is there.
    ///
    /// # Errors
    /// [`BrowserTrouble::NotFound`].
    pub async fn read(&self, locator: &Locator) -> Result<ElementState, BrowserTrouble> {
        let state = self.element("read", json!({ "locator": locator }), locator).await?;
        serde_json::from_value(state)
            .map_err(|error| BrowserTrouble::Refused { command: "read".into(), reason: error.to_string() })
    }

    /// The text of an element as it is now, readable or not; `None` where there is no such element. Does not wait.
    ///
    /// # Errors
    /// If the browser is in trouble.
    pub async fn peek(&self, locator: &Locator) -> Result<Option<String>, BrowserTrouble> {
        match self.call("read", json!({ "locator": locator })).await {
            Ok(found) => Ok(found["text"].as_str().map(str::to_owned)),
            Err(trouble) if passing(&trouble) => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    /// How many shown elements fit; does not wait.
    ///
    /// # Errors
    /// If the browser is in trouble.
    pub async fn count(&self, locator: &Locator) -> Result<usize, BrowserTrouble> {
        Ok(number(&self.call("count", json!({ "locator": locator })).await?))
    }

    /// Waits until so many shown elements fit.
    ///
    /// # Errors
    /// [`BrowserTrouble::NotShown`] with how many there are instead.
    pub async fn counts(&self, locator: &Locator, wanted: usize, within: Duration) -> Result<(), BrowserTrouble> {
        let question = json!({ "locator": locator, "wanted": wanted });
        let waited = self.ask_until(End::Still, "count", question, within, |count| match number(&count) {
            count if count == wanted => Look::Holds(()),
            count => Look::NotYet(count.to_string()),
        });
        match waited.await {
            Ok(()) => Ok(()),
            Err(Gave::Never(trouble)) => Err(trouble),
            Err(Gave::Up { waited: within, last_seen: seen }) => {
                Err(BrowserTrouble::NotShown { wanted: format!("{wanted} of the {locator}"), within, seen })
            }
        }
    }

    /// Everything on the page that a person can read, one block a line.
    ///
    /// # Errors
    /// If the browser is in trouble.
    pub async fn text(&self) -> Result<String, BrowserTrouble> {
        Ok(self.call("readable", Value::Null).await?.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until a person can read a text on the page; case does not matter. Gives up when the page has been idle for 3 s, so
    /// this is for what follows from an answer, not for what a server sends on its own.
    ///
    /// # Errors
    /// [`BrowserTrouble::NotShown`] with what is readable instead.
    pub async fn see(&self, text: &str, within: Duration) -> Result<(), BrowserTrouble> {
        self.until_shown(text, true, within).await
    }

    /// Waits until nobody can read a text on the page any more.
    ///
    /// # Errors
    /// [`BrowserTrouble::NotShown`].
    pub async fn gone(&self, text: &str, within: Duration) -> Result<(), BrowserTrouble> {
        self.until_shown(text, false, within).await
    }

    async fn until_shown(&self, text: &str, shown: bool, within: Duration) -> Result<(), BrowserTrouble> {
        let question = json!({ "text": text, "wanted": shown });
        let look = |is| match is == json!(shown) {
            true => Look::Holds(()),
            false => Look::NotYet(String::new()),
        };
        match self.ask_until(End::Idle, "shows", question, within, look).await {
            Ok(()) => Ok(()),
            Err(Gave::Never(trouble)) => Err(trouble),
            Err(Gave::Up { waited: within, .. }) => {
                let seen = self.text().await.unwrap_or_default().replace('\n', " · ").chars().take(300).collect();
                let wanted = if shown { format!("“{text}”") } else { format!("the end of “{text}”") };
                Err(BrowserTrouble::NotShown { wanted, within, seen })
            }
        }
    }

    /// Waits until a person can read a text in this element; an element that is not there says nothing. Gives all of its text.
    ///
    /// # Errors
    /// [`BrowserTrouble::NotShown`] with what the element says instead.
    pub async fn says(&self, locator: &Locator, text: &str, within: Duration) -> Result<String, BrowserTrouble> {
        let question = json!({ "locator": locator, "says": text });
        let waited = self.ask_until(End::Still, "read", question, within, |found| {
            match serde_json::from_value::<ElementState>(found) {
                Ok(state) if state.text.contains(text) && state.unreadable.is_none() => Look::Holds(state.text),
                Ok(ElementState { text, unreadable: None, .. }) => Look::NotYet(format!("“{text}”")),
                Ok(ElementState { text, unreadable: Some(why), .. }) => Look::NotYet(format!("“{text}”, which {why}")),
                Err(_) => Look::NotYet("nothing: it is not there".into()),
            }
        });
        match waited.await {
            Ok(said) => Ok(said),
            Err(Gave::Never(trouble)) => Err(trouble),
            Err(Gave::Up { waited: within, last_seen: seen }) => {
                Err(BrowserTrouble::NotShown { wanted: format!("“{text}” at the {locator}"), within, seen })
            }
        }
    }

    /// Waits until exactly one such element is shown.
    ///
    /// # Errors
    /// [`BrowserTrouble::NotFound`].
    pub async fn wait_for(&self, locator: &Locator, within: Duration) -> Result<(), BrowserTrouble> {
        self.element_within("read", json!({ "locator": locator }), locator, within).await.map(drop)
    }

    /// A picture of what the window shows, as PNG.
    ///
    /// # Errors
    /// If the browser is in trouble.
    pub async fn screenshot(&self) -> Result<Vec<u8>, BrowserTrouble> {
        let shot = self.command("browsingContext.captureScreenshot", json!({ "context": self.tab.context })).await?;
        base64::engine::general_purpose::STANDARD.decode(shot["data"].as_str().unwrap_or_default()).map_err(|error| {
            BrowserTrouble::Refused { command: "browsingContext.captureScreenshot".into(), reason: error.to_string() }
        })
    }

    /// The page as markup, with the content of open shadow roots.
    ///
    /// # Errors
    /// If the browser is in trouble.
    pub async fn snapshot(&self) -> Result<String, BrowserTrouble> {
        Ok(self.call("snapshot", Value::Null).await?.as_str().unwrap_or_default().to_owned())
    }

    /// What the browser noticed since the page was opened.
    pub fn log(&self) -> PageLog {
        locked(&self.log).clone()
    }

    /// Evaluates a JavaScript expression in the page itself, for what no other call offers; promises are awaited. The
    /// expression's value must be a string, or is turned into one.
    ///
    /// # Errors
    /// [`BrowserTrouble::Refused`] where it throws.
    pub async fn evaluate(&self, expression: &str) -> Result<String, BrowserTrouble> {
        let params = json!({
            "expression": format!("(async () => String(await ({expression})))()"),
            "awaitPromise": true,
            "target": { "context": self.tab.context },
        });
        string_of("script.evaluate", &self.command("script.evaluate", params).await?).map(Option::unwrap_or_default)
    }

    /// Closes the profile: this tab and all others of it; their cookies, storage and cache are forgotten.
    pub async fn close(self) {
        // Dropping does the rest, and does it again harmlessly where this was too slow.
        let params = json!({ "userContext": self.tab.user_context });
        let _ = self.tab.line.command("browser.removeUserContext", params, Duration::from_secs(3)).await;
    }

    /// Remembers how the page looks now; [`Page::press`], [`Page::key`] and [`Page::choose`] do it by themselves.
    ///
    /// # Errors
    /// If the browser is in trouble.
    pub async fn mark(&self) -> Result<(), BrowserTrouble> {
        self.call("mark", Value::Null).await?;
        self.begin(None);
        Ok(())
    }

    fn begin(&self, action: Option<String>) {
        *locked(&self.marked) = Mark { entry: locked(&self.log).len(), action };
    }

    pub(super) fn marked(&self) -> Mark {
        locked(&self.marked).clone()
    }

    pub(super) async fn command(&self, method: &str, params: Value) -> Result<Value, BrowserTrouble> {
        self.tab.line.command(method, params, self.config.answer_within).await
    }

    async fn element(&self, call: &str, argument: Value, locator: &Locator) -> Result<Value, BrowserTrouble> {
        self.element_within(call, argument, locator, self.config.find_within).await
    }

    /// Calls a function about one element until that element is there and can be used.
    async fn element_within(
        &self,
        call: &str,
        argument: Value,
        locator: &Locator,
        within: Duration,
    ) -> Result<Value, BrowserTrouble> {
        let waited = self.ask_until(End::Still, call, argument, within, |found| match found["problem"].is_null() {
            true => Look::Holds(found),
            false => Look::NotYet(found.to_string()),
        });
        match waited.await {
            Ok(found) => Ok(found),
            Err(Gave::Never(trouble)) => Err(trouble),
            Err(Gave::Up { waited, last_seen }) => {
                let problem: Value = serde_json::from_str(&last_seen).unwrap_or_default();
                Err(not_usable(locator, waited, &problem))
            }
        }
    }

    async fn keys(&self, text: &str) -> Result<(), BrowserTrouble> {
        let strokes: Vec<Value> = text
            .chars()
            .flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key.to_string() })))
            .collect();
        self.act(json!({ "type": "key", "id": "keyboard", "actions": strokes })).await
    }

    async fn act(&self, source: Value) -> Result<(), BrowserTrouble> {
        let params = json!({ "context": self.tab.context, "actions": [source] });
        match self.command("input.performActions", params).await {
            Ok(_) => Ok(()),
            // The press itself may take the page away.
            Err(trouble) if passing(&trouble) && self.has_navigated() => Ok(()),
            Err(trouble) => Err(trouble),
        }
    }

    fn has_navigated(&self) -> bool {
        let mark = self.marked();
        locked(&self.log).since(mark.entry).any(|noticed| matches!(noticed, Noticed::Navigation { .. }))
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        let (line, user_context) = (self.line.clone(), self.user_context.clone());
        self.line.spawn(async move {
            let params = json!({ "userContext": user_context });
            let _ = line.command("browser.removeUserContext", params, Duration::from_secs(5)).await;
            line.forget(&user_context);
        });
    }
}

fn number(answer: &Value) -> usize {
    answer.as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or_default()
}

fn not_usable(locator: &Locator, within: Duration, problem: &Value) -> BrowserTrouble {
    let locator = locator.to_string();
    let list =
        |key: &str| -> Vec<&str> { problem[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect() };
    match problem["problem"].as_str() {
        Some("covered") => {
            BrowserTrouble::Covered { locator, by: problem["by"].as_str().unwrap_or("something").to_owned() }
        }
        Some("ambiguous") => {
            let seen = format!("{} fit: {}", problem["count"], list("first").join(", "));
            BrowserTrouble::NotFound { locator, within, seen }
        }
        Some(_) | None => {
            let there = list("there");
            let seen = match there.len() {
                0 => "nothing of the kind is there".to_owned(),
                _ => format!("there is {}", there.join(", ")),
            };
            BrowserTrouble::NotFound { locator, within, seen }
        }
    }
}
