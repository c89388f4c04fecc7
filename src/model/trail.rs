//! The trail of an attempt: its exchanges in the words of the path, ordered by time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Edge, Fact, TraceId};

macro_rules! event_kinds {
    ($(#[doc = $doc:literal] $name:ident = $word:literal,)*) => {
        /// The meaning of an exchange, as the target file defines it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
        pub enum EventKind { $(#[doc = $doc] #[serde(rename = $word)] $name,)* }

        impl EventKind {
            /// Every kind, as its word in a target file and its meaning.
            pub const ALL: &'static [(&'static str, &'static str)] = &[$(($word, $doc.trim_ascii()),)*];
        }
    };
}

event_kinds! {
    /// The terms of a model version were set or shown.
    Offered = "offered",
    /// A flag was asked for.
    Flagged = "flagged",
    /// Money was put into a wallet.
    ToppedUp = "topped_up",
    /// A wallet, or all accounts together, was read.
    Counted = "counted",
    /// The platform named a price.
    Quoted = "quoted",
    /// Money left a wallet for access.
    Charged = "charged",
    /// Money for access came back.
    Refunded = "refunded",
    /// The purchase reached the service that keeps permissions.
    Granted = "granted",
    /// A permission was taken back.
    Revoked = "revoked",
    /// A change of permission reached the service that generates.
    Synced = "synced",
    /// Somebody asked what a member may do, and was answered.
    Checked = "checked",
    /// An image was asked for.
    Submitted = "submitted",
    /// Money left a wallet for a job.
    Billed = "billed",
    /// Money for a job came back.
    Repaid = "repaid",
    /// A worker rendered the images of a job.
    Rendered = "rendered",
    /// A job or a purchase was seen in a state.
    State = "state",
    /// An image or a model's file was handed out.
    Delivered = "delivered",
    /// A page showed something to a member.
    Shown = "shown",
}

/// An exchange with a meaning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    pub kind: EventKind,
    /// The id of the exchange that shows it.
    pub exchange: u64,
    pub edge: Edge,
    /// The moment at which the answer was complete: microseconds since the start of the run.
    pub at_micros: u64,
    /// True if it took effect; for [`EventKind::Checked`], true if the answer was yes.
    ///
    /// `None` if the caller cannot tell, so that both are legal: there was no answer, it was unreadable, or the server
    /// failed.
    pub done: Option<bool>,
    /// The stable code of a refusal, if it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    // A sorted map keeps the journals of two equal runs equal.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<Fact, serde_json::Value>,
}

/// The events of one attempt, ordered by the time at which their answers were complete.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trail {
    pub trace: TraceId,
    pub events: Vec<Event>,
}
