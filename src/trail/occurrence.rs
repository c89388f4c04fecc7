//! An event together with the exchange that shows it: what the rules and the diagnosis read.

use serde_json::Value;

use crate::model::{Edge, Event, EventKind, Exchange, Fact, Outcome};

/// An event and the exchange that shows it.
#[derive(Debug, Clone, Copy)]
pub struct Occurrence<'a> {
    pub event: &'a Event,
    pub exchange: &'a Exchange,
}

/// A stretch of time, with the lead of the scenario's own clock during it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Microseconds since the start of the run.
    pub from: u64,
    /// Microseconds since the start of the run; `u64::MAX` for an exchange that is still open.
    pub to: u64,
    /// Seconds by which the scenario's clock is ahead of the real one.
    pub ahead: f64,
}

impl Interval {
    /// Returns the same stretch of time, later by some microseconds.
    pub fn later_by(self, micros: u64) -> Self {
        Self { from: self.from.saturating_add(micros), to: self.to.saturating_add(micros), ..self }
    }
}

impl<'a> Occurrence<'a> {
    pub fn kind(self) -> EventKind {
        self.event.kind
    }

    pub fn edge(self) -> &'a Edge {
        &self.event.edge
    }

    /// Returns the stable code of the refusal, if it is one.
    pub fn code(self) -> Option<&'a str> {
        self.event.code.as_deref()
    }

    /// Tells a member's request from one that a service sent to another.
    pub fn is_from_member(self) -> bool {
        self.event.edge.from == Edge::MEMBER
    }

    /// Returns true if the request took effect.
    pub fn is_done(self) -> bool {
        self.event.done == Some(true)
    }

    /// Returns true if the request was refused and had no effect.
    pub fn is_refused(self) -> bool {
        self.event.done == Some(false)
    }

    /// Returns true if the caller cannot tell whether the request took effect.
    pub fn is_unsure(self) -> bool {
        self.event.done.is_none()
    }

    /// Returns the moment at which the request arrived at the tap.
    pub fn started(self) -> u64 {
        self.exchange.at_micros
    }

    /// Returns the moment at which the answer was complete; `u64::MAX` while there is none.
    pub fn ended(self) -> u64 {
        match &self.exchange.outcome {
            // The callee may still act on an open request, so no later moment is after it.
            Outcome::Open => u64::MAX,
            Outcome::Answered(_) | Outcome::Unreachable { .. } | Outcome::Broken { .. } => self.exchange.ended(),
        }
    }

    pub fn interval(self) -> Interval {
        let ahead = self.text(Fact::Ahead).and_then(|text| text.parse().ok()).unwrap_or_default();
        Interval { from: self.started(), to: self.ended(), ahead }
    }

    /// Returns true if the request arrived while the other one was under way, as the requests of a callee for its
    /// caller do.
    pub fn is_during(self, other: Occurrence<'_>) -> bool {
        // Only the beginning counts: a callee may answer its caller before its own request is answered.
        self.started() >= other.started() && self.started() <= other.ended()
    }

    /// Returns true if this exchange was over when the other one began.
    pub fn is_before(self, other: Occurrence<'_>) -> bool {
        self.ended() <= other.started()
    }

    pub fn fact(self, fact: Fact) -> Option<&'a Value> {
        self.event.facts.get(&fact)
    }

    pub fn text(self, fact: Fact) -> Option<&'a str> {
        self.fact(fact).and_then(Value::as_str)
    }

    /// Returns a fact that is a whole number, or text that writes one.
    pub fn number(self, fact: Fact) -> Option<i64> {
        let value = self.fact(fact)?;
        // Facts from a path, a query or a header are always text.
        value.as_i64().or_else(|| value.as_str()?.parse().ok())
    }

    /// Returns a fact that is true or false, or text that says so.
    pub fn boolean(self, fact: Fact) -> Option<bool> {
        let value = self.fact(fact)?;
        value.as_bool().or_else(|| value.as_str()?.parse().ok())
    }

    /// Returns a fact that is a list of texts; a single text is a list of one.
    pub fn list(self, fact: Fact) -> Vec<&'a str> {
        match self.fact(fact) {
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(text)) => vec![text],
            Some(_) | None => Vec::new(),
        }
    }

    /// Returns true if both have this fact, with the same value.
    pub fn shares(self, other: Occurrence<'_>, fact: Fact) -> bool {
        // Two that both lack the fact have nothing in common.
        self.fact(fact).is_some() && self.fact(fact) == other.fact(fact)
    }

    /// Returns true if both are about the same member and the same model version.
    pub fn shares_subject(self, other: Occurrence<'_>) -> bool {
        self.shares(other, Fact::Member) && self.shares(other, Fact::Version)
    }

    /// Describes the answer in the words that follow a subject: “was refused with purchase-required (403)”.
    pub fn describe_answer(self) -> String {
        let status = match &self.exchange.outcome {
            Outcome::Answered(answer) => answer.status.to_string(),
            Outcome::Unreachable { reason } => return format!("could not be reached ({reason})"),
            Outcome::Broken { reason } => return format!("broke off ({reason})"),
            Outcome::Open => return "was not answered".into(),
        };
        match (&self.event.code, self.event.done) {
            (Some(code), _) => format!("was refused with {code} ({status})"),
            (None, Some(true)) => format!("was answered with {status}"),
            (None, Some(false)) => format!("was refused ({status})"),
            (None, None) if status.starts_with('3') => format!("was redirected ({status})"),
            (None, None) => format!("was answered with {status}, and nothing that can be read"),
        }
    }
}
