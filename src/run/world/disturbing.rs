//! Faults on the scenario's own path.

use super::{StepResult, Trouble, World};
use crate::tap::Disturbance;

impl World {
    /// Arms a fault for this scenario alone, in the words of `--fault`.
    ///
    /// # Errors
    /// If the words are wrong, or name an edge that the topology does not have.
    pub fn disturb(&mut self, words: &str) -> StepResult {
        let disturbance: Disturbance = words.parse().map_err(|error| Trouble::scenario(format!("{error}")))?;
        if !self.stage.edges.contains(disturbance.edge()) {
            let known = self.stage.edges.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let message = format!("the topology has no edge {}; it has {known}", disturbance.edge());
            return Err(Trouble::scenario(message));
        }
        self.stage.faults.arm(Some(self.trace), disturbance);
        Ok(())
    }

    /// The header in which this platform carries the purchase credential.
    ///
    /// # Errors
    /// If the target's file does not name one.
    pub fn credential_header(&self) -> Result<String, Trouble> {
        let missing = || Trouble::scenario("the target's file names no `credential_header`");
        self.stage.target.credential_header.clone().ok_or_else(missing)
    }
}
