//! Breaks off the answer in the middle of its body.

use async_trait::async_trait;

use super::{Change, Fault, FaultKind, Next, NoResponse, Payload, TapRequest, TapResponse};
use crate::tap::words::{FaultSyntaxError, WordReader};

pub(super) static KIND: FaultKind = FaultKind {
    openings: &["truncate response"],
    syntax: "truncate response [to <n> bytes]",
    about: "Sends the first bytes of the body (half of it by default), then breaks the connection.",
    read,
};

struct Truncate {
    to: Option<usize>,
}

fn read(_: &str, words: &mut WordReader<'_>) -> Result<Box<dyn Fault>, FaultSyntaxError> {
    if !words.skip("to") {
        return Ok(Box::new(Truncate { to: None }));
    }
    let to = words.number("a number of bytes", 0..=u32::MAX)?;
    words.keyword("bytes")?;
    Ok(Box::new(Truncate { to: Some(to as usize) }))
}

#[async_trait]
impl Fault for Truncate {
    async fn disturb(&self, call: TapRequest, next: Next<'_>) -> Result<TapResponse, NoResponse> {
        let mut answer = next.send(call).await?;
        match answer.hold().await {
            Ok(body) if body.is_empty() => next.missed("the answer had no body"),
            Ok(body) => {
                let to = self.to.unwrap_or(body.len() / 2);
                if to < body.len() {
                    answer.body = Payload::cut(body.slice(..to), "the answer was cut off");
                    next.fired();
                } else {
                    next.missed(&format!("the answer had no more than {to} bytes"));
                }
            }
            Err(why) => next.missed(&why),
        }
        Ok(answer)
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
    async fn the_first_bytes_arrive_and_then_the_connection_breaks() {
        let bench = Bench::new().await;
        let mut scenario = bench.scenario();
        scenario.arm("a -> b: truncate response to 3 bytes");
        let mut answer = scenario.get("/bytes/10").await;
        assert_eq!((answer.status().as_u16(), answer.content_length()), (200, Some(10)));
        assert_eq!(answer.chunk().await.unwrap().unwrap().len(), 3);
        assert!(answer.chunk().await.is_err());
        scenario.settled().await;
        assert!(matches!(scenario.exchanges()[0].outcome, Outcome::Broken { .. }));
        assert_eq!(scenario.times(), 1);
    }

    #[tokio::test]
    async fn an_answer_that_is_shorter_anyway_is_missed() {
        let bench = Bench::new().await;
        let mut scenario = bench.scenario();
        scenario.arm("a -> b: truncate response to 10 bytes");
        assert_eq!(scenario.get("/bytes/10").await.bytes().await.unwrap().len(), 10);
        assert_eq!(scenario.times(), 0);
    }
}
