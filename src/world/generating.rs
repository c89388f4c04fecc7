//! Generating images, and getting them.

use fake::Fake;
use fake::faker::lorem::en::Words;
use serde_json::Value;

use super::client::{readable, required, unreadable};
use super::jobs::Job;
use super::money::new_key;
use super::{Right, StepError, StepResult, World};
use crate::base::picture;
use crate::base::wait::{self, Look};
use crate::target::{FINAL_STATES, Operation, PlatformAnswer, Slot, Values, WORKING_STATE};

impl World {
    /// Asks for images as a page does: looks up the rights of the member first, and submits with the credential in that answer.
    /// After a purchase it first waits for the permission, within the target's bound.
    pub async fn generate(&mut self, member: &str, model: &str, quantity: u64) -> StepResult {
        let known = self.members.get(member)?;
        let bought = known.purchases.iter().any(|purchase| purchase.model == model && purchase.id.is_some());
        if bought && known.credentials.is_empty() {
            // A permission that is late is not this step's failure: the answer to the submit and the rules judge it.
            match self.await_access(member, Right::Generation, model).await {
                Err(trouble) if trouble.blame() == crate::model::Blame::Environment => return Err(trouble),
                Ok(()) | Err(_) => {}
            }
        } else {
            self.look_up_access(member, model).await?;
        }
        self.submit(member, model, quantity).await
    }

    /// Submits with the credential that the member holds, without looking anything up.
    pub async fn submit(&mut self, member: &str, model: &str, quantity: u64) -> StepResult {
        let job = self.new_job(member, model, quantity)?;
        let credential = self.members.get(member)?.credentials.get(&self.models.get(model)?.id).cloned();
        let answer = self.send_job(&job, credential).await?;
        self.keep_job(job, answer);
        Ok(())
    }

    /// Asks for the price of a generation.
    pub async fn estimate(&mut self, member: &str, model: &str, quantity: u64) -> StepResult {
        let values = self.version(model)?.with(Slot::Quantity, quantity);
        self.answer(member, Operation::Estimate, values).await
    }

    /// Downloads the file of a model version.
    pub async fn download(&mut self, member: &str, model: &str) -> StepResult {
        self.answer(member, Operation::Download, self.version(model)?).await
    }

    /// Cancels the latest job on behalf of the member who asked for it.
    pub async fn cancel(&mut self) -> StepResult {
        let member = self.latest_job()?.member.clone();
        self.cancel_as(&member).await
    }

    /// Cancels the latest job on behalf of a member who may not have asked for it.
    pub async fn cancel_as(&mut self, member: &str) -> StepResult {
        let job = self.latest_job()?.id.clone();
        self.answer(member, Operation::Cancel, Values::new().with(Slot::Job, job)).await
    }

    /// Asks for the status of the latest job on behalf of a member who may not have asked for it.
    pub async fn look_at_job(&mut self, member: &str) -> StepResult {
        let job = self.latest_job()?.id.clone();
        self.answer(member, Operation::Status, Values::new().with(Slot::Job, job)).await
    }

    /// Asks for the first image of the latest job on behalf of a member who may not have asked for it.
    pub async fn look_at_image(&mut self, member: &str) -> StepResult {
        let status = self.final_status().await?;
        let image = images(&status).into_iter().next();
        let image = image.ok_or_else(|| StepError::platform("the job has no image to look at"))?;
        self.answer(member, Operation::Image, Values::new().with(Slot::Image, image)).await
    }

    /// Waits until the latest job is in progress or over.
    pub async fn wait_until_begun(&self) -> StepResult {
        self.await_status(|state| state == WORKING_STATE || FINAL_STATES.contains(&state), "begin").await.map(drop)
    }

    /// Returns the status of the latest job once it is final.
    pub(super) async fn final_status(&self) -> Result<PlatformAnswer, StepError> {
        self.await_status(|state| FINAL_STATES.contains(&state), "come to an end").await
    }

    async fn await_status(&self, is_there: impl Fn(&str) -> bool, goal: &str) -> Result<PlatformAnswer, StepError> {
        let job = self.latest_job()?.clone();
        let within = self.context.bounds().job.0;
        let waited = wait::until(within, async || {
            let values = Values::new().with(Slot::Job, job.id.as_str());
            match self.get(&job.member, Operation::Status, values).await {
                Ok(answer) => match answer.text(Slot::State) {
                    Some(state) if is_there(&state) => Look::Holds(answer),
                    Some(state) => Look::NotYet(format!("it is {state}")),
                    None if answer.ok && !answer.can_have(Slot::State) => Look::Never(unreadable(&answer, Slot::State)),
                    None => Look::NotYet("its status names no state".into()),
                },
                Err(trouble) => Look::Never(trouble),
            }
        });
        StepError::in_time(waited.await, |last_seen| {
            StepError::platform(format!("the job did not {goal} within {within:?}: {last_seen}"))
        })
    }

    /// Expects the final state of the latest job.
    pub async fn expect_job(&mut self, state: &str) -> StepResult {
        let status = self.final_status().await?;
        let (seen, failure) = end_of(&status);
        self.answers.keep(status);
        self.assertions.judge(seen == state, || format!("the job should have {state}, and {seen}{failure}"))
    }

    /// Expects that the latest job failed with this code.
    pub async fn expect_job_failed_with(&self, code: &str) -> StepResult {
        let status = self.final_status().await?;
        readable(&status, Slot::Failure)?;
        let seen = status.text(Slot::Failure).unwrap_or_else(|| "no reason".into());
        self.assertions.judge(seen == code, || format!("the job should fail with {code}, and has {seen}"))
    }

    /// Expects that the latest job went through its states in the order of the target file, from the first one on.
    pub async fn expect_legal_history(&self) -> StepResult {
        let status = self.final_status().await?;
        readable(&status, Slot::History)?;
        let listed = status.field(Slot::History).and_then(Value::as_array).cloned().unwrap_or_default();
        let states: Vec<&str> = listed.iter().filter_map(Value::as_str).collect();
        let order = &self.context.rules.mapping.jobs;
        if order.is_empty() {
            return Err(StepError::scenario(
                "the target's file lists no states of jobs: there is no [trail.jobs] in it",
            ));
        }
        let follows =
            |state: &str, next: &str| order.get(state).is_some_and(|nexts| nexts.iter().any(|known| known == next));
        // A job begins in the one state that follows no other.
        let begins = |state: &str| order.contains_key(state) && !order.keys().any(|other| follows(other, state));
        let is_legal = states.first().is_some_and(|first| begins(first))
            && states.windows(2).all(|pair| follows(pair[0], pair[1]));
        self.assertions.judge(is_legal, || format!("the job's history is not a legal one: {}", states.join(" → ")))
    }

    /// Expects that a member gets a number of images, each of which decodes and is not blank.
    pub async fn expect_images(&self, member: &str, expected: u64) -> StepResult {
        let submit = self.answers.last()?;
        super::client::accepted(submit, &format!("{member}'s {}", submit.asked))?;
        let status = self.final_status().await?;
        let (state, failure) = end_of(&status);
        // A job that failed has no images. Its failure explains more than their number.
        self.assertions.judge(state == "succeeded", || {
            format!("{member} should get {expected} images, but the job {state}{failure}")
        })?;
        readable(&status, Slot::Images)?;
        let images = images(&status);
        for image in &images {
            let values = Values::new().with(Slot::Image, image.as_str());
            let answer = self.get(member, Operation::Image, values).await?;
            let media_type = answer.header("content-type").unwrap_or_default();
            if let Some(flaw) = picture::flaw(media_type, &answer.body) {
                return Err(StepError::platform(format!("the image {image} {flaw}")));
            }
        }
        let seen = images.len() as u64;
        self.assertions.judge(seen == expected, || format!("{member} should get {expected} images, and got {seen}"))
    }

    pub(super) fn latest_job(&self) -> Result<&Job, StepError> {
        self.jobs.latest().ok_or_else(|| self.answers.missing("there is no job yet".into()))
    }

    pub(super) fn new_job(&mut self, member: &str, model: &str, quantity: u64) -> Result<Job, StepError> {
        // Both have to be known before anything is drawn.
        self.members.get(member)?;
        self.models.get(model)?;
        let words: Vec<String> = Words(3..6).fake_with_rng(&mut self.rng);
        Ok(Job {
            id: String::new(),
            member: member.to_owned(),
            prompt: words.join(" "),
            quantity,
            seed: (1..1_000_000).fake_with_rng(&mut self.rng),
            key: new_key(),
            model: model.to_owned(),
        })
    }

    pub(super) async fn send_job(&self, job: &Job, credential: Option<String>) -> Result<PlatformAnswer, StepError> {
        let values = self
            .version(&job.model)?
            .with(Slot::Prompt, job.prompt.as_str())
            .with(Slot::Quantity, job.quantity)
            .with(Slot::Seed, job.seed)
            .with(Slot::Key, job.key.as_str())
            .with(Slot::Credential, credential);
        self.ask(&job.member, Operation::Submit, values).await
    }

    pub(super) fn keep_job(&mut self, job: Job, answer: PlatformAnswer) {
        if answer.ok
            && let Ok(id) = required(&answer, Slot::Job)
        {
            self.jobs.add(Job { id, ..job });
        }
        self.answers.keep(answer);
    }
}

/// Returns the final state of a job, and its failure as the end of a sentence.
fn end_of(status: &PlatformAnswer) -> (String, String) {
    let failure = status.text(Slot::Failure).map(|failure| format!(": {failure}")).unwrap_or_default();
    (status.text(Slot::State).unwrap_or_default(), failure)
}

/// Returns the ids of a job's images. Platforms list them as ids or as objects with an id.
fn images(status: &PlatformAnswer) -> Vec<String> {
    let listed = status.field(Slot::Images).and_then(Value::as_array).cloned().unwrap_or_default();
    let id = |image: &Value| match image.get("id").unwrap_or(image) {
        Value::String(id) => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    listed.iter().filter_map(id).collect()
}
