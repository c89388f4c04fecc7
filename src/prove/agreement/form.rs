//! The normal form of an exchange: without everything that may differ from run to run.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::LazyLock;

use jiff::Timestamp;
use regex::Regex;
use serde_json::Value;

use crate::base::redact::is_redacted;
use crate::contract::Contracts;
use crate::model::{Body, Content, Exchange, Outcome};
use crate::stub::ANSWERED_FROM;

/// An operation with one of its outcomes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Case {
    /// The edge, the method, and the path as the contract writes it.
    pub operation: String,
    /// The status and the error code.
    pub outcome: String,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.operation, self.outcome)
    }
}

/// The classes of values at each place of a message.
pub type MessageShape = BTreeMap<String, BTreeSet<String>>;

/// An exchange in its normal form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExchangeForm {
    pub case: Case,
    pub shape: MessageShape,
}

/// Headers that differ between clients, servers and connections, and headers that tell runs and scenarios apart.
const INDIFFERENT: &[&str] = &[
    "accept",
    "accept-encoding",
    "baggage",
    "connection",
    "content-length",
    "date",
    "host",
    "keep-alive",
    "server",
    "traceparent",
    "tracestate",
    "transfer-encoding",
    "user-agent",
    "vary",
];

impl ExchangeForm {
    /// Returns the normal form of an exchange.
    pub fn of(exchange: &Exchange, contracts: &Contracts) -> Self {
        let mut shape = MessageShape::new();
        let request = &exchange.request;
        note_headers(&mut shape, "request", &request.headers);
        note_body(&mut shape, "request", &request.body);
        let outcome = match &exchange.outcome {
            Outcome::Answered(response) => {
                note_headers(&mut shape, "response", &response.headers);
                note_body(&mut shape, "response", &response.body);
                let code = response.body.json().and_then(|body| body.get("code")?.as_str());
                match code {
                    Some(code) if response.status >= 400 => format!("{} {code}", response.status),
                    Some(_) | None => response.status.to_string(),
                }
            }
            Outcome::Unreachable { .. } => "unreachable".into(),
            Outcome::Broken { .. } => "broken".into(),
            Outcome::Open => "no answer".into(),
        };
        let contract = contracts.of(&exchange.edge.to);
        let path = contract.and_then(|contract| contract.template_of(&request.method, request.path()));
        let path = path.map_or_else(|| without_names(request.path()), str::to_owned);
        let operation = format!("{} {} {path}", exchange.edge, request.method);
        Self { case: Case { operation, outcome }, shape }
    }
}

fn note(shape: &mut MessageShape, place: String, class: String) {
    shape.entry(place).or_default().insert(class);
}

fn note_headers(shape: &mut MessageShape, side: &str, headers: &[(String, String)]) {
    let is_indifferent = |name: &str| INDIFFERENT.contains(&name) || name == ANSWERED_FROM.as_str();
    for (name, value) in headers.iter().filter(|(name, _)| !is_indifferent(name)) {
        // Parameters such as the character set do not change the meaning of a header.
        let value = value.split(';').next().unwrap_or_default();
        // Clients choose the values of their headers, so only the presence of a header counts.
        let value = if side == "request" && name != "content-type" { "something".into() } else { class_of_text(value) };
        note(shape, format!("{side} header {name}"), value);
    }
}

fn note_body(shape: &mut MessageShape, side: &str, body: &Body) {
    match &body.content {
        Content::Json(value) => note_value(shape, &format!("{side} "), value),
        Content::Text(_) => note(shape, format!("{side} body"), "text".into()),
        Content::Base64(_) => note(shape, format!("{side} body"), "bytes".into()),
        Content::Empty if body.size > 0 => note(shape, format!("{side} body"), "bytes".into()),
        Content::Empty => {}
    }
}

fn note_value(shape: &mut MessageShape, place: &str, value: &Value) {
    let class = match value {
        Value::Null => "null".into(),
        Value::Bool(yes) => yes.to_string(),
        Value::Number(number) => match number.as_f64() {
            Some(number) if number < 0.0 => "a negative number".into(),
            Some(0.0) => "zero".into(),
            Some(_) | None => "a positive number".into(),
        },
        Value::String(text) => class_of_text(text),
        Value::Array(items) => {
            items.iter().for_each(|item| note_value(shape, &format!("{place}/*"), item));
            "a list".into()
        }
        Value::Object(members) => {
            members.iter().for_each(|(name, member)| note_value(shape, &format!("{place}/{name}"), member));
            "an object".into()
        }
    };
    note(shape, place.to_owned(), class);
}

/// Returns the class of a text. A single word stands for itself, because states, codes and kinds are such words. Names and
/// prose are reduced to their kind.
fn class_of_text(text: &str) -> String {
    if text.is_empty() {
        "an empty text".into()
    } else if is_redacted(text) {
        "a secret".into()
    } else if text.parse::<Timestamp>().is_ok() {
        "a time".into()
    } else if text.parse::<f64>().is_ok() {
        "a number as text".into()
    } else if text.contains(char::is_whitespace) || text.len() > 100 {
        "a text".into()
    } else {
        without_names(text)
    }
}

/// Replaces every part that names one thing among many by `…`.
fn without_names(text: &str) -> String {
    static NAMES: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"[0-9a-fA-F]{8}(?:-?[0-9a-fA-F]{4,})+|[0-9a-f]{12,}|\d{3,}")
            .expect("invariant: the pattern is sound")
    });
    NAMES.replace_all(text, "…").into_owned()
}
