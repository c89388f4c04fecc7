use crate::model::RuleId;
use serde_json::{Value, json};

use super::super::RefusalCatalogue;
use super::{Made, ask};
use crate::model::{Content, Outcome};

const ERRORS: &str = r#"
services = ["front", "gen", "perm", "bank"]
permissions = "perm"
background = ["gen"]

[unavailable]
gen = "gen-unavailable"
perm = "perm-unavailable"
bank = "bank-unavailable"

[[translations]]
by = "front"
from = "flags"
becomes = ["paused"]
why = "In doubt nothing is sold."

[[translations]]
by = "front"
from = "perm"
said = "not-bought"
becomes = ["file-not-bought"]
why = "It is the file that was asked for."

[[reasons]]
service = "perm"
method = "POST"
path = "/may"
pointer = "/reason"

[codes]
signed-out = { status = 401, class = "signed-out", retry = false, sentence = "s", advice = "a" }
not-found = { status = 404, class = "invalid", retry = false, sentence = "s", advice = "a" }
no-funds = { status = 402, class = "no-funds", retry = false, sentence = "s", advice = "a", said_by = ["bank"] }
declined = { status = 402, class = "no-funds", retry = false, sentence = "s", advice = "a", said_by = ["bank"] }
not-bought = { status = 403, class = "not-bought", retry = false, sentence = "s", advice = "a", said_by = ["perm"] }
file-not-bought = { status = 403, class = "not-bought", retry = false, sentence = "s", advice = "a", said_by = ["front"] }
paused = { status = 503, class = "temporarily-down", retry = true, sentence = "s", advice = "a", said_by = ["front"] }
queue-full = { status = 429, class = "too-many", retry = true, sentence = "s", advice = "a", said_by = ["gen"] }
gen-unavailable = { status = 503, class = "temporarily-down", retry = true, sentence = "s", advice = "a", said_by = ["front"] }
perm-unavailable = { status = 503, class = "temporarily-down", retry = true, sentence = "s", advice = "a", said_by = ["front", "gen"] }
bank-unavailable = { status = 503, class = "temporarily-down", retry = true, sentence = "s", advice = "a", said_by = ["front", "gen"] }
internal = { status = 500, class = "bug", retry = false, sentence = "s", advice = "a" }
"#;

fn catalogue() -> RefusalCatalogue {
    RefusalCatalogue::load("errors.toml", ERRORS).unwrap()
}

fn problem(code: &str) -> Value {
    let status = catalogue().code(code).unwrap().status;
    json!({"type": "about:blank", "title": "t", "status": status, "code": code, "detail": "d", "trace_id": "7"})
}

/// A call on an edge that was refused with a code of the catalogue.
fn refused(from: &str, to: &str, code: &str) -> Made {
    ask("POST /x").on(from, to).answer(catalogue().code(code).unwrap().status).problem(problem(code))
}

fn fine(from: &str, to: &str) -> Made {
    ask("POST /x").on(from, to).answer(200).json(json!({}))
}

fn unreachable(from: &str, to: &str) -> Made {
    ask("POST /x").on(from, to).ended(Outcome::Unreachable { reason: "refused".into() })
}

/// What is found where the first exchange is the outermost, and each next one falls within the one before.
fn nested(hops: Vec<Made>) -> Vec<(RuleId, String)> {
    let ends = 1000;
    let hops = hops.into_iter().zip(1..).map(|(hop, id)| hop.during(id, id * 10, ends - id * 10).done());
    found(&hops.collect::<Vec<_>>())
}

fn found(exchanges: &[crate::model::Exchange]) -> Vec<(RuleId, String)> {
    let findings = catalogue().check(exchanges);
    findings.iter().map(|finding| (finding.rule, finding.edge.clone().unwrap().to_string())).collect()
}

fn is(rule: RuleId, edge: &str) -> Vec<(RuleId, String)> {
    vec![(rule, edge.to_owned())]
}

#[test]
fn a_refusal_that_is_no_problem_of_the_catalogue_is_found_where_it_fails() {
    let refusal = |body: Value| ask("POST /x").on("member", "front").answer(401).problem(body);
    let but = |name: &str, value: Value| {
        let mut body = problem("signed-out");
        body[name] = value;
        body
    };
    let without = |names: &[&str]| {
        let mut body = problem("signed-out");
        names.iter().for_each(|name| drop(body.as_object_mut().unwrap().remove(*name)));
        body
    };
    let cases = [
        (refusal(problem("signed-out")), None),
        (refusal(without(&["trace_id"])), Some("response/body/trace_id")),
        (refusal(but("instance", json!("/x"))), None),
        (refusal(without(&["code"])), Some("response/body/code")),
        (refusal(but("code", json!("singed-out"))), Some("response/body/code")),
        (refusal(but("code", json!("no-funds"))), Some("response/status")),
        (refusal(but("status", json!(403))), Some("response/body/status")),
        (refusal(without(&["title", "detail"])), Some("response/body/detail")),
        (
            ask("POST /x").on("member", "front").answer(401).json(problem("signed-out")),
            Some("response/headers/content-type"),
        ),
        (
            ask("POST /x").on("member", "front").answer(502).text("text/html", "<html>"),
            Some("response/headers/content-type"),
        ),
        (ask("POST /x").on("member", "front").answer(502), Some("response/headers/content-type")),
        (ask("POST /x").on("member", "front").answer(401).text("application/problem+json", "{"), Some("response/body")),
        // Nothing is known against these.
        (ask("HEAD /x").on("member", "front").answer(401), None),
        (ask("POST /x").on("gen", "worker").answer(500).text("text/plain", "oops"), None),
        (ask("POST /x").on("member", "front").answer(502).header("x-paidpath-tap", "unreachable"), None),
        (
            ask("POST /x").on("member", "front").answer(401).header("content-type", "application/problem+json").body(
                Content::Text("{".into()),
                9 << 20,
                true,
            ),
            None,
        ),
        (ask("POST /x").on("member", "front").answer(304), None),
    ];
    for (exchange, expected) in cases {
        let exchange = exchange.done();
        let findings = catalogue().check(std::slice::from_ref(&exchange));
        let at = findings.first().map(|finding| (finding.rule, finding.at.as_deref().unwrap()));
        assert_eq!(at, expected.map(|at| (RuleId::U1, at)), "{exchange:?}");
    }
}

#[test]
fn a_code_that_arrives_as_it_was_said_is_fine() {
    let sound = [
        vec![
            refused("member", "front", "no-funds"),
            refused("front", "gen", "no-funds"),
            refused("gen", "bank", "no-funds"),
        ],
        vec![
            refused("member", "front", "perm-unavailable"),
            refused("front", "gen", "perm-unavailable"),
            unreachable("gen", "perm"),
        ],
        vec![refused("member", "front", "gen-unavailable"), refused("front", "gen", "internal")],
        vec![refused("member", "front", "paused"), unreachable("front", "flags")],
        // A no that is an answer.
        vec![
            refused("front", "gen", "not-bought"),
            ask("POST /may").on("gen", "perm").answer(200).json(json!({"reason": "not-bought"})),
        ],
        vec![
            refused("member", "front", "file-not-bought"),
            ask("POST /may").on("front", "perm").answer(200).json(json!({"reason": "not-bought"})),
        ],
        // An answer that could not be used.
        vec![refused("front", "gen", "perm-unavailable"), fine("gen", "perm")],
        // Its own.
        vec![refused("member", "front", "signed-out")],
        vec![refused("member", "front", "not-found"), fine("front", "bank")],
        // Trouble that was overcome.
        vec![fine("member", "front"), unreachable("front", "flags")],
    ];
    for hops in sound {
        let told: Vec<_> = hops.iter().map(|hop| format!("{} {:?}", hop.0.edge, hop.0.status())).collect();
        assert_eq!(nested(hops), [], "{told:?}");
    }
}

#[test]
fn a_refusal_without_words_is_trouble_and_only_its_giver_is_blamed() {
    let html = ask("POST /x").on("front", "bank").answer(502).text("text/html", "x");
    assert_eq!(nested(vec![refused("member", "front", "bank-unavailable"), html]), is(RuleId::U1, "front → bank"));
}

#[test]
fn a_code_that_became_another_is_found_at_the_hop_where_it_did() {
    // The member would be sent to the wallet for what was never bought.
    let hops = vec![
        refused("member", "front", "no-funds"),
        refused("front", "gen", "not-bought"),
        ask("POST /may").on("gen", "perm").answer(200).json(json!({"reason": "not-bought"})),
    ];
    assert_eq!(nested(hops), is(RuleId::U2, "member → front"));
    // To the login, in a loop.
    let hops = vec![refused("member", "front", "signed-out"), refused("front", "perm", "not-bought")];
    assert_eq!(nested(hops), is(RuleId::U2, "member → front"));
    // The same kind of trouble, and still not what was said.
    let hops = vec![refused("member", "front", "declined"), refused("front", "bank", "no-funds")];
    assert_eq!(nested(hops), is(RuleId::U1, "member → front"));
    // The code is lost in a bug.
    let hops = vec![refused("front", "gen", "internal"), refused("gen", "bank", "no-funds")];
    assert_eq!(nested(hops), is(RuleId::U2, "front → gen"));
    // Trouble has one name.
    let hops = vec![refused("member", "front", "gen-unavailable"), unreachable("front", "bank")];
    assert_eq!(nested(hops), is(RuleId::U1, "member → front"));
    let hops = vec![refused("member", "front", "signed-out"), unreachable("front", "bank")];
    assert_eq!(nested(hops), is(RuleId::U2, "member → front"));
}

#[test]
fn nobody_says_what_is_anothers_to_say_unless_they_heard_it() {
    assert_eq!(nested(vec![refused("front", "gen", "not-bought"), fine("gen", "perm")]), is(RuleId::U2, "front → gen"));
    assert_eq!(nested(vec![refused("front", "gen", "no-funds"), fine("gen", "bank")]), is(RuleId::U2, "front → gen"));
    // Nobody watches its calls, or one is still under way: it may have heard it there.
    assert_eq!(nested(vec![refused("front", "gen", "not-bought")]), []);
    assert_eq!(nested(vec![refused("front", "gen", "not-bought"), ask("POST /may").on("gen", "perm")]), []);
}

#[test]
fn trouble_with_permissions_never_becomes_not_bought() {
    let hops = vec![
        refused("member", "front", "not-bought"),
        refused("front", "gen", "not-bought"),
        unreachable("gen", "perm"),
    ];
    assert_eq!(nested(hops), is(RuleId::U7, "front → gen"), "at the hop where it began, and nowhere else");
    let broken = ask("POST /may").on("gen", "perm").ended(Outcome::Broken { reason: "reset".into() });
    assert_eq!(nested(vec![refused("front", "gen", "not-bought"), broken]), is(RuleId::U7, "front → gen"));
    let html = ask("POST /may").on("gen", "perm").answer(503).text("text/html", "x");
    let found = nested(vec![refused("front", "gen", "not-bought"), html]);
    assert_eq!(found[0], is(RuleId::U7, "front → gen")[0]);
    // The same invention where a bank is down is no matter of permissions.
    assert_eq!(
        nested(vec![refused("front", "gen", "not-bought"), unreachable("gen", "bank")]),
        is(RuleId::U2, "front → gen")
    );
}

#[test]
fn nobody_is_accused_of_what_may_have_been_for_another_request() {
    // Two requests in hand, one call: whose was it?
    let call = || refused("front", "bank", "no-funds").during(3, 20, 30).done();
    let one = refused("member", "front", "not-found").during(1, 0, 100).done();
    let two = refused("member", "front", "no-funds").during(2, 10, 90).done();
    assert_eq!(found(&[one.clone(), two, call()]), []);
    assert_eq!(found(&[one, call()]), is(RuleId::U2, "member → front"));
    // What works in the background calls whenever it likes.
    let own = refused("front", "gen", "queue-full").during(1, 0, 100).done();
    let later =
        ask("POST /may").on("gen", "perm").answer(200).json(json!({"reason": "not-bought"})).during(2, 10, 20).done();
    assert_eq!(found(&[own, later]), []);
    // Another scenario's call.
    let mut foreign = call();
    foreign.trace = None;
    let one = refused("member", "front", "not-found").during(1, 0, 100).done();
    assert_eq!(found(&[one, foreign]), []);
}

#[test]
fn a_catalogue_that_is_not_sound_is_refused_at_its_place() {
    let mistakes = [
        ("status = 401", "status = 200", "errors.toml:", "refuses nothing"),
        ("gen = \"gen-unavailable\"", "gen = \"gen-unavaliable\"", "errors.toml:7:", "Did you mean `gen-unavailable`?"),
        ("class = \"signed-out\"", "class = \"signedout\"", "errors.toml:", "Did you mean `signed-out`?"),
        ("permissions", "permission", "errors.toml:", "Did you mean `permissions`?"),
    ];
    for (right, wrong, place, message) in mistakes {
        let error = RefusalCatalogue::load("errors.toml", &ERRORS.replacen(right, wrong, 1)).unwrap_err().to_string();
        assert!(error.starts_with(place) && error.contains(message), "{wrong}: {error}");
    }
}
