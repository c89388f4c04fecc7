//! Answers with an earlier answer.

use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, response};

use super::{Change, Fault, FaultKind, Next, NoResponse, Payload, TapRequest, TapResponse};
use crate::tap::words::{FaultSyntaxError, WordReader};

pub(super) static KIND: FaultKind = FaultKind {
    openings: &["stale"],
    syntax: "stale",
    about: "Lets the first request to a path pass, then gives its answer to later ones, which the callee never sees.",
    read,
};

#[derive(Default)]
struct Stale {
    /// The first answers, by method and path.
    earlier: Mutex<HashMap<(Method, String), (response::Parts, Bytes)>>,
}

fn read(_: &str, _: &mut WordReader<'_>) -> Result<Box<dyn Fault>, FaultSyntaxError> {
    Ok(Box::new(Stale::default()))
}

#[async_trait]
impl Fault for Stale {
    async fn disturb(&self, call: TapRequest, next: Next<'_>) -> Result<TapResponse, NoResponse> {
        let what = (call.head.method.clone(), call.head.uri.path().to_owned());
        let earlier = self.earlier.lock().expect("no thread panics while it holds this lock").get(&what).cloned();
        if let Some((head, body)) = earlier {
            next.fired();
            return Ok(TapResponse { head, body: Payload::Whole(body) });
        }
        let mut answer = next.send(call).await?;
        match answer.hold().await {
            Ok(body) => {
                next.missed("it was the first of its kind, so there was no earlier answer");
                let mut earlier = self.earlier.lock().expect("no thread panics while it holds this lock");
                earlier.insert(what, (answer.head.clone(), body));
            }
            Err(why) => next.missed(&why),
        }
        Ok(answer)
    }

    fn changes(&self) -> Vec<Change> {
        vec![Change::Delivery, Change::Response]
    }
}

#[cfg(test)]
mod tests {
    use crate::tap::bench::Bench;

    #[tokio::test]
    async fn later_requests_get_the_first_answer_per_path_and_scenario() {
        let bench = Bench::new().await;
        let mut scenario = bench.scenario();
        scenario.arm("a -> b: stale once");
        let mut answers = Vec::new();
        for _ in 0..3 {
            answers.push(scenario.get("/count").await.text().await.unwrap());
        }
        assert_eq!(answers, ["1", "1", "2"]);
        assert_eq!((bench.calls(), scenario.times()), (2, 1));
        assert_eq!(bench.scenario().get("/count").await.text().await.unwrap(), "3");
    }
}
