//! Holds the request back until the fault is lifted.

use async_trait::async_trait;

use super::{Change, Fault, FaultKind, Next, NoResponse, TapRequest, TapResponse};
use crate::tap::words::{FaultSyntaxError, WordReader};

pub(super) static KIND: FaultKind = FaultKind {
    openings: &["hold"],
    syntax: "hold",
    about: "Holds the request back until the fault is lifted, so that a scenario can look at the time in between on a machine of any speed.",
    read,
};

struct Hold;

fn read(_: &str, _: &mut WordReader<'_>) -> Result<Box<dyn Fault>, FaultSyntaxError> {
    Ok(Box::new(Hold))
}

#[async_trait]
impl Fault for Hold {
    async fn disturb(&self, call: TapRequest, next: Next<'_>) -> Result<TapResponse, NoResponse> {
        next.fired();
        match tokio::time::timeout(next.patience(), next.lifted()).await {
            Ok(()) => next.send(call).await,
            Err(_) => Err(NoResponse::Unsent("held back until the tap gave up".into())),
        }
    }

    fn changes(&self) -> Vec<Change> {
        vec![Change::Timing]
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::model::Outcome;
    use crate::tap::FaultOutcome;
    use crate::tap::bench::Bench;

    #[tokio::test]
    async fn the_request_goes_on_once_the_fault_is_lifted() {
        let bench = Bench::new().await;
        let mut scenario = bench.scenario();
        scenario.arm("a -> b: hold");
        let asked = scenario.ask("/json").await;
        assert_eq!(bench.calls(), 0);
        let lifted = bench.board.clear(scenario.trace);
        assert_eq!(lifted, [FaultOutcome { spec: "a -> b: hold".into(), times: 1, missed: None }]);
        assert_eq!(asked.await.unwrap().unwrap().status(), 200);
        assert_eq!((bench.calls(), scenario.exchanges()[0].faults.clone()), (1, vec!["a -> b: hold".into()]));
    }

    #[tokio::test]
    async fn the_tap_gives_up_in_the_end() {
        let bench = Bench::new().await;
        bench.tap.give_up_after(Duration::from_millis(50));
        let mut scenario = bench.scenario();
        scenario.arm("a -> b: hold");
        assert!(scenario.request("GET", "/json").send().await.unwrap_err().is_request());
        assert!(matches!(scenario.exchanges()[0].outcome, Outcome::Unreachable { .. }));
        assert_eq!((bench.calls(), scenario.times()), (0, 1));
    }
}
