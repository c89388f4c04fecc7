//! What the trail reads from an exchange, whatever the form in which the wire has it.

use serde_json::{Value, json};

use crate::model::{Body, Content, Edge, Event, Exchange, Fact, Outcome, Request, Response, TraceId, Trail};
use crate::trail::Mapping;

const TARGET: &str = r#"
[errors]
code = "/errors/0/code"
message = "/errors/0/message"
[operations.purchase]
request = "POST /orders"
accept = [200, 303]
[trail]
code = "response /errors/0/code"
[[trail.events]]
means = "charged"
at = "member -> shop POST /orders"
facts = { version = "request /product", purchase = "response /id", amount = "response /price", versions = "request /all" }
[[trail.events]]
means = "checked"
at = "member -> shop GET /products/{version}/may?who={member}"
only = { "response /kind" = "3" }
facts = { allowed = "response /may", credential = "request cookie proof", flag = "request baggage flag" }
[[trail.events]]
means = "granted"
at = "shop -> rights POST /grants"
accept = [202]
refused_when = { at = "/ok", is = false }
"#;

fn exchange(edge: (&str, &str), method: &str, target: &str, body: Value, answer: (u16, Value)) -> Exchange {
    let of = |json| Body { content: Content::Json(json), ..Body::default() };
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Exchange {
        id: 1,
        edge: Edge::new(edge.0, edge.1),
        trace: Some(TraceId(1)),
        at_micros: 0,
        took_micros: 1,
        request: Request {
            method: method.into(),
            target: target.into(),
            headers: vec![header("cookie", "a=b; proof=p1"), header("baggage", "x=1"), header("baggage", "flag=a%20b")],
            body: of(body),
        },
        outcome: Outcome::Answered(Response { status: answer.0, headers: Vec::new(), body: of(answer.1) }),
        faults: Vec::new(),
        changes: Vec::new(),
    }
}

fn event(exchange: Exchange) -> Event {
    let mapping = Mapping::parse("target.toml", TARGET).unwrap();
    Trail::build(&mapping, TraceId(1), &[exchange]).events.remove(0)
}

fn order(answer: (u16, Value)) -> Event {
    let body = json!({"product": 7, "all": [7, "8"]});
    event(exchange(("member", "shop"), "POST", "/orders", body, answer))
}

fn check(target: &str) -> Event {
    event(exchange(("member", "shop"), "GET", target, Value::Null, (200, json!({"may": true, "kind": 3}))))
}

#[test]
fn an_id_is_the_same_as_a_number_and_as_text() {
    let charged = order((200, json!({"id": 101, "price": 120})));
    assert_eq!(charged.facts[&Fact::Purchase], json!("101"));
    assert_eq!(charged.facts[&Fact::Versions], json!(["7", "8"]));
    assert_eq!(charged.facts[&Fact::Amount], json!(120), "money stays a number");
    assert_eq!(charged.facts[&Fact::Version], check("/products/7/may").facts[&Fact::Version]);
}

#[test]
fn facts_of_paths_and_queries_are_decoded() {
    let checked = check("/products/ver%207%2F+/may?x=1&who=mem+1%2B%C3%A4");
    assert_eq!(checked.facts[&Fact::Version], json!("ver 7/+"));
    assert_eq!(checked.facts[&Fact::Member], json!("mem 1+ä"));
}

#[test]
fn facts_of_cookies_and_baggage_are_found_in_any_line_and_decoded() {
    let checked = check("/products/7/may");
    assert_eq!(checked.facts[&Fact::Credential], json!("p1"));
    assert_eq!(checked.facts[&Fact::Flag], json!("a b"));
}

#[test]
fn a_redirect_is_no_success_unless_the_target_says_so() {
    let done = |status| order((status, json!({"id": 1}))).done;
    assert_eq!([200, 303, 302, 404, 500].map(done), [Some(true), Some(true), None, Some(false), None]);
    assert_eq!(order((201, json!({"id": 1}))).done, Some(false), "201 is not among the accepted");
    let grant = |answer| event(exchange(("shop", "rights"), "POST", "/grants", Value::Null, answer)).done;
    assert_eq!(grant((202, json!({"ok": true}))), Some(true));
    assert_eq!(grant((202, json!({"ok": false}))), Some(false));
    assert_eq!(grant((307, Value::Null)), Some(false));
    assert_eq!(grant((302, Value::Null)), Some(false));
}

#[test]
fn an_error_in_a_200_is_a_refusal_with_its_code() {
    let refused = order((200, json!({"data": null, "errors": [{"code": 17, "message": "No money"}]})));
    assert_eq!((refused.done, refused.code.as_deref()), (Some(false), Some("17")));
}
