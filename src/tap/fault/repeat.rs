//! Sends the request several times.

use async_trait::async_trait;

use super::{Change, Fault, FaultKind, Next, NoResponse, TapRequest, TapResponse};
use crate::tap::words::{FaultSyntaxError, WordReader};

pub(super) static KIND: FaultKind = FaultKind {
    openings: &["repeat"],
    syntax: "repeat <n> times",
    about: "Sends the same request this many times more, one after the other; the caller gets the first answer, after the last.",
    read,
};

struct Repeat {
    times: u32,
}

fn read(_: &str, words: &mut WordReader<'_>) -> Result<Box<dyn Fault>, FaultSyntaxError> {
    let times = words.number("how many times", 1..=100)?;
    if !words.skip("time") {
        words.keyword("times")?;
    }
    Ok(Box::new(Repeat { times }))
}

#[async_trait]
impl Fault for Repeat {
    async fn disturb(&self, call: TapRequest, next: Next<'_>) -> Result<TapResponse, NoResponse> {
        let mut first = next.send(call.clone()).await?;
        // The first request has to be over before the second begins. A body that is too large or breaks off is passed on.
        let _ = first.hold().await;
        next.fired();
        for _ in 0..self.times {
            // The result of a repetition is in its own record. The caller asked once, and gets one answer.
            let _ = next.send(call.clone()).await;
        }
        Ok(first)
    }

    fn changes(&self) -> Vec<Change> {
        vec![Change::Delivery]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::tap::bench::Bench;

    #[tokio::test]
    async fn an_event_arrives_again_each_time_on_record_and_the_caller_gets_the_first_answer() {
        let bench = Bench::new().await;
        let mut scenario = bench.scenario();
        scenario.arm("a -> b event com.example.purchase.*: repeat 3 times");
        let event = json!({"specversion": "1.0", "type": "com.example.purchase.completed"});
        let answer = scenario.request("POST", "/count").json(&event).send().await.unwrap();
        assert_eq!(answer.text().await.unwrap(), "1");
        assert_eq!((bench.calls(), scenario.times()), (4, 1));
        let exchanges = scenario.exchanges();
        assert_eq!(exchanges.len(), 4);
        assert!(
            exchanges.iter().all(|exchange| exchange.faults.len() == 1 && exchange.request.body.json() == Some(&event))
        );
    }

    #[tokio::test]
    async fn an_event_of_another_type_arrives_once() {
        let bench = Bench::new().await;
        let mut scenario = bench.scenario();
        scenario.arm("a -> b event com.example.purchase.completed: repeat 1 time");
        let request = scenario.request("POST", "/count").header("ce-type", "com.example.purchase.refunded");
        assert_eq!(request.body("{}").send().await.unwrap().text().await.unwrap(), "1");
        assert_eq!((bench.calls(), scenario.times()), (1, 0));
    }
}
