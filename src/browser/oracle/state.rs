//! The oracle's second question: in an error state, does the page tell a person what is wrong?

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::browser::{BrowserError, BrowserEvent, Page, PageLog};
use crate::model::{Finding, RuleId};

/// The state of a page, as the oracle judged it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageState {
    /// The silent failures.
    pub problems: Vec<SilentFailure>,
    /// The elements in an error state, explained or not.
    pub wrong: Vec<ErrorElement>,
    /// The readable texts that came since the last action.
    pub texts: Vec<String>,
    /// The subset of `texts` that look or sound like a failure.
    pub failures: Vec<String>,
    pub title: String,
}

/// An element that is in an error state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorElement {
    /// The element, by role and name, else as markup.
    pub element: String,
    /// The signs: `aria-invalid`, `red border`, `error class`, …
    pub looks: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SilentFailure {
    /// The rule: `U3` for an error that is not explained, `U4` for an action that leads nowhere.
    pub rule: RuleId,
    /// The element, by role and name, else as markup.
    pub element: String,
    /// The signs that something is wrong.
    pub looks: Vec<String>,
    /// The missing part of the explanation.
    pub reason: String,
}

impl PageState {
    /// The findings of this state, one for each silent failure.
    pub fn findings(&self) -> Vec<Finding> {
        self.problems.iter().map(SilentFailure::finding).collect()
    }
}

impl SilentFailure {
    fn finding(&self) -> Finding {
        Finding {
            rule: self.rule,
            message: format!("silent failure at {} ({}): {}", self.element, self.looks.join(", "), self.reason),
            edge: None,
            exchange: None,
            at: Some(self.element.clone()),
            source: None,
        }
    }
}

/// The milliseconds that a due timer of the page may still take.
const DUE: f64 = 10.0;

#[derive(Deserialize)]
struct JudgedPage {
    #[serde(flatten)]
    state: PageState,
    /// The milliseconds until the visible messages have stood long enough; `None` when they have, or when nothing is
    /// wrong.
    left: Option<f64>,
    /// The milliseconds until the page may change by itself; `None` when it has nothing planned.
    next: Option<f64>,
}

impl Page {
    /// Judges the page once it has come to rest and its requests since the last action are answered. When a new error
    /// message may be taken away again, judges once more a little later, because such a message does not count as
    /// shown.
    pub async fn judge(&self) -> Result<PageState, BrowserError> {
        self.rest().await?;
        loop {
            let judged = self.judge_now().await?;
            let Some(left) = judged.left else { return Ok(judged.state) };
            let next = if self.is_alone() { judged.next } else { Some(0.0) };
            // A timer that is due soon may have nothing to do with the message. Then the message still stands afterwards.
            let pause = match next {
                Some(next) if next > left => return Ok(judged.state),
                None => return Ok(judged.state),
                Some(next) if next > 0.0 => left.min(next + DUE),
                Some(_) => left,
            };
            tokio::time::sleep(Duration::from_secs_f64(pause / 1e3)).await;
        }
    }

    /// Asks both questions of the oracle after an action, and returns one finding for each silent failure.
    pub async fn silent_failures(&self, within: Duration) -> Result<Vec<Finding>, BrowserError> {
        let answer = self.answered(within).await?;
        let mut findings: Vec<Finding> = answer.finding().into_iter().collect();
        findings.extend(self.judge().await?.findings());
        Ok(findings)
    }

    async fn judge_now(&self) -> Result<JudgedPage, BrowserError> {
        let (mark, log) = (self.marked(), self.log());
        let first = mark.entry;
        let requests = log
            .since(first)
            .filter(|noticed| match noticed {
                BrowserEvent::Request { method, url, .. } => !log.is_poll(first, method, url),
                BrowserEvent::Console { .. }
                | BrowserEvent::Uncaught { .. }
                | BrowserEvent::Response { .. }
                | BrowserEvent::NoResponse { .. }
                | BrowserEvent::Navigation { .. }
                | BrowserEvent::Dialog { .. }
                | BrowserEvent::Download { .. }
                | BrowserEvent::Opened { .. }
                | BrowserEvent::Closed => false,
            })
            .count();
        let facts = json!({
            "pending": log.pending_since(first),
            "stays": self.config.oracle.stays.as_millis() as f64,
            "requests": requests,
            // Without an action nobody waits for an effect, and background trouble is no silent failure.
            "trouble": mark.action.as_ref().and_then(|_| trouble(&log, first, self.base_url())),
            "dialog": log.since(first).any(|noticed| matches!(noticed, BrowserEvent::Dialog { .. })),
        });
        let judged = self.call("judge", facts).await?;
        serde_json::from_value(judged)
            .map_err(|error| BrowserError::Refused { command: "judge".into(), reason: error.to_string() })
    }
}

/// Describes what went wrong behind the page since the mark. Requests to other origins (analytics) do not count.
fn trouble(log: &PageLog, first: usize, base: &str) -> Option<String> {
    let path = |url: &str| url.strip_prefix(base).unwrap_or(url).to_owned();
    log.since(first).find_map(|noticed| match noticed {
        BrowserEvent::Response { url, status, script: true } if *status >= 400 && url.starts_with(base) => {
            Some(format!("{} answered {status}", path(url)))
        }
        BrowserEvent::NoResponse { url, reason, script: true }
            if url.starts_with(base) && !reason.contains("ERR_ABORTED") =>
        {
            Some(format!("{} got no answer: {reason}", path(url)))
        }
        BrowserEvent::Uncaught { text } => Some(format!("uncaught: {text}")),
        BrowserEvent::Console { level, text } if level == "error" => Some(format!("the console says “{text}”")),
        BrowserEvent::Response { .. }
        | BrowserEvent::NoResponse { .. }
        | BrowserEvent::Console { .. }
        | BrowserEvent::Request { .. }
        | BrowserEvent::Navigation { .. }
        | BrowserEvent::Dialog { .. }
        | BrowserEvent::Download { .. }
        | BrowserEvent::Opened { .. }
        | BrowserEvent::Closed => None,
    })
}
