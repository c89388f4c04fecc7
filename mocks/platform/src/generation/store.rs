//! The records of generation. Each method of the store is one transaction: it happens wholly, or not at all.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::state::Status;
use crate::billing::CURRENCY;
use crate::clock::Time;
use crate::context::Propagated;
use crate::idempotency::{IdempotentRequest, Replayable};
use crate::problem::{Code, Problem};

/// A model version that a job uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    pub version: String,
    /// The strength, 0 to 2; without, the one that the model's maker set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strength: Option<f64>,
}

/// The images that a member wants.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    pub resources: Vec<Resource>,
    pub prompt: String,
    pub seed: u64,
    /// The number of images.
    pub quantity: u32,
    pub width: u32,
    pub height: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    pub id: String,
    pub member: String,
    pub order: Order,
    pub cost: i64,
    /// The id of the charge at billing.
    pub charge: String,
    /// The credits that billing has given back.
    pub refunded: i64,
    pub created_at: Time,
    /// The states so far, each with its time; the last is the present one.
    pub history: Vec<(Status, Time)>,
    pub images: Vec<String>,
    pub failure: Option<Code>,
    pub propagated: Propagated,
}

impl Job {
    pub fn status(&self) -> Status {
        self.history.last().map_or(Status::Unassigned, |(status, _)| *status)
    }

    /// Takes a step, and returns the images that come of it, each with its new id.
    pub(super) fn take(&mut self, step: Step, at: Time) -> Result<Vec<(String, Vec<u8>)>, Problem> {
        let next = step.status();
        if !self.status().may_become(next) {
            return Err(Code::JobFinished.into());
        }
        self.history.push((next, at));
        let files = match step {
            Step::Prepare | Step::Schedule | Step::Process | Step::Expire | Step::Cancel => Vec::new(),
            Step::Succeed(files) => files,
            Step::Fail(code) => {
                self.failure = Some(code);
                Vec::new()
            }
        };
        let images: Vec<_> = files.into_iter().map(|file| (crate::ids::new("img"), file)).collect();
        self.images.extend(images.iter().map(|(id, _)| id.clone()));
        Ok(images)
    }

    /// Returns the debt to the member, if the job has ended without images.
    pub(super) fn debt(&self) -> Option<Debt> {
        let status = self.status();
        (status.is_terminal() && status != Status::Succeeded).then(|| Debt {
            job: self.id.clone(),
            charge: Some(self.charge.clone()),
            amount: self.cost,
            reason: format!("job {status:?}").to_lowercase(),
            propagated: self.propagated.clone(),
        })
    }

    /// Returns the job as its member sees it.
    pub fn shown(&self) -> Value {
        let images = self.images.iter().map(|id| json!({"id": id, "url": format!("/v1/images/{id}")}));
        let history = self.history.iter().map(|(status, at)| json!({"status": status, "at": at}));
        json!({
            "id": self.id,
            "status": self.status(),
            "cost": self.cost,
            "currency": CURRENCY,
            "refunded": self.refunded,
            "quantity": self.order.quantity,
            "resources": self.order.resources,
            "prompt": self.order.prompt,
            "seed": self.order.seed,
            "width": self.order.width,
            "height": self.order.height,
            "created_at": self.created_at,
            "images": images.collect::<Vec<_>>(),
            "history": history.collect::<Vec<_>>(),
            "failure": self.failure.map(|code| json!({"code": code, "title": code.entry().title})),
        })
    }
}

/// A step of a job from one state to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Prepare,
    Schedule,
    Process,
    /// Has the images, as PNG files.
    Succeed(Vec<Vec<u8>>),
    Fail(Code),
    Expire,
    Cancel,
}

impl Step {
    pub fn status(&self) -> Status {
        match self {
            Self::Prepare => Status::Preparing,
            Self::Schedule => Status::Scheduled,
            Self::Process => Status::Processing,
            Self::Succeed(_) => Status::Succeeded,
            Self::Fail(_) => Status::Failed,
            Self::Expire => Status::Expired,
            Self::Cancel => Status::Canceled,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    pub member: String,
    pub file: Vec<u8>,
}

/// Credits that the platform owes a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Debt {
    pub job: String,
    /// The id of the charge; without, it is not known whether there was one.
    pub charge: Option<String>,
    pub amount: i64,
    pub reason: String,
    pub propagated: Propagated,
}

/// The state of a request for a job, kept so that the same request makes no second job.
#[derive(Clone, Debug)]
pub(super) struct Reservation {
    /// The hash of the request's body.
    pub(super) hash: String,
    /// The id of the job, or of the job to be.
    pub(super) job: String,
    pub(super) state: ReservationState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ReservationState {
    /// The request is being worked on, and takes a place in the queue.
    Held,
    /// The request was refused.
    Free,
    /// There is a job.
    Filled,
}

/// Decides which job a request is for: a new one, or the one that the same request has made. `known` is what is kept of the
/// same request, and `taken` the number of places that the member's jobs and requests take.
pub(super) fn reserve(
    known: Option<&Reservation>,
    request: &IdempotentRequest,
    taken: usize,
    places: usize,
) -> Result<Replayable<String>, Problem> {
    let job = match known {
        Some(Reservation { hash, state: ReservationState::Held | ReservationState::Filled, .. })
            if *hash != request.hash =>
        {
            return Err(Code::IdempotencyKeyReused.into());
        }
        Some(Reservation { state: ReservationState::Held, .. }) => return Err(Code::RequestInProgress.into()),
        Some(Reservation { state: ReservationState::Filled, job, .. }) => return Ok(Replayable::replayed(job.clone())),
        // The same id again, so that a use of a trial that was counted for it is not counted twice.
        Some(Reservation { state: ReservationState::Free, job, .. }) => job.clone(),
        None => crate::ids::new("job"),
    };
    if taken >= places {
        return Err(Code::QueueFull.into());
    }
    Ok(Replayable::fresh(job))
}

/// The jobs, their images, and the debts to their members.
#[async_trait]
pub(super) trait Store: Send + Sync {
    /// Takes a place in the queue for a request: see [`reserve`].
    async fn reserve(&self, request: &IdempotentRequest, places: usize) -> Result<Replayable<String>, Problem>;
    /// Notes the debt that there is if this process dies before it is decided whether there is a job.
    async fn secure_refund(&self, request: &IdempotentRequest, debt: &Debt) -> Result<(), Problem>;
    /// Gives the place back, because the request was refused.
    async fn release(&self, request: &IdempotentRequest) -> Result<(), Problem>;
    /// Gives the place back, because it is not known whether the charge was made, and adds the debt.
    async fn abandon(&self, request: &IdempotentRequest, debt: Debt) -> Result<(), Problem>;
    /// Puts the job into its place.
    async fn create(&self, request: &IdempotentRequest, job: Job) -> Result<(), Problem>;
    /// Takes over from a process that has died: gives back the places that it held, turns secured refunds into debts, and
    /// returns the jobs that have not come to an end, oldest first. Only one process at a time may keep jobs here.
    async fn resume(&self) -> Result<Vec<String>, Problem>;

    async fn job(&self, id: &str) -> Result<Option<Job>, Problem>;
    /// Returns a member's jobs, newest first.
    async fn jobs(&self, member: &str) -> Result<Vec<Job>, Problem>;
    async fn image(&self, id: &str) -> Result<Option<Image>, Problem>;
    /// Takes a step, and adds the debt if that ends the job without images.
    ///
    /// # Errors
    /// `job-finished` if the step may not follow.
    async fn advance(&self, id: &str, step: Step, at: Time) -> Result<Job, Problem>;

    async fn debts(&self) -> Result<Vec<Debt>, Problem>;
    /// Removes a debt, and notes on its job the credits that billing has given back.
    async fn settle(&self, debt: &Debt, refunded: i64) -> Result<(), Problem>;
}
