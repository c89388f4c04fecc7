//! One refusal by itself (U1): a problem document of RFC 9457, with a code of the catalogue and the status that goes with it.

use serde_json::Value;

use super::file::{Code, RefusalCatalogue};
use crate::contract::body::{JsonBody, essence, read};
use crate::model::{BY_TAP, Exchange, Finding, Response, RuleId};

/// The media type of a problem document.
const PROBLEM: &str = "application/problem+json";

/// The code of a refusal.
pub(super) enum RefusalCode<'c> {
    /// A code of the catalogue, with the status that goes with it.
    Code(&'c str, &'c Code),
    /// A refusal without a reliable code.
    Unclear,
}

/// A flaw of a refusal: its place, the code if the catalogue has it, and the sentence.
struct RefusalFlaw<'s> {
    at: &'static str,
    slug: Option<&'s str>,
    message: String,
}

/// The answer of an exchange, if it is a refusal of the callee's own.
pub(super) fn refusal(exchange: &Exchange) -> Option<&Response> {
    exchange.response().filter(|response| response.status >= 400 && response.header(BY_TAP).is_none())
}

impl RefusalCatalogue {
    /// Reads the code of a refusal.
    pub(super) fn said(&self, response: &Response) -> RefusalCode<'_> {
        let slug = response.body.json().and_then(|body| body.get("code")).and_then(Value::as_str);
        let known = slug.and_then(|slug| self.written.codes.get_key_value(slug));
        match known {
            Some((slug, code)) if code.status == response.status => RefusalCode::Code(slug, code),
            Some(_) | None => RefusalCode::Unclear,
        }
    }

    pub(super) fn check_problem(&self, exchange: &Exchange) -> Option<Finding> {
        let response = refusal(exchange).filter(|_| self.speaks(&exchange.edge.to))?;
        let RefusalFlaw { at, slug, message } = self.wrong(exchange, response)?;
        let (to, status) = (&exchange.edge.to, response.status);
        let (method, path) = (&exchange.request.method, exchange.request.path());
        let message = format!("{to} refused {method} {path} with {status}, and {message}");
        Some(self.finding(RuleId::U1, exchange, at, slug, message))
    }

    fn wrong<'r>(&self, exchange: &Exchange, response: &'r Response) -> Option<RefusalFlaw<'r>> {
        let wrong = |at: &'static str, message: String| Some(RefusalFlaw { at, slug: None, message });
        let kind = response.header("content-type").map(essence);
        if exchange.request.method == "HEAD" {
            return None;
        }
        if kind.as_deref() != Some(PROBLEM) {
            let kind = kind.unwrap_or_else(|| "nothing that says what it is".into());
            return wrong("response/headers/content-type", format!("answered {kind} instead of {PROBLEM}"));
        }
        let body = match read(&response.body, response.header("content-encoding")) {
            JsonBody::Json(body) => body,
            JsonBody::Flawed(flaw) => {
                return wrong("response/body", format!("its problem document cannot be read: {}", flaw.message));
            }
            // Too long or compressed: it may be right.
            JsonBody::Unread(_) => return None,
        };
        let Some(slug) = body.get("code").and_then(Value::as_str) else {
            return wrong("response/body/code", "its problem document has no code".into());
        };
        let Some(code) = self.code(slug) else {
            let hint = crate::base::suggest::did_you_mean(slug, self.codes().map(|(slug, _)| slug));
            return wrong("response/body/code", format!("the catalogue has no code `{slug}`.{hint}"));
        };
        let wrong = |at: &'static str, message: String| Some(RefusalFlaw { at, slug: Some(slug), message });
        if code.status != response.status {
            return wrong("response/status", format!("`{slug}` goes with {}", code.status));
        }
        if body.get("status").is_some_and(|status| status.as_u64() != Some(u64::from(response.status))) {
            let status = &body["status"];
            return wrong("response/body/status", format!("its problem document says {status}"));
        }
        if !["title", "detail"]
            .iter()
            .any(|name| body.get(name).and_then(Value::as_str).is_some_and(|text| !text.trim().is_empty()))
        {
            return wrong("response/body/detail", format!("`{slug}` comes without a sentence for a person"));
        }
        if !["trace_id", "instance"].iter().any(|name| body.get(name).is_some_and(Value::is_string)) {
            return wrong(
                "response/body/trace_id",
                format!("`{slug}` cannot be found again: it has neither trace_id nor instance"),
            );
        }
        None
    }
}
