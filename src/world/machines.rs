//! Outages of the services' machines. All scenarios share the machines, so only a scenario that runs alone may cause one.

use std::sync::Arc;

use super::{RunContext, StepError, StepResult};
use crate::model::TraceId;
use crate::topology::Outage;

/// The machines of the platform, as one scenario may treat them.
#[derive(Debug)]
pub struct Machines {
    context: Arc<RunContext>,
    trace: TraceId,
    /// True for a scenario that runs beside no other.
    alone: bool,
}

impl Machines {
    pub(super) fn new(context: Arc<RunContext>, trace: TraceId, alone: bool) -> Self {
        Self { context, trace, alone }
    }

    /// Causes an outage of a service. It ends with the scenario at the latest.
    pub async fn cause(&self, service: &str, outage: Outage) -> StepResult {
        if !self.alone {
            let message = format!("only a scenario that runs alone may have {service} {outage}: tag it with @serial");
            return Err(StepError::scenario(message));
        }
        self.context.services.cause(self.trace, service, outage).await
    }

    /// Stops a service in an orderly way and starts it again.
    pub async fn restart(&self, service: &str) -> StepResult {
        self.cause(service, Outage::Stop).await?;
        self.bring_back(service).await
    }

    /// Ends the outage of a service and waits until the service is ready.
    pub async fn bring_back(&self, service: &str) -> StepResult {
        self.context.services.recover(service).await
    }

    /// Ends every outage that this scenario caused.
    pub(super) async fn restore(&self) -> StepResult {
        self.context.services.recover_all(self.trace).await
    }
}
