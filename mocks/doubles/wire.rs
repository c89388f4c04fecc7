//! What the doubles of Atelier's services have in common: they read who asks, for what and when; they answer in JSON, and
//! refuse with a problem of Atelier's catalogue.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use atelier::clock::Time;
use atelier::context::{PURCHASE_CREDENTIAL, SERVICE_TOKEN};
use atelier::idempotency::{self, Once};
use atelier::problem::{Code, MEDIA_TYPE, Problem, RETRY_AFTER_SECONDS};
use atelier::session::{self, Member, Role};
use atelier::{request, signing};
use jiff::SignedDuration;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use wiremock::matchers::{method, path_regex};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::books::Books;

/// One operation of a double: method, path with at most one placeholder, and what it does.
pub type Route = (&'static str, &'static str, fn(&Desk, &Asked<'_>) -> Answered);

/// An answer, or a refusal.
pub type Answered = Result<ResponseTemplate, Problem>;

/// Where a double answers from.
pub struct Desk {
    pub keys: Keys,
    pub books: Arc<Mutex<Books>>,
}

/// The secrets that a topology gives to every service of the platform.
pub struct Keys {
    pub session: String,
    pub event: String,
    pub credential: String,
    pub admin: String,
}

impl Keys {
    /// # Errors
    /// With the setting that is missing.
    pub fn of(env: &BTreeMap<String, String>) -> Result<Self, String> {
        let key = |name: &str| {
            let given = env.get(name).filter(|key| !key.is_empty()).cloned();
            given.ok_or_else(|| {
                format!("its double needs the setting {name}, as the service itself does: give it in `env`")
            })
        };
        Ok(Self {
            session: key("ATELIER_SESSION_KEY")?,
            event: key("ATELIER_EVENT_KEY")?,
            credential: key("ATELIER_CREDENTIAL_KEY")?,
            admin: key("ATELIER_ADMIN_TOKEN")?,
        })
    }
}

impl Desk {
    /// The books. Whoever holds them is a transaction.
    pub fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, request: &Request, (_, path, does): &Route) -> ResponseTemplate {
        let asked = Asked { request, keys: &self.keys, id: placeholder(path, request.url.path()), now: now(request) };
        does(self, &asked).unwrap_or_else(|problem| refusal(&problem, &asked))
    }
}

/// Mounts all operations of a double.
pub async fn mount(server: &MockServer, desk: Desk, routes: &'static [Route]) {
    let desk = Arc::new(desk);
    for route in routes {
        let (verb, path, _) = route;
        let segments = path.split('/').map(|segment| if segment.starts_with('{') { "[^/]+" } else { segment });
        let pattern = format!("^{}$", segments.collect::<Vec<_>>().join("/"));
        let desk = Arc::clone(&desk);
        let answer = move |request: &Request| desk.answer(request, route);
        Mock::given(method(*verb)).and(path_regex(pattern)).respond_with(answer).mount(server).await;
    }
}

/// The segment of a path that stands where the route has a placeholder.
fn placeholder<'r>(route: &str, path: &'r str) -> &'r str {
    let pairs = route.split('/').zip(path.split('/'));
    pairs.filter(|(expected, _)| expected.starts_with('{')).map(|(_, seen)| seen).next().unwrap_or_default()
}

/// The wall clock, moved by what the baggage of the request says: each scenario has a time of its own.
fn now(request: &Request) -> Time {
    let baggage = request.headers.get_all("baggage").iter().filter_map(|line| line.to_str().ok());
    let mut members = baggage.flat_map(|line| line.split(','));
    let offset = members.find_map(|member| member.trim().strip_prefix("atelier.clock="));
    let seconds = offset.and_then(|offset| offset.parse().ok()).unwrap_or_default();
    Time::wall().plus(SignedDuration::try_from_secs_f64(seconds).unwrap_or_default())
}

/// A request.
pub struct Asked<'r> {
    request: &'r Request,
    keys: &'r Keys,
    /// What stands in the path where the route has a placeholder.
    pub id: &'r str,
    /// When, by the clock of the scenario.
    pub now: Time,
}

impl Asked<'_> {
    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.request.headers.get(name)?.to_str().ok()
    }

    /// All headers, for a signature.
    pub fn headers(&self) -> &http::HeaderMap {
        &self.request.headers
    }

    /// A parameter of the query.
    pub fn parameter(&self, name: &str) -> Option<String> {
        self.request.url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }

    fn is_admin(&self) -> bool {
        let bearer = self.header("authorization").and_then(|sent| sent.strip_prefix("Bearer "));
        bearer.is_some_and(|token| signing::same_secret(&self.keys.admin, token))
    }

    /// Who is signed in, or nobody where one need not be.
    pub fn visitor(&self) -> Result<Option<Member>, Problem> {
        match self.header("authorization") {
            Some(sent) if !self.is_admin() => {
                let token = sent.strip_prefix("Bearer ").ok_or(Code::SignedOut)?;
                session::verify(&self.keys.session, token, self.now).map(Some)
            }
            Some(_) | None => Ok(None),
        }
    }

    /// Who is signed in.
    pub fn member(&self) -> Result<Member, Problem> {
        let nobody = if self.is_admin() { Code::Forbidden } else { Code::SignedOut };
        Ok(self.visitor()?.ok_or(nobody)?)
    }

    /// The moderator or administrator who asks, by name.
    pub fn moderator(&self) -> Result<String, Problem> {
        if self.is_admin() {
            return Ok("admin".into());
        }
        let member = self.member()?;
        match member.role {
            Role::Moderator => Ok(member.id),
            Role::Member => Err(Code::Forbidden.into()),
        }
    }

    /// Lets only a fellow service pass.
    pub fn fellow(&self) -> Result<(), Problem> {
        let token = self.header(SERVICE_TOKEN);
        let is_fellow = token.is_some_and(|token| signing::same_secret(&self.keys.admin, token));
        if is_fellow || self.is_admin() { Ok(()) } else { Err(Code::Forbidden.into()) }
    }

    /// The purchase credentials that come with it.
    pub fn credentials(&self) -> Vec<&str> {
        let presented = self.header(PURCHASE_CREDENTIAL).unwrap_or_default().split(',');
        presented.map(str::trim).filter(|credential| !credential.is_empty()).collect()
    }

    /// The body as it was sent.
    pub fn text(&self) -> Result<&str, Problem> {
        std::str::from_utf8(&self.request.body).map_err(|_| Code::MalformedBody.into())
    }

    /// The body.
    pub fn body<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let invalid = |error: serde_json::Error| Problem::because(Code::InvalidRequest, format!("{error}."));
        serde_json::from_value(self.json()?).map_err(invalid)
    }

    fn json(&self) -> Result<Value, Problem> {
        if self.request.body.is_empty() { Ok(json!({})) } else { request::parse(&self.request.body) }
    }

    /// What names this request, so that it is done once: who asks, for what, under which key.
    pub fn once(&self, member: &str, route: &str) -> Result<Once, Problem> {
        let key = self.header("idempotency-key").filter(|key| (1..=255).contains(&key.len()));
        Ok(Once {
            member: member.to_owned(),
            route: route.to_owned(),
            key: key.ok_or(Code::IdempotencyKeyMissing)?.to_owned(),
            hash: idempotency::hash(&self.json()?),
        })
    }
}

/// An answer in JSON.
pub fn answer(status: u16, body: &impl Serialize) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(body)
}

fn refusal(problem: &Problem, asked: &Asked<'_>) -> ResponseTemplate {
    let entry = problem.code.entry();
    let trace = asked.header("traceparent").and_then(|sent| sent.split('-').nth(1));
    let body = problem.body(Some(asked.request.url.path()), trace);
    let mut refusal = ResponseTemplate::new(entry.status).set_body_raw(body.to_string(), MEDIA_TYPE);
    if entry.retry {
        refusal = refusal.insert_header("retry-after", RETRY_AFTER_SECONDS.to_string());
    }
    if entry.status == 401 {
        refusal = refusal.insert_header("www-authenticate", "Bearer");
    }
    refusal
}

/// A new name: the prefix, an underscore, 24 random hexadecimal digits.
pub fn new_id(prefix: &str) -> String {
    format!("{prefix}_{:024x}", rand::random::<u128>() >> 32)
}
