//! Whose an exchange is.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::base::trace::{Baggage, traceparent};
use crate::model::{Content, TraceId};
use crate::tap::Attribution;
use crate::tap::bench::{Bench, client, serve};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_scenarios_at_once_each_see_their_own_exchanges_in_order() {
    let bench = Bench::new().await;
    let scenarios: Vec<_> = (0..16).map(|_| bench.scenario()).collect();
    let work = scenarios.iter().map(async |scenario| {
        for step in 0..25 {
            let sent = json!({"scenario": scenario.trace.to_string(), "step": step});
            let answer = scenario.request("POST", "/echo").json(&sent).send().await.unwrap();
            assert_eq!(answer.json::<Value>().await.unwrap(), sent);
        }
    });
    futures::future::join_all(work).await;
    let mut ids = Vec::new();
    for scenario in &scenarios {
        let exchanges = bench.recorder.close(scenario.trace).exchanges();
        assert_eq!(exchanges.len(), 25);
        for (step, exchange) in exchanges.iter().enumerate() {
            assert_eq!(exchange.trace, Some(scenario.trace));
            assert_eq!(exchange.edge.to_string(), "a → b");
            let expected = json!({"scenario": scenario.trace.to_string(), "step": step});
            assert_eq!(exchange.request.body.json(), Some(&expected));
            assert_eq!(exchange.response().unwrap().body.json(), Some(&expected));
        }
        assert!(exchanges.is_sorted_by_key(|exchange| (exchange.id, exchange.at_micros)));
        ids.extend(exchanges.iter().map(|exchange| exchange.id));
    }
    ids.sort_unstable();
    assert_eq!(ids, (1..=400).collect::<Vec<u64>>());
    assert_eq!(bench.recorder.strays().count, 0);
}

#[tokio::test]
async fn what_no_scenario_owns_is_a_stray_and_keeps_nothing_that_may_be_secret() {
    let bench = Bench::new().await;
    let scenario = bench.scenario();
    let closed = scenario.trace;
    scenario.get("/json").await;
    assert_eq!(bench.recorder.close(closed).exchanges().len(), 1);
    assert!(bench.recorder.close(closed).exchanges().is_empty());
    let ask = |trace: Option<TraceId>| {
        let request =
            client().post(bench.url("/echo?code=s3cret-canary")).header("purchase-credential", "s3cret-canary");
        let request = request.json(&json!({"note": "s3cret-canary"}));
        match trace {
            Some(trace) => request.header("traceparent", traceparent(trace, 1)).send(),
            None => request.send(),
        }
    };
    for trace in [None, Some(closed), Some(TraceId(0xdead))] {
        assert_eq!(ask(trace).await.unwrap().status(), 200);
    }
    let strays = bench.recorder.strays();
    assert_eq!((strays.count, strays.first.len()), (3, 3));
    assert_eq!(
        strays.first.iter().map(|stray| stray.trace).collect::<Vec<_>>(),
        [None, Some(closed), Some(TraceId(0xdead))]
    );
    assert!(!serde_json::to_string(&strays.first).unwrap().contains("s3cret-canary"));
    let stray = &strays.first[1];
    assert_eq!((stray.request.target.as_str(), stray.status()), ("/echo", Some(200)));
    assert_eq!(stray.request.header("content-type"), Some("application/json"));
    assert_eq!((&stray.request.body.content, stray.request.body.size), (&Content::Empty, 24));
}

#[tokio::test]
async fn strays_are_counted_beyond_the_hundred_that_are_kept() {
    let bench = Bench::new().await;
    for _ in 0..120 {
        bench.client.get(bench.url("/json")).send().await.unwrap();
    }
    let strays = bench.recorder.strays();
    assert_eq!((strays.count, strays.first.len()), (120, 100));
}

#[tokio::test]
async fn on_the_browsers_edge_the_tap_says_whose_a_request_is() {
    let trace = TraceId(0xb0b);
    let baggage = Arc::new(Mutex::new(Baggage::default()));
    let attribution = Attribution::Owned { trace, baggage: Arc::clone(&baggage) };
    let bench = Bench::unpointed(attribution, Arc::default()).await;
    let echo = axum::routing::any(async |headers: axum::http::HeaderMap| {
        let value = |name: &str| headers.get(name).map_or(Value::Null, |value| value.to_str().unwrap().into());
        axum::Json(json!([value("traceparent"), value("baggage")]))
    });
    bench.tap.point_at(&serve(axum::Router::new().fallback(echo)).await).unwrap();
    bench.recorder.open(trace);
    let ask = async |own: Option<String>| {
        let request = client().get(bench.url("/"));
        let request = if let Some(own) = own { request.header("traceparent", own) } else { request };
        request.send().await.unwrap().json::<Value>().await.unwrap()
    };
    assert_eq!(ask(None).await, json!([traceparent(trace, 1), null]));
    baggage.lock().unwrap().set("clock", "+3600");
    assert_eq!(ask(Some(traceparent(TraceId(1), 5))).await, json!([traceparent(trace, 2), "clock=+3600"]));
    assert_eq!(ask(Some(traceparent(trace, 99))).await, json!([traceparent(trace, 99), "clock=+3600"]));
    let exchanges = bench.recorder.exchanges(trace);
    assert_eq!(exchanges.len(), 3);
    assert_eq!(exchanges[1].request.header("baggage"), Some("clock=+3600"), "the record shows what the callee got");
}
