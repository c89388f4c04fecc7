//! Submitting a job (⑥): a place in the queue, access, money, and only then a job.

use std::collections::HashSet;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::gatekeeper::Leave;
use super::state::Status;
use super::store::{Debt, Job, Order, Resource};
use super::{App, price};
use crate::context::Context;
use crate::http::REPLAYED;
use crate::idempotency::{Once, Outcome};
use crate::problem::{Code, Problem};
use crate::request::{Body, text, within};

/// How many unfinished jobs a member may have.
const PLACES: usize = 4;

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

/// A side of an image, in pixels.
pub(super) fn side(name: &str, given: Option<u32>) -> Result<u32, Problem> {
    within(name, given.unwrap_or(256), 64..=512)
}

/// From one to ten versions, each once.
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
    let mut once = body.once(&context, &context.member()?.id, "jobs")?;
    if context.defect("gen.nonidempotent") {
        once.key = crate::ids::new("key"); // DEFECT: every request makes a job
    }
    let order = body.value.order()?;
    // A member who hangs up must not leave a place held and a charge undecided: the rest does not depend on them.
    let task = tokio::spawn(async move { place(&app, &context, &once, order).await });
    let Outcome { value: job, replayed } = task.await.map_err(|error| {
        tracing::error!(%error, "a submit failed");
        Problem::new(Code::Internal)
    })??;
    let mut response = (StatusCode::ACCEPTED, Json(job.shown())).into_response();
    let location = HeaderValue::from_str(&format!("/v1/jobs/{}", job.id)).expect("invariant: an id is visible ASCII");
    response.headers_mut().insert(header::LOCATION, location);
    if replayed {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

async fn place(app: &App, context: &Context, once: &Once, order: Order) -> Result<Outcome<Job>, Problem> {
    let Outcome { value: id, replayed } = app.store.reserve(once, PLACES).await?;
    if replayed {
        let job = app.store.job(&id).await?.ok_or(Code::Internal)?;
        return Ok(Outcome::replayed(job));
    }
    let mut trials = Vec::new();
    for Resource { version, .. } in &order.resources {
        match app.gatekeeper.ask(context, version).await {
            Ok(Leave::Free) => {}
            Ok(Leave::Counted) => trials.push(version),
            Err(problem) => {
                app.store.release(once).await?;
                return Err(problem);
            }
        }
    }
    let cost = price::per_image(order.width, order.height) * i64::from(order.quantity);
    let (job, carried) = (id.clone(), context.carried().clone());
    let debt = Debt { job, charge: None, amount: cost, reason: "no job came of it".into(), carried };
    app.store.stake(once, &debt).await?;
    let charge = match charge(app, context, &id, cost).await {
        Ok(charge) => charge,
        Err(problem) if problem.code == Code::BillingUnavailable => {
            // Billing may have taken the money without our hearing of it. This request gets no job, so the money has to
            // come back.
            app.store.abandon(once, debt).await?;
            app.bell.notify_one();
            return Err(problem);
        }
        Err(problem) => {
            app.store.release(once).await?;
            return Err(problem);
        }
    };
    // Only what is paid for uses a trial up; another job may have done so meanwhile.
    for version in trials {
        if let Err(problem) = app.gatekeeper.ask_afresh(context, version, Some(&id)).await {
            app.store.abandon(once, Debt { charge: Some(charge), ..debt }).await?;
            app.bell.notify_one();
            return Err(problem);
        }
    }
    let now = context.now();
    let job = Job {
        id,
        member: once.member.clone(),
        order,
        cost,
        charge,
        refunded: 0,
        created_at: now,
        history: vec![(Status::Unassigned, now)],
        images: Vec::new(),
        failure: None,
        carried: context.carried().clone(),
    };
    app.store.create(once, job.clone()).await?;
    // The runner is gone only when the service is stopping.
    let _ = app.queue.send(job.id.clone());
    Ok(Outcome::fresh(job))
}

/// Has a job paid; answers what billing calls the charge. The job's id is the key: however often it is asked for, it is
/// paid once.
pub(super) async fn charge(app: &App, context: &Context, job: &str, amount: i64) -> Result<String, Problem> {
    #[derive(Deserialize)]
    struct Charge {
        id: String,
    }
    let body = json!({"job": job, "amount": amount});
    let answer = app.billing.post(context, "/v1/charges").key(job).json(&body).send().await?;
    answer.json().map(|Charge { id }| id)
}
