//! Never answers, and breaks no connection.

use async_trait::async_trait;

use super::{Change, Fault, FaultKind, Next, NoResponse, TapRequest, TapResponse};
use crate::tap::words::{FaultSyntaxError, WordReader};

pub(super) static KIND: FaultKind = FaultKind {
    openings: &["timeout"],
    syntax: "timeout",
    about: "Never answers, until the caller gives up (or the tap does); the callee never sees the request.",
    read,
};

struct Timeout;

fn read(_: &str, _: &mut WordReader<'_>) -> Result<Box<dyn Fault>, FaultSyntaxError> {
    Ok(Box::new(Timeout))
}

#[async_trait]
impl Fault for Timeout {
    async fn disturb(&self, _: TapRequest, next: Next<'_>) -> Result<TapResponse, NoResponse> {
        next.fired();
        tokio::time::sleep(next.patience()).await;
        Err(NoResponse::Unsent("held back until the tap gave up".into()))
    }

    fn changes(&self) -> Vec<Change> {
        vec![Change::Delivery]
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::model::Outcome;
    use crate::tap::bench::Bench;

    #[tokio::test]
    async fn the_caller_waits_in_vain_and_the_callee_hears_nothing() {
        let bench = Bench::new().await;
        let mut scenario = bench.scenario();
        scenario.arm("a -> b: timeout");
        scenario.ask("/json").await.abort();
        scenario.settled().await;
        let [exchange] = &scenario.exchanges()[..] else { panic!("one exchange") };
        assert!(matches!(exchange.outcome, Outcome::Broken { .. }), "{:?}", exchange.outcome);
        assert_eq!((bench.calls(), scenario.times()), (0, 1));
    }

    #[tokio::test]
    async fn the_tap_gives_up_in_the_end() {
        let bench = Bench::new().await;
        bench.tap.give_up_after(Duration::from_millis(50));
        let mut scenario = bench.scenario();
        scenario.arm("a -> b: timeout");
        assert!(scenario.request("GET", "/json").send().await.unwrap_err().is_request());
        assert!(matches!(scenario.exchanges()[0].outcome, Outcome::Unreachable { .. }));
    }
}
