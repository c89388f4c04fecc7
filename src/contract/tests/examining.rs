use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::super::{Contract, Contracts};
use super::{Made, ask, places};
use crate::model::{Content, Edge, Outcome};

const BANK: &str = r#"
openapi: 3.1.0
paths:
  /v1/charges:
    parameters:
      - {name: X-Tenant, in: header, required: true, schema: {type: string}}
    post:
      parameters:
        - {name: X-Tenant, in: header, schema: {enum: [a, b]}}
        - {name: dry, in: query, schema: {type: boolean}}
        - {name: tags, in: query, schema: {type: array, maxItems: 2, items: {type: string}}}
        - {name: filter, in: query, content: {application/json: {schema: {type: object, required: [x]}}}}
        - {name: session, in: cookie, required: true, schema: {type: string, minLength: 3}}
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}
      responses:
        '201':
          description: done
          headers:
            Location: {required: true, schema: {type: string, format: uri-reference}}
          content: {application/json: {schema: {$ref: '#/components/schemas/Charge'}}}
        '204': {description: nothing to do}
        4XX: {description: no, content: {application/problem+json: {schema: {type: object, required: [code]}}}}
        default: {description: broken, content: {'*/*': {}}}
  /v1/charges/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      responses: {'200': {description: one, content: {application/json: {schema: {$ref: '#/components/schemas/Charge'}}}}}
  /v1/charges/latest:
    get:
      responses: {'200': {description: a picture, content: {image/*: {}}}}
  /v1/tree:
    get:
      responses: {'200': {description: deep, content: {application/json: {schema: {$ref: '#/components/schemas/Tree'}}}}}
components:
  schemas:
    Order:
      type: object
      required: [amount]
      additionalProperties: false
      properties: {amount: {type: integer, minimum: 1}, note: {type: string}}
    Charge:
      type: object
      required: [id, token]
      additionalProperties: false
      properties:
        id: {type: integer}
        token: {type: string, pattern: '^[0-9a-f]{32}$'}
        at: {type: string, format: date-time}
        key: {anyOf: [{type: string, format: uuid}, {type: 'null'}]}
        lines: {type: array, items: {type: object, required: [url], properties: {url: {type: string, format: uri}}}}
    Tree: {properties: {child: {$ref: '#/components/schemas/Tree'}}}
"#;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

fn bank() -> Contract {
    Contract::load("bank.openapi.yaml", BANK).unwrap()
}

/// A request as it should be, but for its body.
fn sender() -> Made {
    ask("POST /v1/charges").header("x-tenant", "a").header("cookie", "x=1; session=abc")
}

/// A request as it should be.
fn order() -> Made {
    sender().json(json!({"amount": 1}))
}

/// An answer as it should be.
fn charged(order: Made) -> Made {
    order.answer(201).header("location", "/v1/charges/1").json(json!({"id": 1, "token": TOKEN}))
}

fn one(body: Value) -> Made {
    ask("GET /v1/charges/7").answer(200).json(body)
}

fn departs(exchange: Made) -> Vec<String> {
    places(&bank().check(&exchange.done()))
}

#[test]
fn an_exchange_that_keeps_the_contract_has_no_finding() {
    let sound = [
        charged(order()),
        order().answer(204),
        order().answer(404).problem(json!({"code": "x"})),
        order().answer(500).text("text/html", "<html>"),
        order()
            .answer(201)
            .header("location", "/v1/charges/1")
            .header("content-type", "Application/JSON; charset=utf-8")
            .body(Content::Json(json!({"id": 1, "token": TOKEN, "at": "2026-01-01T00:00:00Z", "key": null})), 9, false),
        ask("GET /v1/charges/latest").answer(200).header("content-type", "image/png").body(
            Content::Base64("x".into()),
            9,
            false,
        ),
        ask("HEAD /v1/charges/7").answer(200),
        ask("POST /v1/charges?dry=true&tags=a,b&filter=%7B%22x%22:1%7D")
            .header("x-tenant", "b")
            .header("cookie", "«secret 0a1b2c3d»")
            .json(json!({"amount": 2})),
        // Another answer than was waited for is not the callee's.
        ask("GET /v1/charges/7").ended(Outcome::Unreachable { reason: "refused".into() }),
        // Its body was never sent.
        sender().ended(Outcome::Unreachable { reason: "refused".into() }),
        ask("GET /v1/charges/7").ended(Outcome::Broken { reason: "reset".into() }),
        // It was on its way when the callee died.
        sender().header("content-length", "11").ended(Outcome::Broken { reason: "reset".into() }),
        sender().header("transfer-encoding", "chunked").ended(Outcome::Broken { reason: "reset".into() }),
        ask("GET /v1/charges/7").answer(502).header("x-paidpath-tap", "unreachable").text("text/html", "no"),
    ];
    for exchange in sound {
        let exchange = exchange.done();
        assert_eq!(bank().check(&exchange), [], "{exchange:?}");
    }
}

#[test]
fn each_kind_of_departure_is_found_where_it_is() {
    let order_with = |target: &str, tenant: &str| {
        ask(target).header("x-tenant", tenant).header("cookie", "session=abc").json(json!({"amount": 1}))
    };
    let departures = [
        // What is asked.
        (ask("GET /v2"), "request/path"),
        (ask("DELETE /v1/charges/7"), "request/method"),
        (ask("GET /v1/charges/seven"), "request/path/id"),
        (order_with("POST /v1/charges?dry=perhaps", "a"), "request/query/dry"),
        (order_with("POST /v1/charges?tags=a&tags=b&tags=c", "a"), "request/query/tags"),
        (order_with("POST /v1/charges?filter=%7B%7D", "a"), "request/query/filter/x"),
        (order_with("POST /v1/charges?filter=x", "a"), "request/query/filter"),
        (order_with("POST /v1/charges", "c"), "request/headers/x-tenant"),
        (ask("POST /v1/charges").header("x-tenant", "a").json(json!({"amount": 1})), "request/cookies/session"),
        (ask("POST /v1/charges").header("x-tenant", "a").header("cookie", "session=abc"), "request/body"),
        (ask("GET /v1/charges/7").json(json!({})), "request/body"),
        (order().json(json!({"amount": 0})).answer(204), "request/body/amount"),
        (order().json(json!({"amount": 1, "price": 0})).answer(204), "request/body/price"),
        (sender().text("text/plain", "amount=1").answer(204), "request/headers/content-type"),
        (
            ask("POST /v1/charges")
                .header("x-tenant", "a")
                .header("cookie", "session=abc")
                .text("application/json", "{"),
            "request/body",
        ),
        // What is answered.
        (ask("GET /v1/charges/7").answer(418), "response/status"),
        (order().answer(201).json(json!({"id": 1, "token": TOKEN})), "response/headers/location"),
        (
            charged(order()).answer(201).header("location", "a b").json(json!({"id": 1, "token": TOKEN})),
            "response/headers/location",
        ),
        (ask("GET /v1/charges/7").answer(200).text("text/html", "<html>"), "response/headers/content-type"),
        (
            ask("GET /v1/charges/7").answer(200).body(Content::Text("x".into()), 1, false),
            "response/headers/content-type",
        ),
        (ask("GET /v1/charges/7").answer(200), "response/body"),
        (order().answer(204).json(json!({})), "response/body"),
        (ask("GET /v1/charges/7").answer(200).text("application/json", "{\"id\": 1"), "response/body"),
        (
            ask("GET /v1/charges/7").answer(200).header("content-type", "application/json").body(
                Content::Base64("/w==".into()),
                1,
                false,
            ),
            "response/body",
        ),
        (one(json!({"id": 1, "token": TOKEN, "extra": 1})), "response/body/extra"),
        (one(json!({"id": 1})), "response/body/token"),
        (one(json!({"id": "1", "token": TOKEN})), "response/body/id"),
        (one(json!({"id": 1, "token": "short"})), "response/body/token"),
        (one(json!({"id": 1, "token": TOKEN, "at": "today"})), "response/body/at"),
        (one(json!({"id": 1, "token": TOKEN, "key": "x"})), "response/body/key"),
        (
            one(json!({"id": 1, "token": TOKEN, "lines": [{"url": "http://a/"}, {"url": "b"}]})),
            "response/body/lines/1/url",
        ),
        (order().answer(404).problem(json!({})), "response/body/code"),
    ];
    for (exchange, expected) in departures {
        let exchange = exchange.done();
        assert!(places(&bank().check(&exchange)).contains(&expected.to_owned()), "{expected}: {exchange:?}");
    }
}

#[test]
fn a_finding_points_into_the_exchange_and_into_the_document() {
    let exchange = one(json!({"id": "1", "token": TOKEN})).disturbed("shop -> bank: garble").done();
    let [finding] = &bank().check(&exchange)[..] else { panic!("one finding") };
    assert_eq!((finding.rule, finding.exchange), (crate::model::RuleId::Contract, Some(1)));
    assert_eq!(finding.edge, Some(Edge::new("shop", "bank")));
    assert_eq!(finding.source.as_deref(), Some("bank.openapi.yaml#/components/schemas/Charge/properties/id/type"));
    assert_eq!(
        finding.message,
        "bank's answer 200 to GET /v1/charges/7 departs from bank's contract at response/body/id: \"1\" is not of type \
         \"integer\" (this exchange was disturbed: shop -> bank: garble)"
    );
    let [finding] = &bank().check(&ask("GET /v1/charges/7").answer(418).done())[..] else { panic!("one finding") };
    assert_eq!(finding.source.as_deref(), Some("bank.openapi.yaml#/paths/~1v1~1charges~1{id}/get/responses"));
}

#[test]
fn a_secret_that_was_replaced_is_no_departure_and_everything_else_about_it_is() {
    let secret = "«secret 0a1b2c3d»";
    assert_eq!(departs(one(json!({"id": 1, "token": secret, "key": secret, "at": secret}))), [""; 0]);
    assert_eq!(departs(one(json!({"id": secret, "token": secret}))), ["response/body/id"]);
    assert_eq!(departs(one(json!({"id": 1, "token": secret, "lines": [secret]}))), ["response/body/lines/0"]);
    assert_eq!(departs(one(json!({"id": 1, "token": secret, "key": 5}))), ["response/body/key"]);
    assert_eq!(departs(ask(&format!("GET /v1/charges/{secret}"))), [""; 0]);
    assert_eq!(departs(order().header("x-tenant", secret)), [""; 0]);
}

#[test]
fn the_more_specific_path_is_meant() {
    let picture = ask("GET /v1/charges/latest").answer(200).header("content-type", "image/png");
    assert_eq!(departs(picture.clone().body(Content::Empty, 5, false)), [""; 0]);
    assert_eq!(departs(picture.answer(200).json(json!({"id": 1, "token": TOKEN}))), ["response/headers/content-type"]);
}

#[test]
fn what_cannot_be_judged_is_said_and_not_held_against_anybody() {
    let cut = Content::Text("{\"id\": 1, \"tok".into());
    let json = || ask("GET /v1/charges/7").answer(200).header("content-type", "application/json");
    let unread = [
        (json().body(cut, 10 << 20, true), "only its beginning was recorded"),
        (json().header("content-encoding", "gzip").body(Content::Empty, 90, true), "compressed (gzip)"),
        (json().body(Content::Empty, 90, false), "it was not recorded"),
    ];
    for (exchange, why) in unread {
        let examined = bank().examine(&exchange.done());
        assert_eq!(examined.findings, [], "{why}");
        assert!(examined.skipped[0].contains(why), "{:?}", examined.skipped);
    }
}

#[test]
fn a_body_of_any_size_and_depth_is_judged_in_bounded_time() {
    let started = Instant::now();
    let mut deep = json!({});
    for _ in 0..10_000 {
        deep = Value::Object([("child".to_owned(), deep)].into_iter().collect());
    }
    let exchange = ask("GET /v1/tree").answer(200).header("content-type", "application/json");
    let exchange = exchange.body(Content::Json(deep), 1, false).done();
    assert_eq!(places(&bank().check(&exchange)), ["response/body"]);
    // To drop it would go as deep as it is, which is not what is tested here.
    std::mem::forget(exchange);
    let text = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let finding = &bank().check(&ask("GET /v1/tree").answer(200).text("application/json", &text).done())[0];
    assert!(finding.message.contains("recursion limit"), "{}", finding.message);
    let lines: Vec<_> = (0..20_000).map(|_| json!({"url": "no uri at all"})).collect();
    let wrong = json!({"id": "x".repeat(10 << 20), "token": TOKEN, "lines": lines});
    let findings = bank().check(&one(wrong).done());
    assert!(findings.len() <= 10 && findings.iter().all(|finding| finding.message.len() < 600));
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}

#[test]
fn a_member_may_ask_for_anything_but_the_platform_must_refuse_it() {
    let impossible = || order().json(json!({"amount": -1}));
    let refused = |exchange: Made| exchange.answer(422).problem(json!({"code": "x"}));
    assert_eq!(departs(refused(impossible()).on("member", "bank")), [""; 0]);
    assert_eq!(departs(charged(impossible()).on("member", "bank")), ["request/body/amount"]);
    // A service has to know what it asks for.
    assert_eq!(departs(refused(impossible()).on("shop", "bank")), ["request/body/amount"]);
}

#[test]
fn what_a_member_sent_is_not_held_against_the_service_that_passes_it_on() {
    let mut contracts = Contracts::new();
    contracts.insert("shop", bank());
    contracts.insert("bank", bank());
    let refused = |amount: i64| order().json(json!({"amount": amount})).answer(422).problem(json!({"code": "x"}));
    let outer = |amount| refused(amount).on("member", "shop").during(1, 0, 100).done();
    let inner = |amount| refused(amount).on("shop", "bank").during(2, 10, 90).done();
    assert_eq!(places(&contracts.examine(&[outer(-1), inner(-1)]).findings), [""; 0]);
    assert_eq!(places(&contracts.examine(&[outer(1), inner(-1)]).findings), ["request/body/amount"]);
}

#[test]
fn services_without_a_document_are_listed_and_not_checked() {
    let mut contracts = Contracts::new();
    contracts.insert("bank", bank());
    let edges = [Edge::new("member", "shop"), Edge::new("shop", "bank"), Edge::new("bank", "shop")];
    assert_eq!(contracts.unchecked(&edges), ["shop"]);
    assert!(contracts.check(&ask("GET /nothing").on("bank", "shop").done()).is_empty());
    assert!(!contracts.check(&ask("GET /nothing").done()).is_empty());
}

#[test]
fn a_document_of_3_0_means_what_it_says_there() {
    let old = "openapi: 3.0.3\nservers: [{url: 'https://example.org/api'}]\npaths:\n  /a:\n    get:\n      responses:\n        '200':\n          \
               description: x\n          content:\n            application/json:\n              schema:\n                type: object\n                \
               properties: {n: {type: integer, nullable: true, minimum: 1, exclusiveMinimum: true}}\n";
    let contract = Contract::load("old.yaml", old).unwrap();
    let found = |n: Value| places(&contract.check(&ask("GET /api/a").answer(200).json(json!({"n": n})).done()));
    assert_eq!((found(json!(null)), found(json!(2))), (vec![], vec![]));
    assert_eq!(
        (found(json!(1)), found(json!("x"))),
        (vec!["response/body/n".to_owned()], vec!["response/body/n".to_owned()])
    );
}

const GATE: &str = r#"
openapi: 3.1.0
security: [{session: []}, {key: [], stamp: []}]
paths:
  /in:
    get: {responses: {'200': {description: in}, '401': {description: out}}}
  /open:
    get: {security: [], responses: {'200': {description: in}}}
  /perhaps:
    get: {security: [{session: []}, {}], responses: {'200': {description: in}}}
  /unseen:
    get: {security: [{certificate: []}], responses: {'200': {description: in}}}
components:
  securitySchemes:
    session: {type: http, scheme: bearer}
    key: {type: apiKey, in: query, name: key}
    stamp: {type: apiKey, in: cookie, name: stamp}
    certificate: {type: mutualTLS}
"#;

#[test]
fn whoever_is_served_has_shown_one_of_the_documented_credentials() {
    let gate = Contract::load("gate.yaml", GATE).unwrap();
    let findings = |exchange: Made| gate.check(&exchange.done());
    let (bearer, stamp) = (("authorization", "«secret 0a1b2c3d»"), ("cookie", "stamp=1"));
    let served = [
        ask("GET /in").header(bearer.0, bearer.1),
        ask("GET /in?key=1").header(stamp.0, stamp.1),
        ask("GET /open"),
        ask("GET /perhaps"),
        ask("GET /unseen"),
    ];
    for request in served {
        assert_eq!(findings(request.answer(200)), []);
    }
    for request in [ask("GET /in"), ask("GET /in?key=1"), ask("GET /in").header("authorization", "")] {
        let found = findings(request.clone().answer(200));
        assert_eq!(places(&found), ["request/security"]);
        let says = "session (headers/authorization), or key (query/key) and stamp (cookies/stamp)";
        assert!(found[0].message.contains(says), "{}", found[0].message);
        assert_eq!(findings(request.answer(401)), []);
    }
}
