//! A running service: its server and its background tasks, started together and stopped together.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{ALLOW, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Extension, Json, RequestExt as _};
use reqwest::Client;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::clock::Clocks;
use crate::context::{Audience, Context, TraceId};
use crate::defect_log::{self, DefectLog};
use crate::http::{self, Neighbour};
use crate::in_process::{InProcess, Link};
use crate::outbox::Relay;
use crate::problem::{Code, MEDIA_TYPE, Problem};
use crate::request::BODY_LIMIT;
use crate::settings::{ServiceName, Settings};
use crate::{billing, entitlement, generation, storefront};

/// The time that a stopping service waits for its open requests.
const GRACE: Duration = Duration::from_secs(5);

/// The reason why a service could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A key is empty.
    #[error("{service} needs {name} to be set")]
    Missing {
        /// The service that was to start.
        service: ServiceName,
        /// The name of the setting.
        name: &'static str,
    },
    /// A neighbour is not known, or its address is no URL.
    #[error("{service} needs the base URL of its neighbour {name}, and {given:?} is none")]
    Neighbour {
        /// The service that was to start.
        service: ServiceName,
        /// The name of the neighbour.
        name: &'static str,
        /// The value that was given.
        given: String,
    },
    /// This build keeps everything in memory.
    #[error("a database is set, and this build has none: build it with the feature `postgres`")]
    NoDatabase,
    /// The database cannot be used.
    #[cfg(feature = "postgres")]
    #[error("the database cannot be used")]
    Database(#[from] sqlx::Error),
    /// The jobs of an earlier process could not be taken up.
    #[error("the jobs of before could not be taken up")]
    Resume(#[from] Problem),
    /// The address cannot be listened on.
    #[error("{service} cannot listen on {address}")]
    Listen {
        /// The service that was to start.
        service: ServiceName,
        /// The address that was to be listened on.
        address: std::net::SocketAddr,
        /// The error of the operating system.
        source: std::io::Error,
    },
}

/// The parts that the handlers and tasks of one service share.
#[derive(Debug)]
pub(crate) struct ServiceCore {
    pub(crate) name: ServiceName,
    pub(crate) settings: Settings,
    pub(crate) clocks: Arc<Clocks>,
    pub(crate) defect_log: Arc<DefectLog>,
    client: Client,
    /// Set if neighbours without an address run in this process.
    in_process: Option<Weak<InProcess>>,
}

impl ServiceCore {
    pub(crate) fn new(name: ServiceName, settings: Settings) -> Self {
        let client = http::client(settings.neighbours.values());
        Self { name, settings, clocks: Arc::default(), defect_log: Arc::default(), client, in_process: None }
    }

    pub(crate) fn in_process(
        name: ServiceName,
        settings: Settings,
        services: Weak<InProcess>,
    ) -> Result<Self, StartError> {
        check_keys(name, &settings)?;
        let settings = Settings { test_mode: true, ..settings };
        Ok(Self { in_process: Some(services), ..Self::new(name, settings) })
    }

    /// Says whether the service answers in the caller's thread, where it may neither wait nor start a task.
    pub(crate) fn is_in_process(&self) -> bool {
        self.in_process.is_some()
    }

    /// Makes the core of a service that has every key and neighbour it needs.
    pub(crate) fn checked(name: ServiceName, settings: Settings) -> Result<Arc<Self>, StartError> {
        check_keys(name, &settings)?;
        for &neighbour in name.needs() {
            let given = settings.neighbours.get(neighbour).cloned().unwrap_or_default();
            if reqwest::Url::parse(&given).is_err() {
                return Err(StartError::Neighbour { service: name, name: neighbour, given });
            }
        }
        Ok(Arc::new(Self::new(name, settings)))
    }

    /// Returns a fellow service. Timeouts grow towards the member: a service that has to wait for others itself is given longer,
    /// or the wrong one would be called unavailable.
    pub(crate) fn fellow(&self, service: ServiceName) -> Neighbour {
        let (unavailable, patience) = match service {
            ServiceName::Billing => (Code::BillingUnavailable, 1),
            ServiceName::Entitlement => (Code::EntitlementUnavailable, 1),
            ServiceName::Generation => (Code::GenerationUnavailable, 3),
            ServiceName::Storefront => (Code::Internal, 1),
        };
        self.neighbour(service.as_str(), Audience::Platform, unavailable, self.settings.timeout * patience)
    }

    /// Returns an outside party: the worker or the flag provider.
    pub(crate) fn outside(&self, name: &str, unavailable: Code, timeout: Duration) -> Neighbour {
        self.neighbour(name, Audience::Outside, unavailable, timeout)
    }

    fn neighbour(&self, name: &str, audience: Audience, unavailable: Code, timeout: Duration) -> Neighbour {
        let given = self.settings.neighbours.get(name).map(|base| base.trim_end_matches('/')).unwrap_or_default();
        let local = self.in_process.as_ref().filter(|_| given.is_empty());
        let link = local.and_then(|services| Some(Link { services: services.clone(), to: name.parse().ok()? }));
        // A call through a link needs some URL for its path.
        let base = if given.is_empty() { format!("http://{name}") } else { given.to_owned() };
        Neighbour { client: self.client.clone(), base, audience, unavailable, timeout, link }
    }
}

fn check_keys(service: ServiceName, settings: &Settings) -> Result<(), StartError> {
    let keys = [
        ("session_key", &settings.session_key),
        ("event_key", &settings.event_key),
        ("credential_key", &settings.credential_key),
        ("admin_token", &settings.admin_token),
    ];
    match keys.into_iter().find(|(_, key)| key.is_empty()) {
        Some((name, _)) => Err(StartError::Missing { service, name }),
        None => Ok(()),
    }
}

/// A service before it listens.
pub(crate) struct Assembly {
    pub(crate) routes: Router,
    /// Sends the events of the service, if it has an outbox.
    pub(crate) relay: Option<Relay>,
    /// The other background tasks of a service that listens.
    pub(crate) tasks: Vec<Task>,
}

pub(crate) type Task = Box<dyn FnOnce(Shutdown) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

pub(crate) async fn assemble(core: &Arc<ServiceCore>) -> Result<Assembly, StartError> {
    match core.name {
        ServiceName::Storefront => storefront::assemble(core).await,
        ServiceName::Billing => billing::assemble(core).await,
        ServiceName::Entitlement => entitlement::assemble(core).await,
        ServiceName::Generation => generation::assemble(core).await,
    }
}

/// Opens the store of a service: in the database that is set, or else in memory. The store's folder has the modules `memory`
/// and, with that feature, `postgres`.
macro_rules! open_store {
    ($core:expr, $migrations:literal) => {
        match &$core.settings.database_url {
            None => Arc::new(memory::Memory::default()) as Arc<dyn store::Store>,
            #[cfg(feature = "postgres")]
            Some(url) => {
                let migrations = sqlx::migrate!($migrations);
                Arc::new(postgres::Tables(crate::postgres::Database::open(url, $core.name, &migrations).await?))
                    as Arc<dyn store::Store>
            }
            #[cfg(not(feature = "postgres"))]
            Some(_) => return Err(crate::service::StartError::NoDatabase),
        }
    };
}
pub(crate) use open_store;

/// The signal to a task that its service is stopping.
#[derive(Clone, Debug)]
pub(crate) struct Shutdown(watch::Receiver<bool>);

impl Shutdown {
    /// Waits until the service is to stop.
    pub(crate) async fn requested(&mut self) {
        // An error means that the service is gone, which is also a reason to stop.
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}

/// A running service.
#[derive(Debug)]
pub struct Service {
    name: ServiceName,
    address: String,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Service {
    pub(crate) async fn start(name: ServiceName, settings: Settings) -> Result<Self, StartError> {
        let core = ServiceCore::checked(name, settings)?;
        let Assembly { routes, relay, tasks } = assemble(&core).await?;
        let address = core.settings.listen;
        let failed = |source| StartError::Listen { service: name, address, source };
        // Bound before any task starts: a service that cannot listen must send no events.
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = format!("http://{}", listener.local_addr().map_err(failed)?);
        tracing::info!(service = %name, address, "up");
        let mut service = Self { name, address, stop: watch::Sender::new(false), tasks: Vec::new() };
        if let Some(relay) = relay {
            service.background(relay.run(service.shutdown()));
        }
        for task in tasks {
            service.background(task(service.shutdown()));
        }
        service.serve(listener, core, routes);
        Ok(service)
    }

    fn shutdown(&self) -> Shutdown {
        Shutdown(self.stop.subscribe())
    }

    /// Runs a task that belongs to this service. It has to end when [`Shutdown`] says so.
    fn background(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.push(tokio::spawn(task));
    }

    fn serve(&mut self, listener: TcpListener, core: Arc<ServiceCore>, routes: Router) {
        let nothing =
            |uri: Uri| async move { Problem::because(Code::NotFound, format!("There is nothing at {}.", uri.path())) };
        let routes =
            routes.fallback(nothing).method_not_allowed_fallback(|| async { Problem::new(Code::MethodNotAllowed) });
        let (mut shutdown, name) = (self.shutdown(), self.name);
        let server = axum::serve(listener, complete(routes, core));
        self.background(async move {
            if let Err(error) = server.with_graceful_shutdown(async move { shutdown.requested().await }).await {
                tracing::error!(service = %name, %error, "the server ended");
            }
        });
    }

    /// Returns the name of the service.
    #[must_use]
    pub fn name(&self) -> ServiceName {
        self.name
    }

    /// Returns the base URL, without a slash at the end.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Stops the service: takes no new requests, gives the open ones a few seconds, and joins all tasks.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        // One deadline for all tasks together, so that a stop is never longer.
        let deadline = tokio::time::Instant::now() + GRACE;
        for mut task in std::mem::take(&mut self.tasks) {
            match tokio::time::timeout_at(deadline, &mut task).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(service = %self.name, %error, "a task of the service failed"),
                Err(_) => task.abort(),
            }
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // The safety net for a service that nobody has stopped: none of its tasks may outlive it.
        self.stop.send_replace(true);
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Adds the parts that all services have: health, limits, and a problem for everything that goes wrong.
pub(crate) fn complete(routes: Router, core: Arc<ServiceCore>) -> Router {
    let name = core.name;
    routes
        .route("/healthz", get(move || async move { Json(json!({"status": "ok", "service": name.as_str()})) }))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn_with_state(core.clone(), answer))
        // Around `answer`, which makes a new response where there is a problem.
        .layer(middleware::from_fn_with_state(core.defect_log.clone(), confess))
        // Extractors find the service here, whatever the state of its handlers.
        .layer(Extension(core))
}

/// Gives every request a trace, and every problem its place in it. What the framework refuses by itself becomes a problem
/// of ours.
async fn answer(State(core): State<Arc<ServiceCore>>, mut request: Request, next: Next) -> Response {
    let Ok(TraceId(trace_id)) = request.extract_parts().await;
    let (method, path, headers) =
        (request.method().clone(), request.uri().path().to_owned(), request.headers().clone());
    let response = next.run(request).await;
    let status = response.status();
    tracing::debug!(service = %core.name, %method, path, %status, trace_id, "answered");
    let problem = match response.extensions().get::<Problem>() {
        Some(problem) => problem.clone(),
        None if !status.is_client_error() && !status.is_server_error() => return response,
        None => Problem::new(match status.as_u16() {
            404 => Code::NotFound,
            405 => Code::MethodNotAllowed,
            413 => Code::BodyTooLarge,
            400..=499 => Code::InvalidRequest,
            _ => Code::Internal,
        }),
    };
    let mut answer = problem.respond(Some(&path), Some(&trace_id));
    // A 405 says which methods there are.
    if let Some(allow) = response.headers().get(ALLOW) {
        answer.headers_mut().insert(ALLOW, allow.clone());
    }
    debug_assert!(answer.headers()[CONTENT_TYPE] == MEDIA_TYPE);
    if core.name == ServiceName::Storefront {
        answer = through_the_gateway(&core, &headers, &problem, answer);
    }
    answer
}

/// Changes a refusal on its way to the member, if a defect is on.
fn through_the_gateway(core: &ServiceCore, headers: &HeaderMap, problem: &Problem, mut answer: Response) -> Response {
    let Ok(context) = Context::peek(core, headers) else { return answer };
    if context.defect("gw.200-error") {
        *answer.status_mut() = StatusCode::OK; // DEFECT: the error is in the body only
        answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    if problem.code.entry().status == 503 && context.defect("gw.html-502") {
        let page = "<html><body><h1>502 Bad Gateway</h1></body></html>"; // DEFECT: the proxy's own page for people
        return (StatusCode::BAD_GATEWAY, [(CONTENT_TYPE, "text/html")], page).into_response();
    }
    if let Some(session) = &context.propagated().authorization
        && context.defect("gw.leak-session")
    {
        let told = Problem::because(problem.code, format!("{} (request: {session})", problem.detail)); // DEFECT: debug
        return told.respond(None, Some(context.trace_id()));
    }
    answer
}

/// Names in every answer the defects whose code its trace has reached.
async fn confess(State(defect_log): State<Arc<DefectLog>>, mut request: Request, next: Next) -> Response {
    let Ok(TraceId(trace_id)) = request.extract_parts().await;
    let mut response = next.run(request).await;
    if let Some(defects) = defect_log.of(&trace_id)
        && let Ok(defects) = defects.parse()
    {
        response.headers_mut().insert(defect_log::HEADER, defects);
    }
    response
}
