//! Sends the second request before the first.

use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Mutex, Notify};

use super::{Change, Fault, FaultKind, Next, NoResponse, TapRequest, TapResponse};
use crate::tap::words::{FaultSyntaxError, WordReader};

pub(super) static KIND: FaultKind = FaultKind {
    openings: &["reorder"],
    syntax: "reorder",
    about: "Holds a request until a later one of the same scenario has passed on this edge, for one second at most.",
    read,
};

const AT_MOST: Duration = Duration::from_secs(1);

#[derive(Default)]
struct Reorder {
    /// The lock that is held while a request is held back.
    holding: Mutex<()>,
    passed: Notify,
}

fn read(_: &str, _: &mut WordReader<'_>) -> Result<Box<dyn Fault>, FaultSyntaxError> {
    Ok(Box::new(Reorder::default()))
}

#[async_trait]
impl Fault for Reorder {
    async fn disturb(&self, call: TapRequest, next: Next<'_>) -> Result<TapResponse, NoResponse> {
        // Only one request is held at a time. The next one finds the lock taken, and overtakes.
        let Ok(holding) = self.holding.try_lock() else { return next.send(call).await };
        let overtaken = tokio::time::timeout(AT_MOST, self.passed.notified()).await.is_ok();
        drop(holding);
        if overtaken {
            next.fired();
        } else {
            next.missed("no other request came while one was held");
        }
        next.send(call).await
    }

    fn another_passed(&self) {
        self.passed.notify_waiters();
    }

    fn changes(&self) -> Vec<Change> {
        vec![Change::Delivery]
    }
}

#[cfg(test)]
mod tests {
    use crate::tap::bench::Bench;

    #[tokio::test]
    async fn the_first_request_arrives_after_the_second() {
        let bench = Bench::new().await;
        let mut scenario = bench.scenario();
        scenario.arm("a -> b: reorder once");
        let first = scenario.ask("/count").await;
        // In flight is as good as held: there is nothing to wait for in between.
        let second = scenario.get("/count").await.text().await.unwrap();
        let first = first.await.unwrap().unwrap().text().await.unwrap();
        assert_eq!((first.as_str(), second.as_str()), ("2", "1"));
        assert_eq!(scenario.times(), 1);
    }

    #[tokio::test]
    async fn nothing_can_be_reordered_alone() {
        let bench = Bench::new().await;
        let mut scenario = bench.scenario();
        scenario.arm("a -> b: reorder");
        assert_eq!(scenario.get("/count").await.text().await.unwrap(), "1");
        assert_eq!(scenario.times(), 0);
    }
}
