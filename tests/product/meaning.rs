//! What an answer of a platform means: which ones are accepted, and what a target file can say about it.

use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;

use crate::support::Folder;

const TARGET: &str = r#"
name = "A shop"
[errors]
code = "/errors/0/extensions/code"
message = "/errors/0/message"
[operations.sign-up]
request = "POST /users"
answer = { member = "/id", token = "/session" }
[operations.publish]
request = "POST /products"
answer = { version = "/id" }
"#;

const ACCESS: &str = "[operations.access]\nrequest = \"GET /may\"\nanswer = { generate = \"/may\" }\n";

/// Starts a shop that takes orders in several ways, and gives its address.
pub fn serve(routes: Router) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            axum::serve(tokio::net::TcpListener::from_std(listener).unwrap(), routes).await.unwrap();
        });
    });
    address
}

fn shop() -> String {
    let redirect = |to: &'static str| move || async move { (StatusCode::FOUND, [(header::LOCATION, to)]) };
    let error = || async {
        Json(json!({"data": null, "errors": [{"message": "Not enough money", "extensions": {"code": "NO_FUNDS"}}]}))
    };
    serve(
        Router::new()
            .route("/users", post(|| async { Json(json!({"id": "u1", "session": "s1"})) }))
            .route("/products", post(|| async { Json(json!({"id": "p1"})) }))
            .route("/may", get(|| async { Json(json!({"may": true})) }))
            .route("/login", get(|| async { "Please log in" }))
            .route("/orders", post(redirect("/login")))
            .route("/form", post(|| async { (StatusCode::SEE_OTHER, [(header::LOCATION, "/orders/1")]).into_response() }))
            .route("/graphql", post(error))
            .route("/flagged", post(|| async { Json(json!({"ok": false, "id": "o1"})) })),
    )
}

fn project(target: &str, then: &str) -> Folder {
    let folder = Folder::with(
        "a.feature",
        &format!(
            "Feature: Answers\n  Scenario: An order\n    Given Ann is a member\n    And early access to Dusk costs 120 credits for \
             generation\n    When Ann buys generation access to Dusk\n    Then {then}\n"
        ),
    );
    folder.write("target.toml", format!("{TARGET}{ACCESS}[operations.purchase]\n{target}"));
    let shop = shop();
    folder.write(
        "topology.toml",
        format!("name = \"shop\"\nentry = \"shop\"\n[services.shop]\nprovider = \"url\"\nurl = \"{shop}\"\n"),
    );
    folder
}

#[test]
fn a_redirect_to_the_login_is_no_success() {
    let folder = project("request = \"POST /orders\"\n", "that is accepted");
    folder.paidpath(&["run", "a.feature"]).expect(1, &["the answer redirects to /login", "302"]);
}

#[test]
fn an_error_in_a_200_is_a_refusal_with_its_code() {
    let folder = project("request = \"POST /graphql\"\n", "that is accepted");
    folder.paidpath(&["run", "a.feature"]).expect(1, &["refused with NO_FUNDS (200)", "Not enough money"]);
    let folder = project("request = \"POST /graphql\"\n", "that is refused with NO_FUNDS");
    folder.paidpath(&["run", "a.feature"]).expect(0, &["1 passed"]);
}

#[test]
fn a_target_says_which_statuses_and_which_bodies_are_accepted() {
    let form = "request = \"POST /form\"\n";
    project(form, "that is accepted").paidpath(&["run", "a.feature"]).expect(1, &["303"]);
    let taken = format!("{form}accept = [303]\n");
    project(&taken, "that is accepted").paidpath(&["run", "a.feature"]).expect(0, &["1 passed"]);
    let flagged = "request = \"POST /flagged\"\n";
    project(flagged, "that is accepted").paidpath(&["run", "a.feature"]).expect(0, &["1 passed"]);
    let refused = format!("{flagged}refused_when = {{ at = \"/ok\", is = false }}\n");
    project(&refused, "that is accepted").paidpath(&["run", "a.feature"]).expect(1, &["refused without a code (200)"]);
}

#[test]
fn a_written_request_is_accepted_as_the_operation_is() {
    let folder = project("request = \"POST /graphql\"\n", "that is refused with NO_FUNDS");
    let feature = "Feature: Answers\n  Scenario: A request\n    Given Ann is a member\n    When Ann sends the request \
                   \"POST /graphql\"\n    Then that is accepted\n";
    folder.write("a.feature", feature);
    folder.paidpath(&["run", "a.feature"]).expect(1, &["refused with NO_FUNDS (200)"]);
}

#[test]
fn a_webhook_that_was_moved_is_blamed_and_not_the_service_behind_it() {
    for then in ["Ann has paid 120 credits", "Ann may use Dusk for generation"] {
        let folder = Folder::with(
            "a.feature",
            &format!(
                "Feature: A webhook\n  Scenario: It was moved\n    Given Ann has 500 credits\n    And early access to Dusk costs \
                 120 credits for generation\n    And the fault \"billing -> entitlement: abort 307 to /elsewhere\"\n    When \
                 Ann buys generation access to Dusk\n    Then {then}\n"
            ),
        );
        folder.paidpath(&["run", "a.feature"]).expect(1, &["at billing → entitlement", "redirected (307)"]);
    }
}

/// A shop that charges as often as it is asked. Its ids are numbers, or the same as text.
fn greedy(with_text: bool) -> String {
    let sold = std::sync::atomic::AtomicUsize::new(100);
    let sold = std::sync::Arc::new(sold);
    let id = move |id: usize| if with_text { json!(id.to_string()) } else { json!(id) };
    let order = move |Json(body): Json<serde_json::Value>| {
        let number = sold.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        async move { Json(json!({"id": id(number), "product": id(7), "what": body["what"], "price": 120})) }
    };
    serve(
        Router::new()
            .route("/users", post(move || async move { Json(json!({"id": id(1), "session": "s1"})) }))
            .route("/products", post(move || async move { Json(json!({"id": id(7)})) }))
            .route("/products/{id}/may", get(|| async { Json(json!({"may": true})) }))
            .route("/orders", post(order)),
    )
}

#[test]
fn a_member_who_is_charged_twice_is_noticed_whether_ids_are_numbers_or_text() {
    for with_text in [true, false] {
        let folder = Folder::with(
            "a.feature",
            "Feature: Twins\n  Scenario: Twice\n    Given Ann is a member\n    And early access to Dusk costs 120 credits for \
             generation\n    When Ann buys generation access to Dusk\n    And Ann buys generation access to Dusk\n    Then that is \
             accepted\n",
        );
        let trail = r#"
[operations.purchase]
request = "POST /orders"
body = { product = "{version}", what = "{right}" }
answer = { purchase = "/id" }
[trail.always]
who = "request header X-Session"
[trail.rights]
generation = ["generate"]
[[trail.events]]
means = "charged"
at = "member -> shop POST /orders"
facts = { version = "response /product", right = "response /what", purchase = "response /id", amount = "response /price" }
[[trail.events]]
means = "checked"
at = "member -> shop GET /products/{version}/may"
facts = { allowed = "response /may" }
"#;
        let access = ACCESS.replace("/may\"\nanswer", "/products/{version}/may\"\nanswer");
        folder.write("target.toml", format!("headers = {{ X-Session = \"{{token}}\" }}\n{TARGET}{access}{trail}"));
        let shop = greedy(with_text);
        folder.write(
            "topology.toml",
            format!("name = \"shop\"\nentry = \"shop\"\n[services.shop]\nprovider = \"url\"\nurl = \"{shop}\"\n"),
        );
        folder.paidpath(&["run", "a.feature"]).expect(1, &["was charged twice", "M5"]);
    }
}
