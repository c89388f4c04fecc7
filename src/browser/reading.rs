//! The readings of a person on a page, with their waits, and the artifacts of a page that failed.

use std::time::Duration;

use base64::Engine as _;
use serde::Deserialize;
use serde_json::{Value, json};

use super::asking::{WaitEnd, passing, string_of};
use super::connection::locked;
use super::{BrowserError, Locator, Page, PageLog};
use crate::base::wait::{Gave, Look};

/// The state of one element.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ElementState {
    /// The text, with white space squeezed.
    pub text: String,
    /// The value of a field.
    pub value: Option<String>,
    /// The check mark of a box that can be checked.
    pub checked: Option<bool>,
    /// True for an element that is disabled, natively or by ARIA.
    pub disabled: bool,
    /// The reason why a person cannot read the text; `None` when they can.
    pub unreadable: Option<String>,
}

impl Page {
    /// Returns the state of an element; waits until it is there.
    pub async fn read(&self, locator: &Locator) -> Result<ElementState, BrowserError> {
        let state = self.element("read", json!({ "locator": locator }), locator).await?;
        serde_json::from_value(state)
            .map_err(|error| BrowserError::Refused { command: "read".into(), reason: error.to_string() })
    }

    /// The text of an element as it is now, readable or not; `None` where there is no such element. Does not wait.
    pub async fn peek(&self, locator: &Locator) -> Result<Option<String>, BrowserError> {
        match self.call("read", json!({ "locator": locator })).await {
            Ok(found) => Ok(found["text"].as_str().map(str::to_owned)),
            Err(trouble) if passing(&trouble) => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    /// Returns the number of shown elements that fit; does not wait.
    pub async fn count(&self, locator: &Locator) -> Result<usize, BrowserError> {
        Ok(number(&self.call("count", json!({ "locator": locator })).await?))
    }

    /// Waits until so many shown elements fit.
    pub async fn counts(&self, locator: &Locator, wanted: usize, within: Duration) -> Result<(), BrowserError> {
        let question = json!({ "locator": locator, "wanted": wanted });
        let waited = self.ask_until(WaitEnd::Still, "count", question, within, |count| match number(&count) {
            count if count == wanted => Look::Holds(()),
            count => Look::NotYet(count.to_string()),
        });
        match waited.await {
            Ok(()) => Ok(()),
            Err(Gave::Never(trouble)) => Err(trouble),
            Err(Gave::Up { waited: within, last_seen: seen }) => {
                Err(BrowserError::NotShown { wanted: format!("{wanted} of the {locator}"), within, seen })
            }
        }
    }

    /// Returns everything on the page that a person can read, one block a line.
    pub async fn text(&self) -> Result<String, BrowserError> {
        Ok(self.call("readable", Value::Null).await?.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until a person can read a text on the page; case does not matter. Gives up when the page has been idle for
    /// 3 s, so it is meant for effects of an answer, and not for what a server sends on its own.
    pub async fn see(&self, text: &str, within: Duration) -> Result<(), BrowserError> {
        self.until_shown(text, true, within).await
    }

    /// Waits until nobody can read a text on the page any more.
    pub async fn gone(&self, text: &str, within: Duration) -> Result<(), BrowserError> {
        self.until_shown(text, false, within).await
    }

    async fn until_shown(&self, text: &str, shown: bool, within: Duration) -> Result<(), BrowserError> {
        let question = json!({ "text": text, "wanted": shown });
        let look = |is| if is == json!(shown) { Look::Holds(()) } else { Look::NotYet(String::new()) };
        match self.ask_until(WaitEnd::Idle, "shows", question, within, look).await {
            Ok(()) => Ok(()),
            Err(Gave::Never(trouble)) => Err(trouble),
            Err(Gave::Up { waited: within, .. }) => {
                let seen = self.text().await.unwrap_or_default().replace('\n', " · ").chars().take(300).collect();
                let wanted = if shown { format!("“{text}”") } else { format!("the end of “{text}”") };
                Err(BrowserError::NotShown { wanted, within, seen })
            }
        }
    }

    /// Waits until a person can read a text in this element, and returns the whole text of the element. A missing
    /// element counts as one without text.
    pub async fn says(&self, locator: &Locator, text: &str, within: Duration) -> Result<String, BrowserError> {
        let question = json!({ "locator": locator, "says": text });
        let waited = self.ask_until(WaitEnd::Still, "read", question, within, |found| {
            let count = found["count"].as_u64().unwrap_or_default();
            match serde_json::from_value::<ElementState>(found) {
                Ok(state) if state.text.contains(text) && state.unreadable.is_none() => Look::Holds(state.text),
                Ok(ElementState { text, unreadable: None, .. }) => Look::NotYet(format!("“{text}”")),
                Ok(ElementState { text, unreadable: Some(why), .. }) => Look::NotYet(format!("“{text}”, which {why}")),
                Err(_) if count > 1 => Look::NotYet(format!("{count} of them, and which one is meant is not clear")),
                Err(_) => Look::NotYet("nothing: it is not there".into()),
            }
        });
        match waited.await {
            Ok(said) => Ok(said),
            Err(Gave::Never(trouble)) => Err(trouble),
            Err(Gave::Up { waited: within, last_seen: seen }) => {
                Err(BrowserError::NotShown { wanted: format!("“{text}” at the {locator}"), within, seen })
            }
        }
    }

    /// Waits until exactly one such element is shown.
    pub async fn wait_for(&self, locator: &Locator, within: Duration) -> Result<(), BrowserError> {
        self.element_within("read", json!({ "locator": locator }), locator, within).await.map(drop)
    }

    /// A picture of what the window shows, as PNG.
    pub async fn screenshot(&self) -> Result<Vec<u8>, BrowserError> {
        let shot = self.command("browsingContext.captureScreenshot", json!({ "context": self.tab.context })).await?;
        base64::engine::general_purpose::STANDARD.decode(shot["data"].as_str().unwrap_or_default()).map_err(|error| {
            BrowserError::Refused { command: "browsingContext.captureScreenshot".into(), reason: error.to_string() }
        })
    }

    /// The page as markup, with the content of open shadow roots.
    pub async fn snapshot(&self) -> Result<String, BrowserError> {
        Ok(self.call("snapshot", Value::Null).await?.as_str().unwrap_or_default().to_owned())
    }

    /// Returns the events since the page was opened.
    pub fn log(&self) -> PageLog {
        locked(&self.log).clone()
    }

    /// Evaluates a JavaScript expression in the page itself, awaits it, and returns it as a string.
    pub async fn evaluate(&self, expression: &str) -> Result<String, BrowserError> {
        let params = json!({
            "expression": format!("(async () => String(await ({expression})))()"),
            "awaitPromise": true,
            "target": { "context": self.tab.context },
        });
        string_of("script.evaluate", &self.command("script.evaluate", params).await?).map(Option::unwrap_or_default)
    }
}

fn number(answer: &Value) -> usize {
    answer.as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or_default()
}
