//! The answer is lost on the way back.

use async_trait::async_trait;

use super::{Answer, Call, Change, Cut, Fault, Kind, Way};
use crate::tap::words::{Misread, Words};

pub(super) static KIND: Kind = Kind {
    openings: &["lose response"],
    syntax: "lose response",
    about: "Resets the caller's connection after the callee has acted: the caller never learns what came of it.",
    read,
};

struct LoseResponse;

fn read(_: &str, _: &mut Words<'_>) -> Result<Box<dyn Fault>, Misread> {
    Ok(Box::new(LoseResponse))
}

#[async_trait]
impl Fault for LoseResponse {
    async fn disturb(&self, call: Call, way: Way<'_>) -> Result<Answer, Cut> {
        way.send(call).await?;
        way.fired();
        Err(Cut::Broken("the answer was lost on the way back".into()))
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
