//! Loses the request before the callee sees it.

use async_trait::async_trait;

use super::{Change, Fault, FaultKind, Next, NoResponse, TapRequest, TapResponse};
use crate::tap::words::{FaultSyntaxError, WordReader};

pub(super) static KIND: FaultKind = FaultKind {
    openings: &["drop"],
    syntax: "drop",
    about: "Resets the caller's connection; the callee never sees the request.",
    read,
};

struct DropRequest;

fn read(_: &str, _: &mut WordReader<'_>) -> Result<Box<dyn Fault>, FaultSyntaxError> {
    Ok(Box::new(DropRequest))
}

#[async_trait]
impl Fault for DropRequest {
    async fn disturb(&self, _: TapRequest, next: Next<'_>) -> Result<TapResponse, NoResponse> {
        next.fired();
        Err(NoResponse::Unsent("dropped before it was sent".into()))
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
    async fn the_callee_never_sees_it_and_the_caller_sees_a_reset() {
        let bench = Bench::new().await;
        let mut scenario = bench.scenario();
        scenario.arm("a -> b POST: drop 2 times");
        for _ in 0..2 {
            let error = scenario.request("POST", "/echo").body("{}").send().await.unwrap_err();
            let text = format!("{error:?}");
            assert!(text.contains("ConnectionReset"), "{text}");
        }
        assert_eq!((bench.calls(), scenario.times()), (0, 2));
        assert!(matches!(scenario.exchanges()[0].outcome, Outcome::Unreachable { .. }));
        assert_eq!(scenario.exchanges()[0].request.body.size, 2);
        assert_eq!(scenario.request("POST", "/echo").body("{}").send().await.unwrap().status(), 200);
    }
}
