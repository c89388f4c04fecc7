//! What an answer of a platform means: which ones are accepted, and what a target file can say about it.

use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;

use crate::support::{Folder, serve};

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
            .route(
                "/form",
                post(|| async { (StatusCode::SEE_OTHER, [(header::LOCATION, "/orders/1")]).into_response() }),
            )
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
    let folder = Folder::with(
        "a.feature",
        "Feature: A webhook\n  Scenario: It was moved\n    Given Ann has 500 credits\n    And early access to Dusk costs 120 credits \
         for generation\n    And the fault \"billing -> entitlement: abort 307 to /elsewhere\"\n    When Ann buys generation access \
         to Dusk\n    Then Ann may use Dusk for generation\n",
    );
    folder.paidpath(&["run", "a.feature"]).expect(1, &["at billing → entitlement", "was refused (307)"]);
}

/// A shop that charges as often as it is asked. Its ids are numbers, or the same as text.
fn greedy(with_text: bool) -> String {
    let sold = std::sync::atomic::AtomicUsize::new(100);
    let sold = std::sync::Arc::new(sold);
    let id = move |id: usize| if with_text { json!(id.to_string()) } else { json!(id) };
    let joined = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let join = move || {
        let number = joined.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        async move { Json(json!({"id": id(number), "session": format!("session-{number}")})) }
    };
    let order = move |Json(body): Json<serde_json::Value>| {
        let number = sold.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        async move { Json(json!({"id": id(number), "product": id(7), "what": body["what"], "price": 120})) }
    };
    serve(
        Router::new()
            .route("/users", post(join))
            .route("/products", post(move || async move { Json(json!({"id": id(7)})) }))
            .route("/products/{id}/may", get(|| async { Json(json!({"may": true})) }))
            .route("/orders", post(order)),
    )
}

/// A project with the greedy shop, whose hops have meanings.
fn twin(with_text: bool, steps: &str) -> Folder {
    let folder = Folder::with("a.feature", &format!("Feature: Twins\n  Scenario: A twin\n{steps}"));
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
means = "offered"
at = "member -> shop POST /products"
facts = { version = "response /id", generation_price = "request /price", ends_at = "request /ends_at" }
[[trail.events]]
means = "charged"
at = "member -> shop POST /orders"
facts = { version = "response /product", right = "response /what", purchase = "response /id", amount = "response /price" }
[[trail.events]]
means = "checked"
at = "member -> shop GET /products/{version}/may"
facts = { allowed = "response /may" }
"#;
    let publish = "POST /products\"\nbody = { price = \"{generation_price}\", ends_at = \"{ends_at}\" }";
    let target = TARGET.replace("POST /products\"", publish);
    let access = ACCESS.replace("GET /may", "GET /products/{version}/may");
    folder.write("target.toml", format!("headers = {{ X-Session = \"{{token}}\" }}\n{target}{access}{trail}"));
    let shop = greedy(with_text);
    folder.write(
        "topology.toml",
        format!("name = \"shop\"\nentry = \"shop\"\n[services.shop]\nprovider = \"url\"\nurl = \"{shop}\"\n"),
    );
    folder
}

const SALE: &str = "    Given Ann is a member\n    And early access to Dusk costs 120 credits for generation\n";

#[test]
fn a_member_who_is_charged_twice_is_noticed_whether_ids_are_numbers_or_text() {
    for with_text in [true, false] {
        let buys = "    When Ann buys generation access to Dusk\n".repeat(2);
        let folder = twin(with_text, &format!("{SALE}{buys}    Then that is accepted\n"));
        folder.paidpath(&["run", "a.feature"]).expect(1, &["was charged twice", "M5"]);
    }
}

#[test]
fn a_stranger_who_is_let_in_is_noticed_where_only_the_front_door_is_seen() {
    let steps = "    And Sam is a member\n    When Ann buys generation access to Dusk\n    And Sam opens Dusk\n    Then that is accepted\n";
    twin(false, &format!("{SALE}{steps}")).paidpath(&["run", "a.feature"]).expect(1, &["G2", "Sam was let in"]);
}

#[test]
fn a_field_that_the_target_does_not_name_is_unknown_and_no_fault_of_the_platform() {
    let order = "request = \"POST /flagged\"\n";
    let blind = [
        ("Ann may use Dusk for download", "Add `download = \"/…\"` to `answer` of [operations.access]"),
        ("Ann may not use Dusk for download", "Add `download = \"/…\"` to `answer` of [operations.access]"),
    ];
    for (then, says) in blind {
        project(order, then).paidpath(&["run", "a.feature"]).expect(2, &[says]);
    }
    let folder = project(order, "that is accepted");
    let text = std::fs::read_to_string(folder.path().join("a.feature")).unwrap();
    let text = text.replace(
        "Then that is accepted",
        "And Ann buys generation access to Dusk with 2 clients at once\n    Then that made 1 purchase",
    );
    folder.write("a.feature", text);
    folder.paidpath(&["run", "a.feature"]).expect(2, &["Add `purchase = \"/…\"` to `answer` of [operations.purchase]"]);
}

#[test]
fn calls_that_pass_no_tap_are_named_and_nothing_is_concluded_from_their_silence() {
    let folder = project("request = \"POST /flagged\"\nanswer = { purchase = \"/id\" }\n", "that is accepted");
    let trail = "[[trail.events]]\nmeans = \"charged\"\nat = \"member -> shop POST /flagged\"\nfacts = { purchase = \"response \
                 /id\" }\n[[trail.events]]\nmeans = \"granted\"\nat = \"shop -> rights POST /grants\"\nfacts = { purchase = \
                 \"request /purchase\" }\n";
    let with = |file: &str, more: &str| {
        let text = std::fs::read_to_string(folder.path().join(file)).unwrap();
        folder.write(file, format!("{text}{more}"));
    };
    with("target.toml", trail);
    with(
        "topology.toml",
        "calls = [\"rights\"]\n[services.rights]\nprovider = \"url\"\nurl = \"http://127.0.0.1:9\"\n",
    );
    folder.paidpath(&["run", "a.feature"]).expect(0, &["not watched: shop → rights", "1 passed"]);
}
