//! Answers from stub files, in a double of any service.
//!
//! wiremock takes the first mock that matches, by priority: stubs come before a double's own behaviour. A request that neither
//! answers comes last, and is told which stub was nearest.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use paidpath::Seed;
use paidpath::providers::{StartError, StartRequest};
use paidpath::stubs::{ANSWERED_FROM, Broken, NONE, Nearest, Reply, Stub, choose, load};
use serde_json::json;
use wiremock::{Match, Mock, MockServer, Request, Respond, ResponseTemplate};

const FIRST: u8 = 1;
const LAST: u8 = u8::MAX;

/// Reads the stubs that a topology names for a double.
///
/// # Errors
/// If a file is not sound, or has an answer that a double cannot give.
pub fn read(order: &StartRequest) -> Result<Vec<Stub>, StartError> {
    let failed = |reason| StartError::Failed { service: order.service.clone(), reason };
    let folder = order.folder.clone().unwrap_or_default();
    let stubs = load(&folder, &order.spec.stubs).map_err(|error| failed(error.to_string()))?;
    match stubs.iter().find(|stub| stub.broken() == Some(Broken::MalformedResponseChunk)) {
        Some(stub) => Err(failed(format!(
            "{}: a double can only break off before its answer begins; for MALFORMED_RESPONSE_CHUNK name the file in a step",
            stub.place
        ))),
        None => Ok(stubs),
    }
}

/// The answer of a double to a request for which it has no stub, if it has one.
pub type Otherwise = Box<dyn Fn(&Request) -> Option<ResponseTemplate> + Send + Sync>;

/// Mounts these stubs, and after everything else of the double the answer to a request for which there is no stub.
pub async fn mount(server: &MockServer, service: &str, stubs: Vec<Stub>, otherwise: Otherwise) {
    let stubs = Arc::new(stubs);
    let answering = Stubs { all: Arc::clone(&stubs), broken: false, seed: Seed::draw(), answers: Arc::default() };
    let breaking = Stubs { broken: true, ..answering.clone() };
    Mock::given(answering.clone()).respond_with(answering).with_priority(FIRST).mount(server).await;
    let closed = |_: &Request| std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    Mock::given(breaking).respond_with_err(closed).with_priority(FIRST).mount(server).await;
    let service = service.to_owned();
    let unmatched = move |request: &Request| otherwise(request).unwrap_or_else(|| unmatched(&service, &stubs, request));
    Mock::given(wiremock::matchers::any()).respond_with(unmatched).with_priority(LAST).mount(server).await;
}

/// The stubs that answer, or those that break the connection.
#[derive(Clone)]
struct Stubs {
    all: Arc<Vec<Stub>>,
    broken: bool,
    seed: Seed,
    answers: Arc<AtomicU64>,
}

impl Match for Stubs {
    fn matches(&self, request: &Request) -> bool {
        asked(request, |asked| choose(&*self.all, asked).is_ok_and(|stub| stub.broken().is_some() == self.broken))
    }
}

impl Respond for Stubs {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut rng = self.seed.rng(self.answers.fetch_add(1, Ordering::Relaxed));
        let (place, reply) = asked(request, |asked| {
            let stub = choose(&*self.all, asked).expect("invariant: it was asked before whether one matches");
            (stub.place.clone(), stub.answer(asked, &mut rng))
        });
        let Reply { status, headers, body, delay, .. } = reply;
        let template = ResponseTemplate::new(status).set_body_bytes(body).set_delay(delay);
        let template = template.insert_header(ANSWERED_FROM, place);
        headers.iter().fold(template, |template, (name, value)| template.append_header(name.clone(), value.clone()))
    }
}

fn asked<T>(request: &Request, look: impl FnOnce(&paidpath::stubs::Request<'_>) -> T) -> T {
    let path = request.url.path();
    let target = request.url.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    let Request { method, headers, body, .. } = request;
    look(&paidpath::stubs::Request { method, target: &target, headers, body })
}

fn unmatched(service: &str, stubs: &[Stub], request: &Request) -> ResponseTemplate {
    let path = request.url.path();
    let nearest = asked(request, |asked| choose(stubs, asked).err().flatten());
    let nearest = nearest.map(|Nearest { place, differences, .. }| format!("; the nearest is {place}: {differences}"));
    let detail =
        format!("the double {service} has no answer to {} {path}{}", request.method, nearest.unwrap_or_default());
    let problem = json!({
        "type": "about:blank", "title": "Not Found", "status": 404, "code": "no-stub", "detail": detail, "instance": path,
    });
    ResponseTemplate::new(404)
        .insert_header(ANSWERED_FROM, NONE)
        .set_body_raw(problem.to_string(), "application/problem+json")
}
