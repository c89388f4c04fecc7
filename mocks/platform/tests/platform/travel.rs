//! What has to travel along the whole path does, on every hop.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;

use crate::world::{Way, World, terms};

#[tokio::test]
async fn trace_baggage_session_and_credential_reach_every_service_that_needs_them() {
    // One way to each neighbour, whoever calls it.
    let mut ways: BTreeMap<&str, (Arc<Way>, String)> = BTreeMap::new();
    for name in ["billing", "entitlement", "generation", "worker", "flags"] {
        ways.insert(name, Way::open().await);
    }
    let world = World::with(|_, settings| {
        for (name, (way, address)) in &ways {
            let target = settings.neighbours.insert((*name).into(), address.clone()).unwrap();
            *way.target.lock().unwrap() = target;
        }
    })
    .await;
    let (owner, buyer) = (world.member(0).await, world.member(200).await);
    let version = world.version(&owner, terms()).await;
    let quote = world.quote(&buyer, &version, "generation").await.ok(201);
    for (way, _) in ways.values() {
        way.passed.lock().unwrap().clear();
    }

    let trace = "00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb-01";
    let baggage = "scenario=42,atelier.clock=+10";
    let buy = world.post("/v1/purchases", &buyer).fresh_key().trace(trace).header("baggage", baggage);
    buy.json(json!({"quote": quote["id"]})).send().await.ok(201);
    let access = || async {
        let path = format!("/v1/versions/{version}/access");
        world.get(&path, &buyer).trace(trace).header("baggage", baggage).send().await.ok(200)
    };
    let credential = world.until(access, |access| access["credential"].is_string()).await["credential"].clone();
    let credential = credential.as_str().unwrap();
    let job = world.job(&buyer, &version, credential).trace(trace).header("baggage", baggage).send().await.ok(202);
    let path = format!("/v1/jobs/{}", job["id"].as_str().unwrap());
    let job = || async { world.get(&path, &buyer).trace(trace).header("baggage", baggage).send().await.ok(200) };
    world.until(job, |job| job["status"] == "succeeded").await;
    let changed =
        || async { ways["generation"].0.passed.lock().unwrap().iter().any(|(path, ..)| path == "/v1/events") };
    world.until(changed, |changed| *changed).await;

    for (name, (way, _)) in &ways {
        let passed = way.passed.lock().unwrap();
        assert!(!passed.is_empty(), "nothing went to {name}");
        for (path, headers, body) in &*passed {
            assert_eq!(headers["traceparent"], trace, "{name} {path}");
            assert_eq!(headers["baggage"], baggage, "{name} {path}");
            let outside = matches!(*name, "worker" | "flags");
            let event = path == "/v1/events";
            let bearer = format!("Bearer {buyer}");
            let session = headers.get("authorization").map(|value| value.to_str().unwrap());
            let back = path.ends_with("/refunds");
            assert_eq!(session, (!outside && !event && !back).then_some(bearer.as_str()), "{name} {path}");
            assert_eq!(headers.contains_key("service-token"), !outside, "{name} {path}");
            if event {
                assert_eq!((&body["traceparent"], &body["baggage"]), (&json!(trace), &json!(baggage)));
                assert_eq!(headers["content-type"], "application/cloudevents+json");
            }
            if path == "/access/v1/evaluation" || (*name == "generation" && path == "/v1/jobs") {
                assert_eq!(headers["purchase-credential"], credential, "{name} {path}");
            }
        }
    }
}

#[tokio::test]
async fn a_clock_that_is_ahead_makes_nobody_forget_what_another_was_allowed() {
    let (way, address) = Way::open().await;
    let world = World::with(|_, settings| {
        if let Some(entitlement) = settings.neighbours.insert("entitlement".into(), address.clone()) {
            *way.target.lock().unwrap() = entitlement;
        }
    })
    .await;
    let (owner, buyer, other) = (world.member(0).await, world.member(200).await, world.member(50).await);
    let version = world.version(&owner, terms()).await;
    world.buy(&buyer, &version, "generation").await;
    let access = || world.access(&buyer, &version);
    let access = world.until(access, |access| access["credential"].is_string()).await;
    let credential = access["credential"].as_str().unwrap();
    // With this a yes is remembered for much longer than the test can take.
    let job = |number: u8| {
        let trace = format!("00-{}-b7ad6b7169203331-01", format!("{number:02x}").repeat(16));
        let call = world.job(&buyer, &version, credential).trace(&trace);
        call.header("baggage", "atelier.defect=gen.no-bust").send()
    };
    job(1).await.ok(202);
    let when_early_access_is_over = 8.0 * 86_400.0;
    let trace = "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    world.job(&other, &version, "").trace(trace).later(when_early_access_is_over).send().await.ok(202);
    way.passed.lock().unwrap().clear();
    job(2).await.ok(202);
    let asked = way.passed.lock().unwrap().iter().any(|(path, headers, body)| {
        let trace = headers["traceparent"].to_str().unwrap();
        path == "/access/v1/evaluation" && trace.starts_with("00-0202") && body["context"]["use"].is_null()
    });
    assert!(!asked, "what was allowed a moment ago is remembered");
}
