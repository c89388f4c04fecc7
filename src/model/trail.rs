//! The ordered evidence of one scenario: what happened on the path, in the words of the path.

use serde::{Deserialize, Serialize};

use super::{Edge, TraceId};

/// What an exchange meant. The target's file says which exchange means what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// The terms of a model version were set or shown.
    Offered,
    /// A flag was asked for.
    Flagged,
    /// Money was put into a wallet.
    ToppedUp,
    /// A wallet, or all accounts together, was read.
    Counted,
    /// A price was named.
    Quoted,
    /// Money left a wallet for access.
    Charged,
    /// Money for access came back.
    Refunded,
    /// The purchase reached the service that keeps permissions.
    Granted,
    /// A permission was taken back.
    Revoked,
    /// A change of permission reached the service that generates.
    Synced,
    /// Somebody asked what a member may do, or whether they may, and was answered.
    Checked,
    /// An image was asked for.
    Submitted,
    /// Money left a wallet for a job.
    Billed,
    /// Money for a job came back.
    Repaid,
    /// A worker rendered.
    Rendered,
    /// A job or a purchase was seen in a state.
    State,
    /// An image or a model's file was handed out.
    Delivered,
    /// A page showed something.
    Shown,
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
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub facts: serde_json::Map<String, serde_json::Value>,
}

/// All that happened in one attempt at one scenario, ordered by time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trail {
    /// The attempt's identity.
    pub trace: TraceId,
    /// In order.
    pub events: Vec<Event>,
}
