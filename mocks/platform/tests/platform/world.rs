//! A platform for one test, and people who use it.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use atelier::{Service, ServiceName, Settings};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::IntoResponse;
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};

pub const ADMIN: &str = "admin-token";
pub const EVENT_KEY: &str = "event-key";

/// What the worker does.
#[derive(Clone, Copy, PartialEq)]
pub enum Mood {
    Good,
    Broken,
    BrokenOnce,
    Empty,
    TooSmall,
    Slow,
}

/// The parties that are not Atelier's.
pub struct Outside {
    pub mood: Mutex<Mood>,
    pub renders: AtomicU32,
    pub sales: AtomicBool,
    pub generation: AtomicBool,
    pub flags_up: AtomicBool,
}

pub struct World {
    services: Mutex<BTreeMap<ServiceName, Service>>,
    addresses: BTreeMap<ServiceName, String>,
    settings: BTreeMap<ServiceName, Settings>,
    pub outside: Arc<Outside>,
    client: reqwest::Client,
    trace: String,
    keys: AtomicU32,
    pub moderator: String,
}

#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
    pub bytes: Vec<u8>,
}

impl Reply {
    /// The code of a problem, which has to be a whole one.
    pub fn code(&self) -> &str {
        let code = self.body["code"].as_str().unwrap_or_else(|| panic!("not a problem: {self:?}"));
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(self.body["type"], format!("urn:atelier:problem:{code}"));
        assert_eq!(self.body["status"], self.status);
        for member in ["title", "detail", "trace_id", "instance"] {
            assert!(self.body[member].as_str().is_some_and(|text| !text.is_empty()), "no {member}: {}", self.body);
        }
        assert_eq!(
            self.headers.contains_key("retry-after"),
            matches!(self.status, 503 | 429) || code == "request-in-progress"
        );
        code
    }

    pub fn ok(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }
}

/// A request in the making.
pub struct Call<'a> {
    world: &'a World,
    request: reqwest::RequestBuilder,
    baggage: String,
    traced: bool,
}

impl Call<'_> {
    pub fn json(mut self, body: Value) -> Self {
        self.request = self.request.json(&body);
        self
    }

    pub fn raw(mut self, body: impl Into<reqwest::Body>) -> Self {
        self.request = self.request.body(body);
        self
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// With a key of its own.
    pub fn fresh_key(self) -> Self {
        let key = format!("key-{}", self.world.keys.fetch_add(1, Ordering::Relaxed));
        self.header("idempotency-key", &key)
    }

    pub fn later(mut self, seconds: f64) -> Self {
        self.baggage = format!("atelier.clock={seconds:+}");
        self
    }

    pub fn trace(mut self, traceparent: &str) -> Self {
        self.traced = true;
        self.header("traceparent", traceparent)
    }

    pub async fn send(mut self) -> Reply {
        if !self.baggage.is_empty() {
            self.request = self.request.header("baggage", &self.baggage);
        }
        if !self.traced {
            self.request = self.request.header("traceparent", &self.world.trace);
        }
        let response = self.request.timeout(Duration::from_secs(20)).send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.unwrap().to_vec();
        Reply { status, headers, body: serde_json::from_slice(&bytes).unwrap_or_default(), bytes }
    }
}

impl World {
    pub async fn new() -> Self {
        Self::with(|_, _| {}).await
    }

    pub async fn with(adjust: impl Fn(ServiceName, &mut Settings)) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let outside = Arc::new(Outside {
            mood: Mutex::new(Mood::Good),
            renders: AtomicU32::new(0),
            sales: AtomicBool::new(true),
            generation: AtomicBool::new(true),
            flags_up: AtomicBool::new(true),
        });
        let doubles = Router::new()
            .route("/v1/renders", post(render))
            .route("/ofrep/v1/evaluate/flags/{key}", post(evaluate))
            .with_state(outside.clone());
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let doubles_at = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, doubles).await.unwrap() });

        // The services call each other in a circle, so their ports have to be known before the first one starts.
        let ports: Vec<_> = ServiceName::ALL.map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()).into();
        let ports: Vec<_> = ports.into_iter().map(|listener| listener.local_addr().unwrap()).collect();
        let mut neighbours: BTreeMap<_, _> =
            ServiceName::ALL.iter().zip(&ports).map(|(name, at)| (name.to_string(), format!("http://{at}"))).collect();
        neighbours.insert("worker".into(), doubles_at.clone());
        neighbours.insert("flags".into(), doubles_at);
        let mut world = Self {
            services: Mutex::default(),
            addresses: BTreeMap::new(),
            settings: BTreeMap::new(),
            outside,
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            trace: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into(),
            keys: AtomicU32::new(0),
            moderator: String::new(),
        };
        let database_url = crate::database::fresh().await;
        for (name, listen) in ServiceName::ALL.into_iter().zip(ports) {
            let mut settings = Settings {
                listen,
                neighbours: neighbours.clone(),
                database_url: database_url.clone(),
                session_key: "session-key".into(),
                event_key: EVENT_KEY.into(),
                credential_key: "credential-key".into(),
                admin_token: ADMIN.into(),
                test_mode: true,
                ..Settings::default()
            };
            adjust(name, &mut settings);
            world.settings.insert(name, settings);
            world.up(name).await;
        }
        let body = json!({"name": "Mo", "role": "moderator"});
        let moderator = world.post("/v1/members", ADMIN).json(body).send().await.ok(201);
        world.moderator = moderator["token"].as_str().unwrap().to_owned();
        world
    }

    pub async fn up(&mut self, name: ServiceName) {
        // The port was free when it was chosen; meanwhile somebody's connection may be using it.
        let start = || atelier::start(name, self.settings[&name].clone());
        let service = self.until(start, Result::is_ok).await.unwrap();
        self.addresses.insert(name, service.address().to_owned());
        self.services.lock().unwrap().insert(name, service);
    }

    pub async fn down(&self, name: ServiceName) {
        let service = self.services.lock().unwrap().remove(&name).unwrap();
        service.stop().await;
    }

    /// Replaces a service by a process of its own, which can be killed.
    #[cfg(feature = "postgres")]
    pub async fn as_process(&self, name: ServiceName) -> std::process::Child {
        self.down(name).await;
        let settings = &self.settings[&name];
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_atelier"));
        command.arg(name.as_str()).args(["--listen", &settings.listen.to_string(), "--test-mode"]);
        for (neighbour, url) in settings.neighbours.iter().filter(|(neighbour, _)| neighbour.as_str() != "storefront") {
            command.args([&format!("--{neighbour}"), url]);
        }
        command.env("ATELIER_DATABASE_URL", settings.database_url.as_deref().unwrap_or_default());
        command.env("ATELIER_SESSION_KEY", &settings.session_key).env("ATELIER_EVENT_KEY", &settings.event_key);
        command.env("ATELIER_CREDENTIAL_KEY", &settings.credential_key).env("ATELIER_ADMIN_TOKEN", ADMIN);
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        let process = command.spawn().unwrap();
        let alive = || self.client.get(format!("{}/healthz", self.addresses[&name])).send();
        self.until(alive, Result::is_ok).await.unwrap();
        process
    }

    /// A connection to the services' database.
    #[cfg(feature = "postgres")]
    pub async fn database(&self) -> sqlx::PgConnection {
        let url = self.settings[&ServiceName::Billing].database_url.clone().unwrap();
        sqlx::Connection::connect(&url).await.unwrap()
    }

    pub fn call_to(&self, service: ServiceName, method: Method, path: &str, token: &str) -> Call<'_> {
        let mut request = self.client.request(method, format!("{}{path}", self.addresses[&service]));
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        Call { world: self, request, baggage: String::new(), traced: false }
    }

    pub fn get(&self, path: &str, token: &str) -> Call<'_> {
        self.call_to(ServiceName::Storefront, Method::GET, path, token)
    }

    pub fn post(&self, path: &str, token: &str) -> Call<'_> {
        self.call_to(ServiceName::Storefront, Method::POST, path, token)
    }

    pub fn patch(&self, path: &str, token: &str) -> Call<'_> {
        self.call_to(ServiceName::Storefront, Method::PATCH, path, token)
    }

    /// A member with this much in their wallet; answers their session.
    pub async fn member(&self, credits: i64) -> String {
        let member = self.post("/v1/members", "").json(json!({"name": "Ada"})).send().await.ok(201);
        let token = member["token"].as_str().unwrap().to_owned();
        if credits > 0 {
            let body = json!({"amount": credits, "card": "ok"});
            self.post("/v1/wallet/top-ups", &token).fresh_key().json(body).send().await.ok(201);
        }
        token
    }

    /// A version on these terms; answers its id.
    pub async fn version(&self, owner: &str, early_access: Value) -> String {
        let body = json!({
            "name": "Foxes", "base_model": "sdxl", "version": {"name": "v1", "early_access": early_access},
        });
        let created = self.post("/v1/models", owner).json(body).send().await.ok(201);
        created["version_id"].as_str().unwrap().to_owned()
    }

    pub async fn quote(&self, buyer: &str, version: &str, right: &str) -> Reply {
        self.post("/v1/quotes", buyer).json(json!({"version": version, "right": right})).send().await
    }

    /// Buys, and waits until it can be used; answers the purchase and the credential.
    pub async fn buy(&self, buyer: &str, version: &str, right: &str) -> (String, String) {
        let quote = self.quote(buyer, version, right).await.ok(201);
        let body = json!({"quote": quote["id"]});
        let purchase = self.post("/v1/purchases", buyer).fresh_key().json(body).send().await.ok(201);
        let access = self.until(|| self.access(buyer, version), |access| access["credential"].is_string()).await;
        (purchase["id"].as_str().unwrap().into(), access["credential"].as_str().unwrap().into())
    }

    pub async fn access(&self, member: &str, version: &str) -> Value {
        self.get(&format!("/v1/versions/{version}/access"), member).send().await.ok(200)
    }

    pub async fn balance(&self, member: &str) -> i64 {
        self.get("/v1/wallet", member).send().await.ok(200)["balance"].as_i64().unwrap()
    }

    pub fn job(&self, member: &str, version: &str, credential: &str) -> Call<'_> {
        let body = json!({"resources": [{"version": version}], "prompt": "a fox", "seed": 7});
        let call = self.post("/v1/jobs", member).fresh_key().json(body);
        if credential.is_empty() { call } else { call.header("purchase-credential", credential) }
    }

    /// Waits until the job has ended.
    pub async fn ended(&self, member: &str, job: &str) -> Value {
        let path = format!("/v1/jobs/{job}");
        let job = || async { self.get(&path, member).send().await.ok(200) };
        let ended = |job: &Value| {
            let cost = if job["status"] == "succeeded" { json!(0) } else { job["cost"].clone() };
            ["succeeded", "failed", "expired", "canceled"].contains(&job["status"].as_str().unwrap())
                && job["refunded"] == cost
        };
        self.until(job, ended).await
    }

    /// Asks again and again until the answer is right, for at most ten seconds.
    pub async fn until<T: std::fmt::Debug, F: Future<Output = T>>(
        &self,
        ask: impl Fn() -> F,
        right: impl Fn(&T) -> bool,
    ) -> T {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let answer = ask().await;
            if right(&answer) {
                return answer;
            }
            assert!(Instant::now() < deadline, "still {answer:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// A way between two services that writes down what passes, and can lose answers.
#[derive(Default)]
pub struct Way {
    pub target: Mutex<String>,
    pub passed: Mutex<Vec<(String, HeaderMap, Value)>>,
    /// How many more answers on a path that ends like this get lost.
    pub losses: Mutex<BTreeMap<&'static str, u32>>,
}

impl Way {
    /// Opens a way; it still has to be told its target. Answers its base URL.
    pub async fn open() -> (Arc<Self>, String) {
        let way = Arc::new(Self::default());
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(pass).with_state(way.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (way, address)
    }
}

async fn pass(
    State(way): State<Arc<Way>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    let path = uri.path_and_query().unwrap().to_string();
    let seen = serde_json::from_slice(&body).unwrap_or_default();
    way.passed.lock().unwrap().push((path.clone(), headers.clone(), seen));
    let url = format!("{}{path}", way.target.lock().unwrap());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.request(method, url).headers(headers).body(body).send().await.unwrap();
    let (status, headers, body) = (answer.status(), answer.headers().clone(), answer.bytes().await.unwrap());
    let lost =
        way.losses.lock().unwrap().iter_mut().find(|(end, left)| path.ends_with(**end) && **left > 0).is_some_and(
            |(_, left)| {
                *left -= 1;
                true
            },
        );
    if lost { (StatusCode::BAD_GATEWAY, "<html>").into_response() } else { (status, headers, body).into_response() }
}

/// Terms that sell both rights and end in a week.
pub fn terms() -> Value {
    json!({"ends_at": in_days(7), "generation": {"price": 50, "trial_uses": 1}, "download": {"price": 100}})
}

pub fn in_days(days: i64) -> String {
    (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * days)).to_string()
}

async fn render(State(outside): State<Arc<Outside>>, Json(order): Json<Value>) -> impl IntoResponse {
    let tries = outside.renders.fetch_add(1, Ordering::SeqCst);
    let mood = *outside.mood.lock().unwrap();
    if mood == Mood::Slow {
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
    if mood == Mood::Broken || (mood == Mood::BrokenOnce && tries == 0) {
        return (StatusCode::BAD_GATEWAY, "<html>bad gateway</html>").into_response();
    }
    let number = |name: &str| u32::try_from(order[name].as_u64().unwrap()).unwrap();
    let seed = order["seed"].as_u64().unwrap();
    let width = if mood == Mood::TooSmall { 8 } else { number("width") };
    let image = |n| {
        let file = atelier::png(order["prompt"].as_str().unwrap(), seed + n, width, number("height"));
        json!({"seed": seed + n, "media_type": "image/png", "data": STANDARD.encode(file)})
    };
    let wanted = if mood == Mood::Empty { 0 } else { u64::from(number("quantity")) };
    Json(json!({"images": (0..wanted).map(image).collect::<Vec<_>>()})).into_response()
}

async fn evaluate(State(outside): State<Arc<Outside>>, Path(key): Path<String>) -> impl IntoResponse {
    if !outside.flags_up.load(Ordering::SeqCst) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let flag = if key == "generation" { &outside.generation } else { &outside.sales };
    Json(json!({"key": key, "value": flag.load(Ordering::SeqCst), "reason": "STATIC", "variant": "x"})).into_response()
}
