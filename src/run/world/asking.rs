//! Asking the platform: one operation, through the tap of the member's edge.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{Trouble, World};
use crate::base::trace::{BAGGAGE, TRACEPARENT, traceparent};
use crate::target::{Operation, PlatformAnswer, Values};

/// Status, headers in lower case, and body.
pub(super) type Received = (u16, Vec<(String, String)>, bytes::Bytes);

static SPANS: AtomicU64 = AtomicU64::new(1);

impl World {
    /// Asks as this member (by name in the scenario), and gives the answer whatever it is.
    ///
    /// # Errors
    /// Only if there is no answer to judge: the platform cannot be reached, or takes longer than the target allows.
    pub async fn ask(&self, member: &str, operation: Operation, values: Values) -> Result<PlatformAnswer, Trouble> {
        let token = self.member(member)?.token.clone();
        self.ask_with(token, operation, values).await
    }

    /// Asks with a token of one's own, or with none.
    pub(super) async fn ask_with(
        &self,
        token: Option<String>,
        operation: Operation,
        values: Values,
    ) -> Result<PlatformAnswer, Trouble> {
        let stage = &self.stage;
        let mut values = values.with("token", token);
        for (name, secret) in &stage.secrets {
            values.set(&format!("secret.{name}"), secret.as_str());
        }
        let call = stage.target.call(operation, &values).map_err(|error| Trouble::scenario(error.to_string()))?;
        let mut request = self.request(call.method, &call.path);
        for (name, value) in call.headers {
            request = request.header(name, value);
        }
        if let Some(body) = call.body {
            request = request.json(&body);
        }
        let (status, headers, body) = self.send(operation.word(), request).await?;
        let answer = stage.target.answer(operation, status, headers, body);
        for secret in ["token", "credential"] {
            if let Some(secret) = answer.field(secret).and_then(serde_json::Value::as_str) {
                stage.redactor.learn(Some(self.trace), secret);
            }
        }
        Ok(answer)
    }

    /// A request to the platform's entry, as one of this scenario.
    pub(super) fn request(&self, method: http::Method, path: &str) -> reqwest::RequestBuilder {
        let request = self
            .client
            .request(method, format!("{}{path}", self.stage.entry))
            .header(TRACEPARENT, traceparent(self.trace, SPANS.fetch_add(1, Ordering::Relaxed)))
            .timeout(self.stage.target.bounds.answer.0);
        let baggage = self.baggage.lock().expect("nothing panics while it holds this lock").clone();
        if baggage.is_empty() { request } else { request.header(BAGGAGE, baggage.to_string()) }
    }

    /// Sends a request, and gives status, headers and body of what was answered. `asked` is how people name it.
    ///
    /// # Errors
    /// Only if there is no answer to judge.
    pub(super) async fn send(&self, asked: &str, request: reqwest::RequestBuilder) -> Result<Received, Trouble> {
        let failed = |error: reqwest::Error| self.no_answer(asked, &error);
        let response = request.send().await.map_err(failed)?;
        let status = response.status().as_u16();
        let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers: Vec<_> =
            response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        if headers.iter().any(|(name, _)| name == crate::model::BY_TAP) {
            return Err(Trouble::environment(format!("{asked}: the platform's entry cannot be reached")));
        }
        Ok((status, headers, response.bytes().await.map_err(failed)?))
    }

    fn no_answer(&self, asked: &str, error: &reqwest::Error) -> Trouble {
        let bound = self.stage.target.bounds.answer.0;
        if error.is_timeout() {
            return Trouble::platform(format!("{asked}: no answer within {bound:?}"));
        }
        if error.is_connect() {
            return Trouble::environment(format!("{asked}: cannot connect to the platform's entry: {error}"));
        }
        Trouble::platform(format!("{asked}: the answer broke off: {error}"))
    }

    /// Why there is nothing to go on with: the platform's doing where it refused what was asked for last, else the scenario's.
    pub(super) fn nothing(&self, what: String) -> Trouble {
        match &self.last {
            Some(answer) if !answer.ok => refused(answer, &format!("{what}: {}", answer.asked)),
            Some(_) | None => Trouble::scenario(what),
        }
    }

    /// Asks, and expects the platform to do it.
    ///
    /// # Errors
    /// If it refuses, with what it said.
    pub(super) async fn get(
        &self,
        member: &str,
        operation: Operation,
        values: Values,
    ) -> Result<PlatformAnswer, Trouble> {
        let answer = self.ask(member, operation, values).await?;
        accepted(&answer, &format!("{member}'s {operation}"))?;
        Ok(answer)
    }
}

/// Holds if the platform did what was asked.
pub(super) fn accepted(answer: &PlatformAnswer, what: &str) -> Result<(), Trouble> {
    if answer.ok { Ok(()) } else { Err(refused(answer, what)) }
}

/// What there is to say where the platform did not do what was asked.
pub(super) fn refused(answer: &PlatformAnswer, what: &str) -> Trouble {
    Trouble::platform(format!("{what} was {}", answer.summary()))
}

/// A field that an answer must have for the scenario to go on.
pub(super) fn required(answer: &PlatformAnswer, field: &str) -> Result<String, Trouble> {
    answer
        .text(field)
        .ok_or_else(|| Trouble::platform(format!("the answer to {} has no {field} ({})", answer.asked, answer.status)))
}
