//! The refusals of the platform: the catalogue of codes, and the RFC 9457 problem that carries one.
//!
//! A store, a handler and an outgoing call all fail with a [`Problem`]; there is no second error type on the way to the
//! client. Whoever reads the catalogue knows everything that can be answered.

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// The media type of every answer that is not 2xx.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// The seconds to wait before a retry makes sense.
pub const RETRY_AFTER_SECONDS: u32 = 1;

/// The class of a refusal, which decides what a member is shown. No class may be taken for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// The member has to sign in (again).
    SignedOut,
    /// The member may not do this.
    NotAllowed,
    /// The right to do this has not been bought, or is no longer there.
    NotBought,
    /// There is not enough money.
    NoFunds,
    /// The request is wrong.
    BadRequest,
    /// The state of things does not allow it.
    Conflict,
    /// It would work later.
    TryLater,
    /// The platform has a bug.
    Broken,
}

/// The entry of the catalogue about a code.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub slug: &'static str,
    pub status: u16,
    pub class: Class,
    pub title: &'static str,
    /// Set if the same request may work later.
    pub retry: bool,
    /// The advice to a person.
    pub advice: &'static str,
}

macro_rules! catalogue {
    ($($code:ident $slug:literal $status:literal $class:ident $retry:literal $title:literal, $advice:literal;)*) => {
        /// The stable name of a refusal.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Code { $(#[doc = $title] #[serde(rename = $slug)] $code,)* }

        impl Code {
            /// All codes, in the order of the catalogue.
            pub const ALL: &'static [Self] = &[$(Self::$code,)*];

            /// Returns the entry of the catalogue about this code.
            pub const fn entry(self) -> Entry {
                match self {
                    $(Self::$code => Entry {
                        slug: $slug, status: $status, class: Class::$class, title: $title, retry: $retry, advice: $advice,
                    },)*
                }
            }
        }
    };
}

catalogue! {
    SignedOut             "signed-out"              401 SignedOut  false "You are signed out.", "Sign in and try again.";
    SessionExpired        "session-expired"         401 SignedOut  false "Your session has expired.", "Sign in again.";
    Forbidden             "forbidden"               403 NotAllowed false "You may not do this.", "Ask a moderator.";
    NotFound              "not-found"               404 BadRequest false "There is no such thing.", "Check the address.";
    MethodNotAllowed      "method-not-allowed"      405 BadRequest false "This cannot be done here.", "Check the method.";
    InvalidRequest        "invalid-request"         422 BadRequest false "The request is not valid.", "Correct what the detail names.";
    MalformedBody         "malformed-body"          400 BadRequest false "The body is not JSON.", "Send JSON.";
    BodyTooLarge          "body-too-large"          413 BadRequest false "The body is too large.", "Send less.";
    IdempotencyKeyMissing "idempotency-key-missing" 400 BadRequest false "The Idempotency-Key is missing.", "Send an Idempotency-Key header of 1 to 255 characters.";
    IdempotencyKeyReused  "idempotency-key-reused"  422 BadRequest false "The Idempotency-Key was used for another request.", "Use a new key for a new request.";
    RequestInProgress     "request-in-progress"     409 TryLater   true  "The same request is being worked on.", "Wait a moment, then repeat it with the same key.";
    InsufficientFunds     "insufficient-funds"      402 NoFunds    false "There are not enough credits in your wallet.", "Top up your wallet.";
    PaymentDeclined       "payment-declined"        402 NoFunds    false "The card was declined.", "Try another card.";
    AlreadyPurchased      "already-purchased"       409 Conflict   false "You have already bought this.", "Use it; nothing was charged.";
    OwnModel              "own-model"               409 Conflict   false "This is your own model.", "Use it; you need not buy it.";
    NotForSale            "not-for-sale"            409 Conflict   false "This is not for sale.", "Look at what the offer contains.";
    EarlyAccessEnded      "early-access-ended"      409 Conflict   false "Early access has ended.", "Use it; it is free for everybody now.";
    QuoteExpired          "quote-expired"           409 Conflict   false "The quote has expired.", "Ask for a new quote.";
    QuoteChanged          "quote-changed"           409 Conflict   false "The offer has changed since it was quoted.", "Ask for a new quote.";
    NotPublished          "not-published"           409 Conflict   false "This version is not published.", "Wait until its owner publishes it.";
    SalesPaused           "sales-paused"            503 TryLater   true  "Sales are paused.", "Try again later; nothing was charged.";
    GenerationPaused      "generation-paused"       503 TryLater   true  "Generation is paused.", "Try again later; nothing was charged.";
    PurchaseRequired      "purchase-required"       403 NotBought  false "You need early access to generate with this.", "Buy early access, or wait until it ends.";
    DownloadNotPurchased  "download-not-purchased"  403 NotBought  false "You have not bought the download.", "Buy the download, or wait until early access ends.";
    AccessExpired         "access-expired"          403 NotBought  false "Your access has expired.", "Buy it again.";
    AccessRevoked         "access-revoked"          403 NotBought  false "Your access was revoked.", "It was refunded; buy it again to use it.";
    CredentialInvalid     "credential-invalid"      403 NotAllowed false "The purchase credential is not valid.", "Reload to get a new one.";
    CredentialForeign     "credential-foreign"      403 NotAllowed false "The purchase credential belongs to somebody else.", "Use your own.";
    TrialExhausted        "trial-exhausted"         403 NotBought  false "Your trial is used up.", "Buy early access to go on.";
    TrialUnavailable      "trial-unavailable"       409 Conflict   false "There is no trial of this.", "Buy early access, or wait until it ends.";
    JobFinished           "job-finished"            409 Conflict   false "It is too late to cancel this job.", "Look at the job.";
    QueueFull             "queue-full"              429 TryLater   true  "You have too many unfinished jobs.", "Wait until one of them has finished.";
    AlreadyRefunded       "already-refunded"        409 Conflict   false "This was already refunded.", "Nothing is left to refund.";
    RefundTooLarge        "refund-too-large"        422 BadRequest false "The refund is larger than what is left of the charge.", "Refund less.";
    EventUnsigned         "event-unsigned"          401 NotAllowed false "The event is not signed by a fellow service.", "Sign it with the platform's key.";
    EventStale            "event-stale"             401 NotAllowed false "The event was signed too long ago, or in the future.", "Sign it again.";
    BillingUnavailable    "billing-unavailable"     503 TryLater   true  "Billing is temporarily unavailable.", "Try again in a moment.";
    EntitlementUnavailable "entitlement-unavailable" 503 TryLater  true  "Access cannot be checked: entitlement is temporarily unavailable.", "Try again in a moment; what you bought is safe.";
    GenerationUnavailable "generation-unavailable"  503 TryLater   true  "Generation is temporarily unavailable.", "Try again in a moment.";
    WorkerUnavailable     "worker-unavailable"      503 TryLater   true  "The image could not be rendered: the worker is temporarily unavailable.", "Try again; you were refunded.";
    Internal              "internal"                500 Broken     false "Something is broken on our side.", "Report it with its trace id.";
}

/// A refusal on its way to the client.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}: {detail}", code.entry().slug)]
pub struct Problem {
    pub code: Code,
    /// The event of this time, in words for a person.
    pub detail: String,
    extensions: Map<String, Value>,
}

impl Problem {
    /// Makes a refusal with the catalogue's advice as its detail.
    pub fn new(code: Code) -> Self {
        Self { code, detail: code.entry().advice.to_owned(), extensions: Map::new() }
    }

    /// Makes a refusal with a detail of its own.
    pub fn because(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), extensions: Map::new() }
    }

    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.extensions.insert(name.to_owned(), value.into());
        self
    }

    /// Reads a neighbour's problem; `None` if it is not in the catalogue.
    pub fn read(status: u16, body: &[u8]) -> Option<Self> {
        let mut members: Map<String, Value> = serde_json::from_slice(body).ok()?;
        let code: Code = serde_json::from_value(members.remove("code")?).ok()?;
        let detail = members.remove("detail")?.as_str()?.to_owned();
        // What is ours to say again is not taken over.
        for known in ["type", "title", "status", "instance", "trace_id"] {
            members.remove(known);
        }
        (code.entry().status == status).then_some(Self { code, detail, extensions: members })
    }

    /// Returns the body of the answer.
    pub fn body(&self, instance: Option<&str>, trace_id: Option<&str>) -> Value {
        let entry = self.code.entry();
        let mut body = self.extensions.clone();
        body.insert("type".into(), json!(format!("urn:atelier:problem:{}", entry.slug)));
        body.insert("title".into(), json!(entry.title));
        body.insert("status".into(), json!(entry.status));
        body.insert("code".into(), json!(entry.slug));
        body.insert("detail".into(), json!(self.detail));
        for (name, value) in [("instance", instance), ("trace_id", trace_id)] {
            if let Some(value) = value {
                body.insert(name.into(), json!(value));
            }
        }
        Value::Object(body)
    }

    pub(crate) fn respond(&self, instance: Option<&str>, trace_id: Option<&str>) -> Response {
        let entry = self.code.entry();
        let status = StatusCode::from_u16(entry.status).expect("invariant: the catalogue holds valid statuses");
        let mut response = (status, self.body(instance, trace_id).to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if entry.retry {
            headers.insert(RETRY_AFTER, RETRY_AFTER_SECONDS.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(self.clone());
        response
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.respond(None, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_itself_on_the_wire() {
        for code in Code::ALL {
            assert_eq!(json!(code), json!(code.entry().slug));
            assert!((400..600).contains(&code.entry().status), "{code:?}");
        }
    }

    #[test]
    fn trouble_that_passes_says_so_and_never_speaks_of_buying() {
        for entry in Code::ALL.iter().map(|code| code.entry()).filter(|entry| entry.slug.ends_with("-unavailable")) {
            if entry.status == 503 {
                assert!(entry.title.contains("temporarily") && entry.retry, "{}", entry.slug);
                assert!(!entry.advice.contains("Buy"), "{}", entry.slug);
            }
        }
    }

    #[test]
    fn a_problem_of_somebody_else_is_not_ours() {
        assert!(Problem::read(403, br#"{"title":"Forbidden","status":403}"#).is_none());
        assert!(Problem::read(500, br#"{"code":"forbidden","detail":"x"}"#).is_none(), "status and code must agree");
        assert_eq!(Problem::read(403, br#"{"code":"forbidden","detail":"x"}"#).unwrap().code, Code::Forbidden);
    }
}
