//! The record of one exchange while it passes, in raw parts.
//!
//! Nothing is parsed or redacted here: `render.rs` does that when somebody asks.

use std::sync::{Arc, Mutex, MutexGuard};

use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, Method, StatusCode};

use super::recorder::ScenarioLog;
use crate::base::clock::Clock;
use crate::base::redact::Redactor;
use crate::model::{Change, Edge, Exchange, TraceId};

/// The largest part of a body that is kept, in bytes.
const KEEP: usize = 1 << 20;

/// The largest part that is kept of a body that only belongs to the look of a page, in bytes: enough to recognise it.
pub(super) const KEEP_ASSET: usize = 4 << 10;

/// The unchanging part of an exchange.
pub(super) struct ExchangeIdentity {
    pub id: u64,
    pub edge: Arc<Edge>,
    pub trace: Option<TraceId>,
    pub at_micros: u64,
}

/// An exchange as far as it was seen.
pub(super) struct ExchangeRecord {
    pub identity: ExchangeIdentity,
    /// The scenario that owns it; `None` for a stray, of which no body is kept.
    log: Option<Arc<ScenarioLog>>,
    clock: Clock,
    seen: Mutex<RawExchange>,
}

/// An exchange in the raw parts that were seen so far.
pub(super) struct RawExchange {
    pub method: Method,
    pub target: String,
    pub headers: HeaderMap,
    pub sent: KeptBytes,
    pub status: StatusCode,
    pub answer_headers: HeaderMap,
    pub got: KeptBytes,
    /// The faults that have fired: the words of each, and the parts of the exchange that it changed.
    pub faults: Vec<(Arc<str>, Vec<Change>)>,
    pub took_micros: u64,
    /// `None` while the exchange is under way.
    pub end: Option<ExchangeEnd>,
    shown: RenderCache,
}

/// The last rendering of an exchange that has ended, with the number of secrets that were known then. Redaction takes
/// most of the time of a rendering. Most exchanges are rendered once, and a few very often, so only the second
/// rendering is kept.
#[derive(Default)]
enum RenderCache {
    #[default]
    Never,
    Once,
    Kept(usize, Box<Exchange>),
}

/// The part of a body that was kept.
#[derive(Default)]
pub(super) struct KeptBytes {
    pub bytes: Vec<u8>,
    /// The number of bytes that passed.
    pub size: u64,
}

/// The end of an exchange, seen from its caller.
pub(super) enum ExchangeEnd {
    /// The caller got the answer that was seen.
    Answered,
    /// The callee never saw the request: why.
    Unreachable(String),
    /// The callee may have seen the request, the caller got no (whole) answer: why.
    Broken(String),
}

impl ExchangeRecord {
    pub fn new(
        identity: ExchangeIdentity,
        log: Option<Arc<ScenarioLog>>,
        clock: Clock,
        request: &http::request::Parts,
    ) -> Self {
        let seen = RawExchange {
            method: request.method.clone(),
            target: target_of(request),
            headers: request.headers.clone(),
            sent: KeptBytes::default(),
            status: StatusCode::OK,
            answer_headers: HeaderMap::new(),
            got: KeptBytes::default(),
            faults: Vec::new(),
            took_micros: 0,
            end: None,
            shown: RenderCache::Never,
        };
        Self { identity, log, clock, seen: Mutex::new(seen) }
    }

    fn seen(&self) -> MutexGuard<'_, RawExchange> {
        self.seen.lock().expect("no thread panics while it holds this lock")
    }

    /// Returns how much of a body with these headers is kept. Nothing is kept of a compressed body: a secret in it
    /// could not be found without inflating it, but a reader of the record could inflate it.
    fn limit(&self, headers: &HeaderMap) -> usize {
        let encoding = headers.get(CONTENT_ENCODING);
        if self.log.is_none() || encoding.is_some_and(|encoding| encoding != "identity") {
            return 0;
        }
        let of_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        // Pages load far more bytes than the path exchanges, and no rule reads them.
        let is_asset = ["image/", "audio/", "video/", "font/", "text/css", "text/javascript", "application/javascript"]
            .into_iter()
            .any(|family| of_type.starts_with(family));
        // SVG is an image by type and text by content, and may carry a secret that redaction should see.
        if is_asset && !of_type.contains("+xml") { KEEP_ASSET } else { KEEP }
    }

    /// The next bytes of the request's body have passed.
    pub fn sent(&self, data: &[u8]) {
        let seen = &mut *self.seen();
        seen.sent.add(data, self.limit(&seen.headers));
    }

    /// The next bytes of the response's body have passed.
    pub fn got(&self, data: &[u8]) {
        let seen = &mut *self.seen();
        seen.got.add(data, self.limit(&seen.answer_headers));
    }

    /// The request as it was disturbed: the record shows what the callee was given.
    pub fn resent(&self, request: &http::request::Parts, body: &[u8]) {
        let mut seen = self.seen();
        seen.method.clone_from(&request.method);
        seen.target = target_of(request);
        seen.headers.clone_from(&request.headers);
        seen.sent = KeptBytes::default();
        let limit = self.limit(&seen.headers);
        seen.sent.add(body, limit);
    }

    /// The head of the answer that the caller is given.
    pub fn answered(&self, answer: &http::response::Parts) {
        let mut seen = self.seen();
        seen.status = answer.status;
        seen.answer_headers.clone_from(&answer.headers);
    }

    /// A fault has disturbed it.
    pub fn disturbed(&self, fault: Arc<str>, changes: Vec<Change>) {
        let mut seen = self.seen();
        seen.faults.push((fault, changes));
        // The cached rendering does not know of this fault.
        seen.shown = RenderCache::Never;
    }

    /// The faults that have disturbed it so far.
    pub fn faults(&self) -> Vec<(Arc<str>, Vec<Change>)> {
        self.seen().faults.clone()
    }

    fn end(&self, end: ExchangeEnd) {
        let mut seen = self.seen();
        seen.took_micros = self.clock.micros().saturating_sub(self.identity.at_micros);
        seen.end = Some(end);
        // The lock goes first: whoever waits for the end reads the record at once.
        drop(seen);
        if let Some(log) = &self.log {
            log.ended();
        }
    }

    /// The exchange as it may be shown, by what is known of secrets now.
    pub fn exchange(&self, redactor: &Redactor) -> Exchange {
        let seen = &mut *self.seen();
        if self.log.is_none() {
            return super::render::stray(&self.identity, seen, redactor);
        }
        let known = redactor.known(self.identity.trace);
        if let RenderCache::Kept(then, exchange) = &seen.shown
            && *then == known
        {
            return Exchange::clone(exchange);
        }
        let exchange = super::render::exchange(&self.identity, seen, redactor);
        seen.shown = match seen.shown {
            _ if seen.end.is_none() => RenderCache::Never,
            RenderCache::Never => RenderCache::Once,
            RenderCache::Once | RenderCache::Kept(..) => RenderCache::Kept(known, Box::new(exchange.clone())),
        };
        exchange
    }

    pub fn has_ended(&self) -> bool {
        self.seen().end.is_some()
    }
}

fn target_of(request: &http::request::Parts) -> String {
    request.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned()
}

impl KeptBytes {
    fn add(&mut self, data: &[u8], limit: usize) {
        self.size += data.len() as u64;
        let room = limit.saturating_sub(self.bytes.len());
        self.bytes.extend_from_slice(&data[..data.len().min(room)]);
    }

    pub fn is_truncated(&self) -> bool {
        (self.bytes.len() as u64) < self.size
    }
}

/// The one owner of an exchange under way. hyper drops the work for a caller that went away, so an owner that is
/// dropped without an end means that the caller went away.
pub(super) struct Ongoing(Option<Arc<ExchangeRecord>>);

impl Ongoing {
    pub fn new(record: Arc<ExchangeRecord>) -> Self {
        Self(Some(record))
    }

    pub fn record(&self) -> &Arc<ExchangeRecord> {
        self.0.as_ref().expect("an exchange has a record until it ends")
    }

    pub fn end(mut self, end: ExchangeEnd) {
        if let Some(record) = self.0.take() {
            record.end(end);
        }
    }
}

impl Drop for Ongoing {
    fn drop(&mut self) {
        if let Some(record) = self.0.take() {
            record.end(ExchangeEnd::Broken("the caller went away before it had the whole answer".into()));
        }
    }
}
