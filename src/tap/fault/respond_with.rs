//! Replaces the body of the answer.

use async_trait::async_trait;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};

use super::{Change, Fault, FaultKind, Next, NoResponse, TapRequest, TapResponse, is_bodiless};
use crate::tap::words::{FaultSyntaxError, WordReader};

pub(super) static KIND: FaultKind = FaultKind {
    openings: &["respond with"],
    syntax: "respond with (html | empty | text \"<text>\" | truncated json)",
    about: "Puts another body into the answer; the callee has acted, and the status is its own.",
    read,
};

const PAGE: &str =
    "<!doctype html><html><head><title>Error</title></head><body><h1>Something went wrong</h1></body></html>\n";

enum Body {
    Html,
    Empty,
    Text(String),
    /// The first half of the callee's own JSON, in a message that is complete as HTTP.
    TruncatedJson,
}

fn read(_: &str, words: &mut WordReader<'_>) -> Result<Box<dyn Fault>, FaultSyntaxError> {
    let body = match words.one_of("a body", &["html", "empty", "text", "truncated"])? {
        "html" => Body::Html,
        "empty" => Body::Empty,
        "text" => Body::Text(words.text("the text, in double quotes")?),
        _ => {
            words.keyword("json")?;
            Body::TruncatedJson
        }
    };
    Ok(Box::new(body))
}

#[async_trait]
impl Fault for Body {
    async fn disturb(&self, call: TapRequest, next: Next<'_>) -> Result<TapResponse, NoResponse> {
        let method = call.head.method.clone();
        let mut answer = next.send(call).await?;
        if is_bodiless(&method, answer.head.status) {
            next.missed("the answer cannot have a body");
            return Ok(answer);
        }
        let put = |answer: &mut TapResponse, content_type: &'static str, body: Bytes| {
            answer.head.headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
            answer.put(body);
        };
        match self {
            Self::Html => put(&mut answer, "text/html", PAGE.into()),
            Self::Text(text) => put(&mut answer, "text/plain; charset=utf-8", text.clone().into()),
            // The content type stays: it promises what is not there.
            Self::Empty => answer.put(Bytes::new()),
            Self::TruncatedJson => match answer.hold().await {
                Ok(body) if body.starts_with(b"{") || body.starts_with(b"[") => {
                    answer.put(body.slice(..body.len() / 2))
                }
                Ok(_) => {
                    next.missed("the answer was not a JSON object or array");
                    return Ok(answer);
                }
                Err(why) => {
                    next.missed(&why);
                    return Ok(answer);
                }
            },
        }
        next.fired();
        Ok(answer)
    }

    fn changes(&self) -> Vec<Change> {
        let content_type = || Change::ResponseHeader { name: CONTENT_TYPE.to_string() };
        match self {
            Self::Html | Self::Text(_) => vec![Change::ResponseBody, content_type()],
            Self::Empty | Self::TruncatedJson => vec![Change::ResponseBody],
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::tap::bench::Bench;

    #[tokio::test]
    async fn the_body_is_replaced_and_the_status_stays() {
        for (body, content_type, expected) in [
            ("html", "text/html", super::PAGE),
            ("empty", "application/json", ""),
            ("text \"not now\"", "text/plain; charset=utf-8", "not now"),
            ("truncated json", "application/json", r#"{"decision":tru"#),
        ] {
            let bench = Bench::new().await;
            let mut scenario = bench.scenario();
            scenario.arm(&format!("a -> b: respond with {body} once"));
            let answer = scenario.get("/json").await;
            assert_eq!(
                (answer.status().as_u16(), &answer.headers()["content-type"]),
                (200, &content_type.parse().unwrap())
            );
            assert_eq!(answer.text().await.unwrap(), expected);
            assert_eq!((bench.calls(), scenario.times()), (1, 1));
        }
    }

    #[tokio::test]
    async fn truncated_json_misses_what_is_not_json() {
        let bench = Bench::new().await;
        let mut scenario = bench.scenario();
        scenario.arm("a -> b: respond with truncated json");
        scenario.get("/bytes/4").await;
        assert_eq!(scenario.times(), 0);
        assert!(scenario.get("/json").await.json::<Value>().await.is_err());
    }
}
