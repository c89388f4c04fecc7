//! Gives the answer another status.

use async_trait::async_trait;
use bytes::Bytes;
use http::StatusCode;

use super::{Change, Fault, FaultKind, Next, NoResponse, TapRequest, TapResponse, is_bodiless};
use crate::tap::words::{FaultSyntaxError, WordReader};

pub(super) static KIND: FaultKind = FaultKind {
    openings: &["status"],
    syntax: "status <status>",
    about: "Puts another status on the answer; the callee has acted, and headers and body are its own.",
    read,
};

struct Status {
    status: StatusCode,
}

fn read(_: &str, words: &mut WordReader<'_>) -> Result<Box<dyn Fault>, FaultSyntaxError> {
    let number = words.number("a status", 200..=599)?;
    let status = u16::try_from(number).ok().and_then(|number| StatusCode::from_u16(number).ok());
    Ok(Box::new(Status { status: status.expect("every number from 200 to 599 is a status") }))
}

#[async_trait]
impl Fault for Status {
    async fn disturb(&self, call: TapRequest, next: Next<'_>) -> Result<TapResponse, NoResponse> {
        let method = call.head.method.clone();
        let mut answer = next.send(call).await?;
        if answer.head.status == self.status {
            next.missed(&format!("the status was {} anyway", self.status.as_u16()));
            return Ok(answer);
        }
        answer.head.status = self.status;
        // A body after such a status would be read as the beginning of the next answer.
        if method != http::Method::HEAD && is_bodiless(&method, self.status) {
            answer.put(Bytes::new());
        }
        next.fired();
        Ok(answer)
    }

    fn changes(&self) -> Vec<Change> {
        vec![Change::ResponseStatus]
    }
}

#[cfg(test)]
mod tests {
    use crate::tap::bench::Bench;

    #[tokio::test]
    async fn the_callee_acts_and_the_caller_sees_another_status() {
        let bench = Bench::new().await;
        let mut scenario = bench.scenario();
        scenario.arm("a -> b: status 403");
        let answer = scenario.get("/json").await;
        assert_eq!(answer.status(), 403);
        assert_eq!(answer.text().await.unwrap(), r#"{"decision":true,"until":null}"#);
        assert_eq!((bench.calls(), scenario.times()), (1, 1));
        assert_eq!(scenario.exchanges()[0].status(), Some(403));
    }

    #[tokio::test]
    async fn no_content_has_no_content() {
        let bench = Bench::new().await;
        let mut scenario = bench.scenario();
        scenario.arm("a -> b: status 204");
        assert_eq!(scenario.get("/json").await.text().await.unwrap(), "");
        assert_eq!(scenario.exchanges()[0].status(), Some(204));
    }

    #[tokio::test]
    async fn a_status_that_is_the_same_anyway_is_missed() {
        let bench = Bench::new().await;
        let mut scenario = bench.scenario();
        scenario.arm("a -> b: status 200");
        assert_eq!(scenario.get("/json").await.status(), 200);
        assert_eq!(scenario.times(), 0);
    }
}
