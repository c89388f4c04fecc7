//! Continues the answer with bytes that are not HTTP.

use async_trait::async_trait;

use super::{Change, Fault, FaultKind, Next, NoResponse, TapRequest, TapResponse};
use crate::tap::words::{FaultSyntaxError, WordReader};

pub(super) static KIND: FaultKind = FaultKind {
    openings: &["malformed chunk"],
    syntax: "malformed chunk",
    about: "Answers with the callee's status and headers, and then with a chunk whose size is not a number.",
    read,
};

struct MalformedChunk;

fn read(_: &str, _: &mut WordReader<'_>) -> Result<Box<dyn Fault>, FaultSyntaxError> {
    Ok(Box::new(MalformedChunk))
}

#[async_trait]
impl Fault for MalformedChunk {
    async fn disturb(&self, call: TapRequest, next: Next<'_>) -> Result<TapResponse, NoResponse> {
        let answer = next.send(call).await?;
        next.fired();
        Err(NoResponse::malformed(&answer.head))
    }

    fn changes(&self) -> Vec<Change> {
        vec![Change::ResponseBody]
    }
}

#[cfg(test)]
mod tests {
    use crate::model::Outcome;
    use crate::tap::bench::Bench;

    #[tokio::test]
    async fn the_head_arrives_and_the_body_cannot_be_read() {
        let bench = Bench::new().await;
        let mut scenario = bench.scenario();
        scenario.arm("a -> b: malformed chunk");
        let answer = scenario.get("/json").await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "application/json");
        assert!(answer.bytes().await.is_err());
        assert!(matches!(scenario.exchanges()[0].outcome, Outcome::Broken { .. }));
        assert_eq!((bench.calls(), scenario.times()), (1, 1));
    }
}
