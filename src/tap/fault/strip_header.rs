//! Removes a header.

use async_trait::async_trait;
use http::header::{HeaderMap, HeaderName};

use super::{Change, Fault, FaultKind, Next, NoResponse, Side, TapRequest, TapResponse};
use crate::tap::words::{FaultSyntaxError, WordReader};

pub(super) static KIND: FaultKind = FaultKind {
    openings: &["strip header", "strip response header"],
    syntax: "strip [response] header <name>",
    about: "Takes a header out of the request, or out of the answer.",
    read,
};

struct StripHeader {
    side: Side,
    name: HeaderName,
}

fn read(opening: &str, words: &mut WordReader<'_>) -> Result<Box<dyn Fault>, FaultSyntaxError> {
    Ok(Box::new(StripHeader { side: Side::of(opening), name: words.header_name()? }))
}

impl StripHeader {
    fn strip(&self, headers: &mut HeaderMap) -> Result<(), String> {
        headers.remove(&self.name).map(|_| ()).ok_or_else(|| format!("there was no header `{}`", self.name))
    }
}

#[async_trait]
impl Fault for StripHeader {
    async fn disturb(&self, mut call: TapRequest, next: Next<'_>) -> Result<TapResponse, NoResponse> {
        match self.side {
            Side::Request => {
                next.tell(self.strip(&mut call.head.headers));
                next.send(call).await
            }
            Side::Response => {
                let mut answer = next.send(call).await?;
                next.tell(self.strip(&mut answer.head.headers));
                Ok(answer)
            }
        }
    }

    fn changes(&self) -> Vec<Change> {
        vec![self.side.header(&self.name)]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::model::Change;
    use crate::tap::bench::Bench;

    #[tokio::test]
    async fn the_callee_does_not_see_the_header_and_the_record_says_so() {
        let bench = Bench::new().await;
        let mut scenario = bench.scenario();
        scenario.arm("a -> b: strip header Purchase-Credential");
        let answer = scenario.request("GET", "/headers").header("purchase-credential", "cred").send().await.unwrap();
        assert_eq!(answer.json::<Value>().await.unwrap().get("purchase-credential"), None);
        let [exchange] = &scenario.exchanges()[..] else { panic!("one exchange") };
        assert_eq!(exchange.request.header("purchase-credential"), None);
        assert_eq!(exchange.faults, ["a -> b: strip header Purchase-Credential"]);
        assert_eq!(exchange.changes, [Change::RequestHeader { name: "purchase-credential".into() }]);
        assert_eq!(scenario.times(), 1);
    }

    #[tokio::test]
    async fn a_header_of_the_answer_is_stripped_too() {
        let bench = Bench::new().await;
        let mut scenario = bench.scenario();
        scenario.arm("a -> b: strip response header Content-Type");
        assert_eq!(scenario.get("/json").await.headers().get("content-type"), None);
        assert_eq!(scenario.times(), 1);
    }

    #[tokio::test]
    async fn a_header_that_is_not_there_is_missed() {
        let bench = Bench::new().await;
        let mut scenario = bench.scenario();
        scenario.arm("a -> b: strip header Purchase-Credential");
        scenario.get("/json").await;
        let fired = scenario.fired();
        assert_eq!((fired.times, fired.missed.as_deref()), (0, Some("there was no header `purchase-credential`")));
        let exchanges = scenario.exchanges();
        assert!(exchanges[0].faults.is_empty() && exchanges[0].changes.is_empty());
    }
}
