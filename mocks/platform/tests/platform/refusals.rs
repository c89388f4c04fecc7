//! Every refusal that no other test meets, each with its problem.

use atelier::ServiceName;
use reqwest::Method;
use serde_json::json;

use crate::world::{ADMIN, World, in_days, terms};

const DAY: f64 = 86_400.0;

#[tokio::test]
async fn what_is_not_a_request_is_refused_with_a_problem_by_every_service() {
    let world = World::new().await;
    let member = world.member(0).await;
    let paths = [
        (ServiceName::Storefront, "/v1/quotes"),
        (ServiceName::Billing, "/v1/purchases"),
        (ServiceName::Entitlement, "/v1/trials"),
        (ServiceName::Generation, "/v1/estimates"),
    ];
    for (service, path) in paths {
        let call = |method, path| world.call_to(service, method, path, &member).header("idempotency-key", "k");
        assert_eq!(call(Method::GET, "/healthz").send().await.ok(200)["service"], service.as_str());
        assert_eq!(call(Method::GET, "/nowhere").send().await.code(), "not-found");
        assert_eq!(call(Method::DELETE, path).send().await.code(), "method-not-allowed");
        assert_eq!(call(Method::POST, path).raw("{").send().await.code(), "malformed-body");
        assert_eq!(call(Method::POST, path).raw("[]").send().await.code(), "invalid-request");
        assert_eq!(call(Method::POST, path).json(json!({"price": 0})).send().await.code(), "invalid-request");
        assert_eq!(call(Method::POST, path).raw(vec![b' '; 1024 * 1024 + 1]).send().await.code(), "body-too-large");
    }
    assert_eq!(world.get("/v1/purchases/a%2Fb%3Fc", &member).send().await.code(), "not-found");
    let clock = world.get("/v1/me", &member).header("baggage", "atelier.clock=soon").send().await;
    assert_eq!(clock.code(), "invalid-request");
}

#[tokio::test]
async fn what_is_not_for_sale_is_not_sold() {
    let world = World::new().await;
    let (owner, buyer) = (world.member(0).await, world.member(10).await);
    let version = world.version(&owner, terms()).await;
    let code =
        async |member: &str, version: &str, right: &str| world.quote(member, version, right).await.code().to_owned();
    assert_eq!(code("", &version, "generation").await, "signed-out");
    assert_eq!(code("rubbish", &version, "generation").await, "signed-out");
    assert_eq!(code(&owner, &version, "generation").await, "own-model");
    assert_eq!(code(&buyer, "ver_none", "generation").await, "not-found");
    assert_eq!(code(&buyer, &version, "everything").await, "invalid-request");
    let free = world.version(&owner, json!(null)).await;
    assert_eq!(code(&buyer, &free, "generation").await, "not-for-sale");
    let half = world.version(&owner, json!({"ends_at": in_days(1), "generation": {"price": 5}})).await;
    assert_eq!(code(&buyer, &half, "download").await, "not-for-sale");
    let over = world.version(&owner, json!({"ends_at": in_days(-1), "generation": {"price": 5}})).await;
    assert_eq!(code(&buyer, &over, "generation").await, "early-access-ended");
    let path = format!("/v1/versions/{half}");
    assert_eq!(world.patch(&path, &buyer).json(json!({"status": "draft"})).send().await.code(), "forbidden");
    world.patch(&path, &owner).json(json!({"status": "draft"})).send().await.ok(200);
    assert_eq!(code(&buyer, &half, "generation").await, "not-published");

    let quote = world.quote(&buyer, &version, "generation").await.ok(201);
    let buy = |extra: serde_json::Value, key: bool, seconds: f64| {
        let mut body = json!({"quote": quote["id"]});
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let call = world.post("/v1/purchases", &buyer).later(seconds).json(body);
        if key { call.fresh_key().send() } else { call.send() }
    };
    assert_eq!(buy(json!({}), false, 0.0).await.code(), "idempotency-key-missing");
    assert_eq!(buy(json!({"amount": 0}), true, 0.0).await.code(), "invalid-request");
    assert_eq!(buy(json!({}), true, 0.0).await.code(), "insufficient-funds");
    assert_eq!(buy(json!({}), true, 901.0).await.code(), "quote-expired");
    assert_eq!(buy(json!({}), true, 8.0 * DAY).await.code(), "early-access-ended");
    assert_eq!(buy(json!({}), true, 91.0 * DAY).await.code(), "session-expired");
    let path = format!("/v1/versions/{version}");
    let dearer = json!({"early_access": {"ends_at": in_days(7), "generation": {"price": 9}}});
    world.patch(&path, &owner).json(dearer).send().await.ok(200);
    assert_eq!(buy(json!({}), true, 0.0).await.code(), "quote-changed");
    let ended = world.patch(&path, &owner).json(json!({"early_access": null})).send().await.ok(200);
    assert_eq!(ended["early_access"], json!(null));
    assert_eq!(code(&buyer, &version, "generation").await, "early-access-ended");
    let declined = json!({"amount": 5, "card": "declined"});
    assert_eq!(
        world.post("/v1/wallet/top-ups", &buyer).fresh_key().json(declined).send().await.code(),
        "payment-declined"
    );
    assert_eq!(world.balance(&buyer).await, 10);
}

#[tokio::test]
async fn a_member_gets_nowhere_on_routes_that_are_not_for_members() {
    let world = World::new().await;
    let member = world.member(100).await;
    let moderator = json!({"name": "Eve", "role": "moderator"});
    assert_eq!(world.post("/v1/members", "").json(moderator.clone()).send().await.code(), "signed-out");
    assert_eq!(world.post("/v1/members", &member).json(moderator).send().await.code(), "forbidden");
    assert_eq!(world.get("/v1/ledger", &member).send().await.code(), "forbidden");
    let gate = json!({"owner": "x", "status": "published", "ends_at": null, "generation": true, "download": true, "trial_uses": 9});
    let quote = json!({"version": "ver_1", "right": "download", "amount": 1, "owner": "x"});
    let internal = [
        (ServiceName::Entitlement, Method::PUT, "/v1/gates/ver_1", gate),
        (ServiceName::Billing, Method::POST, "/v1/quotes", quote),
        (ServiceName::Billing, Method::POST, "/v1/versions/ver_1/quotes/withdraw", json!({})),
        (ServiceName::Billing, Method::POST, "/v1/charges", json!({"job": "job_1", "amount": 1})),
        (ServiceName::Billing, Method::POST, "/v1/charges/chg_1/refunds", json!({"amount": 1, "reason": "x"})),
        (ServiceName::Billing, Method::POST, "/v1/purchases/pur_1/refunds", json!({})),
    ];
    for (service, method, path, body) in internal {
        let reply = world.call_to(service, method, path, &member).fresh_key().json(body).send().await;
        assert_eq!(reply.code(), "forbidden", "{path}");
    }
    assert_eq!(world.get("/v1/wallet", ADMIN).send().await.code(), "forbidden", "the administrator has no wallet");
}

#[tokio::test]
async fn somebody_elses_purchase_does_not_exist() {
    let world = World::new().await;
    let (owner, buyer, stranger) = (world.member(0).await, world.member(100).await, world.member(100).await);
    let version = world.version(&owner, terms()).await;
    let quote = world.quote(&buyer, &version, "generation").await.ok(201);
    let body = json!({"quote": quote["id"]});
    let stolen = world.post("/v1/purchases", &stranger).fresh_key().json(body).send().await;
    assert_eq!(stolen.code(), "not-found");
    let (purchase, _) = world.buy(&buyer, &version, "generation").await;
    let path = format!("/v1/purchases/{purchase}");
    assert_eq!(world.get(&path, &stranger).send().await.code(), "not-found");
    world.get(&path, &world.moderator).send().await.ok(200);
}
