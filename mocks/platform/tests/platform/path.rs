//! The whole path, as a member who pays walks it.

use crate::world::{World, terms};
use serde_json::json;

#[tokio::test]
async fn a_member_who_pays_gets_the_image() {
    let world = World::new().await;
    let (owner, buyer) = (world.member(0).await, world.member(200).await);
    let version = world.version(&owner, terms()).await;

    let shown = world.get(&format!("/v1/versions/{version}"), "").send().await.ok(200);
    assert_eq!(shown["early_access"]["generation"], json!({"price": 50, "trial_uses": 1}));
    assert_eq!(world.access(&buyer, &version).await["reason"], "purchase-required");

    let (purchase, credential) = world.buy(&buyer, &version, "generation").await;
    assert_eq!(world.balance(&buyer).await, 150);
    let access = world.access(&buyer, &version).await;
    assert_eq!(
        (&access["generate"], &access["download"], &access["basis"]),
        (&json!(true), &json!(false), &json!("purchase"))
    );

    let body = json!({"resources": [{"version": version, "strength": 0.8}], "quantity": 2});
    let estimate =
        world.post("/v1/estimates", &buyer).header("purchase-credential", &credential).json(body).send().await.ok(200);
    assert_eq!((&estimate["cost"], &estimate["ready"]), (&json!(10), &json!(true)));

    let body =
        json!({"resources": [{"version": version, "strength": 0.8}], "prompt": "a fox", "seed": 7, "quantity": 2});
    let call = world.post("/v1/jobs", &buyer).fresh_key().header("purchase-credential", &credential).json(body);
    let reply = call.send().await;
    let location = reply.headers["location"].to_str().unwrap().to_owned();
    let job = reply.ok(202);
    assert_eq!(location, format!("/v1/jobs/{}", job["id"].as_str().unwrap()));
    let job = world.ended(&buyer, job["id"].as_str().unwrap()).await;
    let states: Vec<_> =
        job["history"].as_array().unwrap().iter().map(|step| step["status"].as_str().unwrap()).collect();
    assert_eq!(states, ["unassigned", "preparing", "scheduled", "processing", "succeeded"]);
    assert_eq!(job["images"].as_array().unwrap().len(), 2);

    let image = world.get(job["images"][0]["url"].as_str().unwrap(), &buyer).send().await;
    assert_eq!(image.headers["content-type"], "image/png");
    assert_eq!(image.bytes, atelier::png("a fox", 7, 256, 256));

    assert_eq!(world.balance(&buyer).await, 140);
    let ledger = world.get("/v1/ledger", &world.moderator).send().await.ok(200);
    assert_eq!(ledger["sum"], 0);
    let entries = world.get("/v1/wallet/entries", &buyer).send().await.ok(200);
    let entries: Vec<_> = entries["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry["kind"].clone(), entry["amount"].clone()))
        .collect();
    assert_eq!(
        entries,
        [("top_up", 200), ("purchase", -50), ("charge", -10)].map(|(kind, amount)| (json!(kind), json!(amount)))
    );
    let purchase = world.get(&format!("/v1/purchases/{purchase}"), &buyer).send().await.ok(200);
    assert_eq!(purchase["status"], "charged");
}

#[tokio::test]
async fn the_browser_carries_the_session_in_a_cookie() {
    let world = World::new().await;
    let member = world.member(0).await;
    let reply = world.post("/v1/sessions", "").json(json!({"token": member})).send().await;
    let cookie = reply.headers["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    let cookie = format!("theme=dark; {}", cookie.split(';').next().unwrap());
    assert_eq!(world.get("/v1/me", "").header("cookie", &cookie).send().await.ok(200)["name"], "Ada");
    assert_eq!(world.get("/v1/me", "").send().await.code(), "signed-out");
}
