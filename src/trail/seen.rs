//! An event with the exchange that proves it, as checks read them.

use serde_json::Value;

use crate::model::{Edge, Event, EventKind, Exchange, Fact, Outcome};

/// One event, seen.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// What happened.
    pub event: &'a Event,
    /// What shows it.
    pub exchange: &'a Exchange,
}

/// A stretch of time on a scenario's clock.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// Microseconds since the start of the run.
    pub from: u64,
    /// The same; `u64::MAX` while it lasts.
    pub to: u64,
    /// Seconds by which the scenario's clock was ahead.
    pub ahead: f64,
}

impl<'a> Seen<'a> {
    /// What happened.
    pub fn kind(self) -> EventKind {
        self.event.kind
    }

    /// Where.
    pub fn edge(self) -> &'a Edge {
        &self.event.edge
    }

    /// Whether a member asked, and not one service another.
    pub fn at_front(self) -> bool {
        self.event.edge.from == Edge::MEMBER
    }

    /// It took effect.
    pub fn is_done(self) -> bool {
        self.event.done == Some(true)
    }

    /// It was refused, and had no effect.
    pub fn is_refused(self) -> bool {
        self.event.done == Some(false)
    }

    /// The caller cannot tell what came of it.
    pub fn is_unsure(self) -> bool {
        self.event.done.is_none()
    }

    /// When the request arrived.
    pub fn from(self) -> u64 {
        self.exchange.at_micros
    }

    /// When the answer was complete; `u64::MAX` while there is none.
    pub fn to(self) -> u64 {
        match &self.exchange.outcome {
            Outcome::Open => u64::MAX,
            Outcome::Answered(_) | Outcome::Unreachable { .. } | Outcome::Broken { .. } => {
                self.exchange.at_micros + self.exchange.took_micros
            }
        }
    }

    /// From the request to the answer.
    pub fn window(self) -> Window {
        let ahead = self.text(Fact::Ahead).and_then(|text| text.parse().ok()).unwrap_or_default();
        Window { from: self.from(), to: self.to(), ahead }
    }

    /// Whether it began and ended while the other one was under way: what a callee does for its caller.
    pub fn is_within(self, other: Seen<'_>) -> bool {
        self.from() >= other.from() && self.from() <= other.to()
    }

    /// Whether it had ended when the other one began.
    pub fn is_before(self, other: Seen<'_>) -> bool {
        self.to() <= other.from()
    }

    /// A fact.
    pub fn fact(self, fact: Fact) -> Option<&'a Value> {
        self.event.facts.get(&fact)
    }

    /// A fact that is text.
    pub fn text(self, fact: Fact) -> Option<&'a str> {
        self.fact(fact).and_then(Value::as_str)
    }

    /// A fact that is a whole number, or text that writes one.
    pub fn number(self, fact: Fact) -> Option<i64> {
        let value = self.fact(fact)?;
        value.as_i64().or_else(|| value.as_str()?.parse().ok())
    }

    /// A fact that is true or false, or text that says so.
    pub fn truth(self, fact: Fact) -> Option<bool> {
        let value = self.fact(fact)?;
        value.as_bool().or_else(|| value.as_str()?.parse().ok())
    }

    /// A fact that is a list of texts; a single text is a list of one.
    pub fn list(self, fact: Fact) -> Vec<&'a str> {
        match self.fact(fact) {
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(text)) => vec![text],
            Some(_) | None => Vec::new(),
        }
    }

    /// Both facts are there, and the same.
    pub fn shares(self, other: Seen<'_>, fact: Fact) -> bool {
        self.fact(fact).is_some() && self.fact(fact) == other.fact(fact)
    }

    /// How it was answered, in a few words.
    pub fn answer(self) -> String {
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
            (None, None) => format!("was answered with {status}, and nothing that can be read"),
        }
    }
}
