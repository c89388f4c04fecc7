//! The oracle's first question: did anything answer the last action?

#![expect(missing_docs, reason = "only this repository's own tests see these items from outside")]

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::wait::{Gave, Look};
use crate::browser::asking::WaitEnd;
use crate::browser::{BrowserError, BrowserEvent, Page, PageLog};
use crate::model::{Finding, RuleId};

/// The first thing that answered an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum PressResult {
    /// A request left the page.
    Request { method: String, url: String },
    /// The page began to go elsewhere.
    Navigation { url: String },
    /// A person can see that something changed.
    Change {
        /// The change, as a sentence.
        what: String,
    },
    /// A dialog box appeared.
    Dialog { text: String },
    /// A download or another tab began.
    Elsewhere { url: String },
    /// Nothing answered: a dead click.
    Nothing {
        action: String,
        within: Duration,
        /// Traces that no person sees: a red border, the title, the console.
        traces: Vec<String>,
    },
}

impl PressResult {
    /// The finding, where nothing answered.
    pub fn finding(&self) -> Option<Finding> {
        let Self::Nothing { action, within, traces } = self else { return None };
        let traces = if traces.is_empty() { String::new() } else { format!(" ({})", traces.join("; ")) };
        Some(Finding {
            rule: RuleId::U4,
            message: format!(
                "dead click: after the {action} was pressed, no request left the page, it went nowhere, and nothing to read \
                 appeared within {:.1} s{traces}",
                within.as_secs_f64()
            ),
            edge: None,
            exchange: None,
            at: Some(action.clone()),
            source: None,
        })
    }
}

impl Page {
    /// Returns what answered the last action; waits for it until the time is up. Repeated polls of the page do not
    /// count as answers. A dead click is no error but [`PressResult::Nothing`].
    pub async fn answered(&self, within: Duration) -> Result<PressResult, BrowserError> {
        let mark = self.marked();
        let changed = self.ask_until(WaitEnd::Still, "changed", Value::Null, within, |what| match what {
            Value::String(what) => Look::Holds(PressResult::Change { what }),
            _ => Look::NotYet(String::new()),
        });
        let waited = tokio::select! {
            // The log goes first: a request is a clearer answer than the change on the page that came with it.
            biased;
            answer = self.noticed(|log| answer_in(log, mark.entry)) => Ok(answer),
            changed = changed => changed,
        };
        match waited {
            Ok(answer) => Ok(answer),
            Err(Gave::Never(trouble)) => Err(trouble),
            Err(Gave::Up { waited: within, .. }) => {
                let hints = self.call("hints", Value::Null).await?;
                let mut traces: Vec<String> = serde_json::from_value(hints).unwrap_or_default();
                // These do not count as an answer, but they tell a developer where to look.
                traces.extend(self.log().since(mark.entry).filter_map(trace));
                let action = mark.action.unwrap_or_else(|| "page".into());
                Ok(PressResult::Nothing { action, within, traces })
            }
        }
    }
}

fn answer_in(log: &PageLog, first: usize) -> Option<PressResult> {
    log.since(first).find_map(|noticed| match noticed {
        BrowserEvent::Request { method, url, .. } if log.is_poll(first, method, url) => None,
        BrowserEvent::Request { method, url, .. } => {
            Some(PressResult::Request { method: method.clone(), url: url.clone() })
        }
        BrowserEvent::Navigation { url } => Some(PressResult::Navigation { url: url.clone() }),
        BrowserEvent::Dialog { text, .. } => Some(PressResult::Dialog { text: text.clone() }),
        BrowserEvent::Download { url } | BrowserEvent::Opened { url } => {
            Some(PressResult::Elsewhere { url: url.clone() })
        }
        BrowserEvent::Console { .. }
        | BrowserEvent::Uncaught { .. }
        | BrowserEvent::Response { .. }
        | BrowserEvent::NoResponse { .. }
        | BrowserEvent::Closed => None,
    })
}

fn trace(noticed: &BrowserEvent) -> Option<String> {
    match noticed {
        BrowserEvent::Console { level, text } if level == "error" => Some(format!("only the console says “{text}”")),
        BrowserEvent::Uncaught { text } => Some(format!("only the console says “{text}”")),
        BrowserEvent::Console { .. }
        | BrowserEvent::Request { .. }
        | BrowserEvent::Response { .. }
        | BrowserEvent::NoResponse { .. }
        | BrowserEvent::Navigation { .. }
        | BrowserEvent::Dialog { .. }
        | BrowserEvent::Download { .. }
        | BrowserEvent::Opened { .. }
        | BrowserEvent::Closed => None,
    }
}
