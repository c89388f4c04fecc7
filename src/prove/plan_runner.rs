//! Running plans on a platform that is started for each plan.

use std::sync::{Arc, Mutex};
use std::thread;

use crate::base::canary::Canaries;
use crate::model::Exit;
use crate::model::message::Envelope;
use crate::report::run_builder::RunUpdate;
use crate::report::{RunBuilder, RunRecord};
use crate::run::platform::NotUp;
use crate::run::{Plan, RunRequest, Suite, records, run};
use crate::target::Target;
use crate::topology::Topology;
use crate::world::{Options, Rules};

/// Runs plans: each one on a platform that is started for it.
pub struct PlanRunner<'s> {
    /// The sentences, and the providers of services.
    pub suite: &'s Suite,
    /// The services of the platform.
    pub topology: &'s Topology,
    /// Returns the target and the rules. It is called once for each plan.
    pub target: &'s dyn Fn() -> (Target, Rules),
    pub options: Arc<Options>,
    /// The secrets of all plans, to search what was written for them.
    pub canaries: Mutex<Canaries>,
}

/// An error that keeps a proof from being made.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// The platform did not come up, or paidpath has a bug.
    #[error("{0}")]
    Environment(String),
    /// A signal ended the run.
    #[error("interrupted: nothing was concluded")]
    Interrupted(Exit),
}

impl PlanRunner<'_> {
    /// Runs a plan and returns everything that was recorded.
    pub fn run(&self, plan: Plan) -> Result<RunRecord, ProofError> {
        self.run_following(plan, |_, _, _| {}).map(RunBuilder::into_run)
    }

    /// Runs a plan. `follow` receives every message with the change that it caused, and may drop evidence that it has read.
    pub(super) fn run_following(
        &self,
        plan: Plan,
        mut follow: impl FnMut(&Envelope, RunUpdate, &mut RunBuilder),
    ) -> Result<RunBuilder, ProofError> {
        let (target, rules) = (self.target)();
        let (journal, records) = records();
        let request = RunRequest {
            suite: self.suite,
            plan,
            target,
            rules,
            topology: self.topology,
            options: Arc::clone(&self.options),
            journal,
        };
        let mut builder = RunBuilder::default();
        let outcome = thread::scope(|scope| {
            let running = scope.spawn(|| run(request));
            for envelope in records {
                let update = builder.add(&envelope);
                follow(&envelope, update, &mut builder);
                // An abandoned thread may keep the sender for ever, so the end of the channel cannot be waited for.
                if update == RunUpdate::RunEnded {
                    break;
                }
            }
            running.join()
        });
        let outcome = outcome.map_err(|_| ProofError::Environment("the runner panicked: a bug of paidpath".into()))?;
        if let Err(NotUp::Interrupted(exit)) = outcome {
            return Err(ProofError::Interrupted(exit));
        }
        let outcome = outcome.map_err(|error| ProofError::Environment(error.to_string()))?;
        self.canaries.lock().expect("nothing panics while it holds this lock").join(outcome.secrets.canaries());
        match outcome.exit {
            Exit::Interrupted | Exit::Terminated => Err(ProofError::Interrupted(outcome.exit)),
            Exit::Passed | Exit::Failed | Exit::Unknown | Exit::Usage => Ok(builder),
        }
    }
}
