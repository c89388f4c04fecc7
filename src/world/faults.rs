//! The faults on the path of one scenario.
//!
//! Faults on events and flags are in `events.rs`, answers from stub files in `stubbing.rs`.

use super::client::PlatformClient;
use super::stub_index::Stubs;
use super::{StepError, StepResult};
use crate::base::wait::{self, Look};
use crate::model::Edge;
use crate::tap::{Disturbance, FaultOutcome};
use crate::target::{Operation, Values};

/// The faults that the taps cause for one scenario alone.
#[derive(Debug)]
pub struct Faults {
    pub(super) client: PlatformClient,
    /// The stub files that the sentences of the scenario name.
    pub(super) stubs: Stubs,
    /// The faults that ended before the scenario did.
    ended: Vec<FaultOutcome>,
}

impl Faults {
    pub(super) fn new(client: PlatformClient, stubs: Stubs) -> Self {
        Self { client, stubs, ended: Vec::new() }
    }

    /// Arms a fault in the words of `--fault`. If the platform has the edge but this topology has no tap on it, the scenario is
    /// skipped.
    pub fn arm(&self, words: &str) -> StepResult {
        let disturbance: Disturbance = words.parse().map_err(|error| StepError::scenario(format!("{error}")))?;
        let context = self.client.context();
        let edge = disturbance.edge();
        if !context.edges.iter().any(|edge| disturbance.is_on(edge)) {
            if context.rules.mapping.edges().any(|edge| disturbance.is_on(edge)) {
                let message = format!("the topology {} has no edge {edge}", context.topology);
                return Err(StepError::not_on_this_platform(message));
            }
            let known = context.edges.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            return Err(StepError::scenario(format!("the topology has no edge {edge}; it has {known}")));
        }
        self.arm_parsed(disturbance);
        Ok(())
    }

    pub(super) fn arm_parsed(&self, disturbance: Disturbance) {
        self.client.context().faults.arm(Some(self.client.trace()), disturbance);
    }

    /// Makes the entry of the platform refuse a request (`POST /v1/jobs`) with an error code, instead of passing it on. The
    /// status is the one that the catalogue gives to the code, and 400 for a code that is not in it.
    pub fn refuse(&self, request: &str, code: &str) -> StepResult {
        self.arm_refusal(request, code, "")
    }

    /// Makes the entry refuse the next request of this kind only.
    pub(super) fn refuse_once(&self, request: &str, code: &str) -> StepResult {
        self.arm_refusal(request, code, " once")
    }

    fn arm_refusal(&self, request: &str, code: &str, times: &str) -> StepResult {
        let context = self.client.context();
        let entry = context.edges.first().map(ToString::to_string).unwrap_or_default();
        let known = context.rules.catalogue.as_ref().and_then(|catalogue| catalogue.code(code));
        let status = known.map_or(400, |known| known.status);
        // The fault that is armed first is the outermost: it writes the code into the refusal that the second one makes.
        self.arm(&format!("{entry} {request}: set response /code to \"{code}\"{times}"))?;
        self.arm(&format!("{entry} {request}: abort {status}{times}"))
    }

    /// Arms a fault on an operation of a member, on the edge between the member and the platform.
    pub(super) fn arm_on_operation(&self, operation: Operation, values: &Values, fault: &str) -> StepResult {
        let context = self.client.context();
        let call = context.target.call(operation, values).map_err(|error| StepError::scenario(error.to_string()))?;
        let path = call.path.split('?').next().unwrap_or_default();
        let entry = context.edges.iter().find(|edge| edge.from == Edge::MEMBER);
        let edge = entry.ok_or_else(|| StepError::scenario("the topology has no edge at which members ask"))?;
        self.arm(&format!("{edge} {} {path}: {fault}", call.method))
    }

    /// Returns the header in which this platform carries the purchase credential.
    pub fn credential_header(&self) -> Result<String, StepError> {
        let missing = || StepError::scenario("the target's file names no `credential_header`");
        self.client.context().target.credential_header.clone().ok_or_else(missing)
    }

    /// Waits until every fault of this scenario has fired. If one does not, nothing can be judged.
    pub async fn await_all(&self) -> StepResult {
        let context = self.client.context();
        let waited = wait::until(context.bounds().sync.0, || async {
            match context.faults.fired(self.client.trace()).into_iter().find(|fault| fault.times == 0) {
                None => Look::Holds(()),
                Some(never) => Look::<_, StepError>::NotYet(never.to_string()),
            }
        });
        waited.await.map_err(|gave| StepError::environment(format!("a fault does not happen: {gave}")))
    }

    /// Ends every fault of this scenario.
    pub(super) fn clear(&mut self) {
        self.ended.extend(self.client.context().faults.clear(self.client.trace()));
    }

    /// Ends every fault of this scenario, and returns the record of all that it had.
    pub(crate) fn finish(&mut self) -> Vec<FaultOutcome> {
        self.clear();
        std::mem::take(&mut self.ended)
    }
}
