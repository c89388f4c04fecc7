//! Sends the answer in small pieces over a long time.

use std::time::Duration;

use async_trait::async_trait;

use super::{Change, Fault, FaultKind, Next, NoResponse, Payload, TapRequest, TapResponse};
use crate::tap::words::{FaultSyntaxError, WordReader};

pub(super) static KIND: FaultKind = FaultKind {
    openings: &["drip over"],
    syntax: "drip over <time>",
    about: "Spreads the body of the answer over this time, in up to twenty pieces.",
    read,
};

const PIECES: usize = 20;

struct Drip {
    over: Duration,
}

fn read(_: &str, words: &mut WordReader<'_>) -> Result<Box<dyn Fault>, FaultSyntaxError> {
    Ok(Box::new(Drip { over: words.duration("a time")? }))
}

#[async_trait]
impl Fault for Drip {
    async fn disturb(&self, call: TapRequest, next: Next<'_>) -> Result<TapResponse, NoResponse> {
        let mut answer = next.send(call).await?;
        match answer.hold().await {
            Ok(body) if body.is_empty() => next.missed("the answer had no body"),
            Ok(body) => {
                let piece = body.len().div_ceil(PIECES);
                let pieces = body.len().div_ceil(piece);
                answer.body = Payload::paced(body, piece, self.over.div_f64(pieces as f64));
                next.fired();
            }
            Err(why) => next.missed(&why),
        }
        Ok(answer)
    }

    fn changes(&self) -> Vec<Change> {
        vec![Change::Timing]
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::tap::bench::Bench;

    #[tokio::test]
    async fn the_whole_body_arrives_and_takes_its_time() {
        let bench = Bench::new().await;
        let mut scenario = bench.scenario();
        scenario.arm("a -> b: drip over 150ms");
        let started = Instant::now();
        assert_eq!(scenario.get("/bytes/7").await.bytes().await.unwrap().len(), 7);
        assert!(started.elapsed() >= Duration::from_millis(140), "{:?}", started.elapsed());
        assert_eq!(scenario.times(), 1);
    }
}
