//! The test clock, which is this scenario's alone.

use std::time::Duration;

use super::asking::{accepted, required};
use super::{StepError, StepResult, World};

impl World {
    /// Lets time pass for this scenario alone, on platforms that have a test clock.
    ///
    /// # Errors
    /// If the target's file names no clock.
    pub fn time_passes(&mut self, by: Duration) -> StepResult {
        self.clock_ahead += by;
        let (name, ahead) = self.clock(Duration::ZERO)?;
        self.baggage.lock().expect("nothing panics while it holds this lock").set(&name, ahead);
        Ok(())
    }

    /// How the platform is told that its clock is ahead by so much more than this scenario's.
    pub(super) fn clock(&self, more: Duration) -> Result<(String, String), StepError> {
        let none = || StepError::scenario("this target has no test clock: `baggage.clock` is not set in its file");
        let name = self.context.target.baggage.clock.clone().ok_or_else(none)?;
        Ok((name, format!("+{}", (self.clock_ahead + more).as_secs_f64())))
    }

    /// The scenario's present time on the test clock.
    pub fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now() + self.clock_ahead
    }

    /// Time passes until so many seconds after (or, negative, before) the end of early access.
    ///
    /// # Errors
    /// If there is no such model version, its early access has no end, or the target has no test clock.
    pub fn time_to_the_end_of(&mut self, model: &str, seconds: i64) -> StepResult {
        let ends_at = self.model(model)?.ends_at;
        let ends_at =
            ends_at.ok_or_else(|| StepError::scenario(format!("{model} has no early access that could end")))?;
        self.time_to(ends_at, seconds)
    }

    /// Time passes until so many seconds after (or, negative, before) the end of what a member has bought.
    ///
    /// # Errors
    /// If the platform names no end, or the target has no test clock.
    pub async fn time_to_the_end_of_access(&mut self, member: &str, model: &str, seconds: i64) -> StepResult {
        let access = self.ask_access(member, model).await?;
        accepted(&access, &format!("{member}'s question what they may do with {model}"))?;
        let ends_at = required(&access, "expires_at")?;
        let ends_at = ends_at.parse().map_err(|_| StepError::platform(format!("`{ends_at}` is not a moment")))?;
        self.time_to(ends_at, seconds)
    }

    fn time_to(&mut self, moment: jiff::Timestamp, seconds: i64) -> StepResult {
        let at = moment + jiff::SignedDuration::from_secs(seconds);
        let ahead = Duration::try_from(at.duration_since(self.now()));
        self.time_passes(ahead.map_err(|_| StepError::scenario("that moment has passed"))?)
    }
}
