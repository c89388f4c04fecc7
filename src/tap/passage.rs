//! One exchange on its way through a tap: from the arrival of the request to the head of the answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::header::{CONTENT_LENGTH, HeaderName, HeaderValue};
use http::{Method, Request, Response, StatusCode, request};
use hyper::body::Incoming;
use serde_json::json;

use super::board::{Armed, Ticket};
use super::body::{Flow, HOLD, Held, Payload, told};
use super::fault::{Answer, Call, Cut, is_bodiless, walk};
use super::headers;
use super::proxy::Site;
use super::record::{End, Ongoing, Record};
use super::upstream::Upstream;
use crate::model::{Change, TraceId};

/// Marks what a tap answered in the callee's place, so that nobody takes it for the callee's own answer.
pub const BY_TAP: HeaderName = HeaderName::from_static("x-paidpath-tap");

/// One exchange that faults may disturb.
pub(super) struct Passage<'a> {
    site: &'a Site,
    upstream: Option<&'a Upstream>,
    record: &'a Arc<Record>,
    trace: Option<TraceId>,
    /// Whether the request has been sent before: what follows are repetitions.
    sent: AtomicBool,
}

/// Takes one request to the callee and its answer back.
pub(super) async fn pass(site: Arc<Site>, request: Request<Incoming>) -> Result<Response<Flow>, Cut> {
    let (mut head, body) = request.into_parts();
    let upstream = site.upstream();
    head.extensions.clear();
    headers::onward(&mut head.headers, upstream.as_ref().map(|upstream| upstream.host()));
    let trace = site.attribution.attribute(&mut head.headers, site.span());
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
    let came = if head.method == Method::CONNECT {
        Ok(by_tap(
            StatusCode::METHOD_NOT_ALLOWED,
            "tap-is-no-tunnel",
            "not-allowed",
            "A tap forwards, it does not tunnel.",
        ))
    } else {
        match site.board.armed_for(&site.edge, trace, &head) {
            armed if armed.is_empty() => passage.stream(head, body).await,
            armed => passage.disturb(head, body, armed).await,
        }
    };
    deliver(ongoing, &method, came)
}

/// Gives the caller what came of its request, and records it.
fn deliver(ongoing: Ongoing, method: &Method, came: Result<Answer, Cut>) -> Result<Response<Flow>, Cut> {
    match came {
        Ok(Answer { head, body }) => {
            ongoing.record().answered(&head);
            // hyper never asks for a body that cannot be, so its end would never be seen.
            let flow = if is_bodiless(method, head.status) {
                Flow::bodiless(ongoing, head.headers.contains_key(CONTENT_LENGTH))
            } else {
                Flow::response(body, ongoing)
            };
            Ok(Response::from_parts(head, flow))
        }
        Err(Cut::Unreachable(reason)) => {
            let detail = format!("The callee could not be reached: {reason}");
            ongoing.end(End::Unreachable(reason));
            let answer = by_tap(StatusCode::BAD_GATEWAY, "tap-unreachable", "unreachable", &detail);
            Ok(Response::from_parts(answer.head, Flow::unread(answer.body)))
        }
        Err(cut) => {
            ongoing.end(cut.end());
            Err(cut)
        }
    }
}

impl Passage<'_> {
    /// How long the callee may stay silent.
    pub fn patience(&self) -> Duration {
        self.site.patience()
    }

    /// A fault has disturbed the exchange.
    pub fn disturbed_by(&self, fault: &Arc<str>, changes: Vec<Change>) {
        self.record.disturbed(Arc::clone(fault), changes);
    }

    async fn stream(&self, head: request::Parts, body: Payload) -> Result<Answer, Cut> {
        self.forward(head, Flow::request(body, Arc::clone(self.record))).await
    }

    /// Sends the request through the faults that are armed for it. Held in memory first: faults see it whole.
    async fn disturb(&self, head: request::Parts, body: Payload, armed: Vec<Arc<Armed>>) -> Result<Answer, Cut> {
        let body = match body.hold().await {
            Held::Whole(body) => body,
            Held::TooLarge(body) => {
                for armed in armed {
                    armed.missed(&format!("a request was larger than {} MiB", HOLD >> 20));
                }
                return self.stream(head, body).await;
            }
            Held::Broken(came, error) => {
                self.record.sent(&came);
                return Err(Cut::Unsent(format!("the caller broke off: {}", told(error.as_ref()))));
            }
        };
        let call = Call { head, body };
        let tickets: Vec<Ticket> = armed.iter().filter_map(|armed| armed.claim(self.trace, &call)).collect();
        self.record.sent(&call.body);
        walk(self, &tickets, call).await
    }

    /// Sends a request that may have been disturbed. From the second time on it is an exchange of its own.
    pub async fn send(&self, call: Call) -> Result<Answer, Cut> {
        if self.sent.swap(true, Ordering::Relaxed) {
            return self.send_again(call).await;
        }
        self.record.resent(&call.head, &call.body);
        self.forward(call.head, Flow::unread(Payload::Whole(call.body))).await
    }

    async fn send_again(&self, call: Call) -> Result<Answer, Cut> {
        let again = self.site.recorder.begin(&self.site.edge, self.trace, &call.head);
        again.record().sent(&call.body);
        // The faults have fired by now, so that a repetition carries what was done to the first request too.
        for (fault, changes) in self.record.faults() {
            again.record().disturbed(fault, changes);
        }
        let answer = match self.forward(call.head, Flow::unread(Payload::Whole(call.body))).await {
            Ok(answer) => answer,
            Err(cut) => {
                again.end(cut.end());
                return Err(cut);
            }
        };
        again.record().answered(&answer.head);
        match answer.body.hold().await {
            Held::Whole(body) => {
                again.record().got(&body);
                again.end(End::Answered);
                Ok(Answer { head: answer.head, body: Payload::Whole(body) })
            }
            Held::TooLarge(body) => {
                again.end(End::Broken(format!("the answer was larger than {} MiB", HOLD >> 20)));
                Ok(Answer { head: answer.head, body })
            }
            Held::Broken(_, error) => {
                let cut = Cut::Broken(told(error.as_ref()));
                again.end(cut.end());
                Err(cut)
            }
        }
    }

    async fn forward(&self, head: request::Parts, body: Flow) -> Result<Answer, Cut> {
        let Some(upstream) = self.upstream else {
            return Err(Cut::Unreachable("the tap was not told yet where the callee is".into()));
        };
        let came = upstream.send(head, body, self.site.patience(), &self.site.address).await;
        self.site.board.passed(&self.site.edge, self.trace);
        came
    }
}

/// An answer that the tap makes up itself, as RFC 9457 has it.
fn by_tap(status: StatusCode, code: &str, mark: &'static str, detail: &str) -> Answer {
    let title = status.canonical_reason().unwrap_or_default();
    let problem =
        json!({"type": "about:blank", "title": title, "status": status.as_u16(), "code": code, "detail": detail});
    let mut answer = Answer::made(status, "application/problem+json", problem.to_string());
    answer.head.headers.insert(BY_TAP, HeaderValue::from_static(mark));
    answer
}
