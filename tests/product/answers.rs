//! The shipped documents, held against what Atelier really answers: also where no feature goes.

use atelier::{Service, ServiceName, Settings};
use paidpath::under_test::{Body, Content, Edge, Exchange, Outcome, Request, Response};
use paidpath::under_test::{Contract, Contracts};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use wiremock::matchers::{method, path_regex};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::documents::{catalogue, read};

const ADMIN: &str = "the-token-of-the-administrator";

/// The four services, one after the other, with a flag provider and no worker.
struct Live {
    services: Vec<Service>,
    contracts: Contracts,
    client: Client,
    _flags: MockServer,
}

impl Live {
    async fn start() -> Self {
        // Whoever came first has set the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let flags = MockServer::start().await;
        let on = |request: &wiremock::Request| {
            let key = request.url.path().rsplit('/').next().unwrap().to_owned();
            ResponseTemplate::new(200).set_body_json(json!({"key": key, "value": true}))
        };
        Mock::given(method("POST")).and(path_regex("^/ofrep/")).respond_with(on).mount(&flags).await;
        let mut settings = Settings {
            session_key: "a".into(),
            event_key: "b".into(),
            credential_key: "c".into(),
            admin_token: ADMIN.into(),
            test_mode: true,
            ..Settings::default()
        };
        // Each is told of those that were started before it. Where the others should be, and the worker, nobody listens.
        for name in ["worker", "generation", "entitlement", "billing"] {
            settings.neighbours.insert(name.into(), "http://127.0.0.1:9".into());
        }
        settings.neighbours.insert("flags".into(), flags.uri());
        let mut live = Self { services: Vec::new(), contracts: Contracts::new(), client: Client::new(), _flags: flags };
        for name in [ServiceName::Entitlement, ServiceName::Billing, ServiceName::Generation, ServiceName::Storefront] {
            let service = atelier::start(name, settings.clone()).await.unwrap();
            settings.neighbours.insert(name.as_str().into(), service.address().to_owned());
            live.services.push(service);
            let path = format!("platform/src/{name}/openapi.yaml");
            live.contracts.insert(name.as_str(), Contract::load(&path, &read(&path)).unwrap());
        }
        live
    }

    /// Asks a service, holds what comes against its contract and the catalogue, and gives what was answered.
    async fn ask(&self, request: &str, headers: &[(&str, &str)], body: Option<&str>, expected: u16) -> Value {
        let (service, request) = request.split_once(' ').unwrap();
        let (verb, target) = request.split_once(' ').unwrap();
        let address = self.services.iter().find(|known| known.name().as_str() == service).unwrap().address();
        let mut call = self.client.request(verb.parse::<Method>().unwrap(), format!("{address}{target}"));
        let traceparent = ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        let json = body.map(|_| ("content-type", "application/json"));
        let headers: Vec<_> = headers.iter().copied().chain([traceparent]).chain(json).collect();
        for (name, value) in &headers {
            call = call.header(*name, *value);
        }
        if let Some(body) = body {
            call = call.body(body.to_owned());
        }
        let request = Request {
            method: verb.into(),
            target: target.into(),
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            body: kept(body.unwrap_or_default().as_bytes()),
        };
        let response = call.send().await.unwrap();
        let status = response.status().as_u16();
        let text = |value: &http::HeaderValue| value.to_str().unwrap().to_owned();
        let headers = response.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        let bytes = response.bytes().await.unwrap();
        let body = kept(&bytes);
        let answer = body.json().cloned().unwrap_or_default();
        let exchange = Exchange {
            id: 1,
            edge: Edge::new(Edge::MEMBER, service),
            trace: None,
            at_micros: 0,
            took_micros: 1,
            request,
            outcome: Outcome::Answered(Response { status, headers, body }),
            faults: Vec::new(),
            changes: Vec::new(),
        };
        assert_eq!(status, expected, "{service} {verb} {target}: {answer}");
        let mut findings = self.contracts.check(&exchange);
        findings.extend(catalogue().check(std::slice::from_ref(&exchange)));
        assert_eq!(findings, [], "{service} {verb} {target}: {answer}");
        answer
    }
}

fn kept(bytes: &[u8]) -> Body {
    let content = match (serde_json::from_slice(bytes), std::str::from_utf8(bytes)) {
        _ if bytes.is_empty() => Content::Empty,
        (Ok(value), _) => Content::Json(value),
        (Err(_), Ok(text)) => Content::Text(text.to_owned()),
        (Err(_), Err(_)) => Content::Base64(String::new()),
    };
    Body { size: bytes.len() as u64, content, truncated: false }
}

fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer} in {value}")).to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn atelier_answers_as_its_documents_say() {
    let live = Live::start().await;
    let admin = format!("Bearer {ADMIN}");
    let admin = ("authorization", admin.as_str());
    let join = |name: &str, role: &str| json!({"name": name, "role": role}).to_string();

    let ann = live.ask("storefront POST /v1/members", &[], Some(&join("Ann", "member")), 201).await;
    let mo = live.ask("storefront POST /v1/members", &[admin], Some(&join("Mo", "moderator")), 201).await;
    let (ann_id, token) = (text(&ann, "/id"), text(&ann, "/token"));
    let (ann, mo) = (format!("Bearer {token}"), format!("Bearer {}", text(&mo, "/token")));
    let (ann, mo, bad) =
        (("authorization", ann.as_str()), ("authorization", mo.as_str()), ("authorization", "Bearer x"));
    let key = |key: &'static str| ("idempotency-key", key);

    // Who one is.
    live.ask("storefront POST /v1/members", &[], Some(&join("Eve", "moderator")), 401).await;
    live.ask("storefront POST /v1/members", &[ann], Some(&join("Eve", "moderator")), 403).await;
    live.ask("storefront POST /v1/members", &[], Some("{"), 400).await;
    live.ask("storefront POST /v1/members", &[], Some(r#"{"name": ""}"#), 422).await;
    live.ask("storefront POST /v1/members", &[], Some(&format!("\"{}\"", "x".repeat(2 << 20))), 413).await;
    live.ask("storefront POST /v1/sessions", &[], Some(&json!({"token": token}).to_string()), 204).await;
    live.ask("storefront POST /v1/sessions", &[], Some(r#"{"token": "x"}"#), 401).await;
    live.ask("storefront DELETE /v1/sessions", &[], None, 204).await;
    live.ask("storefront GET /v1/me", &[ann], None, 200).await;
    live.ask("storefront GET /v1/me", &[("cookie", &format!("session={token}"))], None, 200).await;
    live.ask("storefront GET /v1/me", &[], None, 401).await;
    live.ask("storefront GET /v1/me", &[admin], None, 403).await;
    live.ask("storefront GET /v1/me", &[ann, ("baggage", "atelier.clock=soon")], None, 422).await;
    live.ask("storefront GET /v1/me", &[ann, ("baggage", "atelier.clock=+99999999")], None, 401).await;
    for service in ["storefront", "billing", "entitlement", "generation"] {
        live.ask(&format!("{service} GET /healthz"), &[], None, 200).await;
        live.ask(&format!("{service} GET /nowhere"), &[], None, 404).await;
        live.ask(&format!("{service} DELETE /healthz"), &[], None, 405).await;
    }

    // The page.
    for path in ["/", "/versions/any", "/page/errors.json", "/page/main.js", "/page/page.css", "/page/icon.svg"] {
        live.ask(&format!("storefront GET {path}"), &[], None, 200).await;
    }
    live.ask("storefront GET /page/none.js", &[], None, 404).await;
    for who in [&[][..], &[ann], &[bad]] {
        live.ask("storefront GET /v1/page-settings", who, None, 200).await;
    }

    // What is offered.
    let soon = json!({"ends_at": "2099-01-01T00:00:00Z", "generation": {"price": 10}, "access_days": 3});
    let model =
        |terms: &Value| json!({"name": "m", "base_model": "b", "version": {"name": "v", "early_access": terms}});
    let made = live.ask("storefront POST /v1/models", &[mo], Some(&model(&soon).to_string()), 201).await;
    let version = text(&made, "/version_id");
    let at = |what: &str| {
        format!(
            "storefront {} /v1/versions/{version}{}",
            what.split(' ').next().unwrap(),
            &what[what.find(' ').unwrap() + 1..]
        )
    };
    live.ask("storefront POST /v1/models", &[mo], Some(&model(&json!({"ends_at": "soon"})).to_string()), 422).await;
    live.ask("storefront POST /v1/models", &[], Some(&model(&soon).to_string()), 401).await;
    live.ask(&at("GET "), &[], None, 200).await;
    live.ask("storefront GET /v1/versions/none", &[], None, 404).await;
    live.ask("storefront GET /v1/versions/%FF", &[], None, 422).await;
    live.ask(&at("PATCH "), &[ann], Some("{}"), 403).await;
    live.ask(&at("PATCH "), &[mo], Some(&json!({"early_access": soon}).to_string()), 200).await;
    live.ask(&at("GET /access"), &[], None, 200).await;
    live.ask(&at("GET /access"), &[ann], None, 200).await;
    live.ask(&at("GET /access"), &[bad], None, 401).await;
    live.ask(&at("GET /download"), &[], None, 401).await;
    live.ask(&at("GET /download"), &[ann], None, 403).await;
    live.ask(&at("GET /download"), &[mo], None, 200).await;
    let this = json!({"version": version}).to_string();
    live.ask("storefront POST /v1/trials", &[ann], Some(&this), 409).await;
    live.ask("storefront GET /v1/flags", &[], None, 200).await;

    // Money.
    let money = |amount: i64, card: &str| json!({"amount": amount, "card": card}).to_string();
    live.ask("storefront POST /v1/wallet/top-ups", &[ann, key("t")], Some(&money(50, "ok")), 201).await;
    live.ask("storefront POST /v1/wallet/top-ups", &[ann, key("t")], Some(&money(50, "ok")), 201).await;
    live.ask("storefront POST /v1/wallet/top-ups", &[ann, key("t")], Some(&money(51, "ok")), 422).await;
    live.ask("storefront POST /v1/wallet/top-ups", &[ann], Some(&money(50, "ok")), 400).await;
    live.ask("storefront POST /v1/wallet/top-ups", &[ann, key("u")], Some(&money(50, "declined")), 402).await;
    live.ask("storefront GET /v1/wallet", &[ann], None, 200).await;
    live.ask("storefront GET /v1/wallet/entries", &[ann], None, 200).await;
    live.ask("storefront GET /v1/ledger", &[mo], None, 200).await;
    live.ask("storefront GET /v1/ledger", &[ann], None, 403).await;
    let right = |right: &str| json!({"version": version, "right": right}).to_string();
    let quote = live.ask("storefront POST /v1/quotes", &[ann], Some(&right("generation")), 201).await;
    live.ask("storefront POST /v1/quotes", &[ann], Some(&right("download")), 409).await;
    live.ask("storefront POST /v1/quotes", &[mo], Some(&right("generation")), 409).await;
    let quote = json!({"quote": quote["id"]}).to_string();
    let bought = live.ask("storefront POST /v1/purchases", &[ann, key("p")], Some(&quote), 201).await;
    live.ask("storefront POST /v1/purchases", &[ann, key("p")], Some(&quote), 201).await;
    live.ask("storefront POST /v1/purchases", &[ann, key("q")], Some(&quote), 409).await;
    live.ask("storefront POST /v1/purchases", &[ann, key("r")], Some(r#"{"quote": "x"}"#), 404).await;
    live.ask("storefront POST /v1/purchases", &[ann, key("r")], Some(r#"{"quote": "x", "amount": 0}"#), 422).await;
    let purchase = text(&bought, "/id");
    live.ask("storefront GET /v1/purchases", &[ann], None, 200).await;
    live.ask(&format!("storefront GET /v1/purchases/{purchase}"), &[ann], None, 200).await;
    live.ask("storefront GET /v1/purchases/none", &[ann], None, 404).await;
    let refund = format!("storefront POST /v1/purchases/{purchase}/refund");
    live.ask(&refund, &[ann, key("x")], None, 403).await;
    live.ask(&refund, &[mo, key("x")], Some(r#"{"amount": 11}"#), 422).await;

    // Jobs.
    let job = json!({"resources": [{"version": version}], "prompt": "a cat"}).to_string();
    live.ask(
        "storefront POST /v1/estimates",
        &[ann],
        Some(&json!({"resources": [{"version": version}]}).to_string()),
        200,
    )
    .await;
    live.ask("storefront POST /v1/estimates", &[ann], Some(r#"{"resources": []}"#), 422).await;
    live.ask("storefront POST /v1/estimates", &[ann], Some(r#"{"resources": [{"version": "none"}]}"#), 404).await;
    live.ask("storefront POST /v1/jobs", &[mo, key("j")], Some(&job), 402).await;
    live.ask("storefront POST /v1/jobs", &[ann, key("j"), ("purchase-credential", "x")], Some(&job), 403).await;
    live.ask("storefront POST /v1/jobs", &[], Some(&job), 401).await;
    live.ask("storefront POST /v1/wallet/top-ups", &[mo, key("t")], Some(&money(50, "ok")), 201).await;
    let submitted = live.ask("storefront POST /v1/jobs", &[mo, key("j")], Some(&job), 202).await;
    live.ask("storefront POST /v1/jobs", &[mo, key("j")], Some(&job), 202).await;
    let submitted = format!("/v1/jobs/{}", text(&submitted, "/id"));
    live.ask("storefront GET /v1/jobs", &[mo], None, 200).await;
    live.ask(&format!("storefront GET {submitted}"), &[mo], None, 200).await;
    live.ask(&format!("storefront GET {submitted}"), &[ann], None, 404).await;
    live.ask("storefront POST /v1/jobs/none/cancel", &[mo], None, 404).await;
    live.ask("storefront GET /v1/images/none", &[mo], None, 404).await;
    live.ask(&refund, &[mo, key("x")], None, 201).await;
    live.ask(&refund, &[mo, key("y")], None, 409).await;

    // Between the services.
    let fellow = ("service-token", ADMIN);
    let gate = json!({"owner": ann_id, "status": "draft", "ends_at": null, "generation": true, "download": false, "trial_uses": 0});
    live.ask("entitlement PUT /v1/gates/ver_x", &[fellow], Some(&gate.to_string()), 200).await;
    live.ask("entitlement PUT /v1/gates/ver_x", &[ann], Some(&gate.to_string()), 403).await;
    live.ask("entitlement GET /v1/access", &[ann], None, 422).await;
    live.ask("entitlement POST /v1/trials", &[ann], Some(&this), 409).await;
    live.ask("entitlement POST /v1/events", &[], Some("{}"), 401).await;
    live.ask("generation POST /v1/events", &[], Some("{}"), 401).await;
    let may = |who: &str| {
        let resource = json!({"type": "model-version", "id": version});
        json!({"subject": {"type": "member", "id": who}, "action": {"name": "generate"}, "resource": resource})
            .to_string()
    };
    live.ask("entitlement POST /access/v1/evaluation", &[ann], Some(&may(&ann_id)), 200).await;
    live.ask("entitlement POST /access/v1/evaluation", &[mo], Some(&may(&ann_id)), 403).await;
    let own_price = json!({"version": version, "right": "generation", "amount": 1, "owner": "mem_x"}).to_string();
    live.ask("billing POST /v1/quotes", &[ann], Some(&own_price), 403).await;
    live.ask("billing POST /v1/charges", &[ann, key("c")], Some(r#"{"job": "j", "amount": 1}"#), 403).await;
    live.ask(
        "billing POST /v1/charges/none/refunds",
        &[fellow, key("c")],
        Some(r#"{"amount": 1, "reason": "x"}"#),
        404,
    )
    .await;
    live.ask(&format!("billing POST /v1/versions/{version}/quotes/withdraw"), &[fellow], None, 204).await;

    // A neighbour is down.
    let mut live = live;
    live.services.remove(2).stop().await;
    live.ask("storefront GET /v1/jobs", &[mo], None, 503).await;
    live.ask("storefront POST /v1/jobs", &[mo, key("k")], Some(&job), 503).await;
    for service in live.services {
        service.stop().await;
    }
}
