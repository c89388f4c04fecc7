//! What tests of this room stand on: one callee, one tap in front of it, and scenarios that call through it.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{any, get};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::{Attribution, FaultBoard, FaultOutcome, Recorder, Tap};
use crate::base::clock::Clock;
use crate::base::redact::{Policy, Redactor};
use crate::base::seed::Seed;
use crate::base::trace::traceparent;
use crate::base::wait::{Look, until};
use crate::model::{Edge, Exchange, TraceId};

/// A callee, and a tap on the edge `a → b` in front of it.
pub(super) struct Bench {
    pub tap: Tap,
    pub recorder: Recorder,
    pub redactor: Arc<Redactor>,
    pub board: FaultBoard,
    pub client: reqwest::Client,
    calls: Arc<AtomicUsize>,
    last_trace: AtomicU64,
}

impl Bench {
    /// In front of a callee that knows the paths of [`callee`].
    pub async fn new() -> Self {
        let calls = Arc::new(AtomicUsize::new(0));
        let bench = Self::unpointed(Attribution::ByHeader, Arc::clone(&calls)).await;
        bench.tap.point_at(&serve(callee(calls)).await).unwrap();
        bench
    }

    /// In front of a callee of the test's own.
    pub async fn before(router: Router) -> Self {
        let bench = Self::unpointed(Attribution::ByHeader, Arc::default()).await;
        bench.tap.point_at(&serve(router).await).unwrap();
        bench
    }

    /// In front of nothing yet.
    pub async fn unpointed(attribution: Attribution, calls: Arc<AtomicUsize>) -> Self {
        let redactor = Arc::new(Redactor::new(&Policy::default()));
        let recorder = Recorder::new(Clock::start(), Arc::clone(&redactor));
        let board = FaultBoard::new(Seed(7));
        let loopback = "127.0.0.1:0".parse().unwrap();
        let tap = Tap::open(Edge::new("a", "b"), loopback, attribution, recorder.clone(), board.clone()).await.unwrap();
        Self { tap, recorder, redactor, board, client: client(), calls, last_trace: AtomicU64::new(0) }
    }

    /// How many requests reached the callee.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// A scenario that has just begun.
    pub fn scenario(&self) -> Scenario<'_> {
        let trace = TraceId(u128::from(self.last_trace.fetch_add(1, Ordering::SeqCst)) + 0xa000);
        self.recorder.open(trace);
        Scenario { bench: self, trace }
    }

    /// The whole URL of a path on the tap.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.tap.address())
    }
}

/// One scenario that calls through the tap of a [`Bench`].
pub(super) struct Scenario<'a> {
    bench: &'a Bench,
    pub trace: TraceId,
}

impl Scenario<'_> {
    pub fn arm(&mut self, disturbance: &str) {
        self.bench.board.arm(Some(self.trace), disturbance.parse().unwrap());
    }

    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let request = self.bench.client.request(method.parse().unwrap(), self.bench.url(path));
        request.header("traceparent", traceparent(self.trace, 1))
    }

    pub async fn get(&self, path: &str) -> reqwest::Response {
        self.request("GET", path).send().await.unwrap()
    }

    pub fn exchanges(&self) -> Vec<Exchange> {
        self.bench.recorder.exchanges(self.trace)
    }

    pub fn in_flight(&self) -> usize {
        self.bench.recorder.in_flight(self.trace)
    }

    /// Asks, and does not wait for more than the request to arrive at the tap.
    pub async fn ask(&self, path: &str) -> JoinHandle<reqwest::Result<reqwest::Response>> {
        let asked = tokio::spawn(self.request("GET", path).send());
        let arrived = until(Duration::from_secs(10), async || match self.in_flight() {
            0 => Look::NotYet::<_, Infallible>("nothing in flight".into()),
            _ => Look::Holds(()),
        });
        arrived.await.unwrap();
        asked
    }

    pub async fn settled(&self) {
        tokio::time::timeout(Duration::from_secs(10), self.bench.recorder.settled(self.trace)).await.unwrap();
    }

    /// What became of the one disturbance that is armed.
    pub fn fired(&self) -> FaultOutcome {
        let [fired] = <[FaultOutcome; 1]>::try_from(self.bench.board.fired(self.trace)).unwrap();
        fired
    }

    pub fn times(&self) -> u32 {
        self.fired().times
    }
}

/// A client that follows no redirect and waits for no one longer than a test may take.
pub(super) fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    builder.timeout(Duration::from_secs(20)).build().unwrap()
}

/// Serves a router on loopback for as long as the test's runtime lives; gives its address.
pub(super) async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("http://{address}")
}

fn callee(calls: Arc<AtomicUsize>) -> Router {
    let count = move || calls.fetch_add(1, Ordering::SeqCst) + 1;
    let counted = count.clone();
    let answers = Router::new()
        .route("/json", any(async || axum::Json(json!({"decision": true, "until": null}))))
        .route("/echo", any(echo))
        .route("/headers", get(headers))
        .route("/bytes/{count}", get(async |Path(count): Path<usize>| vec![b'x'; count]))
        .route("/status/{code}", any(async |Path(code): Path<u16>| StatusCode::from_u16(code).unwrap()))
        .layer(axum::middleware::map_request(move |request: axum::extract::Request| {
            count();
            std::future::ready(request)
        }));
    let counters = Router::new().route("/count", any(async move || counted().to_string()));
    answers.merge(counters)
}

/// The body of the request, as what the request said it is.
async fn echo(headers: HeaderMap, body: Bytes) -> impl IntoResponse {
    let content_type = headers.get(CONTENT_TYPE).map(|value| [(CONTENT_TYPE, value.clone())]);
    (content_type, body)
}

/// The headers of the request, as JSON.
async fn headers(headers: HeaderMap) -> axum::Json<Value> {
    let fields = headers.iter().map(|(name, value)| (name.to_string(), json!(value.to_str().unwrap())));
    axum::Json(Value::Object(fields.collect()))
}
