//! HMAC-SHA256, used twice: for tokens that we hand out and get back, and for events between services.
//!
//! What the tokens say is not here: see [`crate::session`] and `entitlement::credential`.

use std::time::Duration;

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;

use crate::clock::Time;
use crate::problem::{Code, Problem};

/// Makes a token: the payload as JSON and its signature, both base64url, joined by a dot.
///
/// `purpose` keeps a token of one kind from passing as another even where two kinds share a key.
#[must_use]
pub fn seal<T: Serialize>(key: &str, purpose: &str, payload: &T) -> String {
    let json = serde_json::to_vec(payload).expect("invariant: a token's payload is plain JSON");
    let payload = URL_SAFE_NO_PAD.encode(json);
    let signature = mac(key, &[purpose, ".", &payload]).finalize().into_bytes();
    format!("{payload}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// Reads a token; `None` unless it was sealed with this key, for this purpose.
#[must_use]
pub fn open<T: DeserializeOwned>(key: &str, purpose: &str, token: &str) -> Option<T> {
    let (payload, signature) = token.split_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    mac(key, &[purpose, ".", payload]).verify_slice(&signature).ok()?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

/// Returns the three headers of Standard Webhooks that sign an event.
#[must_use]
pub fn webhook_headers(key: &str, id: &str, at: Time, body: &str) -> [(&'static str, String); 3] {
    let timestamp = at.unix().to_string();
    let signature = mac(key, &[id, ".", &timestamp, ".", body]).finalize().into_bytes();
    [
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", timestamp),
        ("webhook-signature", format!("v1,{}", STANDARD.encode(signature))),
    ]
}

/// Checks an event's signature, and returns the id that was signed.
///
/// # Errors
/// `event-unsigned` without a signature of ours, `event-stale` if it is further from `now` than `tolerance`.
pub fn verify_webhook(
    key: &str,
    headers: &HeaderMap,
    body: &str,
    now: Time,
    tolerance: Duration,
) -> Result<String, Problem> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(id), Some(timestamp), Some(signatures)) =
        (header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"))
    else {
        return Err(Code::EventUnsigned.into());
    };
    // Several signatures may stand side by side while a key is being changed.
    let signed = signatures.split(' ').filter_map(|signature| signature.strip_prefix("v1,")).any(|signature| {
        STANDARD
            .decode(signature)
            .is_ok_and(|signature| mac(key, &[id, ".", timestamp, ".", body]).verify_slice(&signature).is_ok())
    });
    if !signed {
        return Err(Code::EventUnsigned.into());
    }
    // After the signature, which covers the time: one that nobody signed says nothing.
    let at: i64 = timestamp.parse().map_err(|_| Problem::new(Code::EventUnsigned))?;
    if at.abs_diff(now.unix()) > tolerance.as_secs() {
        return Err(Code::EventStale.into());
    }
    Ok(id.to_owned())
}

/// Compares two secrets in a time that does not depend on how much of them agrees.
#[must_use]
pub fn same_secret(ours: &str, theirs: &str) -> bool {
    // Both are hashed first, so that their lengths do not show either.
    let theirs = mac(ours, &[theirs]).finalize().into_bytes();
    mac(ours, &[ours]).verify_slice(&theirs).is_ok()
}

fn mac(key: &str, parts: &[&str]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("invariant: HMAC takes keys of any length");
    for part in parts {
        mac.update(part.as_bytes());
    }
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_only_with_its_key_and_for_its_purpose() {
        let token = seal("key", "session", &"payload");
        assert_eq!(open::<String>("key", "session", &token).as_deref(), Some("payload"));
        assert_eq!(open::<String>("other", "session", &token), None);
        assert_eq!(open::<String>("key", "credential", &token), None);
        assert_eq!(open::<String>("key", "session", &format!("x{token}")), None);
        assert_eq!(open::<String>("key", "session", "garbage"), None);
    }

    #[test]
    fn an_event_is_believed_only_as_it_was_signed_and_in_time() {
        let at = Time::wall();
        let signed: HeaderMap = webhook_headers("key", "evt_1", at, "{}")
            .into_iter()
            .map(|(name, value)| (name.parse::<axum::http::HeaderName>().unwrap(), value.parse().unwrap()))
            .collect();
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        let verify = |key, headers: &HeaderMap, body, now| {
            verify_webhook(key, headers, body, now, minutes(5)).map_err(|problem| problem.code)
        };
        assert_eq!(verify("key", &signed, "{}", at), Ok("evt_1".to_owned()));
        assert_eq!(verify("key", &signed, "{}", at.after(minutes(5))), Ok("evt_1".to_owned()));
        assert_eq!(verify("key", &signed, "{}", at.after(minutes(6))), Err(Code::EventStale));
        assert_eq!(verify("key", &signed, "{ }", at), Err(Code::EventUnsigned));
        assert_eq!(verify("other", &signed, "{}", at), Err(Code::EventUnsigned));
        assert_eq!(verify("key", &HeaderMap::new(), "{}", at), Err(Code::EventUnsigned));
    }
}
