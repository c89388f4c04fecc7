//! Which exchanges a disturbance meets, and how that is counted.

use serde_json::json;

use crate::tap::FaultOutcome;
use crate::tap::bench::{Bench, Scenario};

async fn statuses(scenario: &Scenario<'_>, count: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..count {
        statuses.push(scenario.get("/json").await.status().as_u16());
    }
    statuses
}

fn fired(spec: &str, times: u32) -> FaultOutcome {
    FaultOutcome { spec: spec.into(), times, missed: None }
}

#[tokio::test]
async fn a_disturbance_leaves_other_scenarios_and_strays_alone() {
    let bench = Bench::new().await;
    let (mut one, other) = (bench.scenario(), bench.scenario());
    one.arm("a -> b: status 403");
    assert_eq!(statuses(&other, 2).await, [200, 200]);
    assert_eq!(bench.client.get(bench.url("/json")).send().await.unwrap().status(), 200);
    assert_eq!(statuses(&one, 2).await, [403, 403]);
    assert_eq!(bench.board.fired(one.trace), [fired("a -> b: status 403", 2)]);
    assert!(bench.board.fired(other.trace).is_empty());
    assert_eq!(bench.board.clear(one.trace), [fired("a -> b: status 403", 2)]);
    assert_eq!(statuses(&one, 1).await, [200]);
    assert!(other.exchanges().iter().all(|exchange| exchange.faults.is_empty()));
}

#[tokio::test]
async fn whoever_calls_a_service_is_disturbed_where_the_caller_is_a_star() {
    let bench = Bench::new().await;
    let mut scenario = bench.scenario();
    scenario.arm("* -> b: status 403 once");
    scenario.arm("* -> c: abort 500");
    assert_eq!(statuses(&scenario, 2).await, [403, 200]);
    assert_eq!(bench.board.fired(scenario.trace), [fired("* -> b: status 403 once", 1), fired("* -> c: abort 500", 0)]);
}

#[tokio::test]
async fn a_disturbance_of_the_run_is_counted_per_scenario_and_reported_as_one() {
    let bench = Bench::new().await;
    bench.board.arm(None, "a -> b: status 403 once".parse().unwrap());
    let (one, other) = (bench.scenario(), bench.scenario());
    assert_eq!(statuses(&one, 3).await, [403, 200, 200]);
    assert_eq!(statuses(&other, 2).await, [403, 200]);
    assert_eq!(bench.client.get(bench.url("/json")).send().await.unwrap().status(), 200);
    assert!(bench.board.clear(one.trace).is_empty(), "it is not that scenario's");
    assert_eq!(bench.board.run_wide(), [fired("a -> b: status 403 once", 2)]);
}

#[tokio::test]
async fn how_often_is_as_it_is_said() {
    for (window, expected) in [
        ("", [403, 403, 403, 403]),
        ("once", [403, 200, 200, 200]),
        ("2 times", [403, 403, 200, 200]),
        ("from the 3rd", [200, 200, 403, 403]),
    ] {
        let bench = Bench::new().await;
        let mut scenario = bench.scenario();
        scenario.arm(&format!("a -> b: status 403 {window}"));
        assert_eq!(statuses(&scenario, 4).await, expected, "{window}");
    }
}

#[tokio::test]
async fn what_was_missed_does_not_use_up_how_often() {
    let bench = Bench::new().await;
    let mut scenario = bench.scenario();
    scenario.arm("a -> b: set response /decision to false once");
    scenario.get("/bytes/3").await;
    assert_eq!(scenario.times(), 0);
    let answer = scenario.get("/json").await.json::<serde_json::Value>().await.unwrap();
    assert_eq!((&answer["decision"], scenario.times()), (&json!(false), 1));
}

#[tokio::test]
async fn method_path_and_edge_decide_which_exchanges_are_meant() {
    let bench = Bench::new().await;
    for (place, is_meant) in [
        ("a -> b", true),
        ("a → b GET", true),
        ("a -> b POST", false),
        ("a -> b /json", true),
        ("a -> b /js*n", true),
        ("a -> b GET /*", true),
        ("a -> b /jso", false),
        ("a -> c", false),
        ("b -> a", false),
        ("a -> b event atelier.purchase.completed", false),
    ] {
        let mut scenario = bench.scenario();
        scenario.arm(&format!("{place}: status 403"));
        assert_eq!(scenario.get("/json?q=1").await.status() == 403, is_meant, "{place}");
        assert_eq!(scenario.times(), u32::from(is_meant), "{place}");
    }
}

#[tokio::test]
async fn events_are_known_by_type_in_every_content_mode() {
    let bench = Bench::new().await;
    let mut scenario = bench.scenario();
    scenario.arm("a -> b event access.changed: status 403");
    let changed = json!({"specversion": "1.0", "type": "access.changed"});
    let binary = scenario.request("POST", "/echo").header("ce-type", "access.changed");
    let structured = scenario.request("POST", "/echo").json(&changed);
    let batched = scenario.request("POST", "/echo").json(&json!([{"type": "other"}, changed]));
    let other = scenario.request("POST", "/echo").json(&json!({"type": "access.changed.not"}));
    for (request, status) in [(binary, 403), (structured, 403), (batched, 403), (other, 200)] {
        assert_eq!(request.send().await.unwrap().status(), status);
    }
}

#[tokio::test]
async fn several_disturbances_of_one_exchange_all_fire_and_the_first_armed_is_outermost() {
    let bench = Bench::new().await;
    let mut scenario = bench.scenario();
    scenario.arm("a -> b: status 418");
    scenario.arm("a -> b: abort 503");
    scenario.arm("a -> b: drop");
    assert_eq!(scenario.get("/json").await.status(), 418);
    let times: Vec<u32> = bench.board.fired(scenario.trace).iter().map(|fired| fired.times).collect();
    assert_eq!(times, [1, 1, 0], "what lies behind an abort is never met");
    assert_eq!(scenario.exchanges()[0].faults, ["a -> b: abort 503", "a -> b: status 418"]);
}

#[tokio::test]
async fn a_body_too_large_to_hold_passes_undisturbed_and_the_fault_says_why() {
    let bench =
        Bench::before(axum::Router::new().fallback(axum::routing::any(async |request: axum::extract::Request| {
            axum::body::Body::new(request.into_body())
        })))
        .await;
    let mut scenario = bench.scenario();
    scenario.arm("a -> b: strip header X-Own");
    let body = vec![7; 33 << 20];
    let answer = scenario.request("POST", "/").header("x-own", "1").body(body.clone()).send().await.unwrap();
    assert!(answer.bytes().await.unwrap() == body);
    let fired = scenario.fired();
    assert_eq!((fired.times, fired.missed.as_deref()), (0, Some("a request was larger than 32 MiB")));
    assert_eq!(scenario.exchanges()[0].request.body.size, 33 << 20);
}
