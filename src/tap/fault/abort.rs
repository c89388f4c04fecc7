//! Answers in the place of the callee, as something before it would.

use async_trait::async_trait;
use http::StatusCode;
use http::header::{HeaderValue, LOCATION};
use serde_json::json;

use super::{Change, Fault, FaultKind, Next, NoResponse, TapRequest, TapResponse, is_bodiless};
use crate::tap::words::{FaultSyntaxError, WordReader};

pub(super) static KIND: FaultKind = FaultKind {
    openings: &["abort"],
    syntax: "abort <status> [as html] [to <location>]",
    about: "Answers with this status, as problem+json or as a proxy's HTML page, or redirects; the callee never sees the \
            request.",
    read,
};

struct Abort {
    status: StatusCode,
    as_html: bool,
    location: Option<HeaderValue>,
}

fn read(_: &str, words: &mut WordReader<'_>) -> Result<Box<dyn Fault>, FaultSyntaxError> {
    let number = words.number("a status", 200..=599)?;
    let as_html = words.skip("as html");
    let location = if words.skip("to") { Some(words.header_value("a location such as `/login`")?) } else { None };
    let status = u16::try_from(number).ok().and_then(|number| StatusCode::from_u16(number).ok());
    let status = status.expect("every number from 200 to 599 is a status");
    Ok(Box::new(Abort { status, as_html, location }))
}

#[async_trait]
impl Fault for Abort {
    async fn disturb(&self, _: TapRequest, next: Next<'_>) -> Result<TapResponse, NoResponse> {
        next.fired();
        let title = self.status.canonical_reason().unwrap_or("Error");
        let (content_type, body) = if self.as_html {
            let page = format!("<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n");
            ("text/html", page)
        } else {
            let problem = json!({"type": "about:blank", "title": title, "status": self.status.as_u16()});
            ("application/problem+json", problem.to_string())
        };
        let has_body = !is_bodiless(&http::Method::GET, self.status);
        let mut answer = TapResponse::made(self.status, content_type, if has_body { body } else { String::new() });
        if let Some(location) = &self.location {
            answer.head.headers.insert(LOCATION, location.clone());
        }
        Ok(answer)
    }

    fn changes(&self) -> Vec<Change> {
        vec![Change::Delivery, Change::Response]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::tap::bench::Bench;

    #[tokio::test]
    async fn the_caller_gets_a_problem_and_the_callee_nothing() {
        let bench = Bench::new().await;
        let mut scenario = bench.scenario();
        scenario.arm("a -> b: abort 503");
        let answer = scenario.get("/json").await;
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        assert_eq!(answer.json::<Value>().await.unwrap()["status"], 503);
        assert_eq!((bench.calls(), scenario.times()), (0, 1));
        assert_eq!(scenario.exchanges()[0].status(), Some(503));
    }

    #[tokio::test]
    async fn a_proxy_answers_in_html() {
        let bench = Bench::new().await;
        let mut scenario = bench.scenario();
        scenario.arm("a -> b: abort 502 as html");
        let answer = scenario.get("/json").await;
        assert_eq!((answer.status().as_u16(), &answer.headers()["content-type"]), (502, &"text/html".parse().unwrap()));
    }

    #[tokio::test]
    async fn a_redirect_says_where_to() {
        let bench = Bench::new().await;
        let mut scenario = bench.scenario();
        scenario.arm("a -> b: abort 307 to /login");
        let answer = scenario.get("/json").await;
        assert_eq!((answer.status().as_u16(), &answer.headers()["location"]), (307, &"/login".parse().unwrap()));
        assert_eq!((bench.calls(), scenario.exchanges()[0].status()), (0, Some(307)));
    }

    #[tokio::test]
    async fn a_status_that_has_no_body_is_answered_without_one() {
        for status in [204, 304] {
            let bench = Bench::new().await;
            let mut scenario = bench.scenario();
            scenario.arm(&format!("a -> b: abort {status}"));
            let answer = scenario.get("/json").await;
            assert_eq!((answer.status().as_u16(), answer.text().await.unwrap().as_str()), (status, ""));
        }
    }

    #[tokio::test]
    async fn a_head_is_aborted_without_a_body_and_recorded_as_answered() {
        let bench = Bench::new().await;
        let mut scenario = bench.scenario();
        scenario.arm("a -> b: abort 500");
        assert_eq!(scenario.request("HEAD", "/json").send().await.unwrap().status(), 500);
        assert_eq!(scenario.exchanges()[0].status(), Some(500));
    }
}
