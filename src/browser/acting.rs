//! The actions of a person on a page: presses, typing, choices. Effects are judged against the moment before the action.

use std::time::Instant;

use serde_json::{Value, json};

use super::asking::passing;
use super::connection::locked;
use super::{BrowserError, BrowserEvent, Locator, Page};

/// The beginning of the last action.
#[derive(Debug, Clone, Default)]
pub(super) struct ActionMark {
    /// The first entry of the log that is later than the mark.
    pub(super) entry: usize,
    /// The pressed element, for messages.
    pub(super) action: Option<String>,
}

impl Page {
    /// Presses an element with the mouse; waits until a person could press it. Effects are judged against the moment
    /// before the press ([`Page::answered`], [`Page::judge`]). A disabled element is pressed too.
    pub async fn press(&self, locator: &Locator) -> Result<(), BrowserError> {
        self.press_times(locator, 1).await
    }

    /// Presses several times in quick succession, as a double-click does.
    pub async fn press_times(&self, locator: &Locator, times: usize) -> Result<(), BrowserError> {
        let mut actions = vec![Value::Null];
        for _ in 0..times {
            actions.push(json!({ "type": "pointerDown", "button": 0 }));
            actions.push(json!({ "type": "pointerUp", "button": 0 }));
        }
        let until = Instant::now() + self.config.find_within;
        loop {
            // Aimed at anew in each round: the element may have moved since the last one.
            let left = until.saturating_duration_since(Instant::now());
            let place = self.element_within("aim", json!(locator), locator, left).await?;
            // The mark is set after the wait for the element, so that what the page did meanwhile does not count as an
            // answer.
            self.begin(Some(locator.to_string()));
            actions[0] = json!({ "type": "pointerMove", "x": place["x"], "y": place["y"], "origin": "viewport" });
            let mouse = json!({ "type": "pointer", "id": "mouse", "parameters": { "pointerType": "mouse" }, "actions": actions });
            self.act(json!([mouse])).await?;
            // The page may have put another element there in between. The script keeps the press from it, and we aim again.
            let Some(other) = self.missed().await? else { return Ok(()) };
            if Instant::now() >= until {
                return Err(BrowserError::Covered { locator: locator.to_string(), by: other });
            }
        }
    }

    /// Returns the element that received the last press instead of the one that was aimed at.
    async fn missed(&self) -> Result<Option<String>, BrowserError> {
        match self.call("missed", Value::Null).await {
            Ok(other) => Ok(other.as_str().map(str::to_owned)),
            // The pressed element took the page away.
            Err(trouble) if passing(&trouble) => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    /// Presses a key of the keyboard, wherever the focus is: `Enter`, `Tab`, `Escape`, `Space`, or a character.
    pub async fn key(&self, key: &str) -> Result<(), BrowserError> {
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

    /// Types into a field and replaces its text.
    pub async fn type_text(&self, locator: &Locator, text: &str) -> Result<(), BrowserError> {
        let state = self.element("select", json!(locator), locator).await?;
        if text.is_empty() {
            // The field is selected by now: one deletion empties it, and an empty one gets no key that a page could
            // react to.
            return if state["empty"] == json!(true) { Ok(()) } else { self.keys("\u{e003}").await };
        }
        self.keys(text).await
    }

    /// Chooses an option of a list (`select`) by its text or value.
    pub async fn choose(&self, list: &Locator, option: &str) -> Result<(), BrowserError> {
        self.begin(Some(list.to_string()));
        self.element("choose", json!({ "locator": list, "option": option }), list).await.map(drop)
    }

    /// Remembers the look of the page for later comparisons. [`Page::press`], [`Page::key`] and [`Page::choose`] do so
    /// by themselves.
    pub async fn mark(&self) -> Result<(), BrowserError> {
        self.call("mark", Value::Null).await?;
        self.begin(None);
        Ok(())
    }

    pub(super) fn begin(&self, action: Option<String>) {
        *locked(&self.marked) = ActionMark { entry: locked(&self.log).len(), action };
    }

    pub(super) fn marked(&self) -> ActionMark {
        locked(&self.marked).clone()
    }

    async fn keys(&self, text: &str) -> Result<(), BrowserError> {
        let [left, right] = with_both_hands(text);
        let hand = |id: &str, strokes: Vec<Value>| json!({ "type": "key", "id": id, "actions": strokes });
        self.act(json!([hand("left", left), hand("right", right)])).await
    }

    async fn act(&self, sources: Value) -> Result<(), BrowserError> {
        let params = json!({ "context": self.tab.context, "actions": sources });
        match self.command("input.performActions", params).await {
            Ok(_) => Ok(()),
            // The press itself may take the page away.
            Err(trouble) if passing(&trouble) && self.has_navigated() => Ok(()),
            Err(trouble) => Err(trouble),
        }
    }

    fn has_navigated(&self) -> bool {
        let mark = self.marked();
        locked(&self.log).since(mark.entry).any(|noticed| matches!(noticed, BrowserEvent::Navigation { .. }))
    }
}

/// Returns the key strokes of two hands that type a text, tick by tick. One hand presses the next key while the other
/// releases the last, which takes half as long as one key after the other.
fn with_both_hands(text: &str) -> [Vec<Value>; 2] {
    let mut hands = [Vec::new(), Vec::new()];
    let (mut tick, mut last) = (0, None);
    for (number, key) in text.chars().enumerate() {
        // A key has to come up before it goes down again.
        tick += usize::from(last == Some(key));
        let hand = &mut hands[number % 2];
        hand.resize(tick, json!({ "type": "pause" }));
        hand.extend(["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key.to_string() })));
        (tick, last) = (tick + 1, Some(key));
    }
    hands
}
