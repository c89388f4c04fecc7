//! Jobs: done once, ended always, and given back where nothing came of them.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use atelier::ServiceName;
use serde_json::json;

use crate::world::{ADMIN, Mood, Way, World};

/// A world with a version that everybody may use, and a member with money.
async fn public(world: &World) -> (String, String) {
    let (owner, member) = (world.member(0).await, world.member(100).await);
    (world.version(&owner, json!(null)).await, member)
}

#[tokio::test]
async fn a_job_without_images_is_given_back_once() {
    for (mood, tries) in [(Mood::Broken, 2), (Mood::Empty, 1), (Mood::TooSmall, 1)] {
        let world = World::new().await;
        let (version, member) = public(&world).await;
        *world.outside.mood.lock().unwrap() = mood;
        let job = world.job(&member, &version, "").send().await.ok(202);
        let job = world.ended(&member, job["id"].as_str().unwrap()).await;
        assert_eq!((&job["status"], &job["refunded"]), (&json!("failed"), &json!(5)));
        assert_eq!(job["failure"]["code"], "worker-unavailable");
        assert_eq!(world.outside.renders.load(Ordering::SeqCst), tries);
        assert_eq!(world.balance(&member).await, 100);
        assert_eq!(world.get("/v1/ledger", &world.moderator).send().await.ok(200)["sum"], 0);
    }
}

#[tokio::test]
async fn a_worker_that_fails_once_gets_a_second_chance() {
    let world = World::new().await;
    let (version, member) = public(&world).await;
    *world.outside.mood.lock().unwrap() = Mood::BrokenOnce;
    let job = world.job(&member, &version, "").send().await.ok(202);
    assert_eq!(world.ended(&member, job["id"].as_str().unwrap()).await["status"], "succeeded");
    assert_eq!(world.balance(&member).await, 95);
}

/// A world in which generation's answers from billing can get lost.
async fn with_a_way_to_billing() -> (World, Arc<Way>) {
    let (way, address) = Way::open().await;
    let world = World::with(|name, settings| {
        if name == ServiceName::Generation {
            *way.target.lock().unwrap() = settings.neighbours.insert("billing".into(), address.clone()).unwrap();
        }
    })
    .await;
    (world, way)
}

#[tokio::test]
async fn a_refund_is_repeated_until_billing_has_taken_it_and_counts_once() {
    let (world, way) = with_a_way_to_billing().await;
    let (version, member) = public(&world).await;
    *world.outside.mood.lock().unwrap() = Mood::Broken;
    way.losses.lock().unwrap().insert("/refunds", 3);
    let job = world.job(&member, &version, "").send().await.ok(202);
    assert_eq!(world.ended(&member, job["id"].as_str().unwrap()).await["refunded"], 5);
    assert_eq!(way.passed.lock().unwrap().iter().filter(|(path, ..)| path.ends_with("/refunds")).count(), 4);
    assert_eq!(world.balance(&member).await, 100);
}

#[tokio::test]
async fn a_refund_that_somebody_else_has_paid_is_not_asked_for_again() {
    let (way, address) = Way::open().await;
    let world = World::with(|name, settings| {
        settings.render_timeout = Duration::from_millis(500);
        if name == ServiceName::Generation {
            *way.target.lock().unwrap() = settings.neighbours.insert("billing".into(), address.clone()).unwrap();
        }
    })
    .await;
    let (version, member) = public(&world).await;
    *world.outside.mood.lock().unwrap() = Mood::Slow;
    let job = world.job(&member, &version, "").send().await.ok(202)["id"].clone();
    let to_billing = |path: &str, key: &str, body: serde_json::Value| {
        let call = world.call_to(ServiceName::Billing, reqwest::Method::POST, path, &member);
        call.header("service-token", ADMIN).header("idempotency-key", key).json(body).send()
    };
    let charge = to_billing("/v1/charges", job.as_str().unwrap(), json!({"job": job, "amount": 5})).await.ok(201);
    let refunds = format!("/v1/charges/{}/refunds", charge["id"].as_str().unwrap());
    to_billing(&refunds, "another", json!({"amount": 5, "reason": "goodwill"})).await.ok(201);
    assert_eq!(world.balance(&member).await, 100);

    let asked = || async { way.passed.lock().unwrap().iter().filter(|(path, ..)| *path == refunds).count() };
    world.until(asked, |times| *times == 1).await;
    // Somebody else's failed job makes generation go through everything that it owes.
    *world.outside.mood.lock().unwrap() = Mood::Broken;
    let other = world.member(100).await;
    let next = world.job(&other, &version, "").send().await.ok(202);
    world.ended(&other, next["id"].as_str().unwrap()).await;
    assert_eq!(asked().await, 1);
    assert_eq!(world.balance(&member).await, 100);
}

#[tokio::test]
async fn a_charge_whose_answer_got_lost_comes_back() {
    let (world, way) = with_a_way_to_billing().await;
    let (version, member) = public(&world).await;
    way.losses.lock().unwrap().insert("/v1/charges", 2);
    assert_eq!(world.job(&member, &version, "").send().await.code(), "billing-unavailable");
    world.until(|| world.balance(&member), |balance| *balance == 100).await;
    let charged =
        || async { world.get("/v1/wallet/entries", &member).send().await.ok(200)["entries"].as_array().unwrap().len() };
    world.until(charged, |entries| *entries == 3).await;
    assert_eq!(world.balance(&member).await, 100);
    assert_eq!(world.get("/v1/jobs", &member).send().await.ok(200), json!({"jobs": []}));
}

#[tokio::test]
async fn a_job_that_takes_too_long_expires_by_the_clock_of_its_trace() {
    let world = World::new().await;
    let (version, member) = public(&world).await;
    *world.outside.mood.lock().unwrap() = Mood::Slow;
    let job = world.job(&member, &version, "").send().await.ok(202);
    let path = format!("/v1/jobs/{}", job["id"].as_str().unwrap());
    world.until(|| world.get(&path, &member).send(), |reply| reply.body["status"] == "processing").await;
    let cancel = world.post(&format!("{path}/cancel"), &member).send().await;
    assert_eq!(cancel.code(), "job-finished");
    world.get(&path, &member).later(60.0).send().await.ok(200);
    let job = world.ended(&member, job["id"].as_str().unwrap()).await;
    assert_eq!((&job["status"], &job["refunded"]), (&json!("expired"), &json!(5)));
}

#[tokio::test]
async fn one_key_is_one_job_and_a_fifth_unfinished_job_is_refused() {
    let world = World::with(|_, settings| settings.render_timeout = Duration::from_millis(700)).await;
    let (version, member) = public(&world).await;
    *world.outside.mood.lock().unwrap() = Mood::Slow;
    let body = json!({"resources": [{"version": version}], "prompt": "a fox"});
    let submit = |body| world.post("/v1/jobs", &member).header("idempotency-key", "same").json(body).send();
    let first = submit(body.clone()).await.ok(202);
    let again = submit(body.clone()).await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.ok(202)["id"], first["id"]);
    let other = json!({"resources": [{"version": version}], "prompt": "an ox"});
    assert_eq!(submit(other).await.code(), "idempotency-key-reused");
    for _ in 0..3 {
        world.job(&member, &version, "").send().await.ok(202);
    }
    assert_eq!(world.job(&member, &version, "").send().await.code(), "queue-full");
    assert_eq!(world.balance(&member).await, 80);
    let jobs = world.get("/v1/jobs", &member).send().await.ok(200);
    for job in jobs["jobs"].as_array().unwrap() {
        assert_eq!(world.ended(&member, job["id"].as_str().unwrap()).await["failure"]["code"], "worker-unavailable");
    }
    assert_eq!(world.balance(&member).await, 100);
    world.job(&member, &version, "").send().await.ok(202);
}

#[tokio::test]
async fn nobody_sees_or_stops_the_job_of_somebody_else() {
    let world = World::new().await;
    let (version, member) = public(&world).await;
    let stranger = world.member(0).await;
    let job = world.job(&member, &version, "").send().await.ok(202);
    let path = format!("/v1/jobs/{}", job["id"].as_str().unwrap());
    let job = world.ended(&member, job["id"].as_str().unwrap()).await;
    let image = job["images"][0]["url"].as_str().unwrap();
    assert_eq!(world.get(&path, &stranger).send().await.code(), "not-found");
    assert_eq!(world.post(&format!("{path}/cancel"), &stranger).send().await.code(), "not-found");
    assert_eq!(world.get(image, &stranger).send().await.code(), "not-found");
    assert_eq!(world.get(image, "").send().await.code(), "signed-out");
    assert_eq!(world.get("/v1/jobs", &stranger).send().await.ok(200), json!({"jobs": []}));
}

#[tokio::test]
async fn without_money_or_billing_there_is_no_job() {
    let world = World::new().await;
    let (version, _) = public(&world).await;
    let poor = world.member(0).await;
    assert_eq!(world.job(&poor, &version, "").send().await.code(), "insufficient-funds");
    world.down(ServiceName::Billing).await;
    assert_eq!(world.job(&poor, &version, "").send().await.code(), "billing-unavailable");
    world.down(ServiceName::Generation).await;
    assert_eq!(world.job(&poor, &version, "").send().await.code(), "generation-unavailable");
}
