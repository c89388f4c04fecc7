//! Recorded exchanges: one request with its answer, as a tap saw it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A pair of caller and callee, by service name. At the front door the caller is `member`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Edge {
    /// The name of the calling service.
    pub from: String,
    /// The name of the called service.
    pub to: String,
}

impl Edge {
    /// The caller at the front door of every platform.
    pub const MEMBER: &'static str = "member";

    /// Makes the edge from `from` to `to`.
    pub fn new(from: impl Into<String>, to: impl Into<String>) -> Self {
        Self { from: from.into(), to: to.into() }
    }
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} → {}", self.from, self.to)
    }
}

/// A text that names no edge.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not an edge: write `caller -> callee`, for example `storefront -> generation`")]
pub struct NotAnEdge(pub String);

impl FromStr for Edge {
    type Err = NotAnEdge;

    /// Reads `caller -> callee`; the arrow may also be `→`.
    fn from_str(text: &str) -> Result<Self, NotAnEdge> {
        let (from, to) =
            text.split_once("->").or_else(|| text.split_once('→')).ok_or_else(|| NotAnEdge(text.into()))?;
        let (from, to) = (from.trim(), to.trim());
        // A blank inside a name is usually a forgotten arrow.
        let named = |name: &str| !name.is_empty() && !name.contains(char::is_whitespace);
        if named(from) && named(to) { Ok(Self::new(from, to)) } else { Err(NotAnEdge(text.into())) }
    }
}

// Journals and topologies write an edge as people do: `storefront → billing`.
impl Serialize for Edge {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Edge {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The trace id of a W3C `traceparent` header, which identifies one attempt at a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TraceId(pub u128);

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl FromStr for TraceId {
    type Err = std::num::ParseIntError;

    /// Reads the trace id from 32 hexadecimal digits.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u128::from_str_radix(text, 16).map(Self)
    }
}

// Written as in a `traceparent` header: JSON numbers of 128 bits get lost in many readers.
impl Serialize for TraceId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TraceId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The header that marks an answer of a tap, which no callee gave.
pub const BY_TAP: &str = "x-paidpath-tap";

/// One request on an edge, with its outcome, as a tap recorded it.
///
/// Secrets are already redacted: each is replaced by a fingerprint that is equal wherever the secret was equal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// The number of the exchange within the run, in the order in which requests arrived at taps.
    pub id: u64,
    /// The edge whose tap recorded it.
    pub edge: Edge,
    /// The trace id in the request, which names the attempt; `None` without trace context.
    pub trace: Option<TraceId>,
    /// The moment at which the request arrived at the tap: microseconds since the start of the run.
    pub at_micros: u64,
    /// The time from the arrival of the request to the end of the answer, in microseconds.
    pub took_micros: u64,
    /// The request, as the caller sent it.
    pub request: Request,
    /// The outcome, as the caller saw it.
    pub outcome: Outcome,
    /// The faults that a tap applied to it, as they were written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
    /// The parts of it that these faults changed. Empty in a journal of an earlier version.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
}

/// A part of an exchange that a fault changed. The name of a header is in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "part")]
pub enum Change {
    RequestHeader {
        name: String,
    },
    RequestBody,
    /// The whole answer: the tap answered in the place of the callee.
    Response,
    ResponseStatus,
    ResponseHeader {
        name: String,
    },
    ResponseBody,
    /// The request or the answer arrived late or slowly.
    Timing,
    /// The request or the answer was lost, repeated, or overtaken by another.
    Delivery,
}

impl Exchange {
    /// Returns the status that the caller got, if there was an answer.
    pub fn status(&self) -> Option<u16> {
        self.response().map(|response| response.status)
    }

    /// Returns the moment at which the exchange was over: microseconds since the start of the run.
    pub fn ended(&self) -> u64 {
        self.at_micros + self.took_micros
    }

    /// Returns the answer, if there was one.
    pub fn response(&self) -> Option<&Response> {
        match &self.outcome {
            Outcome::Answered(response) => Some(response),
            Outcome::Unreachable { .. } | Outcome::Broken { .. } | Outcome::Open => None,
        }
    }
}

/// A request, as a tap recorded it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The HTTP method, in capitals.
    pub method: String,
    /// Path and query, as in the request line.
    pub target: String,
    /// The headers with names in lower case, in the order received.
    pub headers: Vec<(String, String)>,
    /// The body, as far as it was kept.
    pub body: Body,
}

impl Request {
    /// Returns the path without the query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or(&self.target)
    }

    /// Returns the first value of a header; `name` must be in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        first(&self.headers, name)
    }
}

/// An answer, as a tap recorded it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// The HTTP status code of the answer.
    pub status: u16,
    /// The headers with names in lower case, in the order received.
    pub headers: Vec<(String, String)>,
    /// The body, as far as it was kept.
    pub body: Body,
}

impl Response {
    /// Returns the first value of a header; `name` must be in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        first(&self.headers, name)
    }
}

fn first<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// The end of an exchange, as its caller saw it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The caller got a complete answer.
    Answered(Response),
    /// The callee could not be reached, so the request had no effect.
    Unreachable {
        /// The error of the network.
        reason: String,
    },
    /// The connection broke after the request was sent, which may have had its effect.
    Broken {
        /// The error of the network, or that the caller went away.
        reason: String,
    },
    /// The request was not answered yet when the record was made.
    Open,
}

/// The body of a request or an answer, as far as it was recorded.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Body {
    /// The number of bytes on the wire.
    pub size: u64,
    /// The part that was kept.
    #[serde(default, skip_serializing_if = "Content::is_empty")]
    pub content: Content,
    /// True if `content` is only the beginning of the body.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
}

impl Body {
    /// Returns the JSON value, if the body was JSON and kept whole.
    pub fn json(&self) -> Option<&Value> {
        match &self.content {
            Content::Json(value) => Some(value),
            // JSON that was cut off is kept as text.
            Content::Empty | Content::Text(_) | Content::Base64(_) => None,
        }
    }
}

/// The kept part of a body.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// The body is empty, or nothing of it was kept.
    #[default]
    Empty,
    /// A complete JSON document, redacted.
    Json(Value),
    /// Text that is not JSON, or JSON that does not parse.
    Text(String),
    /// Bytes that are not text, in base64.
    Base64(String),
}

impl Content {
    /// Returns true if nothing was kept.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }
}
