//! The world of one attempt at a scenario, through which its steps act.

use std::sync::Arc;

use rand::rngs::StdRng;

use super::client::{PlatformClient, accepted};
use super::jobs::Jobs;
use super::stub_index::Stubs;
use super::{
    Answers, Assertions, Faults, Machines, Members, Models, Pages, RunContext, StepError, StepResult, TestClock, Trial,
};
use crate::model::TraceId;
use crate::target::{Operation, PlatformAnswer, Slot, Values};

/// The state of one attempt at a scenario.
///
/// Its parts can be asked for themselves where a sentence needs one of them: `world.pages.reload(member)`. Methods of the world
/// itself combine several parts: buying needs members, models, answers and faults.
#[derive(Debug, cucumber::World)]
#[world(init = Self::only_the_runner_makes_worlds)]
pub struct World {
    pub(super) context: Arc<RunContext>,
    pub(super) client: PlatformClient,
    pub(super) rng: StdRng,
    /// The members of the scenario.
    pub members: Members,
    pub(super) models: Models,
    pub(super) jobs: Jobs,
    /// The latest answers of the platform.
    pub answers: Answers,
    /// The count of judgements.
    pub assertions: Assertions,
    /// The test clock of the scenario.
    pub clock: TestClock,
    /// The faults that taps cause for the scenario.
    pub faults: Faults,
    /// The machines of the services.
    pub machines: Machines,
    /// The pages that members have open.
    pub pages: Pages,
}

/// The attempt for which a world is made.
pub(crate) struct Attempted<'a> {
    pub trace: TraceId,
    pub rng: StdRng,
    /// True for a scenario that runs beside no other.
    pub alone: bool,
    /// The stub files that the sentences of the scenario name.
    pub stubs: &'a Stubs,
    /// The things that are broken on purpose for this attempt.
    pub trial: Option<&'a Trial>,
}

impl World {
    /// Makes the world of an attempt. `http` has to belong to the runtime of the worker.
    pub(crate) fn new(context: Arc<RunContext>, http: reqwest::Client, attempted: Attempted<'_>) -> Self {
        let Attempted { trace, rng, alone, stubs, trial } = attempted;
        let client = PlatformClient::new(Arc::clone(&context), http, trace);
        let assertions = Assertions::default();
        let world = Self {
            client: client.clone(),
            rng,
            members: Members::default(),
            models: Models::default(),
            jobs: Jobs::default(),
            answers: Answers::new(Arc::clone(&context), assertions.clone()),
            clock: TestClock::new(client.clone()),
            faults: Faults::new(client.clone(), stubs.clone()),
            machines: Machines::new(Arc::clone(&context), trace, alone),
            pages: Pages::new(client, assertions.clone()),
            assertions,
            context,
        };
        if let Some(trial) = trial {
            world.apply_trial(trial);
        }
        world
    }

    fn apply_trial(&self, trial: &Trial) {
        // A target file that names no baggage for defects has none that could be switched on.
        if let (Some(name), Some(defect)) = (&self.context.target.baggage.defect, &trial.defect) {
            self.client.baggage().set(name, defect.as_str());
        }
        for fault in &trial.faults {
            self.faults.arm_parsed(fault.clone());
        }
    }

    // cucumber requires a constructor without arguments. The runner never calls it.
    fn only_the_runner_makes_worlds() -> Result<Self, StepError> {
        Err(StepError::scenario("worlds are made by the runner: they need a platform to act on"))
    }

    /// Sends an operation on behalf of a member and returns the answer, even if it is a refusal.
    pub(super) async fn ask(
        &self,
        member: &str,
        operation: Operation,
        values: Values,
    ) -> Result<PlatformAnswer, StepError> {
        let token = self.members.get(member)?.token.clone();
        self.client.ask(token, operation, values).await
    }

    /// Sends an operation on behalf of a member and keeps the answer for Then-sentences.
    pub(super) async fn answer(&mut self, member: &str, operation: Operation, values: Values) -> StepResult {
        let answer = self.ask(member, operation, values).await?;
        self.answers.keep(answer);
        Ok(())
    }

    /// Sends an operation that the platform has to accept, because the scenario builds on it.
    pub(super) async fn get(
        &self,
        member: &str,
        operation: Operation,
        values: Values,
    ) -> Result<PlatformAnswer, StepError> {
        let answer = self.ask(member, operation, values).await?;
        accepted(&answer, &format!("{member}'s {operation}"))?;
        Ok(answer)
    }

    /// Returns the values of a request about a model version.
    pub(super) fn version(&self, model: &str) -> Result<Values, StepError> {
        Ok(Values::new().with(Slot::Version, self.models.get(model)?.id.as_str()))
    }
}
