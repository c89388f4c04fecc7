//! The test clock of the platform. Each scenario moves its own: the offset travels in the baggage of its requests.

use std::time::Duration;

use super::client::PlatformClient;
use super::{StepError, StepResult};

/// The platform's clock as one scenario sees it.
#[derive(Debug)]
pub struct TestClock {
    client: PlatformClient,
    ahead: Duration,
}

impl TestClock {
    pub(super) fn new(client: PlatformClient) -> Self {
        Self { client, ahead: Duration::ZERO }
    }

    /// Lets time pass for this scenario alone.
    pub fn pass(&mut self, by: Duration) -> StepResult {
        self.ahead += by;
        let (name, ahead) = self.baggage(Duration::ZERO)?;
        self.client.baggage().set(&name, ahead);
        Ok(())
    }

    /// Lets time pass until a number of seconds after (or, if negative, before) a moment.
    pub(super) fn pass_until(&mut self, moment: jiff::Timestamp, seconds: i64) -> StepResult {
        let at = moment + jiff::SignedDuration::from_secs(seconds);
        let ahead = Duration::try_from(at.duration_since(self.now()));
        self.pass(ahead.map_err(|_| StepError::scenario("that moment has passed"))?)
    }

    /// Returns the present time of the scenario.
    pub(super) fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now() + self.ahead
    }

    /// Returns name and value of the baggage for a clock that is ahead by `more` than this one.
    pub(super) fn baggage(&self, more: Duration) -> Result<(String, String), StepError> {
        let none = || StepError::scenario("this target has no test clock: `baggage.clock` is not set in its file");
        let name = self.client.context().target.baggage.clock.clone().ok_or_else(none)?;
        Ok((name, format!("+{}", (self.ahead + more).as_secs_f64())))
    }
}
