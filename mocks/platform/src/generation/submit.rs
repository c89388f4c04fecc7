//! Submits a job (⑥): takes a place in the queue, asks for access, charges, and only then makes a job.

use std::collections::HashSet;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::gatekeeper::Permission;
use super::state::Status;
use super::store::{Debt, Job, Order, Resource};
use super::{App, price};
use crate::context::Context;
use crate::http::REPLAYED;
use crate::idempotency::{IdempotentRequest, Replayable};
use crate::problem::{Code, Problem};
use crate::request::{Body, text, within};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JobRequest {
    resources: Vec<Resource>,
    prompt: String,
    seed: Option<u64>,
    quantity: Option<u32>,
    width: Option<u32>,
    height: Option<u32>,
}

/// Reads a side of an image, in pixels.
pub(super) fn side(name: &str, given: Option<u32>) -> Result<u32, Problem> {
    within(name, given.unwrap_or(256), 64..=512)
}

/// Checks that there are from one to ten versions, each once.
pub(super) fn checked_resources(resources: Vec<Resource>) -> Result<Vec<Resource>, Problem> {
    within("the number of resources", resources.len(), 1..=10)?;
    let mut seen = HashSet::new();
    for resource in &resources {
        if !seen.insert(&resource.version) {
            return Err(Problem::because(Code::InvalidRequest, format!("{} is there twice.", resource.version)));
        }
        within("strength", resource.strength.unwrap_or(1.0), 0.0..=2.0)?;
    }
    Ok(resources)
}

impl JobRequest {
    fn order(self) -> Result<Order, Problem> {
        text("prompt", &self.prompt, 2_000)?;
        Ok(Order {
            resources: checked_resources(self.resources)?,
            prompt: self.prompt,
            // JavaScript reads no larger number exactly.
            seed: within("seed", self.seed.unwrap_or_else(crate::ids::seed), 0..=(1 << 53) - 1)?,
            quantity: within("quantity", self.quantity.unwrap_or(1), 1..=4)?,
            width: side("width", self.width)?,
            height: side("height", self.height)?,
        })
    }
}

pub(super) async fn submit(
    State(app): State<App>,
    context: Context,
    body: Body<JobRequest>,
) -> Result<Response, Problem> {
    let mut request = body.idempotent(&context, &context.member()?.id, "jobs")?;
    if context.defect("gen.nonidempotent") {
        request.key = crate::ids::new("key"); // DEFECT: every request makes a job
    }
    let order = body.value.order()?;
    let Replayable { value: job, replayed } = place(&app, &context, &request, order).await?;
    let mut response = (StatusCode::ACCEPTED, Json(job.shown())).into_response();
    let location = HeaderValue::from_str(&format!("/v1/jobs/{}", job.id)).expect("invariant: an id is visible ASCII");
    response.headers_mut().insert(header::LOCATION, location);
    if replayed {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// RememberedAnswers a request in a task of its own. A member who hangs up must not leave a place held and a charge undecided.
pub(super) async fn to_the_end(request: Request, next: Next) -> Response {
    tokio::spawn(next.run(request)).await.unwrap_or_else(|error| {
        tracing::error!(%error, "a submit failed");
        Problem::new(Code::Internal).into_response()
    })
}

async fn place(
    app: &App,
    context: &Context,
    request: &IdempotentRequest,
    order: Order,
) -> Result<Replayable<Job>, Problem> {
    let Replayable { value: id, replayed } = app.store.reserve(request, app.places).await?;
    if replayed {
        let job = app.store.job(&id).await?.ok_or(Code::Internal)?;
        return Ok(Replayable::replayed(job));
    }
    let mut trials = Vec::new();
    for Resource { version, .. } in &order.resources {
        match app.gatekeeper.ask(context, version).await {
            Ok(Permission::Unlimited) => {}
            Ok(Permission::Counted) => trials.push(version),
            Err(problem) => {
                app.store.release(request).await?;
                return Err(problem);
            }
        }
    }
    let cost = price::per_image(order.width, order.height) * i64::from(order.quantity);
    let (job, propagated) = (id.clone(), context.propagated().clone());
    let debt = Debt { job, charge: None, amount: cost, reason: "no job came of it".into(), propagated };
    // Before the charge: a process that dies right after it must know what it owes.
    app.store.secure_refund(request, &debt).await?;
    let charge = match charge(app, context, &id, cost).await {
        Ok(charge) => charge,
        Err(problem) if problem.code == Code::BillingUnavailable => {
            // Billing may have taken the money, and only its answer was lost. This request gets no job, so the money has
            // to come back.
            app.store.abandon(request, debt).await?;
            app.owed.notify_one();
            return Err(problem);
        }
        Err(problem) => {
            app.store.release(request).await?;
            return Err(problem);
        }
    };
    // Only a job that is paid for uses a trial up; another job may have done so meanwhile.
    for version in trials {
        if let Err(problem) = app.gatekeeper.ask_afresh(context, version, Some(&id)).await {
            app.store.abandon(request, Debt { charge: Some(charge), ..debt }).await?;
            app.owed.notify_one();
            return Err(problem);
        }
    }
    let now = context.now();
    let job = Job {
        id,
        member: request.member.clone(),
        order,
        cost,
        charge,
        refunded: 0,
        created_at: now,
        history: vec![(Status::Unassigned, now)],
        images: Vec::new(),
        failure: None,
        propagated: context.propagated().clone(),
    };
    app.store.create(request, job.clone()).await?;
    // The runner is gone only when the service is stopping.
    let _ = app.queue.send(job.id.clone());
    Ok(Replayable::fresh(job))
}

/// Has a job paid, and returns the id of the charge. The job's id is the key: however often this is called, the job is paid
/// once.
pub(super) async fn charge(app: &App, context: &Context, job: &str, amount: i64) -> Result<String, Problem> {
    #[derive(Deserialize)]
    struct Charge {
        id: String,
    }
    let body = json!({"job": job, "amount": amount});
    let answer = app.billing.post(context, "/v1/charges").key(job).json(&body).send().await?;
    answer.json().map(|Charge { id }| id)
}
