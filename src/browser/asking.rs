//! Asks a page questions. Each question goes to the oracle's script, in a world of its own inside the page, and the script
//! does the waiting. A question from outside passes four processes, so that a page polled from outside is seen late.

use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};

use super::connection::{SANDBOX, locked};
use super::{BrowserError, BrowserEvent, Locator, Page, PageLog, oracle};
use crate::base::wait::{self, Gave, Look};

/// The time without any change or request after which an expected effect of an answer no longer comes.
const IDLE: Duration = Duration::from_secs(3);

/// The shorter time for a page that has nothing planned and that nobody else can change: then nothing comes any more.
const STILL: Duration = Duration::from_secs(1);

/// The longest single question to a page. During a longer one, the end of the browser could go unnoticed.
const PORTION: Duration = Duration::from_secs(1);

const CALL: &str =
    "(name, argument, within) => globalThis.paidpath ? paidpath.call(name, JSON.parse(argument), within) : undefined";

impl Page {
    /// Waits until the page has come to rest: it has loaded, nothing moves, and its requests since the last action are
    /// answered. A page that never rests is no error, and is used as it is.
    pub async fn rest(&self) -> Result<(), BrowserError> {
        let (mark, within) = (self.marked().entry, self.config.oracle.settles_within);
        let resting = async {
            loop {
                self.noticed(|log| (log.pending_since(mark) == 0).then_some(())).await;
                let settled = self.ask_for("settled", Value::Null, within, |is| match is == json!(true) {
                    true => Look::Holds(()),
                    false => Look::NotYet(String::new()),
                });
                match settled.await {
                    Ok(()) if self.pending() > 0 => {}
                    Ok(()) | Err(Gave::Up { .. }) => return Ok(()),
                    Err(Gave::Never(trouble)) => return Err(trouble),
                }
            }
        };
        // A page with an animation or a clock never rests, and is used all the same.
        tokio::time::timeout(within, resting).await.unwrap_or(Ok(()))
    }

    /// Returns the number of requests since the last action that are without an answer.
    fn pending(&self) -> usize {
        locked(&self.log).pending_since(self.marked().entry)
    }

    /// Waits until the log holds something.
    pub(super) async fn noticed<T>(&self, mut look: impl FnMut(&PageLog) -> Option<T>) -> T {
        let mut news = locked(&self.log).news();
        loop {
            if let Some(found) = look(&locked(&self.log)) {
                return found;
            }
            // The channel cannot be closed, because this page holds the log.
            let _ = news.changed().await;
        }
    }

    /// Calls a function of the oracle's script in its own world of the page. Loads the script where it is missing.
    pub(super) async fn call(&self, name: &str, argument: Value) -> Result<Value, BrowserError> {
        self.call_within(name, &argument, Duration::ZERO).await
    }

    /// Calls a function until it gives the expected answer (`page.js` says which one that is) or the time is up.
    /// Returns the last answer.
    async fn call_within(&self, name: &str, argument: &Value, within: Duration) -> Result<Value, BrowserError> {
        let arguments = json!([
            { "type": "string", "value": name },
            { "type": "string", "value": argument.to_string() },
            { "type": "number", "value": within.as_millis() as f64 },
        ]);
        let mut answer = self.function(name, CALL, arguments.clone()).await?;
        // `undefined` means that the script is missing: this is a world that was made after the preload scripts ran, or
        // a driver that ran none.
        if answer.is_none() {
            self.function(name, &oracle::script(&self.config.oracle), json!([])).await?;
            answer = self.function(name, CALL, arguments).await?;
        }
        serde_json::from_str(answer.as_deref().unwrap_or("null"))
            .map_err(|error| BrowserError::Refused { command: name.into(), reason: error.to_string() })
    }

    /// Calls a JavaScript function in a world that the page cannot see, and awaits the string that it returns. `name`
    /// is its name in errors.
    pub(super) async fn function(
        &self,
        name: &str,
        declaration: &str,
        arguments: Value,
    ) -> Result<Option<String>, BrowserError> {
        let call = json!({
            "functionDeclaration": declaration,
            "awaitPromise": true,
            "target": { "context": self.tab.context, "sandbox": SANDBOX },
            "arguments": arguments,
        });
        string_of(name, &self.command("script.callFunction", call).await?)
    }

    /// Asks the page a question until `look` accepts the answer, or no other answer can come any more.
    pub(super) async fn ask_until<T>(
        &self,
        end: WaitEnd,
        question: &str,
        argument: Value,
        within: Duration,
        look: impl Fn(Value) -> Look<T, BrowserError>,
    ) -> Result<T, Gave<BrowserError>> {
        let started = Instant::now();
        tokio::select! {
            // An answer that is there goes before the verdict that nothing will come.
            biased;
            answer = self.ask_for(question, argument.clone(), within, &look) => return answer,
            over = self.over(end, within) => over.map_err(Gave::Never)?,
        }
        // The answer may have come at the same moment.
        match self.ask_for(question, argument, Duration::ZERO, look).await {
            Err(Gave::Up { last_seen, .. }) => Err(Gave::Up { waited: started.elapsed(), last_seen }),
            answer => answer,
        }
    }

    /// Waits until the page has come to this end, or the time is up.
    async fn over(&self, end: WaitEnd, within: Duration) -> Result<(), BrowserError> {
        let started = Instant::now();
        let over = wait::until(within, async || {
            let waited = started.elapsed();
            // The log may not show the effect of the last action yet.
            if waited < STILL || !locked(&self.log).is_idle(STILL) {
                return Look::NotYet(String::new());
            }
            let outlook: Outlook = match self.call("outlook", Value::Null).await.map(serde_json::from_value) {
                Ok(Ok(outlook)) => outlook,
                Ok(Err(_)) => return Look::NotYet(String::new()),
                Err(trouble) if passing(&trouble) => return Look::NotYet(String::new()),
                Err(trouble) => return Look::Never(trouble),
            };
            let unchanged = waited.min(Duration::from_secs_f64(outlook.quiet.max(0.0) / 1e3));
            let is_idle = end == WaitEnd::Idle && unchanged >= IDLE && locked(&self.log).is_idle(IDLE);
            let left = within.saturating_sub(waited).as_secs_f64() * 1e3;
            let stays = self.is_alone() && !locked(&self.log).has_under_way();
            let is_still = unchanged >= STILL && stays && outlook.next.is_none_or(|next| next > left);
            if is_idle || is_still { Look::Holds(()) } else { Look::NotYet(String::new()) }
        });
        match over.await {
            Ok(()) | Err(Gave::Up { .. }) => Ok(()),
            Err(Gave::Never(trouble)) => Err(trouble),
        }
    }

    /// Returns true when nobody else can change the page: no answer is under way, and no other tab could speak to it.
    /// The browser reports a request before anything that the page says later, so the log is current.
    pub(super) fn is_alone(&self) -> bool {
        let log = locked(&self.log);
        log.pending_since(0) == 0
            && !self.has_other_tabs()
            && !log.since(0).any(|noticed| matches!(noticed, BrowserEvent::Opened { .. }))
    }

    /// Asks the page a question until `look` accepts the answer.
    async fn ask_for<T>(
        &self,
        question: &str,
        argument: Value,
        within: Duration,
        look: impl Fn(Value) -> Look<T, BrowserError>,
    ) -> Result<T, Gave<BrowserError>> {
        let started = Instant::now();
        wait::until(within, async || {
            let left = within.saturating_sub(started.elapsed());
            match self.call_within(question, &argument, left.min(PORTION)).await {
                Ok(answer) => look(answer),
                Err(trouble) if passing(&trouble) => Look::NotYet("nothing: the page is being replaced".into()),
                Err(trouble) => Look::Never(trouble),
            }
        })
        .await
    }

    pub(super) async fn element(&self, call: &str, argument: Value, locator: &Locator) -> Result<Value, BrowserError> {
        self.element_within(call, argument, locator, self.config.find_within).await
    }

    /// Calls a function about one element until that element is there and can be used.
    pub(super) async fn element_within(
        &self,
        call: &str,
        argument: Value,
        locator: &Locator,
        within: Duration,
    ) -> Result<Value, BrowserError> {
        let waited = self.ask_until(WaitEnd::Still, call, argument, within, |found| match found["problem"].is_null() {
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
}

/// The condition that ends a wait on a page before its deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WaitEnd {
    /// Nothing can change the page any more.
    Still,
    /// Nothing can change the page, or it has been idle for so long that no effect of an answer comes any more.
    Idle,
}

/// The page's own account of changes that may still come.
#[derive(Deserialize)]
struct Outlook {
    /// The milliseconds since the last change.
    quiet: f64,
    /// The milliseconds until the page may change by itself; `None` when it has nothing planned.
    next: Option<f64>,
}

/// Returns true for trouble that passes by itself: a page that is being replaced has no world to call into.
pub(super) fn passing(trouble: &BrowserError) -> bool {
    let BrowserError::Refused { reason, .. } = trouble else { return false };
    let reason = reason.to_lowercase();
    ["context", "navigat", "destroyed", "realm", "frame"].iter().any(|word| reason.contains(word))
}

/// The string that a script answered with; `None` for `undefined`.
pub(super) fn string_of(command: &str, answer: &Value) -> Result<Option<String>, BrowserError> {
    if answer["type"] == "exception" {
        let reason = answer["exceptionDetails"]["text"].as_str().unwrap_or("it threw").to_owned();
        return Err(BrowserError::Refused { command: command.into(), reason });
    }
    Ok(answer["result"]["value"].as_str().map(str::to_owned))
}

fn not_usable(locator: &Locator, within: Duration, problem: &Value) -> BrowserError {
    let locator = locator.to_string();
    let list =
        |key: &str| -> Vec<&str> { problem[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect() };
    match problem["problem"].as_str() {
        Some("covered") => {
            BrowserError::Covered { locator, by: problem["by"].as_str().unwrap_or("something").to_owned() }
        }
        Some("ambiguous") => BrowserError::Ambiguous {
            locator,
            count: problem["count"].as_u64().unwrap_or_default(),
            seen: list("first").join(", "),
        },
        Some("unfit") => BrowserError::Unfit { locator, used: problem["use"].as_str().unwrap_or("used").to_owned() },
        Some(_) | None => {
            let there = list("there");
            let seen = match there.len() {
                0 => "nothing of the kind is there".to_owned(),
                _ => format!("there is {}", there.join(", ")),
            };
            BrowserError::NotFound { locator, within, seen }
        }
    }
}
