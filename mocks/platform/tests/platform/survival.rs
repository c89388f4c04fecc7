//! What was acknowledged is still there after a service has died, and what was begun comes to an end.

use atelier::ServiceName;
use serde_json::json;

use crate::world::{Mood, World, terms};

#[tokio::test]
async fn money_offers_and_grants_outlive_their_services() {
    let mut world = World::new().await;
    let (owner, buyer) = (world.member(0).await, world.member(200).await);
    let version = world.version(&owner, terms()).await;
    let (purchase, credential) = world.buy(&buyer, &version, "generation").await;
    for name in ServiceName::ALL {
        world.down(name).await;
        world.up(name).await;
    }
    assert_eq!(world.balance(&buyer).await, 150);
    assert_eq!(world.access(&buyer, &version).await["generate"], true);
    let purchases = world.get("/v1/purchases", &buyer).send().await.ok(200);
    assert_eq!(purchases["purchases"][0]["id"], json!(purchase));
    let job = world.job(&buyer, &version, &credential).send().await.ok(202);
    assert_eq!(world.ended(&buyer, job["id"].as_str().unwrap()).await["status"], "succeeded");
}

#[tokio::test]
async fn a_purchase_event_outlives_both_its_sender_and_its_receiver() {
    let mut world = World::new().await;
    let (owner, buyer) = (world.member(0).await, world.member(200).await);
    let version = world.version(&owner, terms()).await;
    let quote = world.quote(&buyer, &version, "generation").await.ok(201);
    world.down(ServiceName::Entitlement).await;
    let body = json!({"quote": quote["id"]});
    world.post("/v1/purchases", &buyer).fresh_key().json(body).send().await.ok(201);
    world.down(ServiceName::Billing).await;
    world.up(ServiceName::Entitlement).await;
    assert_eq!(world.access(&buyer, &version).await["generate"], false);
    world.up(ServiceName::Billing).await;
    world.until(|| world.access(&buyer, &version), |access| access["generate"] == true).await;
}

#[tokio::test]
async fn a_job_is_taken_up_where_generation_left_it() {
    let mut world = World::new().await;
    let (owner, buyer) = (world.member(0).await, world.member(200).await);
    let version = world.version(&owner, terms()).await;
    let (_, credential) = world.buy(&buyer, &version, "generation").await;
    *world.outside.mood.lock().unwrap() = Mood::Slow;
    let job = world.job(&buyer, &version, &credential).send().await.ok(202)["id"].as_str().unwrap().to_owned();
    let show = || async { world.get(&format!("/v1/jobs/{job}"), &buyer).send().await.ok(200) };
    world.until(show, |job| job["status"] == "processing").await;
    world.down(ServiceName::Generation).await;
    *world.outside.mood.lock().unwrap() = Mood::Good;
    world.up(ServiceName::Generation).await;
    let ended = world.ended(&buyer, &job).await;
    assert_eq!(ended["status"], "succeeded");
    assert_eq!(ended["history"].as_array().unwrap().len(), 5, "{ended}");
    assert_eq!(world.balance(&buyer).await, 145);
}

#[tokio::test]
async fn a_charge_for_a_job_that_never_came_to_be_is_given_back() {
    let mut world = World::new().await;
    let (owner, buyer) = (world.member(0).await, world.member(200).await);
    let version = world.version(&owner, terms()).await;
    let (_, credential) = world.buy(&buyer, &version, "generation").await;
    let mut generation = world.as_process(ServiceName::Generation).await;
    // The moment between the charge and the job, held open: nothing can be written into `jobs`.
    let mut admin = world.database().await;
    let mut hold = sqlx::Connection::begin(&mut admin).await.unwrap();
    sqlx::raw_sql("LOCK TABLE generation.jobs IN SHARE MODE").execute(&mut *hold).await.unwrap();
    let submit = world.job(&buyer, &version, &credential).header("idempotency-key", "k").send();
    let submitted = tokio::time::timeout(std::time::Duration::from_secs(2), submit).await;
    assert!(submitted.is_err(), "{submitted:?}");
    assert_eq!(world.balance(&buyer).await, 145);
    generation.kill().unwrap();
    generation.wait().unwrap();
    hold.rollback().await.unwrap();
    world.up(ServiceName::Generation).await;
    world.until(|| world.balance(&buyer), |balance| *balance == 150).await;
    let jobs = world.get("/v1/jobs", &buyer).send().await.ok(200);
    assert_eq!(jobs["jobs"], json!([]));
}
