//! Events between services: CloudEvents 1.0 in structured mode, signed as Standard Webhooks are.
//!
//! Sending them is [`crate::outbox`]; what an event does is the receiving service's affair.

use axum::Json;
use axum::extract::{FromRequest, FromRequestParts as _, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock::Time;
use crate::context::{Context, Propagated, core_of};
use crate::problem::{Code, Problem};
use crate::{request, signing};

/// The path on which services take events.
pub const PATH: &str = "/v1/events";
pub const MEDIA_TYPE: &str = "application/cloudevents+json";

pub const PURCHASE_COMPLETED: &str = "atelier.purchase.completed";
/// The type of an event about a refund, of the whole purchase or of part of it.
pub const PURCHASE_REFUNDED: &str = "atelier.purchase.refunded";
/// The type of an event about a member's access to a version, which has changed.
pub const ACCESS_CHANGED: &str = "atelier.access.changed";

/// An event on the wire. Extension attributes that are not listed here are let pass and not kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Event {
    pub specversion: String,
    /// The id, `evt_…`: the same however often the event is delivered.
    pub id: String,
    /// The sender, `urn:atelier:<service>`.
    pub source: String,
    pub r#type: String,
    /// The subject, `<member>/<version>`, within which events are in order.
    pub subject: String,
    pub time: Time,
    pub datacontenttype: String,
    /// The trace of the request that caused the event (the distributed tracing extension).
    pub traceparent: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracestate: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baggage: Option<String>,
    /// The number among the events of the subject, padded, so that text compares as numbers do (the sequence extension).
    pub sequence: String,
    pub data: Value,
}

impl Event {
    /// Reads the data of the event.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_json::from_value(self.data.clone())
            .map_err(|error| Problem::because(Code::InvalidRequest, format!("data of {}: {error}.", self.r#type)))
    }

    /// Returns the context of the request that caused the event, as far as it travels with it.
    pub(crate) fn propagated(&self) -> Propagated {
        Propagated {
            traceparent: self.traceparent.clone(),
            tracestate: self.tracestate.clone(),
            baggage: self.baggage.clone(),
            ..Propagated::default()
        }
    }
}

/// An event that has yet to get its id and its number.
#[derive(Clone, Debug)]
pub(crate) struct EventDraft {
    pub(crate) source: &'static str,
    pub(crate) r#type: &'static str,
    pub(crate) member: String,
    pub(crate) version: String,
    pub(crate) time: Time,
    pub(crate) propagated: Propagated,
    pub(crate) data: Value,
}

impl EventDraft {
    pub(crate) fn subject(&self) -> String {
        format!("{}/{}", self.member, self.version)
    }

    /// Makes the event, with its number among those of its subject.
    pub(crate) fn numbered(self, sequence: u64) -> Event {
        Event {
            specversion: "1.0".into(),
            id: crate::ids::new("evt"),
            source: format!("urn:atelier:{}", self.source),
            r#type: self.r#type.into(),
            subject: self.subject(),
            time: self.time,
            datacontenttype: "application/json".into(),
            traceparent: self.propagated.traceparent,
            tracestate: self.propagated.tracestate,
            baggage: self.propagated.baggage,
            sequence: format!("{sequence:012}"),
            data: self.data,
        }
    }
}

/// An event that a fellow service has signed.
#[derive(Debug)]
pub struct SignedEvent {
    pub event: Event,
    pub context: Context,
}

impl<S: Send + Sync> FromRequest<S> for SignedEvent {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let core = core_of(&parts);
        let context = Context::from_request_parts(&mut parts, state).await?;
        let headers = parts.headers.clone();
        let bytes = request::bytes(Request::from_parts(parts, body), state).await?;
        // The raw text, because the signature is over the bytes and not over their meaning.
        let text = std::str::from_utf8(&bytes).map_err(|_| Problem::new(Code::MalformedBody))?;
        let settings = &core.settings;
        let id = signing::verify_webhook(&settings.event_key, &headers, text, context.now(), settings.event_tolerance);
        if id.is_err() && context.defect("ev.unsigned") {
            return Ok(Self { event: request::parse(&bytes)?, context }); // DEFECT: whoever reaches the port is believed
        }
        let (id, event): (_, Event) = (id?, request::parse(&bytes)?);
        if event.id != id || event.specversion != "1.0" {
            return Err(Problem::because(Code::InvalidRequest, "The event is not the one that was signed."));
        }
        Ok(Self { event, context })
    }
}

/// The answer to an event that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    Accepted,
    /// The event was taken before, and changed nothing.
    Duplicate,
}

impl IntoResponse for Receipt {
    fn into_response(self) -> Response {
        let body = match self {
            Self::Accepted => json!({"accepted": true}),
            Self::Duplicate => json!({"accepted": false, "duplicate": true}),
        };
        (StatusCode::ACCEPTED, Json(body)).into_response()
    }
}
