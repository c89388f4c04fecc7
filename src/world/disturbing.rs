//! Faults on the scenario's own path.

use super::{StepError, StepResult, World};
use crate::tap::Disturbance;

impl World {
    /// Arms a fault for this scenario alone, in the words of `--fault`.
    ///
    /// # Errors
    /// If the words are wrong, or name an edge that the topology does not have. Where the platform has it all the same, the
    /// scenario is skipped.
    pub fn disturb(&mut self, words: &str) -> StepResult {
        let disturbance: Disturbance = words.parse().map_err(|error| StepError::scenario(format!("{error}")))?;
        let (edge, edges) = (disturbance.edge(), &self.context.edges);
        if !edges.iter().any(|edge| disturbance.is_on(edge)) {
            if self.context.rules.mapping.edges().any(|edge| disturbance.is_on(edge)) {
                return Err(StepError::not_on_this_platform(format!(
                    "the topology {} has no edge {edge}",
                    self.context.topology
                )));
            }
            let known = edges.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let message = format!("the topology has no edge {edge}; it has {known}");
            return Err(StepError::scenario(message));
        }
        self.context.faults.arm(Some(self.trace), disturbance);
        Ok(())
    }

    /// Has the platform's entry refuse a request (`POST /v1/jobs`) with an error code, whether or not it would.
    ///
    /// # Errors
    /// If the words are wrong. A code that the catalogue does not have is refused with 400.
    pub fn refuse(&mut self, request: &str, code: &str) -> StepResult {
        self.refuse_so(request, code, "")
    }

    /// The same, but only the next such request.
    pub(super) fn refuse_once(&mut self, request: &str, code: &str) -> StepResult {
        self.refuse_so(request, code, " once")
    }

    fn refuse_so(&mut self, request: &str, code: &str, often: &str) -> StepResult {
        let entry = self.context.edges.first().map(ToString::to_string).unwrap_or_default();
        let known = self.context.rules.catalogue.as_ref().and_then(|catalogue| catalogue.code(code));
        let status = known.map_or(400, |known| known.status);
        // The first is the outermost: it puts the code into the refusal that the second makes.
        self.disturb(&format!("{entry} {request}: set response /code to \"{code}\"{often}"))?;
        self.disturb(&format!("{entry} {request}: abort {status}{often}"))
    }

    /// The header in which this platform carries the purchase credential.
    ///
    /// # Errors
    /// If the target's file does not name one.
    pub fn credential_header(&self) -> Result<String, StepError> {
        let missing = || StepError::scenario("the target's file names no `credential_header`");
        self.context.target.credential_header.clone().ok_or_else(missing)
    }
}
