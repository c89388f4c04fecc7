//! Sends the answer through a slow connection.

use std::time::Duration;

use async_trait::async_trait;

use super::{Change, Fault, FaultKind, Next, NoResponse, Payload, TapRequest, TapResponse};
use crate::tap::words::{FaultSyntaxError, WordReader};

pub(super) static KIND: FaultKind = FaultKind {
    openings: &["bandwidth"],
    syntax: "bandwidth <n> (B/s | kB/s | MB/s)",
    about: "Lets the body of the answer through no faster than this.",
    read,
};

/// The pause between two pieces.
const BEAT: Duration = Duration::from_millis(50);

struct Bandwidth {
    bytes_per_second: usize,
}

fn read(_: &str, words: &mut WordReader<'_>) -> Result<Box<dyn Fault>, FaultSyntaxError> {
    let number = words.number("a rate", 1..=1_000_000)? as usize;
    let unit = match words.one_of("a unit", &["B/s", "kB/s", "MB/s"])? {
        "B/s" => 1,
        "kB/s" => 1_000,
        _ => 1_000_000,
    };
    Ok(Box::new(Bandwidth { bytes_per_second: number * unit }))
}

#[async_trait]
impl Fault for Bandwidth {
    async fn disturb(&self, call: TapRequest, next: Next<'_>) -> Result<TapResponse, NoResponse> {
        let mut answer = next.send(call).await?;
        match answer.hold().await {
            Ok(body) if body.is_empty() => next.missed("the answer had no body"),
            Ok(body) => {
                // A rate below one piece of one byte per beat is kept by a longer beat.
                let per_beat = self.bytes_per_second as f64 * BEAT.as_secs_f64();
                let piece = (per_beat as usize).max(1);
                answer.body = Payload::paced(body, piece, BEAT.mul_f64(piece as f64 / per_beat));
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
    async fn a_body_takes_as_long_as_the_rate_says_and_arrives_whole() {
        let bench = Bench::new().await;
        let mut scenario = bench.scenario();
        scenario.arm("a -> b /bytes/*: bandwidth 10 kB/s");
        let started = Instant::now();
        assert_eq!(scenario.get("/bytes/2000").await.bytes().await.unwrap().len(), 2000);
        assert!(started.elapsed() >= Duration::from_millis(180), "{:?}", started.elapsed());
        assert_eq!(scenario.times(), 1);
    }

    #[tokio::test]
    async fn an_answer_without_a_body_is_missed() {
        let bench = Bench::new().await;
        let mut scenario = bench.scenario();
        scenario.arm("a -> b: bandwidth 1 B/s");
        assert_eq!(scenario.get("/status/204").await.status(), 204);
        assert_eq!(scenario.fired().missed.as_deref(), Some("the answer had no body"));
    }
}
