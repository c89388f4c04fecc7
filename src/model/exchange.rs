//! One request with its response, as a tap saw it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One caller → callee pair, by service name. `member` is the caller at the front door.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Edge {
    /// Who calls.
    pub from: String,
    /// Who is called.
    pub to: String,
}

impl Edge {
    /// The caller at the front door of every platform.
    pub const MEMBER: &'static str = "member";

    /// The edge from `from` to `to`.
    pub fn new(from: impl Into<String>, to: impl Into<String>) -> Self {
        Self { from: from.into(), to: to.into() }
    }
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} → {}", self.from, self.to)
    }
}

/// Text that does not name an edge.
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
        let named = |name: &str| !name.is_empty() && !name.contains(char::is_whitespace);
        if named(from) && named(to) { Ok(Self::new(from, to)) } else { Err(NotAnEdge(text.into())) }
    }
}

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

/// The trace-id of a W3C `traceparent`: the identity of one attempt at one scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TraceId(pub u128);

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl FromStr for TraceId {
    type Err = std::num::ParseIntError;

    /// Reads 32 hexadecimal digits.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u128::from_str_radix(text, 16).map(Self)
    }
}

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

/// One request with its outcome on one edge. Everything in it is already redacted: a secret is replaced by a fingerprint
/// that is equal wherever the secret was equal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// Unique within the run, in the order in which requests arrived at taps.
    pub id: u64,
    /// Where it was seen.
    pub edge: Edge,
    /// The scenario it belongs to, as its trace context said; of a stray, whatever trace context it carried. `None` when there
    /// was none.
    pub trace: Option<TraceId>,
    /// When the request arrived at the tap: microseconds since the start of the run.
    pub at_micros: u64,
    /// From the arrival of the request to the end of the response, in microseconds.
    pub took_micros: u64,
    /// What was asked.
    pub request: Request,
    /// What came of it.
    pub outcome: Outcome,
    /// The faults that disturbed it, as they were written.
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
    /// The status that the caller was given, if there was an answer.
    pub fn status(&self) -> Option<u16> {
        match &self.outcome {
            Outcome::Answered(response) => Some(response.status),
            Outcome::Unreachable { .. } | Outcome::Broken { .. } | Outcome::Open => None,
        }
    }

    /// The answer, if there was one.
    pub fn response(&self) -> Option<&Response> {
        match &self.outcome {
            Outcome::Answered(response) => Some(response),
            Outcome::Unreachable { .. } | Outcome::Broken { .. } | Outcome::Open => None,
        }
    }
}

/// What was asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The method, in capitals.
    pub method: String,
    /// Path and query as they stood in the request line.
    pub target: String,
    /// Names in lower case, in the order received.
    pub headers: Vec<(String, String)>,
    /// What was sent along.
    pub body: Body,
}

impl Request {
    /// The path without the query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or(&self.target)
    }

    /// The first value of a header; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        first(&self.headers, name)
    }
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Names in lower case, in the order received.
    pub headers: Vec<(String, String)>,
    /// What was sent along.
    pub body: Body,
}

impl Response {
    /// The first value of a header; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        first(&self.headers, name)
    }
}

fn first<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// How an exchange ended, seen from its caller.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The caller got an answer.
    Answered(Response),
    /// The callee could not be reached: the request had no effect.
    Unreachable {
        /// What the network said.
        reason: String,
    },
    /// The connection broke after the request was sent: it may or may not have had its effect.
    Broken {
        /// What the network said, or that the caller went away.
        reason: String,
    },
    /// Not answered when the record was made.
    Open,
}

/// A body as it was recorded.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Body {
    /// Bytes on the wire.
    pub size: u64,
    /// What was kept of them.
    #[serde(default, skip_serializing_if = "Content::is_empty")]
    pub content: Content,
    /// Whether `content` is less than all of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
}

impl Body {
    /// The JSON value, if the body was JSON and kept whole.
    pub fn json(&self) -> Option<&Value> {
        match &self.content {
            Content::Json(value) => Some(value),
            Content::Empty | Content::Text(_) | Content::Base64(_) => None,
        }
    }
}

/// What was kept of a body.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// Nothing was sent, or nothing was kept.
    #[default]
    Empty,
    /// A JSON value.
    Json(Value),
    /// Text that is not JSON, or JSON that does not parse.
    Text(String),
    /// Bytes that are not text, in base64.
    Base64(String),
}

impl Content {
    /// Whether nothing was kept.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }
}
