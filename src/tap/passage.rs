//! The way of one exchange through a tap, from the arrival of the request to the head of the answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::header::{CONTENT_LENGTH, HeaderName, HeaderValue};
use http::{Method, Request, Response, StatusCode, request};
use hyper::body::Incoming;
use serde_json::json;

use super::board::{Armed, FaultPermit};
use super::body::{HOLD, HeldBody, Payload, RecordedBody, with_causes};
use super::fault::{NoResponse, TapRequest, TapResponse, is_bodiless, walk};
use super::headers;
use super::proxy::TapContext;
use super::record::{ExchangeEnd, ExchangeRecord, Ongoing};
use super::upstream::Upstream;
use crate::model::{BY_TAP, Change, TraceId};

pub(super) struct Passage<'a> {
    site: &'a TapContext,
    upstream: Option<&'a Upstream>,
    record: &'a Arc<ExchangeRecord>,
    trace: Option<TraceId>,
    /// True once the request was sent: every later send is a repetition.
    sent: AtomicBool,
}

/// Takes one request to the callee and its answer back.
pub(super) async fn pass(
    site: Arc<TapContext>,
    request: Request<Incoming>,
) -> Result<Response<RecordedBody>, NoResponse> {
    let (mut head, body) = request.into_parts();
    let upstream = site.upstream();
    // hyper keeps its own state there, which belongs to the connection of the caller.
    head.extensions.clear();
    headers::onward(&mut head.headers, upstream.as_ref().map(|upstream| upstream.host()));
    let trace = site.attribution.attribute(&mut head.headers, site.span());
    // Recorded after the headers were completed, so that the record shows what the callee is given.
    let ongoing = site.recorder.begin(&site.edge, trace, &head);
    let method = head.method.clone();
    let body = Payload::streaming(body, site.patience());
    let passage = Passage {
        site: &site,
        upstream: upstream.as_deref(),
        record: ongoing.record(),
        trace,
        sent: AtomicBool::new(false),
    };
    // A tunnel would carry bytes that nobody records.
    let came = if head.method == Method::CONNECT {
        Ok(by_tap(
            StatusCode::METHOD_NOT_ALLOWED,
            "tap-is-no-tunnel",
            "not-allowed",
            "A tap forwards, it does not tunnel.",
        ))
    } else {
        match site.board.armed_for(&site.edge, trace, &head) {
            // Without faults the body streams through, so that a tap costs no memory and no delay.
            armed if armed.is_empty() => passage.stream(head, body).await,
            armed => passage.disturb(head, body, armed).await,
        }
    };
    deliver(ongoing, &method, came)
}

/// Gives the caller the answer to its request, and records it.
fn deliver(
    ongoing: Ongoing,
    method: &Method,
    came: Result<TapResponse, NoResponse>,
) -> Result<Response<RecordedBody>, NoResponse> {
    match came {
        Ok(TapResponse { head, body }) => {
            ongoing.record().answered(&head);
            // hyper never polls the body of such an answer, so that its end would never be seen.
            let flow = if is_bodiless(method, head.status) {
                RecordedBody::bodiless(ongoing, head.headers.contains_key(CONTENT_LENGTH))
            } else {
                RecordedBody::response(body, ongoing)
            };
            Ok(Response::from_parts(head, flow))
        }
        Err(NoResponse::Unreachable(reason)) => {
            let detail = format!("The callee could not be reached: {reason}");
            ongoing.end(ExchangeEnd::Unreachable(reason));
            let answer = by_tap(StatusCode::BAD_GATEWAY, "tap-unreachable", "unreachable", &detail);
            Ok(Response::from_parts(answer.head, RecordedBody::unread(answer.body)))
        }
        Err(cut) => {
            ongoing.end(cut.end());
            Err(cut)
        }
    }
}

impl Passage<'_> {
    pub fn patience(&self) -> Duration {
        self.site.patience()
    }

    /// A fault has disturbed the exchange.
    pub fn disturbed_by(&self, fault: &Arc<str>, changes: Vec<Change>) {
        self.record.disturbed(Arc::clone(fault), changes);
    }

    async fn stream(&self, head: request::Parts, body: Payload) -> Result<TapResponse, NoResponse> {
        self.forward(head, RecordedBody::request(body, Arc::clone(self.record))).await
    }

    /// Sends the request through the faults that are armed for it. The body is held in memory first, because faults see it whole.
    async fn disturb(
        &self,
        head: request::Parts,
        body: Payload,
        armed: Vec<Arc<Armed>>,
    ) -> Result<TapResponse, NoResponse> {
        let body = match body.hold().await {
            HeldBody::Whole(body) => body,
            HeldBody::TooLarge(body) => {
                for armed in armed {
                    armed.missed(&format!("a request was larger than {} MiB", HOLD >> 20));
                }
                return self.stream(head, body).await;
            }
            HeldBody::Broken(came, error) => {
                self.record.sent(&came);
                return Err(NoResponse::Unsent(format!("the caller broke off: {}", with_causes(error.as_ref()))));
            }
        };
        let call = TapRequest { head, body };
        // All permits are taken before the first fault acts, because a fault may change what the next one would match.
        let tickets: Vec<FaultPermit> = armed.iter().filter_map(|armed| armed.claim(self.trace, &call)).collect();
        // Recorded as it came. `resent` replaces it where a fault lets a changed request pass.
        self.record.sent(&call.body);
        walk(self, &tickets, call).await
    }

    /// Sends a request that may have been disturbed. From the second time on it is an exchange of its own.
    pub async fn send(&self, call: TapRequest) -> Result<TapResponse, NoResponse> {
        // A repetition gets a record of its own: rules judge each request that the callee saw.
        if self.sent.swap(true, Ordering::Relaxed) {
            return self.send_again(call).await;
        }
        self.record.resent(&call.head, &call.body);
        self.forward(call.head, RecordedBody::unread(Payload::Whole(call.body))).await
    }

    async fn send_again(&self, call: TapRequest) -> Result<TapResponse, NoResponse> {
        let again = self.site.recorder.begin(&self.site.edge, self.trace, &call.head);
        again.record().sent(&call.body);
        // The faults have fired by now, so that a repetition carries what was done to the first request too.
        for (fault, changes) in self.record.faults() {
            again.record().disturbed(fault, changes);
        }
        let answer = match self.forward(call.head, RecordedBody::unread(Payload::Whole(call.body))).await {
            Ok(answer) => answer,
            Err(cut) => {
                again.end(cut.end());
                return Err(cut);
            }
        };
        again.record().answered(&answer.head);
        match answer.body.hold().await {
            HeldBody::Whole(body) => {
                again.record().got(&body);
                again.end(ExchangeEnd::Answered);
                Ok(TapResponse { head: answer.head, body: Payload::Whole(body) })
            }
            HeldBody::TooLarge(body) => {
                again.end(ExchangeEnd::Broken(format!("the answer was larger than {} MiB", HOLD >> 20)));
                Ok(TapResponse { head: answer.head, body })
            }
            HeldBody::Broken(_, error) => {
                let cut = NoResponse::Broken(with_causes(error.as_ref()));
                again.end(cut.end());
                Err(cut)
            }
        }
    }

    async fn forward(&self, head: request::Parts, body: RecordedBody) -> Result<TapResponse, NoResponse> {
        let Some(upstream) = self.upstream else {
            return Err(NoResponse::Unreachable("the tap does not know yet where the callee is".into()));
        };
        let came = upstream.send(head, body, self.site.patience(), &self.site.address).await;
        // Also after a failure: whoever waits for this exchange must not wait for one that will never pass.
        self.site.board.passed(&self.site.edge, self.trace);
        came
    }
}

/// An answer that the tap makes up itself, as RFC 9457 has it.
fn by_tap(status: StatusCode, code: &str, mark: &'static str, detail: &str) -> TapResponse {
    let title = status.canonical_reason().unwrap_or_default();
    let problem =
        json!({"type": "about:blank", "title": title, "status": status.as_u16(), "code": code, "detail": detail});
    let mut answer = TapResponse::made(status, "application/problem+json", problem.to_string());
    answer.head.headers.insert(HeaderName::from_static(BY_TAP), HeaderValue::from_static(mark));
    answer
}
