//! Turns raw parts into the record that may be shown: parsed, cut to size, redacted.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use super::record::{ExchangeEnd, ExchangeIdentity, KEEP_ASSET, KeptBytes, RawExchange};
use crate::base::redact::Redactor;
use crate::base::trace::TRACEPARENT;
use crate::model::{Body, Content, Exchange, Outcome, Request, Response, TraceId};

/// The headers of strays that are shown as they are. HTTP libraries write them, and no holder of a secret.
const HARMLESS: [&str; 7] = ["accept", "content-length", "content-type", "date", "host", "user-agent", TRACEPARENT];

/// The first bytes of what gzip, Zstandard and ZIP have compressed.
const COMPRESSED: [&[u8]; 3] = [&[0x1f, 0x8b], &[0x28, 0xb5, 0x2f, 0xfd], b"PK\x03\x04"];

/// The exchange of a scenario.
pub(super) fn exchange(identity: &ExchangeIdentity, seen: &RawExchange, redactor: &Redactor) -> Exchange {
    let trace = identity.trace;
    let headers = |headers: &HeaderMap| {
        readable(headers)
            .map(|(name, value)| (redactor.text(trace, name).into_owned(), redactor.header(trace, name, &value)))
            .collect()
    };
    let reason = |reason: &str| redactor.text(trace, reason).into_owned();
    let request = Request {
        method: seen.method.to_string(),
        // The query of a target may carry tokens under a telling name, even ones that nobody has learned.
        target: redactor.fields(trace, &seen.target).into_owned(),
        headers: headers(&seen.headers),
        body: body(&seen.headers, &seen.sent, redactor, trace),
    };
    let outcome = outcome(seen, reason, || Response {
        status: seen.status.as_u16(),
        headers: headers(&seen.answer_headers),
        body: body(&seen.answer_headers, &seen.got, redactor, trace),
    });
    whole(identity, seen, redactor, request, outcome)
}

/// Renders an exchange that no scenario owned. Nobody knows which secrets it may carry, so the body and the query are
/// left out, and only a fingerprint is shown of headers that may hold a secret.
pub(super) fn stray(identity: &ExchangeIdentity, seen: &RawExchange, redactor: &Redactor) -> Exchange {
    let headers = |headers: &HeaderMap| {
        readable(headers)
            .map(|(name, value)| {
                let is_harmless = HARMLESS.contains(&name);
                let shown = if is_harmless {
                    redactor.header(identity.trace, name, &value)
                } else {
                    redactor.fingerprint(&value)
                };
                (redactor.text(identity.trace, name).into_owned(), shown)
            })
            .collect()
    };
    let unread = |kept: &KeptBytes| Body { size: kept.size, content: Content::Empty, truncated: kept.size > 0 };
    let request = Request {
        method: seen.method.to_string(),
        target: redactor.text(identity.trace, seen.target.split('?').next().unwrap_or_default()).into_owned(),
        headers: headers(&seen.headers),
        body: unread(&seen.sent),
    };
    let reason = |reason: &str| redactor.text(identity.trace, reason).into_owned();
    let outcome = outcome(seen, reason, || Response {
        status: seen.status.as_u16(),
        headers: headers(&seen.answer_headers),
        body: unread(&seen.got),
    });
    whole(identity, seen, redactor, request, outcome)
}

fn whole(
    identity: &ExchangeIdentity,
    seen: &RawExchange,
    redactor: &Redactor,
    request: Request,
    outcome: Outcome,
) -> Exchange {
    let faults = seen.faults.iter().map(|(fault, _)| redactor.text(identity.trace, fault).into_owned()).collect();
    // A change holds no value from the message, only the name of a header, so that nothing in it needs to be redacted.
    let changes = seen.faults.iter().flat_map(|(_, changes)| changes.clone()).collect();
    Exchange {
        id: identity.id,
        edge: (*identity.edge).clone(),
        trace: identity.trace,
        at_micros: identity.at_micros,
        took_micros: seen.took_micros,
        request,
        outcome,
        faults,
        changes,
    }
}

fn outcome(seen: &RawExchange, reason: impl Fn(&str) -> String, response: impl FnOnce() -> Response) -> Outcome {
    match &seen.end {
        None => Outcome::Open,
        Some(ExchangeEnd::Answered) => Outcome::Answered(response()),
        Some(ExchangeEnd::Unreachable(text)) => Outcome::Unreachable { reason: reason(text) },
        Some(ExchangeEnd::Broken(text)) => Outcome::Broken { reason: reason(text) },
    }
}

fn readable(headers: &HeaderMap) -> impl Iterator<Item = (&str, std::borrow::Cow<'_, str>)> {
    headers.iter().map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())))
}

fn body(headers: &HeaderMap, kept: &KeptBytes, redactor: &Redactor, owner: Option<TraceId>) -> Body {
    let of_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let truncated = kept.is_truncated();
    let body = |content, truncated| Body { size: kept.size, content, truncated };
    if kept.bytes.is_empty() {
        return body(Content::Empty, truncated);
    }
    if !truncated
        && is_json(of_type, &kept.bytes)
        && let Ok(mut value) = serde_json::from_slice::<Value>(&kept.bytes)
    {
        redactor.json(owner, &mut value);
        return body(Content::Json(value), false);
    }
    if let Some(text) = text(&kept.bytes, truncated) {
        let clean = if truncated { redactor.cut(owner, text) } else { redactor.fields(owner, text).into_owned() };
        return body(Content::Text(clean), truncated);
    }
    let first = &kept.bytes[..kept.bytes.len().min(KEEP_ASSET)];
    let all_text = String::from_utf8_lossy(first);
    // A compressed secret would be hidden from every search for it.
    let is_compressed = COMPRESSED.iter().any(|magic| first.starts_with(magic));
    if is_compressed || redactor.cut(owner, &all_text) != all_text {
        return body(Content::Empty, true);
    }
    body(Content::Base64(STANDARD.encode(first)), (first.len() as u64) < kept.size)
}

/// Decides by the content type, and by the first byte where there is none.
fn is_json(of_type: &str, bytes: &[u8]) -> bool {
    let essence = of_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "" => matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'[')),
        essence => essence == "application/json" || essence.ends_with("+json"),
    }
}

/// The text, less a character that was cut in two.
fn text(bytes: &[u8], truncated: bool) -> Option<&str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) if truncated && error.error_len().is_none() => {
            std::str::from_utf8(&bytes[..error.valid_up_to()]).ok()
        }
        Err(_) => None,
    }
}
