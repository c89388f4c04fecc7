//! What is kept of an exchange, and what is not.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Query;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::response::Response;
use axum::routing::any;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use tokio::sync::Notify;

use crate::base::clock::Clock;
use crate::base::redact::{Policy, Redactor};
use crate::model::{Body as Recorded, Content, Edge, Outcome, TraceId};
use crate::tap::Recorder;
use crate::tap::bench::{Bench, Scenario};
use crate::tap::record::ExchangeEnd;

/// What is recorded of this answer.
async fn recorded(
    content_type: Option<&'static str>,
    encoding: Option<&'static str>,
    body: impl Into<Vec<u8>>,
) -> Recorded {
    let body = body.into();
    let answer = any(async move || {
        let mut answer = Response::new(Body::from(body));
        content_type.map(|value| answer.headers_mut().insert(CONTENT_TYPE, value.parse().unwrap()));
        encoding.map(|value| answer.headers_mut().insert(CONTENT_ENCODING, value.parse().unwrap()));
        answer
    });
    let bench = Bench::before(Router::new().fallback(answer)).await;
    let scenario = bench.scenario();
    scenario.get("/").await.bytes().await.unwrap();
    scenario.exchanges()[0].response().unwrap().body.clone()
}

#[tokio::test]
async fn bodies_are_kept_as_what_they_are() {
    let json = Content::Json(json!({"a": 1}));
    for content_type in [Some("application/json"), Some("application/problem+json; charset=utf-8"), None] {
        assert_eq!(recorded(content_type, None, r#"{"a": 1}"#).await.content, json, "{content_type:?}");
    }
    let text = |text: &str| Content::Text(text.into());
    assert_eq!(recorded(Some("text/html"), None, "<p>").await.content, text("<p>"));
    assert_eq!(recorded(Some("text/plain"), None, r#"{"a": 1}"#).await.content, text(r#"{"a": 1}"#));
    assert_eq!(recorded(Some("application/json"), None, r#"{"a": "#).await.content, text(r#"{"a": "#));
    let deep = ["[".repeat(1000), "]".repeat(1000)].concat();
    assert_eq!(recorded(Some("application/json"), None, deep.clone()).await.content, text(&deep));
    assert_eq!(recorded(Some("application/json"), None, "").await, Recorded::default());
}

#[tokio::test]
async fn of_bytes_that_are_not_text_the_beginning_is_kept_and_of_compressed_ones_nothing() {
    let image = vec![0xff; 10_000];
    let body = recorded(Some("image/png"), None, image.clone()).await;
    assert_eq!(body.content, Content::Base64(STANDARD.encode(&image[..4096])));
    assert_eq!((body.size, body.truncated), (10_000, true));
    let body = recorded(None, None, image.clone()).await;
    assert_eq!(body.content, Content::Base64(STANDARD.encode(&image[..4096])));
    assert_eq!(recorded(Some("image/svg+xml"), None, "<svg/>").await.content, Content::Text("<svg/>".into()));
    let body = recorded(Some("application/json"), Some("gzip"), vec![0x1f, 0x8b, 8, 0]).await;
    assert_eq!(body, Recorded { size: 4, content: Content::Empty, truncated: true });
}

#[tokio::test]
async fn a_long_text_is_cut_between_two_characters() {
    let body = recorded(Some("application/json"), None, format!("x{}", "ž".repeat(600_000))).await;
    assert_eq!((body.size, body.truncated), (1_200_001, true));
    assert!(matches!(body.content, Content::Text(text) if text.len() == (1 << 20) - 1));
}

#[tokio::test]
async fn secrets_are_replaced_wherever_they_stand_also_when_they_are_learned_late() {
    const SECRET: &str = "canary-of-ann/with+signs";
    let echo = any(async |Query(query): Query<Vec<(String, String)>>, body: String| {
        ([("x-echo", body.clone()), ("set-cookie", format!("session={}", query[0].1))], format!("<b>{body}</b>"))
    });
    let bench = Bench::before(Router::new().fallback(echo)).await;
    let scenario = bench.scenario();
    let ask = async |scenario: &Scenario<'_>| {
        let request = scenario.request("POST", "/buy?code=canary-of-ann%2Fwith%2Bsigns").bearer_auth(SECRET);
        request.header("x-own", format!("own {SECRET}")).body(SECRET).send().await.unwrap().bytes().await.unwrap();
        let request =
            scenario.request("POST", "/buy?code=x").json(&json!({"deep": [{"password": "pw", "note": SECRET}]}));
        request.send().await.unwrap().bytes().await.unwrap();
        let mut binary = vec![0xff, 0xfe];
        binary.extend(SECRET.bytes());
        scenario.request("POST", "/buy?code=x").body(binary).send().await.unwrap().bytes().await.unwrap();
    };
    ask(&scenario).await;
    let hidden = |spelling: &str| {
        let record = serde_json::to_string(&scenario.exchanges()).unwrap();
        !record.contains(spelling)
    };
    assert!(!hidden(SECRET), "nobody said yet that it is one");
    bench.redactor.learn(Some(scenario.trace), SECRET);
    for spelling in [SECRET, "canary-of-ann%2Fwith%2Bsigns", "\"pw\"", &STANDARD.encode(SECRET)] {
        assert!(hidden(spelling), "{spelling} in {:#?}", scenario.exchanges());
    }
    let form = scenario.request("POST", "/buy?code=x&token=tk-canary").body("{\"password\": \"pw-canary\", \"a\": ");
    form.header("content-type", "application/json").send().await.unwrap().bytes().await.unwrap();
    assert!(
        hidden("tk-canary") && hidden("pw-canary"),
        "secret fields are found where there is no JSON to walk through"
    );
    let exchanges = scenario.exchanges();
    let print = bench.redactor.fingerprint(SECRET);
    assert_eq!(exchanges[0].request.header("authorization"), Some(format!("Bearer {print}").as_str()));
    assert_eq!(exchanges[0].request.header("x-own"), Some(format!("own {print}").as_str()));
    assert_eq!(exchanges[0].request.body.content, Content::Text(print.clone()));
    assert_eq!(exchanges[1].request.body.json().unwrap()["deep"][0]["note"], *print);
    assert_eq!(exchanges[2].request.body.content, Content::Empty, "base64 would hide it from whoever looks");
}

#[tokio::test]
async fn a_caller_that_has_its_answer_finds_the_exchange_recorded() {
    let bench = Bench::new().await;
    let scenario = bench.scenario();
    for count in 1..=300 {
        let answer = scenario.get(if count % 2 == 0 { "/json" } else { "/bytes/100000" }).await;
        answer.bytes().await.unwrap();
        let exchanges = scenario.exchanges();
        assert_eq!(exchanges.len(), count);
        assert!(exchanges.iter().all(|exchange| matches!(exchange.outcome, Outcome::Answered(_))));
        assert_eq!(scenario.in_flight(), 0);
    }
}

#[tokio::test]
async fn a_request_in_flight_is_shown_as_open_with_what_was_sent_so_far() {
    let (arrived, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (arrive, go) = (Arc::clone(&arrived), Arc::clone(&go_on));
    let wait = any(async move |body: String| {
        arrive.notify_one();
        go.notified().await;
        body
    });
    let bench = Bench::before(Router::new().fallback(wait)).await;
    let scenario = bench.scenario();
    let asked = tokio::spawn(scenario.request("POST", "/").json(&json!({"a": 1})).send());
    arrived.notified().await;
    let open = scenario.exchanges();
    assert_eq!((&open[0].outcome, open[0].request.body.json()), (&Outcome::Open, Some(&json!({"a": 1}))));
    assert_eq!(scenario.in_flight(), 1);
    let settled = tokio::spawn({
        let (recorder, trace) = (bench.recorder.clone(), scenario.trace);
        async move { recorder.settled(trace).await }
    });
    go_on.notify_one();
    settled.await.unwrap();
    assert_eq!(scenario.exchanges()[0].status(), Some(200));
    assert!(scenario.exchanges()[0].took_micros > 0);
    asked.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_scenario_that_is_over_leaves_nothing_in_memory() {
    let recorder = Recorder::new(Clock::start(), Arc::new(Redactor::new(&Policy::default())));
    let (edge, trace) = (Arc::new(Edge::new("a", "b")), TraceId(7));
    let (request, ()) = axum::http::Request::new(()).into_parts();
    recorder.open(trace);
    recorder.begin(&edge, Some(trace), &request).end(ExchangeEnd::Answered);
    assert!(Arc::strong_count(&edge) > 1, "the record names its edge");
    assert_eq!(recorder.close(trace).exchanges().len(), 1);
    assert_eq!(Arc::strong_count(&edge), 1, "nothing names it any more");
}

#[tokio::test]
async fn a_secret_that_comes_in_two_pieces_is_replaced_like_any_other() {
    const SECRET: &str = "canary-of-ann/in-two-pieces";
    let pieces = || {
        let (one, other) = SECRET.split_at(9);
        futures::stream::iter([Ok::<_, std::io::Error>(format!("<b>{one}")), Ok(format!("{other}</b>"))])
    };
    let bench = Bench::before(Router::new().fallback(any(async move || Body::from_stream(pieces())))).await;
    let scenario = bench.scenario();
    bench.redactor.learn(Some(scenario.trace), SECRET);
    let request = scenario.request("POST", "/").body(reqwest::Body::wrap_stream(pieces()));
    let mut answer = request.send().await.unwrap();
    let mut came = Vec::new();
    while let Some(piece) = answer.chunk().await.unwrap() {
        came.push(piece);
    }
    assert_eq!(came.concat(), format!("<b>{SECRET}</b>").as_bytes());
    assert!(came.len() > 1, "it was in one piece: {came:?}");
    let exchange = &scenario.exchanges()[0];
    let clean = Content::Text(format!("<b>{}</b>", bench.redactor.fingerprint(SECRET)));
    assert_eq!((&exchange.request.body.content, &exchange.response().unwrap().body.content), (&clean, &clean));
}
