//! Loses the answer on its way to the caller.

use async_trait::async_trait;

use super::{Change, Fault, FaultKind, Next, NoResponse, TapRequest, TapResponse};
use crate::tap::words::{FaultSyntaxError, WordReader};

pub(super) static KIND: FaultKind = FaultKind {
    openings: &["lose response"],
    syntax: "lose response",
    about: "Resets the caller's connection after the callee has acted: the caller never learns what came of it.",
    read,
};

struct LoseResponse;

fn read(_: &str, _: &mut WordReader<'_>) -> Result<Box<dyn Fault>, FaultSyntaxError> {
    Ok(Box::new(LoseResponse))
}

#[async_trait]
impl Fault for LoseResponse {
    async fn disturb(&self, call: TapRequest, next: Next<'_>) -> Result<TapResponse, NoResponse> {
        next.send(call).await?;
        next.fired();
        Err(NoResponse::Broken("the answer was lost on the way back".into()))
    }

    fn changes(&self) -> Vec<Change> {
        vec![Change::Delivery]
    }
}

#[cfg(test)]
mod tests {
    use crate::model::Outcome;
    use crate::tap::bench::Bench;

    #[tokio::test]
    async fn the_callee_acts_and_the_caller_sees_a_reset() {
        let bench = Bench::new().await;
        let mut scenario = bench.scenario();
        scenario.arm("a -> b: lose response");
        let error = scenario.request("POST", "/echo").body("{}").send().await.unwrap_err();
        assert!(format!("{error:?}").contains("ConnectionReset"), "{error:?}");
        assert!(matches!(scenario.exchanges()[0].outcome, Outcome::Broken { .. }));
        assert_eq!((bench.calls(), scenario.times()), (1, 1));
    }
}
