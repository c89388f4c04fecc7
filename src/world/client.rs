//! Requests to the platform on behalf of one scenario, through the tap on the member's edge.
//!
//! The client adds the trace context, the baggage and the secrets. Which member asks, and what an answer means for the scenario,
//! is decided by the other files of the room.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use super::{RunContext, StepError};
use crate::base::trace::{BAGGAGE, Baggage, TRACEPARENT, traceparent};
use crate::model::TraceId;
use crate::tap::{Attribution, Tap};
use crate::target::{Operation, PlatformAnswer, Slot, Values};

/// Status, headers (names in lower case) and body of an answer.
pub(super) type Received = (u16, Vec<(String, String)>, bytes::Bytes);

// Span ids only have to differ within a trace; one counter for the process is the simplest way to that.
static SPANS: AtomicU64 = AtomicU64::new(1);

/// A client of the platform whose requests belong to one scenario. Clones share the baggage.
#[derive(Debug, Clone)]
pub(super) struct PlatformClient {
    context: Arc<RunContext>,
    http: reqwest::Client,
    trace: TraceId,
    baggage: Arc<Mutex<Baggage>>,
}

impl PlatformClient {
    /// Makes a client. `http` has to belong to the runtime of the worker, because connections are bound to a runtime.
    pub fn new(context: Arc<RunContext>, http: reqwest::Client, trace: TraceId) -> Self {
        let mut baggage = Baggage::default();
        let defects = &context.options.defects;
        if let (Some(name), false) = (&context.target.baggage.defect, defects.is_empty()) {
            baggage.set(name, defects.join("+"));
        }
        Self { context, http, trace, baggage: Arc::new(Mutex::new(baggage)) }
    }

    pub fn context(&self) -> &RunContext {
        &self.context
    }

    pub fn trace(&self) -> TraceId {
        self.trace
    }

    /// Returns the baggage that travels with every request of the scenario.
    pub fn baggage(&self) -> MutexGuard<'_, Baggage> {
        self.baggage.lock().expect("nothing panics while it holds this lock")
    }

    /// Sends an operation with a session, or with none, and returns the answer even if it is a refusal.
    pub async fn ask(
        &self,
        token: Option<String>,
        operation: Operation,
        values: Values,
    ) -> Result<PlatformAnswer, StepError> {
        let context = &self.context;
        let mut values = values.with(Slot::Token, token);
        for (name, secret) in &context.secrets {
            values.set_secret(name, secret);
        }
        let call = context.target.call(operation, &values).map_err(|error| StepError::scenario(error.to_string()))?;
        let mut request = self.request(call.method, &call.path);
        for (name, value) in call.headers {
            request = request.header(name, value);
        }
        if let Some(body) = call.body {
            request = request.json(&body);
        }
        let (status, headers, body) = self.send(operation.word(), request).await?;
        let answer = context.target.answer(operation, status, headers, body);
        // Recorded exchanges are rendered later. By then the redactor has to know every secret that an answer contained.
        for secret in [Slot::Token, Slot::Credential] {
            if let Some(secret) = answer.field(secret).and_then(serde_json::Value::as_str) {
                context.redactor.learn(Some(self.trace), secret);
            }
        }
        Ok(answer)
    }

    /// Starts a request to the entry of the platform.
    pub fn request(&self, method: http::Method, path: &str) -> reqwest::RequestBuilder {
        let request = self
            .http
            .request(method, format!("{}{path}", self.context.entry))
            .header(TRACEPARENT, traceparent(self.trace, SPANS.fetch_add(1, Ordering::Relaxed)))
            .timeout(self.context.target.bounds.answer.0);
        let baggage = self.baggage().clone();
        if baggage.is_empty() { request } else { request.header(BAGGAGE, baggage.to_string()) }
    }

    /// Sends a request. `asked` names it in messages. The result is an error only if there is no answer to judge.
    pub async fn send(&self, asked: &str, request: reqwest::RequestBuilder) -> Result<Received, StepError> {
        let failed = |error: reqwest::Error| self.no_answer(asked, &error);
        let response = request.send().await.map_err(failed)?;
        let status = response.status().as_u16();
        let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers: Vec<_> =
            response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        // A tap answers in the place of a service that it cannot reach. Such an answer says nothing about the platform.
        if headers.iter().any(|(name, _)| name == crate::model::BY_TAP) {
            return Err(StepError::environment(format!("{asked}: the platform's entry cannot be reached")));
        }
        Ok((status, headers, response.bytes().await.map_err(failed)?))
    }

    /// Opens a tap on the member's edge that counts every exchange to this scenario, whoever makes it.
    pub async fn open_tap(&self) -> Result<Tap, StepError> {
        let attribution = Attribution::Owned { trace: self.trace, baggage: Arc::clone(&self.baggage) };
        let context = &self.context;
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        // The first edge of a topology is always the member's.
        let edge = context.edges[0].clone();
        let opened = Tap::open(edge, any_port, attribution, context.recorder.clone(), context.faults.clone()).await;
        let tap = opened.map_err(|error| StepError::environment(format!("no tap could be opened: {error}")))?;
        let pointed = tap.point_at(&context.front);
        pointed.map_err(|error| StepError::environment(format!("the tap cannot forward: {error}")))?;
        Ok(tap)
    }

    fn no_answer(&self, asked: &str, error: &reqwest::Error) -> StepError {
        let bound = self.context.target.bounds.answer.0;
        if error.is_timeout() {
            return StepError::platform(format!("{asked}: no answer within {bound:?}"));
        }
        // The entry is our own tap, so a connection that fails is a fault of this machine.
        if error.is_connect() {
            return StepError::environment(format!("{asked}: cannot connect to the platform's entry: {error}"));
        }
        StepError::platform(format!("{asked}: the answer broke off: {error}"))
    }
}

/// Returns an error unless the platform did what was asked.
pub(super) fn accepted(answer: &PlatformAnswer, what: &str) -> Result<(), StepError> {
    if answer.ok { Ok(()) } else { Err(refused(answer, what)) }
}

/// Makes the error for a refusal that the scenario did not expect.
pub(super) fn refused(answer: &PlatformAnswer, what: &str) -> StepError {
    StepError::platform(format!("{what} was {}", answer.summary()))
}

/// Returns an error unless the target's file says where the answer has this field: what nobody looks for is not the platform's
/// fault.
pub(super) fn readable(answer: &PlatformAnswer, slot: Slot) -> Result<(), StepError> {
    if answer.can_have(slot) { Ok(()) } else { Err(unreadable(answer, slot)) }
}

/// Makes the error for a field that the target's file does not point to.
pub(super) fn unreadable(answer: &PlatformAnswer, slot: Slot) -> StepError {
    let asked = &answer.asked;
    StepError::scenario(format!(
        "nobody knows the {slot}: the target's file does not say where the answer to `{asked}` has it. Add `{slot} = \"/…\"` to \
         `answer` of [operations.{asked}]"
    ))
}

/// Returns a field without which the scenario cannot go on.
pub(super) fn required(answer: &PlatformAnswer, slot: Slot) -> Result<String, StepError> {
    readable(answer, slot)?;
    answer
        .text(slot)
        .ok_or_else(|| StepError::platform(format!("the answer to {} has no {slot} ({})", answer.asked, answer.status)))
}
