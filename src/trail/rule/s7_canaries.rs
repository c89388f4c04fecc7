//! S7. A secret appears in no URL, in no refusal, in no answer to another member, and in no request to an outside
//! service.
//!
//! Evidence: every exchange. Recorded secrets are replaced by fingerprints that are equal wherever the secret was
//! equal, so the rule searches for fingerprints.

use serde_json::Value;

use super::{Classification, Judge, Judgement, Layer, Rule, Ruling};
use crate::base::redact::is_redacted;
use crate::model::{Class, Content, Edge, Exchange, Finding, RuleId};
use crate::trail::evidence::Evidence;

pub(super) const RULE: Rule = Rule {
    id: RuleId::S7,
    layer: Layer::Gateway,
    holds: "Planted secrets appear in no URL, no refusal, no other member's answer, and with nobody outside.",
    basis: "CWE-200, exposure of sensitive information to somebody who is not authorized to have it.",
    consequence: "A secret stands in an answer, a URL or a log, where others can read it.",
    remedy: "Remove the field that carries it; the finding names the place.",
    classification: Classification::of(Class::NotRefused),
    judge: Judge::Trail(judge),
};

/// A place in an exchange where a secret must not be.
struct Leak {
    at: &'static str,
    message: String,
}

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    for exchange in evidence.exchanges {
        match leak(evidence, exchange) {
            Some(Leak { at, message }) => ruling.fail(Finding {
                rule: RULE.id,
                message,
                edge: Some(exchange.edge.clone()),
                exchange: Some(exchange.id),
                at: Some(at.into()),
                source: None,
            }),
            None => ruling.pass(),
        }
    }
    ruling.finish()
}

fn leak(evidence: &Evidence<'_>, exchange: &Exchange) -> Option<Leak> {
    let texts = SecretTexts::of(exchange);
    let is_outside = evidence.mapping.outside.contains(&exchange.edge.to);
    let members = &evidence.participants.members;
    let sessions = || members.iter().flat_map(|member| member.sessions.iter().map(move |session| (session, member)));
    let asker = sessions().find(|(session, _)| texts.sent_headers.contains(session.as_str())).map(|(_, member)| member);
    let of_sessions = sessions().find_map(|(session, member)| {
        // A request without a session may be a sign-up, whose answer gives the member their own session.
        let is_own = asker.is_none_or(|asker| asker.id == member.id);
        let (at, how) = texts.leak_of(exchange, session, is_outside, is_own)?;
        Some(Leak { at, message: format!("the session of {} {how}", member.name) })
    });
    of_sessions.or_else(|| {
        evidence.participants.secrets.iter().find_map(|secret| {
            let (at, how) = texts.leak_of(exchange, secret, is_outside, false)?;
            Some(Leak { at, message: format!("a secret of the platform {how}") })
        })
    })
}

/// The parts of an exchange that contain fingerprints. Most exchanges have few, which makes the search cheap.
struct SecretTexts {
    sent_headers: String,
    sent_body: String,
    received_headers: String,
    received_body: String,
}

impl SecretTexts {
    fn of(exchange: &Exchange) -> Self {
        let headers = |headers: &[(String, String)]| {
            let secret = headers.iter().filter(|(_, value)| is_redacted(value));
            secret.map(|(name, value)| format!("{name}: {value}\n")).collect::<String>()
        };
        let answer = exchange.response();
        Self {
            sent_headers: headers(&exchange.request.headers),
            sent_body: redacted_texts(&exchange.request.body.content),
            received_headers: answer.map(|answer| headers(&answer.headers)).unwrap_or_default(),
            received_body: answer.map(|answer| redacted_texts(&answer.body.content)).unwrap_or_default(),
        }
    }

    /// Returns the place of a secret that must not be in this exchange, and words for it.
    fn leak_of(
        &self,
        exchange: &Exchange,
        secret: &str,
        is_outside: bool,
        is_own: bool,
    ) -> Option<(&'static str, &'static str)> {
        if exchange.request.target.contains(secret) {
            return Some(("request/target", "stands in a URL"));
        }
        if is_outside && (self.sent_headers.contains(secret) || self.sent_body.contains(secret)) {
            return Some(("request", "was sent to somebody outside"));
        }
        let is_refused = exchange.status().is_some_and(|status| status >= 400);
        let is_shown_to_others = exchange.edge.from == Edge::MEMBER && !is_own;
        let is_in_answer = self.received_body.contains(secret) || self.received_headers.contains(secret);
        if is_in_answer && (is_refused || is_shown_to_others) {
            return Some(("response", "stands in an answer"));
        }
        None
    }
}

fn redacted_texts(content: &Content) -> String {
    let mut found = String::new();
    match content {
        Content::Json(value) => collect_redacted(value, &mut found),
        Content::Text(text) if is_redacted(text) => found.push_str(text),
        Content::Empty | Content::Base64(_) | Content::Text(_) => {}
    }
    found
}

fn collect_redacted(value: &Value, found: &mut String) {
    match value {
        Value::String(text) if is_redacted(text) => {
            found.push_str(text);
            // Two secrets side by side must not look like a third one.
            found.push('\n');
        }
        Value::Array(items) => items.iter().for_each(|item| collect_redacted(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| collect_redacted(field, found)),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
