//! The events of one page: messages of its console, errors, requests, dialog boxes, downloads.

#![expect(missing_docs, reason = "only this repository's own tests see these items from outside")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::watch;

use crate::base::hosts::{AllowedHosts, host_of};

/// An event that the browser reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum BrowserEvent {
    /// The page wrote to its console.
    Console {
        /// The level: `debug`, `info`, `warn` or `error`.
        level: String,
        text: String,
    },
    /// An error that nothing caught.
    Uncaught { text: String },
    /// A request left the page.
    Request {
        method: String,
        url: String,
        /// True when a script sent it (fetch or XMLHttpRequest).
        script: bool,
    },
    /// An answer arrived completely.
    Response { url: String, status: u16, script: bool },
    /// A request got no answer.
    NoResponse {
        url: String,
        /// The reason: `net::ERR_…`.
        reason: String,
        script: bool,
    },
    /// The page began to go elsewhere.
    Navigation { url: String },
    /// The page opened a dialog box of the browser; it was closed again at once.
    Dialog {
        /// The form: `alert`, `confirm`, `prompt` or `beforeunload`.
        form: String,
        text: String,
    },
    /// The page started a download; it was refused.
    Download { url: String },
    /// The page opened another tab or window.
    Opened {
        /// The address, where it is known at once.
        url: String,
    },
    /// The tab is gone: closed, or crashed.
    Closed,
}

impl BrowserEvent {
    /// Describes the event in one line for a person. Addresses under `base` are shown without it.
    pub fn line(&self, base: &str) -> String {
        let short = |url: &str| url.strip_prefix(base).unwrap_or(url).to_owned();
        match self {
            Self::Console { level, text } => format!("console {level}: {text}"),
            Self::Uncaught { text } => format!("uncaught error: {text}"),
            Self::Request { method, url, .. } => format!("→ {method} {}", short(url)),
            Self::Response { url, status, .. } => format!("← {status} {}", short(url)),
            Self::NoResponse { url, reason, .. } => format!("← no answer ({reason}) {}", short(url)),
            Self::Navigation { url } => format!("goes to {}", short(url)),
            Self::Dialog { form, text } => format!("{form} box: {text}"),
            Self::Download { url } => format!("download of {}", short(url)),
            Self::Opened { url } => format!("opened another tab: {}", short(url)),
            Self::Closed => "the tab is gone".into(),
        }
    }
}

/// The events of one page, in order.
#[derive(Debug, Clone, Default)]
pub struct PageLog {
    entries: Vec<(Instant, BrowserEvent)>,
    under_way: BTreeMap<String, (usize, bool)>,
    news: watch::Sender<()>,
}

/// The longest log kept: a page that writes without end must not fill the memory.
const LIMIT: usize = 20_000;

impl PageLog {
    /// Returns the events from the entry with this number on. Numbers start at 0, and [`PageLog::len`] is the next one.
    pub fn since(&self, first: usize) -> impl Iterator<Item = &BrowserEvent> {
        self.entries.iter().skip(first).map(|(_, noticed)| noticed)
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns true when the machine's network changed under a request since an entry. The browser drops all its
    /// connections when any interface comes or goes, such as a container's.
    pub fn was_cut_off(&self, first: usize) -> bool {
        let cut = |noticed: &BrowserEvent| matches!(noticed, BrowserEvent::NoResponse { reason, .. } if reason.contains("ERR_NETWORK_CHANGED"));
        self.since(first).any(cut)
    }

    /// Returns the hosts beside the allowed ones that the page tried to reach.
    pub fn foreign_hosts(&self, allowed: &AllowedHosts) -> BTreeSet<String> {
        let address = |noticed: &BrowserEvent| match noticed {
            BrowserEvent::Request { url, .. } | BrowserEvent::Navigation { url } | BrowserEvent::Opened { url } => {
                reqwest::Url::parse(url).ok().filter(|url| !allowed.allow(url.as_str()))
            }
            _ => None,
        };
        self.since(0).filter_map(address).filter_map(|url| host_of(&url)).collect()
    }

    /// The status with which the page itself was answered since an entry, behind all redirections.
    pub(super) fn document(&self, first: usize) -> Option<u16> {
        self.since(first).find_map(|noticed| match noticed {
            BrowserEvent::Response { status, script: false, .. } if !(300..400).contains(status) => Some(*status),
            _ => None,
        })
    }

    /// Returns the number of unanswered requests of scripts that left since an entry.
    pub fn pending_since(&self, first: usize) -> usize {
        self.under_way.values().filter(|(entry, script)| *script && *entry >= first).count()
    }

    /// Returns true while any request is unanswered, whoever sent it.
    pub(super) fn has_under_way(&self) -> bool {
        !self.under_way.is_empty()
    }

    /// Returns true when nothing was reported for so long and no script waits for an answer.
    pub(super) fn is_idle(&self, long: Duration) -> bool {
        let recent = self.entries.last().is_some_and(|(at, _)| at.elapsed() < long);
        !recent && !self.under_way.values().any(|(_, script)| *script)
    }

    /// Returns true for a request that the page sends by itself again and again: the same `GET` at least three times
    /// before the entry `first`, and not more than 10 s ago.
    pub fn is_poll(&self, first: usize, method: &str, url: &str) -> bool {
        method == "GET"
            && self.entries[..first.min(self.entries.len())]
                .iter()
                .filter(|(at, noticed)| {
                    at.elapsed().as_secs() < 10
                        && matches!(noticed, BrowserEvent::Request { url: seen, script: true, .. } if seen == url)
                })
                .count()
                >= 3
    }

    /// Subscribes to new entries.
    pub(super) fn news(&self) -> watch::Receiver<()> {
        self.news.subscribe()
    }

    pub(super) fn push(&mut self, noticed: BrowserEvent) {
        // The waiting readers are woken all the same: they look at requests under way, which are still counted.
        if self.entries.len() < LIMIT {
            self.entries.push((Instant::now(), noticed));
        }
        self.news.send_replace(());
    }

    /// Takes in an event of the protocol.
    pub(super) fn take(&mut self, method: &str, params: &Value) {
        let text = |pointer: &str| params.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let script = matches!(text("/request/goog:resourceType").as_str(), "Fetch" | "XHR")
            || params
                .pointer("/request/initiatorType")
                .and_then(Value::as_str)
                .is_some_and(|kind| kind == "fetch" || kind == "xmlhttprequest");
        let (request, url) = (text("/request/request"), text("/request/url"));
        match method {
            "log.entryAdded" if text("/type") == "javascript" => {
                self.push(BrowserEvent::Uncaught { text: text("/text") })
            }
            "log.entryAdded" => self.push(BrowserEvent::Console { level: text("/level"), text: text("/text") }),
            // The browser asks for the icon on its own, and no press of a person is answered by it.
            "network.beforeRequestSent" if !url.ends_with("/favicon.ico") => {
                self.under_way.insert(request, (self.entries.len(), script));
                self.push(BrowserEvent::Request { method: text("/request/method"), url, script });
            }
            "network.responseCompleted" => {
                if let Some((_, script)) = self.under_way.remove(&request) {
                    let status = params.pointer("/response/status").and_then(Value::as_u64).unwrap_or_default();
                    self.push(BrowserEvent::Response {
                        url,
                        status: u16::try_from(status).unwrap_or_default(),
                        script,
                    });
                }
            }
            "network.fetchError" => {
                if let Some((_, script)) = self.under_way.remove(&request) {
                    self.push(BrowserEvent::NoResponse { url, reason: text("/errorText"), script });
                }
            }
            "browsingContext.navigationStarted" | "browsingContext.fragmentNavigated" => {
                self.push(BrowserEvent::Navigation { url: text("/url") });
            }
            "browsingContext.userPromptOpened" => {
                self.push(BrowserEvent::Dialog { form: text("/type"), text: text("/message") });
            }
            "browsingContext.downloadWillBegin" => self.push(BrowserEvent::Download { url: text("/url") }),
            _ => {}
        }
    }
}
