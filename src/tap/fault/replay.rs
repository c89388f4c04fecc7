//! Sends an earlier request once more, after a later one.

use std::sync::Mutex;

use async_trait::async_trait;

use super::{Change, Fault, FaultKind, Next, NoResponse, TapRequest, TapResponse};
use crate::tap::words::{FaultSyntaxError, WordReader};

pub(super) static KIND: FaultKind = FaultKind {
    openings: &["replay"],
    syntax: "replay",
    about: "Sends the first request again after a later one was answered; nobody gets the answer to the repetition.",
    read,
};

#[derive(Default)]
struct Replay {
    first: Mutex<Option<TapRequest>>,
}

fn read(_: &str, _: &mut WordReader<'_>) -> Result<Box<dyn Fault>, FaultSyntaxError> {
    Ok(Box::new(Replay::default()))
}

#[async_trait]
impl Fault for Replay {
    async fn disturb(&self, call: TapRequest, next: Next<'_>) -> Result<TapResponse, NoResponse> {
        let first = {
            let mut first = self.first.lock().expect("no thread panics while it holds this lock");
            let kept = first.clone();
            first.get_or_insert_with(|| call.clone());
            kept
        };
        let Some(first) = first else {
            next.missed("it was the first request, and no later one came that it could follow");
            return next.send(call).await;
        };
        let mut answer = next.send(call).await?;
        // The later request has to be over before the replay. A body that is too large or breaks off is passed on.
        let _ = answer.hold().await;
        next.fired();
        // The result of the repetition is in its own record. The caller of the first request got its answer long ago.
        let _ = next.send(first).await;
        Ok(answer)
    }

    fn changes(&self) -> Vec<Change> {
        vec![Change::Delivery]
    }
}

#[cfg(test)]
mod tests {
    use crate::tap::bench::Bench;

    #[tokio::test]
    async fn the_first_request_arrives_again_after_the_second_and_no_more() {
        let bench = Bench::new().await;
        let mut scenario = bench.scenario();
        scenario.arm("a -> b: replay once");
        for body in ["first", "second", "third"] {
            let answer = scenario.request("POST", "/echo").body(body).send().await.unwrap();
            assert_eq!(answer.text().await.unwrap(), body);
        }
        let sent: Vec<_> = scenario.exchanges().iter().map(|exchange| exchange.request.body.content.clone()).collect();
        let text = |text: &str| crate::model::Content::Text(text.into());
        assert_eq!(sent, ["first", "second", "first", "third"].map(text));
        assert_eq!(scenario.times(), 1);
    }

    #[tokio::test]
    async fn one_request_alone_is_missed() {
        let bench = Bench::new().await;
        let mut scenario = bench.scenario();
        scenario.arm("a -> b: replay");
        scenario.get("/count").await;
        assert_eq!((bench.calls(), scenario.times()), (1, 0));
        assert!(scenario.fired().missed.unwrap().contains("no later one came"));
    }
}
