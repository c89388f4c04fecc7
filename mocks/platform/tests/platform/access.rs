//! Who may, until when, and what nobody can talk entitlement into.

use std::sync::atomic::Ordering;

use atelier::{ServiceName, Time, webhook_headers};
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{EVENT_KEY, Reply, World, in_days, terms};

const DAY: f64 = 86_400.0;

#[tokio::test]
async fn access_for_some_days_ends_when_they_are_over() {
    let world = World::new().await;
    let (owner, buyer) = (world.member(0).await, world.member(200).await);
    let offer = json!({"ends_at": in_days(30), "generation": {"price": 50}, "access_days": 2});
    let version = world.version(&owner, offer).await;
    let (_, credential) = world.buy(&buyer, &version, "generation").await;
    let at = |seconds| {
        let path = format!("/v1/versions/{version}/access");
        let (world, buyer) = (&world, &buyer);
        async move { world.get(&path, buyer).later(seconds).send().await.ok(200) }
    };
    assert_eq!(at(2.0 * DAY - 20.0).await["generate"], true);
    assert_eq!(at(2.0 * DAY).await["reason"], "access-expired");
    let late = world.job(&buyer, &version, &credential).later(2.0 * DAY).send().await;
    assert_eq!(late.code(), "access-expired");
    // What is over can be bought again.
    let quote = json!({"version": version, "right": "generation"});
    world.post("/v1/quotes", &buyer).later(3.0 * DAY).json(quote).send().await.ok(201);
}

#[tokio::test]
async fn after_early_access_everybody_may() {
    let world = World::new().await;
    let (owner, stranger) = (world.member(0).await, world.member(50).await);
    let version = world.version(&owner, terms()).await;
    let path = format!("/v1/versions/{version}/access");
    assert_eq!(world.get(&path, "").send().await.ok(200)["reason"], "signed-out");
    assert_eq!(world.access(&owner, &version).await["basis"], "owner");
    assert_eq!(world.access(&world.moderator, &version).await["basis"], "moderator");
    assert_eq!(world.get(&path, "").later(8.0 * DAY).send().await.ok(200)["basis"], "public");
    let shown = world.get(&format!("/v1/versions/{version}"), "").later(8.0 * DAY).send().await.ok(200);
    assert_eq!(shown["early_access"], Value::Null);
    let trace = "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let job = world.job(&stranger, &version, "").trace(trace).later(8.0 * DAY).send().await.ok(202);
    // The job runs in the time of its trace, in which early access is over.
    let ended = world.ended(&stranger, job["id"].as_str().unwrap()).await;
    assert_eq!(ended["status"], "succeeded");
}

#[tokio::test]
async fn a_job_that_cannot_be_paid_uses_no_trial_up() {
    let world = World::new().await;
    let (owner, member) = (world.member(0).await, world.member(0).await);
    let version = world.version(&owner, terms()).await;
    let body = json!({"version": version});
    let trial = world.post("/v1/trials", &member).json(body).send().await.ok(201);
    let credential = trial["credential"].as_str().unwrap();
    assert_eq!(world.job(&member, &version, credential).send().await.code(), "insufficient-funds");
    assert_eq!(world.access(&member, &version).await["grant"]["uses_left"], 1);
    let body = json!({"amount": 10, "card": "ok"});
    world.post("/v1/wallet/top-ups", &member).fresh_key().json(body).send().await.ok(201);
    world.job(&member, &version, credential).send().await.ok(202);
    assert_eq!(world.job(&member, &version, credential).send().await.code(), "trial-exhausted");
    assert_eq!(world.balance(&member).await, 5);
}

#[tokio::test]
async fn of_two_jobs_at_once_the_last_use_of_a_trial_is_for_one_and_the_other_costs_nothing() {
    let world = World::new().await;
    let (owner, member) = (world.member(0).await, world.member(100).await);
    let version = world.version(&owner, terms()).await;
    let trial = world.post("/v1/trials", &member).json(json!({"version": version})).send().await.ok(201);
    let credential = trial["credential"].as_str().unwrap();
    let job = || world.job(&member, &version, credential).send();
    let (one, other) = tokio::join!(job(), job());
    let (taken, refused) = if one.status == 202 { (one, other) } else { (other, one) };
    taken.ok(202);
    assert_eq!(refused.code(), "trial-exhausted");
    world.until(|| world.balance(&member), |balance| *balance == 95).await;
}

#[tokio::test]
async fn a_trial_counts_each_job_once_and_then_is_used_up() {
    let world = World::new().await;
    let (owner, member) = (world.member(0).await, world.member(50).await);
    let version = world.version(&owner, terms()).await;
    let body = json!({"version": version});
    let trial = world.post("/v1/trials", &member).json(body.clone()).send().await.ok(201);
    assert_eq!(trial["uses_left"], 1);
    let credential = world.access(&member, &version).await["credential"].as_str().unwrap().to_owned();
    let job = world.job(&member, &version, &credential).send().await.ok(202);
    assert_eq!(world.ended(&member, job["id"].as_str().unwrap()).await["status"], "succeeded");
    assert_eq!(world.job(&member, &version, &credential).send().await.code(), "trial-exhausted");
    assert_eq!(world.access(&member, &version).await["reason"], "trial-exhausted");
    assert_eq!(world.post("/v1/trials", &member).json(body).send().await.ok(201)["uses_left"], 0);
    assert_eq!(world.balance(&member).await, 45);
    let without = world.version(&owner, json!({"ends_at": in_days(1), "generation": {"price": 5}})).await;
    assert_eq!(
        world.post("/v1/trials", &member).json(json!({"version": without})).send().await.code(),
        "trial-unavailable"
    );
}

#[tokio::test]
async fn a_credential_works_for_its_buyer_only() {
    let world = World::new().await;
    let (owner, buyer, thief) = (world.member(0).await, world.member(200).await, world.member(200).await);
    let version = world.version(&owner, terms()).await;
    let (_, credential) = world.buy(&buyer, &version, "generation").await;
    assert_eq!(world.job(&thief, &version, &credential).send().await.code(), "credential-foreign");
    assert_eq!(world.job(&thief, &version, "").send().await.code(), "purchase-required");
    assert_eq!(world.job(&buyer, &version, "").send().await.code(), "purchase-required");
    assert_eq!(world.job(&buyer, &version, &format!("{credential}x")).send().await.code(), "credential-invalid");
    // Bought as well, and still not with the other's.
    let (_, own) = world.buy(&thief, &version, "generation").await;
    assert_eq!(world.job(&thief, &version, &credential).send().await.code(), "credential-foreign");
    world.job(&thief, &version, &own).send().await.ok(202);
    assert_eq!(world.balance(&buyer).await, 150);
}

/// Sends an event to entitlement, as billing would.
async fn tell(world: &World, key: &str, sequence: u64, r#type: &str, data: Value) -> Reply {
    let subject = format!("{}/{}", data["member"].as_str().unwrap(), data["version"].as_str().unwrap());
    let id = format!("evt_{sequence}");
    let now = Time::wall();
    let body = json!({
        "specversion": "1.0", "id": id, "source": "urn:atelier:billing", "type": r#type, "subject": subject, "time": now,
        "datacontenttype": "application/json", "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "sequence": format!("{sequence:012}"), "somethingelse": "is let pass", "data": data,
    })
    .to_string();
    let mut call = world.call_to(ServiceName::Entitlement, Method::POST, "/v1/events", "");
    for (name, value) in webhook_headers(key, &id, now, &body) {
        call = call.header(name, &value);
    }
    call.raw(body).send().await
}

async fn id_of(world: &World, member: &str) -> String {
    world.get("/v1/me", member).send().await.ok(200)["id"].as_str().unwrap().to_owned()
}

/// Every order of so many things, by their places.
fn orders(things: u64) -> Vec<Vec<u64>> {
    let Some(last) = things.checked_sub(1) else { return vec![Vec::new()] };
    let with_last =
        |order: Vec<u64>| (0..=order.len()).map(move |place| [&order[..place], &[last], &order[place..]].concat());
    orders(last).into_iter().flat_map(with_last).collect()
}

#[tokio::test]
async fn five_events_lead_to_the_same_end_in_each_of_their_120_orders_and_however_often_they_come() {
    let world = World::new().await;
    let owner = world.member(0).await;
    let version = world.version(&owner, terms()).await;
    let orders = orders(5);
    assert_eq!(orders.len(), 120);
    for (number, order) in (1_u64..).zip(orders) {
        let session = world.member(0).await;
        let member = id_of(&world, &session).await;
        // Bought, given back in part and then wholly; bought again, and a part of it given back.
        let history =
            [("first", None), ("first", Some(false)), ("first", Some(true)), ("second", None), ("second", Some(false))];
        let mut accepted = Vec::new();
        for event in order.iter().chain(order.iter().rev()) {
            let (purchase, refund) = history[usize::try_from(*event).unwrap()];
            let mut data =
                json!({"purchase": format!("pur_{number}_{purchase}"), "member": member, "version": version});
            let (field, value, r#type) = match refund {
                None => ("rights", json!(["generate"]), "atelier.purchase.completed"),
                Some(full) => ("full", json!(full), "atelier.purchase.refunded"),
            };
            data[field] = value;
            let receipt = tell(&world, EVENT_KEY, number * 10 + event, r#type, data).await.ok(202);
            accepted.push(receipt["accepted"] == true);
        }
        assert_eq!(accepted, [[true; 5], [false; 5]].concat(), "{order:?}");
        let access = world.access(&session, &version).await;
        assert_eq!((&access["generate"], &access["basis"]), (&json!(true), &json!("purchase")), "{order:?}");
        world.job(&session, &version, access["credential"].as_str().unwrap()).send().await.ok(402);
    }
}

#[tokio::test]
async fn an_event_that_is_forged_stale_or_cut_changes_nothing() {
    let world = World::new().await;
    let (owner, member) = (world.member(0).await, world.member(0).await);
    let version = world.version(&owner, terms()).await;
    let id = id_of(&world, &member).await;
    let data = json!({"purchase": "pur_1", "member": id, "version": version, "rights": ["generate"]});
    let forged = tell(&world, "another-key", 1, "atelier.purchase.completed", data.clone()).await;
    assert_eq!(forged.code(), "event-unsigned");
    let unsigned = world.call_to(ServiceName::Entitlement, Method::POST, "/v1/events", "").json(json!({})).send().await;
    assert_eq!(unsigned.code(), "event-unsigned");
    let body = json!({"id": "evt_9"}).to_string();
    let mut stale = world.call_to(ServiceName::Entitlement, Method::POST, "/v1/events", "").later(301.0);
    for (name, value) in webhook_headers(EVENT_KEY, "evt_9", Time::wall(), &body) {
        stale = stale.header(name, &value);
    }
    assert_eq!(stale.raw(body).send().await.code(), "event-stale");
    let strange = tell(&world, EVENT_KEY, 2, "atelier.purchase.imagined", data).await;
    assert_eq!(strange.code(), "invalid-request");
    assert_eq!(world.access(&member, &version).await["reason"], "purchase-required");
}

#[tokio::test]
async fn while_entitlement_is_down_nobody_is_told_that_they_did_not_buy() {
    let mut world = World::new().await;
    let (owner, buyer) = (world.member(0).await, world.member(200).await);
    let version = world.version(&owner, terms()).await;
    let (_, credential) = world.buy(&buyer, &version, "generation").await;
    world.down(ServiceName::Entitlement).await;
    let access = world.get(&format!("/v1/versions/{version}/access"), &buyer).send().await;
    assert_eq!(access.code(), "entitlement-unavailable");
    let refused = world.job(&buyer, &version, &credential).send().await;
    assert_eq!(refused.code(), "entitlement-unavailable");
    assert!(refused.body["detail"].as_str().unwrap().contains("temporarily"));
    assert_eq!(world.balance(&buyer).await, 150);

    // A purchase meanwhile is not lost: its event is delivered as soon as somebody takes it.
    let quote = world.quote(&buyer, &version, "download").await.ok(201);
    world.post("/v1/purchases", &buyer).fresh_key().json(json!({"quote": quote["id"]})).send().await.ok(201);
    world.up(ServiceName::Entitlement).await;
    world.patch(&format!("/v1/versions/{version}"), &owner).json(json!({"status": "published"})).send().await.ok(200);
    world.until(|| world.access(&buyer, &version), |access| access["download"] == true).await;
}

#[tokio::test]
async fn flags_pause_sales_in_doubt_and_generation_only_for_certain() {
    let world = World::new().await;
    let (owner, buyer) = (world.member(0).await, world.member(500).await);
    let version = world.version(&owner, terms()).await;
    let (_, credential) = world.buy(&buyer, &version, "generation").await;

    world.outside.flags_up.store(false, Ordering::SeqCst);
    assert_eq!(world.quote(&buyer, &version, "download").await.code(), "sales-paused");
    world.job(&buyer, &version, &credential).send().await.ok(202);

    world.outside.flags_up.store(true, Ordering::SeqCst);
    let quote = world.quote(&buyer, &version, "download").await.ok(201);
    world.outside.generation.store(false, Ordering::SeqCst);
    assert_eq!(world.job(&buyer, &version, &credential).send().await.code(), "generation-paused");
    let purchase = world.post("/v1/purchases", &buyer).fresh_key().json(json!({"quote": quote["id"]})).send().await;
    assert_eq!(purchase.code(), "sales-paused");
    let flags = world.get("/v1/flags", "").send().await.ok(200);
    assert_eq!(flags, json!({"early-access-sales": false, "generation": false}));
}
