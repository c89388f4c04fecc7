//! S7. No secret is seen where it does not belong: in no URL, in no refusal, with nobody outside the platform, and in no
//! answer to another member.
//!
//! Records are redacted before they get here, so a secret is its fingerprint; it is the same wherever the secret was.

use serde_json::Value;

use super::{Departs, Judge, Judgement, Layer, Rule, Ruling};
use crate::base::redact::is_redacted;
use crate::model::{Class, Content, Edge, Exchange, Finding, RuleId};
use crate::trail::evidence::Evidence;

pub(super) const RULE: Rule = Rule {
    id: RuleId::S7,
    layer: Layer::Gateway,
    holds: "Planted secrets appear in no URL, no refusal, no other member's answer, and with nobody outside.",
    basis: "OWASP: secrets do not leave the service that needs them.",
    consequence: "A secret stands in an answer, a URL or a log, where others can read it.",
    remedy: "Remove the field that carries it; the finding names the place.",
    departs: Departs::shown(Class::NotRefused),
    judge: Judge::Trail(judge),
};

fn judge(evidence: &Evidence<'_>) -> Judgement {
    let mut ruling = Ruling::on(evidence);
    let sessions = || evidence.cast.members.iter().flat_map(|person| person.sessions.iter().map(move |s| (s, person)));
    for exchange in evidence.exchanges {
        let said = Said::of(exchange);
        let outside = evidence.mapping.outside.contains(&exchange.edge.to);
        let refused = exchange.status().is_some_and(|status| status >= 400);
        let asker = sessions().find(|(session, _)| said.asks_as(session)).map(|(_, person)| person.id.as_str());
        let leaks = |secret: &str, own: bool| {
            if exchange.request.target.contains(secret) {
                return Some(("request/target", "stands in a URL"));
            }
            if outside && (said.sent_headers.contains(secret) || said.sent.contains(secret)) {
                return Some(("request", "was sent to somebody outside"));
            }
            let shown = exchange.edge.from == Edge::MEMBER && !own;
            ((refused || shown) && (said.got.contains(secret) || said.got_headers.contains(secret)))
                .then_some(("response", "stands in an answer"))
        };
        let mut leak = None;
        for (session, person) in sessions() {
            // Whoever was not signed in may be signing up, and is given a session of their own.
            let own = asker.is_none_or(|asker| asker == person.id);
            leak = leak.or(leaks(session, own).map(|at| (at, format!("the session of {}", person.name))));
        }
        for secret in &evidence.cast.secrets {
            leak = leak.or(leaks(secret, false).map(|at| (at, "a secret of the platform".to_owned())));
        }
        ruling.judge(leak.is_none(), || {
            let ((at, how), what) = leak.unwrap_or((("", ""), String::new()));
            Finding {
                rule: RULE.id.into(),
                message: format!("{what} {how}"),
                edge: Some(exchange.edge.clone()),
                exchange: Some(exchange.id),
                at: Some(at.into()),
                source: None,
            }
        });
    }
    ruling.end()
}

/// What an exchange says with a secret in it, to be searched. Most say nothing of the kind, and cost nothing.
struct Said {
    sent_headers: String,
    sent: String,
    got_headers: String,
    got: String,
}

impl Said {
    fn of(exchange: &Exchange) -> Self {
        let headers = |headers: &[(String, String)]| {
            let secret = headers.iter().filter(|(_, value)| is_redacted(value));
            secret.map(|(name, value)| format!("{name}: {value}\n")).collect::<String>()
        };
        let answer = exchange.response();
        Self {
            sent_headers: headers(&exchange.request.headers),
            sent: text(&exchange.request.body.content),
            got_headers: answer.map(|answer| headers(&answer.headers)).unwrap_or_default(),
            got: answer.map(|answer| text(&answer.body.content)).unwrap_or_default(),
        }
    }

    fn asks_as(&self, session: &str) -> bool {
        self.sent_headers.contains(session)
    }
}

fn text(content: &Content) -> String {
    let mut found = String::new();
    match content {
        Content::Empty | Content::Base64(_) => {}
        Content::Json(value) => gather(value, &mut found),
        Content::Text(text) if is_redacted(text) => found.push_str(text),
        Content::Text(_) => {}
    }
    found
}

fn gather(value: &Value, found: &mut String) {
    match value {
        Value::String(text) if is_redacted(text) => {
            found.push_str(text);
            found.push('\n');
        }
        Value::Array(items) => items.iter().for_each(|item| gather(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| gather(field, found)),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
