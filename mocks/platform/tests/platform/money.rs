//! Buying once, giving back once, and never more than there is.

use std::sync::Arc;

use crate::world::{World, terms};
use serde_json::json;
use tokio::task::JoinSet;

#[tokio::test]
async fn a_repeated_purchase_gets_the_stored_answer_and_another_body_is_refused() {
    let world = World::new().await;
    let (owner, buyer) = (world.member(0).await, world.member(200).await);
    let version = world.version(&owner, terms()).await;
    let quote = world.quote(&buyer, &version, "generation").await.ok(201);
    let buy = |quote: serde_json::Value| {
        world.post("/v1/purchases", &buyer).header("idempotency-key", "once").json(json!({"quote": quote})).send()
    };
    let first = buy(quote["id"].clone()).await;
    assert!(!first.headers.contains_key("idempotent-replayed"));
    let again = buy(quote["id"].clone()).await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(first.ok(201), again.ok(201));
    assert_eq!(buy(json!("quo_other")).await.code(), "idempotency-key-reused");
    assert_eq!(world.balance(&buyer).await, 150);
}

#[tokio::test]
async fn twenty_clicks_at_once_buy_once() {
    let world = Arc::new(World::new().await);
    let (owner, buyer) = (world.member(0).await, world.member(500).await);
    let version = world.version(&owner, terms()).await;
    let quote = world.quote(&buyer, &version, "generation").await.ok(201);
    let mut clicks = JoinSet::new();
    for _ in 0..20 {
        let (world, buyer, quote) = (world.clone(), buyer.clone(), quote["id"].clone());
        clicks.spawn(async move {
            world.post("/v1/purchases", &buyer).fresh_key().json(json!({"quote": quote})).send().await
        });
    }
    let replies = clicks.join_all().await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
    for reply in replies.iter().filter(|reply| reply.status != 201) {
        assert_eq!(reply.code(), "already-purchased");
    }
    assert_eq!(world.balance(&buyer).await, 450);
}

#[tokio::test]
async fn parallel_spending_stops_at_zero() {
    let world = Arc::new(World::new().await);
    let (owner, buyer) = (world.member(0).await, world.member(120).await);
    let mut purchases = JoinSet::new();
    for _ in 0..6 {
        let version = world.version(&owner, terms()).await;
        let quote = world.quote(&buyer, &version, "generation").await.ok(201)["id"].clone();
        let (world, buyer) = (world.clone(), buyer.clone());
        purchases.spawn(async move {
            world.post("/v1/purchases", &buyer).fresh_key().json(json!({"quote": quote})).send().await
        });
    }
    let replies = purchases.join_all().await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 2);
    for reply in replies.iter().filter(|reply| reply.status != 201) {
        assert_eq!(reply.code(), "insufficient-funds");
    }
    assert_eq!(world.balance(&buyer).await, 20);
}

#[tokio::test]
async fn a_full_refund_revokes_once_and_a_part_of_it_does_not() {
    let world = World::new().await;
    let (owner, buyer) = (world.member(0).await, world.member(200).await);
    let version = world.version(&owner, terms()).await;
    let (purchase, credential) = world.buy(&buyer, &version, "generation").await;
    let path = format!("/v1/purchases/{purchase}/refund");
    let refund = |key: &'static str, body: serde_json::Value| {
        world.post(&path, &world.moderator).header("idempotency-key", key).json(body).send()
    };
    assert_eq!(world.post(&path, &buyer).fresh_key().send().await.code(), "forbidden");
    assert_eq!(refund("a", json!({"amount": 51})).await.code(), "refund-too-large");
    refund("b", json!({"amount": 20})).await.ok(201);
    refund("b", json!({"amount": 20})).await.ok(201);
    assert_eq!(world.balance(&buyer).await, 170);
    assert_eq!(world.access(&buyer, &version).await["generate"], true);

    assert_eq!(refund("c", json!({})).await.ok(201)["amount"], 30);
    assert_eq!(world.balance(&buyer).await, 200);
    assert_eq!(refund("d", json!({})).await.code(), "already-refunded");
    world.until(|| world.access(&buyer, &version), |access| access["reason"] == "access-revoked").await;
    let refused = world.until(|| world.job(&buyer, &version, &credential).send(), |reply| reply.status == 403).await;
    assert_eq!(refused.code(), "access-revoked");
    // What was given back can be bought again.
    world.buy(&buyer, &version, "generation").await;
}

#[tokio::test]
async fn the_download_includes_generating_and_not_the_other_way_round() {
    let world = World::new().await;
    let (owner, buyer) = (world.member(0).await, world.member(500).await);
    let version = world.version(&owner, terms()).await;
    let path = format!("/v1/versions/{version}/download");
    assert_eq!(world.get(&path, "").send().await.code(), "signed-out");
    assert_eq!(world.get(&path, &buyer).send().await.code(), "download-not-purchased");
    world.buy(&buyer, &version, "generation").await;
    assert_eq!(world.get(&path, &buyer).send().await.code(), "download-not-purchased");
    world.buy(&buyer, &version, "download").await;
    let download = || world.get(&path, &buyer).send();
    let reply = world.until(download, |reply| reply.status == 200).await;
    assert_eq!(reply.bytes.len(), 1024);
    assert_eq!(world.quote(&buyer, &version, "generation").await.code(), "already-purchased");
    let other = world.version(&owner, terms()).await;
    assert_eq!(world.access(&buyer, &other).await["reason"], "purchase-required");
}
