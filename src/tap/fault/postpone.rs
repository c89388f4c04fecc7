//! Tells the caller at once that a request was accepted, and sends it only after a later one.

use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use http::StatusCode;

use super::{Change, Fault, FaultKind, Next, NoResponse, TapRequest, TapResponse};
use crate::tap::words::{FaultSyntaxError, WordReader};

pub(super) static KIND: FaultKind = FaultKind {
    openings: &["postpone"],
    syntax: "postpone",
    about: "Answers the first request with 202 in the callee's place, and lets the callee see it after the next one.",
    read,
};

#[derive(Default)]
struct Postpone(Mutex<Stage>);

#[derive(Default)]
enum Stage {
    #[default]
    Waiting,
    Holding(Box<TapRequest>),
    Over,
}

fn read(_: &str, _: &mut WordReader<'_>) -> Result<Box<dyn Fault>, FaultSyntaxError> {
    Ok(Box::new(Postpone::default()))
}

impl Postpone {
    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.0.lock().expect("no thread panics while it holds this lock")
    }
}

#[async_trait]
impl Fault for Postpone {
    async fn disturb(&self, call: TapRequest, next: Next<'_>) -> Result<TapResponse, NoResponse> {
        let before = std::mem::replace(&mut *self.stage(), Stage::Over);
        let held = match before {
            Stage::Waiting => {
                *self.stage() = Stage::Holding(Box::new(call));
                next.fired();
                return Ok(TapResponse::made(StatusCode::ACCEPTED, "application/json", "{\"accepted\":true}"));
            }
            Stage::Holding(held) => held,
            Stage::Over => return next.send(call).await,
        };
        let mut answer = next.send(call).await?;
        // The later request has to be over before the held one is sent. A body that is too large or breaks off is passed on.
        let _ = answer.hold().await;
        next.fired();
        let _ = next.send(*held).await;
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
    async fn the_first_request_is_said_to_be_taken_and_arrives_after_the_second() {
        let bench = Bench::new().await;
        let mut scenario = bench.scenario();
        scenario.arm("a -> b: postpone");
        let mut statuses = Vec::new();
        for body in ["first", "second", "third"] {
            statuses.push(scenario.request("POST", "/echo").body(body).send().await.unwrap().status().as_u16());
        }
        let seen: Vec<_> = scenario.exchanges().iter().map(|exchange| exchange.request.body.content.clone()).collect();
        let text = |text: &str| crate::model::Content::Text(text.into());
        assert_eq!((statuses[0], bench.calls()), (202, 3));
        assert_eq!(seen, ["first", "second", "first", "third"].map(text));
    }

    #[tokio::test]
    async fn the_callee_never_sees_a_request_that_none_follows() {
        let bench = Bench::new().await;
        let mut scenario = bench.scenario();
        scenario.arm("a -> b: postpone");
        scenario.get("/count").await;
        assert_eq!((bench.calls(), scenario.times()), (0, 1));
    }
}
