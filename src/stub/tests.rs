//! The room as its users have it: a file and a request in, a stub and its answer out.

use std::time::Duration;

use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Broken, Nearest, Reply, Request, Stub, StubFile, choose};
use crate::base::seed::Seed;

/// A request, by its parts.
struct Asked {
    method: Method,
    target: &'static str,
    headers: HeaderMap,
    body: String,
}

fn post(target: &'static str, body: Value) -> Asked {
    Asked { method: Method::POST, target, headers: HeaderMap::new(), body: body.to_string() }
}

impl Asked {
    fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        self
    }

    fn request(&self) -> Request<'_> {
        let Self { method, target, headers, body } = self;
        Request { method, target, headers, body: body.as_bytes() }
    }

    fn chooses<'s>(&self, stubs: &'s [Stub]) -> Result<&'s Stub, Nearest> {
        choose(stubs, &self.request()).map_err(|nearest| nearest.expect("there are stubs"))
    }

    fn answer(&self, stubs: &[Stub]) -> Reply {
        self.chooses(stubs).unwrap().answer(&self.request(), &mut Seed(7).rng("test"))
    }
}

fn stubs(text: &str) -> Vec<Stub> {
    StubFile::parse("stubs/bank/x.json", text).unwrap_or_else(|error| panic!("{error}")).stubs
}

/// A stub for these requests.
fn for_requests(request: &Value) -> Vec<Stub> {
    stubs(&json!({"request": request, "response": {}}).to_string())
}

fn refusal(text: &str) -> String {
    StubFile::parse("stubs/bank/x.json", text).unwrap_err().to_string()
}

#[test]
fn a_request_is_recognised_by_each_of_its_parts_and_told_apart_by_each() {
    let order = json!({"amount": 120, "tags": ["a", "b"], "who": {"name": "Ann", "age": 30}});
    let asked =
        || post("/v1/charges/7?dry=yes&who=Ann%20B", order.clone()).header("x-key", "k-1").header("x-key", "k-2");
    let body = |matcher: Value| json!({"bodyPatterns": [matcher]});
    let search = |path: &str, value: Value| {
        let mut search = json!({"expression": path});
        search.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
        json!({"bodyPatterns": [{"matchesJsonPath": search}]})
    };
    let table = [
        // What matches, what does not, and what is said of the latter.
        (json!({"method": "POST"}), json!({"method": "GET"}), "the method: wanted GET, came POST"),
        (json!({"method": "ANY"}), json!({"method": "PUT"}), "wanted PUT"),
        (
            json!({"urlPath": "/v1/charges/7"}),
            json!({"urlPath": "/v1/charges"}),
            "the path: wanted `/v1/charges`, came",
        ),
        (
            json!({"url": "/v1/charges/7?dry=yes&who=Ann%20B"}),
            json!({"url": "/v1/charges/7"}),
            "the path with its query",
        ),
        (
            json!({"urlPathPattern": "/v1/[a-z]+/\\d"}),
            json!({"urlPathPattern": "/v1/[a-z]+"}),
            "a match of `/v1/[a-z]+`",
        ),
        (json!({"urlPattern": "/v1/.*dry=yes.*"}), json!({"urlPattern": "/v1/.*dry=no.*"}), "the path with its query"),
        (
            json!({"queryParameters": {"who": {"equalTo": "Ann B"}}}),
            json!({"queryParameters": {"who": {"equalTo": "Ann"}}}),
            "the query parameter `who`: wanted `Ann`, came `Ann B`",
        ),
        (
            json!({"queryParameters": {"page": {"absent": true}}}),
            json!({"queryParameters": {"page": {"matches": ".*"}}}),
            "the query parameter `page`: wanted a match of `.*`, came nothing",
        ),
        (
            json!({"headers": {"X-Key": {"equalTo": "k-2"}}}),
            json!({"headers": {"X-Key": {"equalTo": "k-3"}}}),
            "the header `X-Key`: wanted `k-3`, came `k-2`",
        ),
        (
            json!({"headers": {"X-Key": {"equalTo": "K-1", "caseInsensitive": true}}}),
            json!({"headers": {"X-Key": {"equalTo": "K-1"}}}),
            "wanted `K-1`",
        ),
        (
            json!({"headers": {"X-Key": {"contains": "k-"}}}),
            json!({"headers": {"X-Key": {"absent": true}}}),
            "wanted nothing",
        ),
        (body(json!({"contains": "Ann"})), body(json!({"doesNotContain": "Ann"})), "something without `Ann`"),
        (body(json!({"matches": ".*Ann.*"})), body(json!({"matches": "Ann"})), "a match of `Ann`"),
        (body(json!({"doesNotMatch": "Ann"})), body(json!({"doesNotMatch": ".*Ann.*"})), "no match of"),
        (
            body(json!({"equalToJson": {"amount": 120.0}, "ignoreExtraElements": true})),
            body(json!({"equalToJson": {"amount": 100}, "ignoreExtraElements": true})),
            "came at /amount `120`",
        ),
        (
            body(json!({"equalToJson": order})),
            body(json!({"equalToJson": {"amount": 120}})),
            "/tags, which nobody wants",
        ),
        (body(json!({"equalToJson": order.to_string()})), body(json!({"equalToJson": "{}"})), "which nobody wants"),
        (
            body(json!({"equalToJson": {"tags": ["b", "a"]}, "ignoreArrayOrder": true, "ignoreExtraElements": true})),
            body(json!({"equalToJson": {"tags": ["b", "a"]}, "ignoreExtraElements": true})),
            "came at /tags/0 `\"a\"`",
        ),
        (
            body(json!({"matchesJsonPath": "$.who.name"})),
            body(json!({"matchesJsonPath": "$.who.nme"})),
            "nothing there",
        ),
        (
            body(json!({"matchesJsonPath": "$.tags[?@ == 'b']"})),
            body(json!({"matchesJsonPath": "$.tags[?@ == 'c']"})),
            "something at `$.tags[?@ == 'c']`",
        ),
        (
            search("$.amount", json!({"equalTo": "120"})),
            search("$.amount", json!({"equalTo": "100"})),
            "wanted at `$.amount` `100`, came there `120`",
        ),
        (search("$.coupon", json!({"absent": true})), search("$.amount", json!({"absent": true})), "came there `120`"),
    ];
    for (right, wrong, says) in table {
        assert!(
            asked().chooses(&for_requests(&right)).is_ok(),
            "{right}: {:?}",
            asked().chooses(&for_requests(&right))
        );
        let nearest = asked().chooses(&for_requests(&wrong)).expect_err(&wrong.to_string());
        assert!(nearest.differences.contains(says), "{wrong}: {}", nearest.differences);
    }
}

#[test]
fn arrays_without_order_are_matched_so_that_every_element_finds_one_of_its_own() {
    let wanted = json!({"bodyPatterns": [
        {"equalToJson": [{"a": 1}, {"a": 1, "b": 2}], "ignoreArrayOrder": true, "ignoreExtraElements": true}
    ]});
    assert!(post("/", json!([{"a": 1, "b": 2}, {"a": 1}])).chooses(&for_requests(&wanted)).is_ok());
    assert!(post("/", json!([{"a": 1, "b": 2}, {"b": 2}])).chooses(&for_requests(&wanted)).is_err());
}

#[test]
fn the_lowest_number_goes_first_then_the_first_in_the_file_and_otherwise_the_nearest_is_named() {
    let all = stubs(
        r#"{
  "mappings": [
    {"request": {"urlPathPattern": "/v1/.*"}, "response": {"status": 200}},
    {"request": {"urlPathPattern": "/v1/c.*"}, "response": {"status": 201}},
    {"priority": 1, "request": {"urlPath": "/v1/quotes"}, "response": {"status": 202}}
  ],
  "meta": {"total": 3}
}"#,
    );
    assert_eq!(post("/v1/charges", json!({})).answer(&all).status, 200);
    assert_eq!(post("/v1/quotes", json!({})).answer(&all).status, 202);
    let nearest = post("/v2/quotes", json!({})).chooses(&all).unwrap_err();
    assert_eq!((nearest.place.as_str(), nearest.distance < 1.0), ("stubs/bank/x.json:5", true));
}

#[test]
fn what_differs_in_a_secret_is_not_shown() {
    let wanted = json!({"headers": {"Authorization": {"equalTo": "Bearer a"}}, "bodyPatterns": [
        {"equalToJson": {"token": "a"}}
    ]});
    let asked = post("/", json!({"token": "s3cret"})).header("authorization", "Bearer s3cret");
    let told = asked.chooses(&for_requests(&wanted)).unwrap_err().differences;
    assert!(told.contains("Authorization") && told.contains("/token") && !told.contains("s3cret"), "{told}");
}

#[test]
fn an_answer_has_what_was_written_and_takes_from_the_request_what_it_names() {
    let plain = stubs(r#"{"request": {}, "response": {"jsonBody": {"a": 1}}}"#);
    let reply = post("/", json!({})).answer(&plain);
    assert_eq!((reply.status, reply.delay, reply.broken), (StatusCode::OK, Duration::ZERO, None));
    assert_eq!(
        (reply.headers["content-type"].to_str().unwrap(), reply.body.as_slice()),
        ("application/json", &b"{\"a\":1}"[..])
    );

    let filled = stubs(
        r#"{"request": {}, "response": {
            "status": 402, "fixedDelayMilliseconds": 30, "transformers": ["response-template"],
            "headers": {"Location": "{{request.path}}/1", "Set-Cookie": ["a=1", "b={{request.headers.X-Key}}"]},
            "jsonBody": {
              "all": "{{request.method}} {{request.url}}", "who": "{{request.query.who}}", "none": "{{request.query.no}}",
              "last": ["{{request.pathSegments.[1]}}"], "amount": "{{jsonPath request.body '$.order.amount'}}",
              "id": "{{randomValue type='UUID'}}", "key": "{{randomValue length=24 type='HEXADECIMAL'}}", "at": "{{now}}", "was": "{{now offset='-1 days' format='epoch'}}"
            }}}"#,
    );
    let asked = post("/v1/charges?who=Ann", json!({"order": {"amount": 120}})).header("x-key", "k");
    let reply = asked.answer(&filled);
    assert_eq!((reply.status.as_u16(), reply.delay), (402, Duration::from_millis(30)));
    assert_eq!(reply.headers["location"], "/v1/charges/1");
    assert_eq!(reply.headers.get_all("set-cookie").iter().collect::<Vec<_>>(), ["a=1", "b=k"]);
    let body: Value = serde_json::from_slice(&reply.body).unwrap();
    let text = |key: &str| body[key].as_str().unwrap().to_owned();
    assert_eq!(
        (text("all"), text("who"), text("none")),
        ("POST /v1/charges?who=Ann".into(), "Ann".into(), String::new())
    );
    assert_eq!((&body["last"], text("amount")), (&json!(["charges"]), "120".into()));
    assert_eq!((text("id").len(), text("id").as_bytes()[14]), (36, b'4'));
    assert!(text("key").len() == 24 && text("key").chars().all(|each| each.is_ascii_hexdigit()), "{}", text("key"));
    let (at, was): (jiff::Timestamp, i64) = (text("at").parse().unwrap(), text("was").parse().unwrap());
    assert!((at.as_millisecond() - was - 86_400_000).abs() < 2_000);

    let text = stubs(
        r#"{"request": {}, "response": {"body": "{\"amount\": {{jsonPath request.body '$.amount'}}}",
            "transformers": ["response-template"]}}"#,
    );
    assert_eq!(post("/", json!({"amount": 5})).answer(&text).body, b"{\"amount\": 5}");
    let broken = stubs(r#"{"request": {}, "response": {"fault": "RANDOM_DATA_THEN_CLOSE"}}"#);
    assert_eq!(post("/", json!({})).answer(&broken).broken, Some(Broken::RandomDataThenClose));
}

#[test]
fn what_cannot_be_meant_is_refused_with_its_place_and_what_to_write() {
    let table = [
        // The request and the response of a stub on lines 3 and 4, where it is refused, and what is said.
        (r#"{"methd": "GET"}"#, "{}", ":3:", "Did you mean `method`?"),
        (r#"{"method": "POTS"}"#, "{}", ":3:", "Did you mean `POST`?"),
        (r#"{"urlPath": "v1"}"#, "{}", ":3:", "it begins with `/`"),
        (r#"{"urlPath": "/a", "url": "/a"}"#, "{}", ":3:", "only one"),
        (r#"{"urlPathPattern": "/("}"#, "{}", ":3:", "`/(` is not a regular expression"),
        (r#"{"headers": {"X Y": {"absent": true}}}"#, "{}", ":3:", "cannot be the name of a header"),
        (r#"{"headers": {"X": {"equalTo": "a", "contains": "b"}}}"#, "{}", ":3:", "here are several"),
        (r#"{"headers": {"X": {}}}"#, "{}", ":3:", "here is none"),
        (r#"{"headers": {"X": {"absent": false}}}"#, "{}", ":3:", "can only be true"),
        (r#"{"headers": {"X": {"contains": "a", "caseInsensitive": true}}}"#, "{}", ":3:", "belongs to `equalTo`"),
        (r#"{"bodyPatterns": [{"matchesJsonPath": "a.b"}]}"#, "{}", ":3:", "`a.b` is not a JSONPath"),
        (r#"{"bodyPatterns": [{"matchesJsonPath": {"equalTo": "a"}}]}"#, "{}", ":3:", "needs an `expression`"),
        (r#"{"bodyPatterns": [{"expression": "$.a"}]}"#, "{}", ":3:", "within `matchesJsonPath`"),
        (r#"{"bodyPatterns": [{"equalToJson": "{"}]}"#, "{}", ":3:", "a string that is not JSON"),
        (
            r#"{"bodyPatterns": [{"equalToJson": {"a": "${json-unit.any-string}"}}]}"#,
            "{}",
            ":3:",
            "use `matchesJsonPath`",
        ),
        (r#"{"bodyPatterns": [{"equalToXml": "<a/>"}]}"#, "{}", ":3:", "`equalToXml` is WireMock's"),
        (r#"{"cookies": {}}"#, "{}", ":3:", "match the header `Cookie`"),
        ("{}", r#"{"status": 99}"#, ":4:", "not the status of an answer"),
        ("{}", r#"{"stauts": 200}"#, ":4:", "Did you mean `status`?"),
        ("{}", r#"{"body": "a", "jsonBody": {}}"#, ":4:", "keep one"),
        ("{}", r#"{"fault": "EMPTY_RESPONS"}"#, ":4:", "Did you mean `EMPTY_RESPONSE`?"),
        ("{}", r#"{"fault": "EMPTY_RESPONSE", "status": 200}"#, ":4:", "would not be seen"),
        ("{}", r#"{"headers": {"X": "a\nb"}}"#, ":4:", "no header can have"),
        ("{}", r#"{"headers": {"X": 1}}"#, ":4:", "a text or a list of texts"),
        ("{}", r#"{"bodyFileName": "a.json"}"#, ":4:", "write the body here"),
        ("{}", r#"{"transformers": ["response-tmplate"]}"#, ":4:", "unknown variant"),
        ("{}", r#"{"jsonBody": {"a": ["{{request.path}}"]}}"#, ":4:", "add `\"transformers\""),
        (
            "{}",
            r#"{"body": "{{request.pth}}", "transformers": ["response-template"]}"#,
            ":4:",
            "Did you mean `request.path`?",
        ),
        ("{}", r#"{"body": "{{#if a}}b{{/if}}", "transformers": ["response-template"]}"#, ":4:", "is not filled in"),
        ("{}", r#"{"body": "{{request.path", "transformers": ["response-template"]}"#, ":4:", "at its end"),
        (
            "{}",
            r#"{"body": "{{now offset='2 moons'}}", "transformers": ["response-template"]}"#,
            ":4:",
            "is not filled in",
        ),
        ("{}", r#"{}, "scenarioName": "a""#, ":4:", "stubs remember nothing"),
        ("{}", r#"{}, "extra": 1"#, ":4:", "unknown field `extra`"),
    ];
    for (request, response, place, says) in table {
        let told = refusal(&format!("{{\n\"name\": \"x\",\n\"request\": {request},\n\"response\": {response}\n}}\n"));
        assert!(
            told.starts_with(&format!("stubs/bank/x.json{place}")) && told.contains(says),
            "{request} {response}: {told}"
        );
    }
    for (text, says) in [
        ("{\n\"request\": {}\n}", "x.json:3:1: missing field `response`"),
        ("[]", "x.json:1:1: invalid type"),
        ("{\"mappings\": []}", "holds no stub"),
        (
            "{\"mappings\": [{\"request\": {}, \"response\": {}},\n {\"reqest\": {}}]}",
            "x.json:2:4: unknown field `reqest`",
        ),
        ("", "x.json:1:1: EOF"),
    ] {
        let told = refusal(text);
        assert!(told.contains(says), "{text}: {told}");
    }
}
