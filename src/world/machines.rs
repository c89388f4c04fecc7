//! What happens to the machines that the platform runs on: everybody's, so only a scenario that runs alone may do it.

use super::{StepError, StepResult, World};
use crate::base::wait::{self, Look};
use crate::model::Edge;
use crate::tap::FaultOutcome;
use crate::topology::Outage;

impl World {
    /// Has something happen to the machine of a service. It is put back at the end of the scenario at the latest.
    ///
    /// # Errors
    /// If others run at the same time, there is no such service, or it is in no container.
    pub async fn cause_outage(&mut self, service: &str, outage: Outage) -> StepResult {
        if !self.alone {
            let message = format!("only a scenario that runs alone may have {service} {outage}: tag it with @serial");
            return Err(StepError::scenario(message));
        }
        self.context.services.cause(self.trace, service, outage).await
    }

    /// Ends a service as one does who means well, and starts it anew.
    ///
    /// # Errors
    /// As [`World::cause_outage`], and if it does not get ready again.
    pub async fn restart(&mut self, service: &str) -> StepResult {
        self.cause_outage(service, Outage::Stop).await?;
        self.bring_back(service).await
    }

    /// A service goes on, starts anew, or reaches its peers again, and is ready.
    ///
    /// # Errors
    /// If it does not.
    pub async fn bring_back(&mut self, service: &str) -> StepResult {
        self.context.services.recover(service).await
    }

    /// One service gets no connection to another: where there is a tap between them, for this scenario alone.
    ///
    /// # Errors
    /// If they do not reach each other anyway, or as [`World::cause_outage`].
    pub async fn disconnect(&mut self, from: &str, to: &str) -> StepResult {
        let edge = Edge::new(from, to);
        // A call that the target's file knows goes through a tap, or does not happen here.
        let is_call = self.context.edges.iter().chain(self.context.rules.mapping.edges()).any(|known| *known == edge);
        if is_call || !self.context.services.has(to) {
            return self.disturb(&format!("{from} -> {to}: drop"));
        }
        self.cause_outage(from, Outage::CutOff(to.to_owned())).await
    }

    /// Ends every fault of this scenario, and puts back every machine.
    ///
    /// # Errors
    /// If a service does not get ready again.
    pub async fn restore(&mut self) -> StepResult {
        self.lifted.extend(self.context.faults.clear(self.trace));
        self.context.services.recover_all(self.trace).await
    }

    /// Waits until every fault of this scenario has happened, as far as it can happen by itself.
    ///
    /// # Errors
    /// If one does not: then what the scenario is about cannot be judged.
    pub async fn await_faults(&mut self) -> StepResult {
        let (faults, trace) = (&self.context.faults, self.trace);
        let waited = wait::until(self.context.bounds().sync.0, || async {
            match faults.fired(trace).into_iter().find(|fault| fault.times == 0) {
                None => Look::Holds(()),
                Some(never) => Look::<_, StepError>::NotYet(never.to_string()),
            }
        });
        waited.await.map_err(|gave| StepError::environment(format!("a fault does not happen: {gave}")))
    }

    /// What became of the faults that ended before the scenario did.
    pub(crate) fn lifted(&self) -> &[FaultOutcome] {
        &self.lifted
    }
}
