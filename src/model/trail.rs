//! The ordered evidence of one scenario: what happened on the path, in the words of the path.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Edge, Fact, TraceId};

macro_rules! event_kinds {
    ($(#[doc = $doc:literal] $name:ident = $word:literal,)*) => {
        /// What an exchange meant. The target's file says which exchange means what.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
        pub enum EventKind { $(#[doc = $doc] #[serde(rename = $word)] $name,)* }

        impl EventKind {
            /// Every kind: its word in a target's file, and what it means.
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
    /// A price was named.
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
    /// Somebody asked what a member may do, or whether they may, and was answered.
    Checked = "checked",
    /// An image was asked for.
    Submitted = "submitted",
    /// Money left a wallet for a job.
    Billed = "billed",
    /// Money for a job came back.
    Repaid = "repaid",
    /// A worker rendered.
    Rendered = "rendered",
    /// A job or a purchase was seen in a state.
    State = "state",
    /// An image or a model's file was handed out.
    Delivered = "delivered",
    /// A page showed something.
    Shown = "shown",
}

/// One thing that happened, with the exchange that proves it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// The exchange that shows it.
    pub exchange: u64,
    /// Where.
    pub edge: Edge,
    /// When the answer was complete: microseconds since the start of the run.
    pub at_micros: u64,
    /// Whether it took effect; for [`EventKind::Checked`], whether the answer was yes. `None` when the caller cannot tell,
    /// so that either is legal: never answered, answered with a server's failure, or with what cannot be read.
    pub done: Option<bool>,
    /// The stable code of a refusal, if it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Named facts: who, what, right, amount, job, state, credential … as the target's file extracts them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<Fact, serde_json::Value>,
}

/// All that happened in one attempt at one scenario, ordered by time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trail {
    /// The attempt's identity.
    pub trace: TraceId,
    /// In order.
    pub events: Vec<Event>,
}
