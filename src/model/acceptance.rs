//! What counts as accepted: the one place that decides whether an answer says that the platform did what was asked.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{Edge, Exchange};

/// The conditions under which an answer is accepted. Without any, the status is 2xx and the body carries no error.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Acceptance {
    /// The accepted statuses; none stands for every 2xx.
    pub accept: Vec<u16>,
    /// The body that makes an answer a refusal, whatever its status.
    pub refused_when: Option<BodyTest>,
}

/// A test of a JSON body. Without `is` and `is_not` it holds if there is anything at the pointer.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BodyTest {
    /// The JSON pointer.
    pub at: String,
    /// The value that makes the answer a refusal.
    pub is: Option<Value>,
    /// The value that does not; every other one makes the answer a refusal.
    pub is_not: Option<Value>,
}

impl BodyTest {
    fn holds(&self, body: &Value) -> bool {
        let Some(value) = body.pointer(&self.at).filter(|value| !value.is_null()) else { return false };
        self.is.as_ref().is_none_or(|is| is == value) && self.is_not.as_ref().is_none_or(|is_not| is_not != value)
    }
}

/// The JSON pointers to the code and the sentence of an error.
#[derive(Debug, Clone, Default, Deserialize)]
struct ErrorPointers {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

impl ErrorPointers {
    fn are_in(&self, body: &Value) -> bool {
        let is_said = |pointer: &str| {
            let value = body.pointer(pointer).filter(|_| !pointer.is_empty());
            value.and_then(Value::as_str).is_some_and(|text| !text.is_empty())
        };
        // What stands at the top of a body may be something else: a voucher has a code, and a receipt a message.
        let is_nested = |pointer: &str| pointer.matches('/').count() > 1;
        let (code, message) = (is_said(&self.code), is_said(&self.message));
        match (code, message) {
            (true, true) => true,
            (true, false) => is_nested(&self.code),
            (false, true) => is_nested(&self.message),
            (false, false) => false,
        }
    }
}

/// The acceptance of every answer of a platform, as its target file describes it.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Acceptances {
    #[serde(default)]
    errors: ErrorPointers,
    #[serde(default)]
    operations: BTreeMap<String, OperationAcceptance>,
}

#[derive(Debug, Clone, Deserialize)]
struct OperationAcceptance {
    /// `METHOD /path/with/{placeholders}`
    request: String,
    #[serde(default)]
    accept: Vec<u16>,
    refused_when: Option<BodyTest>,
}

impl Acceptances {
    /// Decides about the answer to a request of a member.
    pub fn of_member(&self, method: &str, path: &str, status: u16, body: Option<&Value>) -> bool {
        let asked = self.operations.values().filter(|operation| fits(&operation.request, method, path));
        let own: Vec<Acceptance> = asked.map(OperationAcceptance::conditions).collect();
        // Several operations may share one request, as in GraphQL: which of them it was cannot be told.
        match own.is_empty() {
            true => self.of(&Acceptance::default(), status, body),
            false => {
                own.iter().any(|acceptance| takes(acceptance, status))
                    && !own.iter().any(|acceptance| self.is_refused(acceptance, body))
            }
        }
    }

    /// Returns true if the target file has this operation.
    pub fn has_operation(&self, name: &str) -> bool {
        self.operations.contains_key(name)
    }

    /// Decides about an answer under these conditions.
    pub fn of(&self, acceptance: &Acceptance, status: u16, body: Option<&Value>) -> bool {
        takes(acceptance, status) && !self.is_refused(acceptance, body)
    }

    /// Decides about a recorded answer; `own` are the conditions that its event has for itself. An exchange without an
    /// answer was not accepted.
    pub fn of_exchange(&self, exchange: &Exchange, own: Option<&Acceptance>) -> bool {
        let Some(answer) = exchange.response() else { return false };
        let (status, body) = (answer.status, answer.body.json());
        match own {
            Some(own) => self.of(own, status, body),
            None if exchange.edge.from == Edge::MEMBER => {
                self.of_member(&exchange.request.method, exchange.request.path(), status, body)
            }
            None => self.of(&Acceptance::default(), status, body),
        }
    }

    fn is_refused(&self, acceptance: &Acceptance, body: Option<&Value>) -> bool {
        match &acceptance.refused_when {
            Some(test) => body.is_some_and(|body| test.holds(body)),
            None => body.is_some_and(|body| self.errors.are_in(body)),
        }
    }
}

impl OperationAcceptance {
    fn conditions(&self) -> Acceptance {
        Acceptance { accept: self.accept.clone(), refused_when: self.refused_when.clone() }
    }
}

fn takes(acceptance: &Acceptance, status: u16) -> bool {
    match acceptance.accept.as_slice() {
        [] => (200..300).contains(&status),
        accepted => accepted.contains(&status),
    }
}

/// Returns true when method and path fit a request with placeholders.
pub fn fits(request: &str, method: &str, path: &str) -> bool {
    let Some((own, template)) = request.split_once(' ') else { return false };
    let template = template.split('?').next().unwrap_or_default();
    let (mut expected, mut seen) = (template.split('/'), path.split('/'));
    own == method
        && loop {
            match (expected.next(), seen.next()) {
                (None, None) => break true,
                (Some(expected), Some(seen)) if expected.starts_with('{') || expected == seen => {}
                (Some(_), Some(_)) | (Some(_), None) | (None, Some(_)) => break false,
            }
        }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn platform(operation: Value) -> Acceptances {
        let errors = json!({"code": "/errors/0/extensions/code", "message": "/errors/0/message"});
        serde_json::from_value(json!({"errors": errors, "operations": {"purchase": operation}})).unwrap()
    }

    fn buys(platform: &Acceptances, status: u16, body: Value) -> bool {
        platform.of_member("POST", "/orders/7", status, Some(&body))
    }

    #[test]
    fn only_2xx_is_accepted_unless_the_operation_says_otherwise() {
        let plain = platform(json!({"request": "POST /orders/{version}"}));
        let own = platform(json!({"request": "POST /orders/{version}", "accept": [200, 303]}));
        for (status, is_accepted, is_own) in
            [(200, true, true), (201, true, false), (204, true, false), (302, false, false), (303, false, true)]
        {
            assert_eq!(buys(&plain, status, json!({})), is_accepted, "{status}");
            assert_eq!(buys(&own, status, json!({})), is_own, "{status}");
        }
        assert!(!own.of_member("POST", "/elsewhere", 303, None), "another request has no such words");
    }

    #[test]
    fn an_error_envelope_is_no_success_whatever_the_status() {
        let plain = platform(json!({"request": "POST /orders/{version}"}));
        assert!(!buys(&plain, 200, json!({"data": null, "errors": [{"message": "no money"}]})));
        for fine in [json!({"data": {}}), json!({"errors": []}), json!({"errors": null}), json!([1])] {
            assert!(buys(&plain, 200, fine.clone()), "{fine}");
        }
    }

    #[test]
    fn a_code_or_a_message_at_the_top_of_a_body_is_not_yet_an_error() {
        let flat: Acceptances =
            serde_json::from_value(json!({"errors": {"code": "/code", "message": "/message"}})).unwrap();
        let is_accepted = |body: Value| flat.of(&Acceptance::default(), 200, Some(&body));
        assert!(is_accepted(json!({"code": "SUMMER"})) && is_accepted(json!({"message": "Thank you"})));
        assert!(is_accepted(json!({"code": 0, "message": "ok"})), "a code is text");
        assert!(!is_accepted(json!({"code": "no-funds", "message": "Not enough credits"})));
    }

    #[test]
    fn a_test_of_the_body_takes_the_place_of_the_envelope() {
        let with = |test: Value| platform(json!({"request": "POST /orders/{version}", "refused_when": test}));
        let error = json!({"errors": [{"message": "a warning"}], "ok": true, "code": 0});
        for (test, is_accepted) in [
            (json!({"at": "/ok", "is": false}), true),
            (json!({"at": "/ok", "is": true}), false),
            (json!({"at": "/code", "is_not": 0}), true),
            (json!({"at": "/code", "is_not": 1}), false),
            (json!({"at": "/nothing"}), true),
            (json!({"at": "/errors"}), false),
        ] {
            assert_eq!(buys(&with(test.clone()), 200, error.clone()), is_accepted, "{test}");
        }
    }
}
