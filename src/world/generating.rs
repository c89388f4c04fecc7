//! Generating images, and getting them.

use fake::Fake;
use fake::faker::lorem::en::Words;
use serde_json::Value;

use super::asking::required;
use super::{Right, StepError, StepResult, World};
use crate::base::picture;
use crate::base::wait::{self, Look};
use crate::target::{FINAL_STATES, Operation, PlatformAnswer, Values, WORKING_STATE};

/// A job that was accepted.
#[derive(Debug, Clone)]
pub struct Job {
    /// The platform's id for it.
    pub id: String,
    /// Whose, by name in the scenario.
    pub member: String,
    /// What was asked for.
    pub prompt: String,
    /// How many images were asked for.
    pub quantity: u64,
    /// The seed that was asked for.
    pub seed: u64,
    /// The key it was sent with.
    pub key: String,
    /// The model version, by its name in the scenario.
    pub model: String,
}

impl World {
    /// Asks for images as a page does: looks up what the member may do, then submits with the credential that gave.
    /// A member who has just bought waits for the permission within the target's bound first.
    ///
    /// # Errors
    /// If there is no answer. A refusal is an answer.
    pub async fn generate(&mut self, member: &str, model: &str, quantity: u64) -> StepResult {
        let bought = self.member(member)?.purchases.iter().any(|bought| bought.model == model && bought.id.is_some());
        if bought && self.member(member)?.credentials.is_empty() {
            // Not to have it in time is judged by what the submit answers, and by the checks.
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
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn submit(&mut self, member: &str, model: &str, quantity: u64) -> StepResult {
        let job = self.new_job(member, model, quantity)?;
        let credential = self.member(member)?.credentials.get(&self.model(model)?.id).cloned();
        let answer = self.send_job(&job, credential).await?;
        self.keep_job(job, answer);
        Ok(())
    }

    /// Asks what generating would cost.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn estimate(&mut self, member: &str, model: &str, quantity: u64) -> StepResult {
        let values = Values::new().with("version", self.model(model)?.id.as_str()).with("quantity", quantity);
        self.last = Some(self.ask(member, Operation::Estimate, values).await?);
        Ok(())
    }

    /// Downloads the model's file.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn download(&mut self, member: &str, model: &str) -> StepResult {
        let values = Values::new().with("version", self.model(model)?.id.as_str());
        self.last = Some(self.ask(member, Operation::Download, values).await?);
        Ok(())
    }

    /// Whoever asked for the latest job stops it.
    ///
    /// # Errors
    /// If there is no answer, or no job.
    pub async fn cancel(&mut self) -> StepResult {
        let member = self.latest_job()?.member.clone();
        self.cancel_as(&member).await
    }

    /// Somebody stops the latest job, whoever they are.
    ///
    /// # Errors
    /// If there is no answer, or no job.
    pub async fn cancel_as(&mut self, member: &str) -> StepResult {
        let job = self.latest_job()?.id.clone();
        self.last = Some(self.ask(member, Operation::Cancel, Values::new().with("job", job)).await?);
        Ok(())
    }

    /// Somebody asks for the latest job, or for its first image, whoever they are.
    ///
    /// # Errors
    /// If there is no answer, or nothing to ask for.
    pub async fn look_at_job(&mut self, member: &str) -> StepResult {
        let job = self.latest_job()?.id.clone();
        self.last = Some(self.ask(member, Operation::Status, Values::new().with("job", job)).await?);
        Ok(())
    }

    /// Somebody asks for the first image of the latest job, whoever they are.
    ///
    /// # Errors
    /// If there is no answer, or no image.
    pub async fn look_at_image(&mut self, member: &str) -> StepResult {
        let status = self.final_status().await?;
        let image = images(&status).into_iter().next();
        let image = image.ok_or_else(|| StepError::platform("the job has no image to look at"))?;
        self.last = Some(self.ask(member, Operation::Image, Values::new().with("image", image)).await?);
        Ok(())
    }

    /// The status of the latest job, once it is final.
    ///
    /// # Errors
    /// If it does not get there within the target's bound.
    pub async fn final_status(&mut self) -> Result<PlatformAnswer, StepError> {
        self.status_once(|state| FINAL_STATES.contains(&state), "come to an end").await
    }

    /// Waits until the latest job is being worked on, or has been.
    ///
    /// # Errors
    /// If it does not get there within the target's bound.
    pub async fn wait_until_begun(&mut self) -> StepResult {
        self.status_once(|state| state == WORKING_STATE || FINAL_STATES.contains(&state), "begin").await.map(drop)
    }

    async fn status_once(&self, is_there: impl Fn(&str) -> bool, goal: &str) -> Result<PlatformAnswer, StepError> {
        let job = self.latest_job()?.clone();
        let within = self.context.bounds().job.0;
        let waited = wait::until(within, async || {
            let values = Values::new().with("job", job.id.as_str());
            match self.get(&job.member, Operation::Status, values).await {
                Ok(answer) => match answer.text("state") {
                    Some(state) if is_there(&state) => Look::Holds(answer),
                    Some(state) => Look::NotYet(format!("it is {state}")),
                    None => Look::NotYet("its status names no state".into()),
                },
                Err(trouble) => Look::Never(trouble),
            }
        });
        waited.await.map_err(|gave| match gave {
            wait::Gave::Never(trouble) => trouble,
            wait::Gave::Up { last_seen, .. } => {
                StepError::platform(format!("the job did not {goal} within {within:?}: {last_seen}"))
            }
        })
    }

    /// Fetches the images of a finished job and looks at each.
    ///
    /// # Errors
    /// If one cannot be fetched, is not an image, or is blank.
    pub(super) async fn fetch_images(&self, member: &str, status: &PlatformAnswer) -> Result<usize, StepError> {
        let images = images(status);
        for image in &images {
            let answer = self.get(member, Operation::Image, Values::new().with("image", image.as_str())).await?;
            let media_type = answer.header("content-type").unwrap_or_default();
            if let Some(flaw) = picture::flaw(media_type, &answer.body) {
                return Err(StepError::platform(format!("the image {image} {flaw}")));
            }
        }
        Ok(images.len())
    }

    pub(super) fn latest_job(&self) -> Result<&Job, StepError> {
        self.jobs.last().ok_or_else(|| self.nothing("there is no job yet".into()))
    }

    pub(super) fn new_job(&mut self, member: &str, model: &str, quantity: u64) -> Result<Job, StepError> {
        self.member(member)?;
        self.model(model)?;
        let words: Vec<String> = Words(3..6).fake_with_rng(&mut self.rng);
        Ok(Job {
            id: String::new(),
            member: member.to_owned(),
            prompt: words.join(" "),
            quantity,
            seed: (1..1_000_000).fake_with_rng(&mut self.rng),
            key: self.key(),
            model: model.to_owned(),
        })
    }

    pub(super) async fn send_job(&self, job: &Job, credential: Option<String>) -> Result<PlatformAnswer, StepError> {
        let values = Values::new()
            .with("version", self.model(&job.model)?.id.as_str())
            .with("prompt", job.prompt.as_str())
            .with("quantity", job.quantity)
            .with("seed", job.seed)
            .with("key", job.key.as_str())
            .with("credential", credential);
        self.ask(&job.member, Operation::Submit, values).await
    }

    pub(super) fn keep_job(&mut self, job: Job, answer: PlatformAnswer) {
        if answer.ok
            && let Ok(id) = required(&answer, "job")
        {
            self.jobs.push(Job { id, ..job });
        }
        self.last = Some(answer);
    }
}

fn images(status: &PlatformAnswer) -> Vec<String> {
    let listed = status.field("images").and_then(Value::as_array).cloned().unwrap_or_default();
    let id = |image: &Value| match image.get("id").unwrap_or(image) {
        Value::String(id) => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    listed.iter().filter_map(id).collect()
}
