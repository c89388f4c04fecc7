//! Gives a header another value.

use async_trait::async_trait;
use http::header::{CONNECTION, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING};

use super::{Change, Fault, FaultKind, Next, NoResponse, Side, TapRequest, TapResponse};
use crate::tap::words::{FaultSyntaxError, WordReader};

pub(super) static KIND: FaultKind = FaultKind {
    openings: &["set header", "set response header"],
    syntax: "set [response] header <name> to (<word> | \"<text>\")",
    about: "Gives a header of the request, or of the answer, this value, whether or not it was there.",
    read,
};

struct SetHeader {
    side: Side,
    name: HeaderName,
    value: HeaderValue,
}

fn read(opening: &str, words: &mut WordReader<'_>) -> Result<Box<dyn Fault>, FaultSyntaxError> {
    let name = words.header_name()?;
    // A wrong one of these would break the connection of the tap itself instead of testing the callee.
    if [CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION].contains(&name) {
        let expected =
            "a header that can be set: it frames the message (see `truncate response`, `malformed chunk`)".into();
        return Err(FaultSyntaxError::Unexpected { word: name.to_string(), expected, hint: String::new() });
    }
    words.keyword("to")?;
    let text = words.text("a value")?;
    let value = HeaderValue::from_str(&text).map_err(|_| FaultSyntaxError::Unexpected {
        word: text.clone(),
        expected: "the value of a header: only visible characters and spaces".into(),
        hint: String::new(),
    })?;
    Ok(Box::new(SetHeader { side: Side::of(opening), name, value }))
}

impl SetHeader {
    fn set(&self, headers: &mut HeaderMap) -> Result<(), String> {
        let earlier = headers.insert(&self.name, self.value.clone());
        if earlier.as_ref() == Some(&self.value) {
            return Err(format!("the header `{}` had this value anyway", self.name));
        }
        Ok(())
    }
}

#[async_trait]
impl Fault for SetHeader {
    async fn disturb(&self, mut call: TapRequest, next: Next<'_>) -> Result<TapResponse, NoResponse> {
        match self.side {
            Side::Request => {
                next.tell(self.set(&mut call.head.headers));
                next.send(call).await
            }
            Side::Response => {
                let mut answer = next.send(call).await?;
                next.tell(self.set(&mut answer.head.headers));
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

    use crate::tap::bench::Bench;

    #[tokio::test]
    async fn both_sides_get_the_value() {
        let bench = Bench::new().await;
        let mut scenario = bench.scenario();
        scenario.arm("a -> b: set header X-Plan to \"early access\"");
        scenario.arm("a -> b: set response header Retry-After to 5");
        let answer = scenario.get("/headers").await;
        assert_eq!(answer.headers()["retry-after"], "5");
        assert_eq!(answer.json::<Value>().await.unwrap()["x-plan"], "early access");
        assert_eq!(scenario.exchanges()[0].faults.len(), 2);
    }
}
