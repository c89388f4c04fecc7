//! Asking the platform: one operation, through the tap of the member's edge.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{Trouble, World};
use crate::base::trace::{BAGGAGE, TRACEPARENT, traceparent};
use crate::target::{Answer, Operation, Values};

static SPANS: AtomicU64 = AtomicU64::new(1);

impl World {
    /// Asks as this member (by name in the scenario), and gives the answer whatever it is.
    ///
    /// # Errors
    /// Only if there is no answer to judge: the platform cannot be reached, or takes longer than the target allows.
    pub async fn ask(&self, member: &str, operation: Operation, values: Values) -> Result<Answer, Trouble> {
        let token = self.member(member)?.token.clone();
        self.ask_with(token, operation, values).await
    }

    /// Asks with a token of one's own, or with none.
    pub(super) async fn ask_with(
        &self,
        token: Option<String>,
        operation: Operation,
        values: Values,
    ) -> Result<Answer, Trouble> {
        let stage = &self.stage;
        let mut values = values.with("token", token);
        for (name, secret) in &stage.secrets {
            values.set(&format!("secret.{name}"), secret.as_str());
        }
        let call = stage.target.call(operation, &values).map_err(|error| Trouble::scenario(error.to_string()))?;
        let mut request = self
            .client
            .request(call.method, format!("{}{}", stage.entry, call.path))
            .header(TRACEPARENT, traceparent(self.trace, SPANS.fetch_add(1, Ordering::Relaxed)))
            .timeout(stage.target.bounds.answer.0);
        let baggage = self.baggage.lock().expect("nothing panics while it holds this lock").clone();
        if !baggage.is_empty() {
            request = request.header(BAGGAGE, baggage.to_string());
        }
        for (name, value) in call.headers {
            request = request.header(name, value);
        }
        if let Some(body) = call.body {
            request = request.json(&body);
        }
        let failed = |error: reqwest::Error| self.no_answer(operation, &error);
        let response = request.send().await.map_err(failed)?;
        let status = response.status().as_u16();
        let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers: Vec<_> =
            response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        if headers.iter().any(|(name, _)| name == crate::tap::BY_TAP.as_str()) {
            return Err(Trouble::environment(format!("{operation}: the platform's entry cannot be reached")));
        }
        let body = response.bytes().await.map_err(failed)?;
        let answer = stage.target.answer(operation, status, headers, body);
        for secret in ["token", "credential"] {
            if let Some(secret) = answer.field(secret).and_then(serde_json::Value::as_str) {
                stage.redactor.learn(Some(self.trace), secret);
            }
        }
        Ok(answer)
    }

    fn no_answer(&self, operation: Operation, error: &reqwest::Error) -> Trouble {
        let bound = self.stage.target.bounds.answer.0;
        if error.is_timeout() {
            return Trouble::platform(format!("{operation}: no answer within {bound:?}"));
        }
        if error.is_connect() {
            return Trouble::environment(format!("{operation}: cannot connect to the platform's entry: {error}"));
        }
        Trouble::platform(format!("{operation}: the answer broke off: {error}"))
    }

    /// Asks, and expects the platform to do it.
    ///
    /// # Errors
    /// If it refuses, with what it said.
    pub(super) async fn get(&self, member: &str, operation: Operation, values: Values) -> Result<Answer, Trouble> {
        let answer = self.ask(member, operation, values).await?;
        accepted(&answer, &format!("{member}'s {operation}"))?;
        Ok(answer)
    }
}

/// Holds if the platform did what was asked.
pub(super) fn accepted(answer: &Answer, what: &str) -> Result<(), Trouble> {
    match answer.ok {
        true => Ok(()),
        false => Err(Trouble::platform(format!("{what} was {}", answer.summary()))),
    }
}

/// A field that an answer must have for the scenario to go on.
pub(super) fn required(answer: &Answer, field: &str) -> Result<String, Trouble> {
    answer.text(field).ok_or_else(|| {
        Trouble::platform(format!("the answer to {} has no {field} ({})", answer.operation, answer.status))
    })
}
