//! Delays the request.

use std::time::Duration;

use async_trait::async_trait;
use rand::RngExt;

use super::{Change, Fault, FaultKind, Next, NoResponse, TapRequest, TapResponse};
use crate::tap::words::{FaultSyntaxError, WordReader};

pub(super) static KIND: FaultKind = FaultKind {
    openings: &["delay"],
    syntax: "delay <time> [± <time>]",
    about: "Holds the request back for this long before the callee sees it; with jitter, if so written.",
    read,
};

struct Delay {
    time: Duration,
    jitter: Duration,
}

fn read(_: &str, words: &mut WordReader<'_>) -> Result<Box<dyn Fault>, FaultSyntaxError> {
    let time = words.duration("a time")?;
    let has_jitter = ["±", "+-", "+/-"].into_iter().any(|sign| words.skip(sign));
    let jitter = if has_jitter { words.duration("a time")? } else { Duration::ZERO };
    Ok(Box::new(Delay { time, jitter }))
}

#[async_trait]
impl Fault for Delay {
    async fn disturb(&self, call: TapRequest, next: Next<'_>) -> Result<TapResponse, NoResponse> {
        let earliest = self.time.saturating_sub(self.jitter);
        let time = next.rng().random_range(earliest..=self.time + self.jitter);
        // Fired before the wait: the scenario may end, or look for the fault, while the request is held.
        next.fired();
        tokio::time::sleep(time).await;
        next.send(call).await
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
    async fn the_answer_is_late_by_the_delay() {
        let bench = Bench::new().await;
        let mut scenario = bench.scenario();
        scenario.arm("a -> b: delay 80ms ± 20ms once");
        let started = Instant::now();
        assert_eq!(scenario.get("/json").await.status(), 200);
        assert!(started.elapsed() >= Duration::from_millis(60), "{:?}", started.elapsed());
        assert_eq!(scenario.times(), 1);
        assert_eq!(scenario.get("/json").await.status(), 200);
        assert_eq!(scenario.times(), 1);
    }
}
