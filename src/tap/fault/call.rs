//! The request, the response, and the missing response that faults work with.

use std::fmt::Write;

use bytes::Bytes;
use http::header::{
    CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue, TRANSFER_ENCODING,
};
use http::{Method, StatusCode, request, response};
use serde_json::Value;

use crate::tap::body::{HOLD, HeldBody, Payload, with_causes};
use crate::tap::record::ExchangeEnd;

/// A request on its way to the callee, held whole.
#[derive(Debug, Clone)]
pub struct TapRequest {
    /// The method, target and headers that the callee will see.
    pub head: request::Parts,
    pub body: Bytes,
}

impl TapRequest {
    /// Changes the JSON in the body.
    pub fn edit_json(&mut self, edit: impl FnOnce(&mut Value) -> Result<(), String>) -> Result<(), String> {
        self.body = edited(&self.head.headers, &self.body, edit).map_err(|why| format!("the request {why}"))?;
        set_length(&mut self.head.headers, self.body.len());
        Ok(())
    }
}

/// An answer on its way to the caller.
pub struct TapResponse {
    pub head: response::Parts,
    pub body: Payload,
}

impl TapResponse {
    /// An answer that nobody gave.
    pub fn made(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let (mut head, ()) = http::Response::new(()).into_parts();
        head.status = status;
        let mut answer = Self { head, body: Payload::Whole(Bytes::new()) };
        answer.head.headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        answer.put(body.into());
        answer
    }

    /// Puts another body in the place of this one.
    pub fn put(&mut self, body: Bytes) {
        // The new body is plain, whatever the old one was.
        self.head.headers.remove(CONTENT_ENCODING);
        set_length(&mut self.head.headers, body.len());
        self.body = Payload::Whole(body);
    }

    /// The whole body, which stays in its place.
    pub async fn hold(&mut self) -> Result<Bytes, String> {
        match std::mem::replace(&mut self.body, Payload::Whole(Bytes::new())).hold().await {
            HeldBody::Whole(body) => {
                self.body = Payload::Whole(body.clone());
                Ok(body)
            }
            HeldBody::TooLarge(body) => {
                self.body = body;
                Err(format!("an answer was larger than {} MiB", HOLD >> 20))
            }
            HeldBody::Broken(came, error) => {
                let why = format!("the answer broke off: {}", with_causes(error.as_ref()));
                self.body = Payload::cut(came, error);
                Err(why)
            }
        }
    }

    /// Changes the JSON in the body.
    pub async fn edit_json(&mut self, edit: impl FnOnce(&mut Value) -> Result<(), String>) -> Result<(), String> {
        let body = self.hold().await?;
        let body = edited(&self.head.headers, &body, edit).map_err(|why| format!("the answer {why}"))?;
        self.put(body);
        Ok(())
    }
}

/// The reason why a caller gets no response. To the caller, all but `Unreachable` look like a connection that breaks.
#[derive(Debug, Clone, thiserror::Error)]
pub enum NoResponse {
    /// The callee could not be reached. The tap says so in an answer of its own.
    #[error("unreachable: {0}")]
    Unreachable(String),
    /// The callee never saw the request, by a fault's doing or the caller's.
    #[error("not sent: {0}")]
    Unsent(String),
    /// The callee may have seen the request and acted on it.
    #[error("broken: {0}")]
    Broken(String),
    /// The callee has acted; the caller gets bytes that are not HTTP.
    #[error("broken: {reason}")]
    Raw {
        /// The bytes that are written to the connection before it is closed.
        bytes: Bytes,
        reason: &'static str,
    },
}

impl NoResponse {
    /// An answer that begins well and goes on in bytes that are not HTTP.
    pub fn malformed(answer: &response::Parts) -> Self {
        let status = answer.status;
        let mut text = format!("HTTP/1.1 {} {}\r\n", status.as_u16(), status.canonical_reason().unwrap_or_default());
        for (name, value) in &answer.headers {
            if ![CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION].contains(name) {
                let _ = write!(text, "{name}: {}\r\n", String::from_utf8_lossy(value.as_bytes()));
            }
        }
        text.push_str("transfer-encoding: chunked\r\nconnection: close\r\n\r\nnot-a-size\r\n{\"\r\n");
        Self::Raw { bytes: text.into(), reason: "the answer went on in a malformed chunk" }
    }

    pub(in crate::tap) fn end(&self) -> ExchangeEnd {
        match self {
            Self::Unreachable(reason) | Self::Unsent(reason) => ExchangeEnd::Unreachable(reason.clone()),
            Self::Broken(reason) => ExchangeEnd::Broken(reason.clone()),
            Self::Raw { reason, .. } => ExchangeEnd::Broken((*reason).to_owned()),
        }
    }
}

/// Returns true when a response with this status to this method has no body (RFC 9110 §6.4.1).
pub(in crate::tap) fn is_bodiless(method: &Method, status: StatusCode) -> bool {
    method == Method::HEAD || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

fn edited(
    headers: &HeaderMap,
    body: &[u8],
    edit: impl FnOnce(&mut Value) -> Result<(), String>,
) -> Result<Bytes, String> {
    // Taps ask for plain bodies, but a callee may compress all the same.
    if headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err("was compressed".into());
    }
    let mut value = serde_json::from_slice(body).map_err(|_| "was not JSON")?;
    edit(&mut value)?;
    Ok(value.to_string().into())
}

fn set_length(headers: &mut HeaderMap, length: usize) {
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
}
