//! A platform of one's own, which has little in common with the one that comes with paidpath: no quotes, other codes, other
//! words for how a job stands, numbers for ids, photographs, and a page that can be away.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::browser::config;
use crate::support::{Folder, serve};

const TARGET: &str = r##"
name = "A shop"
headers = { X-Session = "{token}" }
states = { waiting = "processing", done = "succeeded" }

[errors]
code = "/error/code"
message = "/error/text"

[page]
version = "/p/{version}"
session_cookie = "sid"
[page.elements]
"Generate" = { role = "button", name = "Generate" }
"Access" = { role = "status", name = "Access" }
"Broken" = { css = "#a >> img[" }
"Either" = { role = "link" }
[page.states]
"ready" = { at = "Access", says = "You may generate." }

[operations.sign-up]
request = "POST /users"
body = { login = "{name}" }
answer = { member = "/id", token = "/sid" }
[operations.top-up]
request = "POST /purse"
body = { cents = "{amount}" }
[operations.wallet]
request = "GET /purse"
answer = { balance = "/cents" }
[operations.publish]
request = "POST /products"
body = { title = "{name}", price = "{generation_price}" }
answer = { version = "/id" }
[operations.purchase]
request = "POST /products/{version}/orders"
body = { what = "{right}" }
answer = { purchase = "/id", amount = "/price" }
[operations.access]
request = "GET /products/{version}/may"
answer = { generate = "/may" }
[operations.submit]
request = "POST /pictures"
body = { product = "{version}", prompt = "{prompt}" }
answer = { job = "/id", state = "/phase" }
[operations.status]
request = "GET /pictures/{job}"
answer = { state = "/phase", images = "/pictures" }
[operations.image]
request = "GET /img/{image}"
"##;

#[derive(Default)]
struct Books {
    purses: HashMap<String, i64>,
    prices: Vec<i64>,
    bought: Vec<(String, usize)>,
}

type Shop = State<Arc<Mutex<Books>>>;

fn who(headers: &HeaderMap) -> String {
    headers.get("x-session").map(|session| session.to_str().unwrap().to_owned()).unwrap_or_default()
}

fn refused(status: StatusCode, code: &str, text: &str) -> Response {
    (status, Json(json!({ "error": { "code": code, "text": text } }))).into_response()
}

async fn join(State(shop): Shop) -> Json<Value> {
    let mut books = shop.lock().unwrap();
    let id = books.purses.len() + 1;
    books.purses.insert(format!("sid-{id}"), 0);
    Json(json!({ "id": id, "sid": format!("sid-{id}") }))
}

async fn fill(State(shop): Shop, headers: HeaderMap, Json(body): Json<Value>) -> Json<Value> {
    *shop.lock().unwrap().purses.get_mut(&who(&headers)).unwrap() += body["cents"].as_i64().unwrap();
    Json(json!({}))
}

async fn purse(State(shop): Shop, headers: HeaderMap) -> Json<Value> {
    Json(json!({ "cents": shop.lock().unwrap().purses[&who(&headers)] }))
}

async fn publish(State(shop): Shop, Json(body): Json<Value>) -> Json<Value> {
    let mut books = shop.lock().unwrap();
    books.prices.push(body["price"].as_i64().unwrap());
    Json(json!({ "id": books.prices.len() - 1 }))
}

async fn order(State(shop): Shop, Path(product): Path<usize>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    assert_eq!(body["what"], "generation");
    let mut books = shop.lock().unwrap();
    let (member, price) = (who(&headers), books.prices[product]);
    let purse = books.purses.get_mut(&member).unwrap();
    if *purse < price {
        return refused(StatusCode::PAYMENT_REQUIRED, "NO_MONEY", "Your purse is too light.");
    }
    *purse -= price;
    books.bought.push((member, product));
    (StatusCode::CREATED, Json(json!({ "id": books.bought.len(), "price": price }))).into_response()
}

async fn may(State(shop): Shop, Path(product): Path<usize>, headers: HeaderMap) -> Json<Value> {
    Json(json!({ "may": shop.lock().unwrap().bought.contains(&(who(&headers), product)) }))
}

async fn page(Path(product): Path<usize>) -> Response {
    let buttons = "<button>Generate</button><a href=/a>One</a><a href=/b>Two</a>";
    match product {
        0 => Html(format!("<!doctype html><p role=status aria-label=Access>You may generate.</p>{buttons}"))
            .into_response(),
        _ => (StatusCode::NOT_FOUND, Html("<h1>Not here</h1>")).into_response(),
    }
}

/// Starts the shop, and gives its address.
fn shop() -> String {
    let photograph = || async { ([(header::CONTENT_TYPE, "image/jpeg")], [0xff_u8, 0xd8, 0xff, 0xe0]) };
    let routes = Router::new()
        .route("/users", post(join))
        .route("/purse", get(purse).post(fill))
        .route("/products", post(publish))
        .route("/products/{product}/orders", post(order))
        .route("/products/{product}/may", get(may))
        .route("/pictures", post(|| async { Json(json!({ "id": 7, "phase": "waiting" })) }))
        .route("/pictures/7", get(|| async { Json(json!({ "phase": "done", "pictures": [{ "id": 115 }] })) }))
        .route("/img/115", get(photograph))
        .route("/p/{product}", get(page))
        .with_state(Arc::<Mutex<Books>>::default());
    serve(routes)
}

/// A project with a feature, the target, and a topology of the one service.
fn project(feature: &str) -> Folder {
    let folder = Folder::with("a.feature", feature);
    folder.write("target.toml", TARGET);
    let shop = shop();
    folder.write(
        "topology.toml",
        format!("name = \"shop\"\nentry = \"shop\"\n[services.shop]\nprovider = \"url\"\nurl = \"{shop}\"\n"),
    );
    folder
}

#[test]
fn a_platform_without_quotes_and_with_words_of_its_own_is_tested_by_the_two_files_of_its_folder() {
    let folder = project(
        "Feature: A shop
  Scenario: From the purse to the photograph
    Given Ann has 500 credits
    And early access to Dusk costs 120 credits for generation
    When Ann buys generation access to Dusk
    Then that is accepted
    And Ann has 380 credits left
    When Ann generates an image with Dusk
    Then Ann gets an image
  Scenario: A light purse
    Given Eve has 5 credits
    And early access to Dusk costs 120 credits for generation
    When Eve buys generation access to Dusk
    Then that is refused with NO_MONEY
    And Eve has 5 credits left
",
    );
    folder
        .paidpath(&["run", "a.feature"])
        .expect(0, &["A shop (target.toml) on shop (topology.toml)", "2 passed, 0 failed"]);
    folder.paidpath(&["check"]).expect(0, &[]);
}

#[test]
fn what_a_scenario_asks_for_and_nobody_has_is_not_blamed_on_the_platform() {
    let folder = project(
        "Feature: A shop\n  Scenario: A ledger\n    Given Ann has 5 credits\n    Then no money was made or lost\n",
    );
    let ran = folder.paidpath(&["run", "a.feature"]);
    ran.expect(2, &["? ", "A shop has no operation `ledger`", "1 unknown"]);
    assert!(!ran.out.contains("unexplained"), "{}", ran.out);
}

#[test]
fn what_is_not_there_because_the_platform_refused_it_is_the_platforms_doing() {
    let folder = project(
        "Feature: A shop
  Scenario: Nothing to look at
    Given Ann has 5 credits
    And early access to Dusk costs 120 credits for generation
    When Ann buys generation access to Dusk
    And Ann looks at the purchase of Ann
    Then that is accepted
  Scenario: No job
    Given Ann has 5 credits
    Then Ann gets an image
",
    );
    let ran = folder.paidpath(&["run", "a.feature"]);
    ran.expect(
        1,
        &[
            "Ann has bought nothing to look at: purchase was refused with NO_MONEY",
            "nothing has been asked of the platform yet",
            "1 failed",
            "1 unknown",
        ],
    );
}

#[test]
fn a_hop_is_not_said_to_be_as_it_should_where_nobody_said_what_it_is_for() {
    let folder = project(
        "Feature: A shop\n  Scenario: Too much\n    Given Ann has 5 credits\n    Then Ann has 6 credits left\n",
    );
    folder.paidpath(&["run", "a.feature"]).expect(1, &["does not say what the hops are for ([[trail.events]]), and"]);
}

#[test]
fn what_cannot_be_done_on_a_page_is_said_as_it_is() {
    if config().is_none() {
        return;
    }
    let opened = "    Given Ann has 5 credits
    And early access to Dusk costs 120 credits for generation
    And early access to Dawn costs 120 credits for generation
    When Ann opens the page of Dusk\n";
    let cases = [
        ("And Ann types \"x\" into \"Generate\"", 1, "the button “Generate” cannot be typed into"),
        ("And Ann chooses \"x\" in \"Generate\"", 1, "the button “Generate” cannot be chosen from: it is no list"),
        ("And Ann presses \"Either\"", 1, "the link could be any of 2 on the page: link “One”, link “Two”"),
        ("And Ann presses \"Broken\"", 2, "“#a >> img[” is no CSS selector"),
        ("And Ann presses \"Generat\"", 2, "in [page.elements]. Did you mean `Generate`?"),
        ("And Ann opens the page of Dawn", 1, "the page of Dawn was answered with 404: GET /p/1"),
    ];
    for (step, code, expected) in cases {
        let feature = format!(
            "@page\nFeature: A shop\n  Scenario: A page\n{opened}    {step}\n    Then nothing fails silently\n"
        );
        project(&feature).paidpath(&["run", "a.feature", "--require", "browser"]).expect(code, &[expected]);
    }
}
