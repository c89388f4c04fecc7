//! HAR 1.2: the recorded exchanges, one file per scenario, for the network panels of browsers and other HTTP tools.
//!
//! The format is specified at <http://www.softwareishard.com/blog/har-12-spec/>. Each attempt is a page. The edge, the faults and the
//! findings have no place in the format and stand in fields that begin with an underscore, as it asks. Taps measure one duration,
//! which is given as `wait`.

use std::borrow::Cow;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::record::{AttemptRecord, RunRecord, ScenarioRecord};
use super::reporter::{ReportFile, Reporter};
use super::text;
use crate::base::uri;
use crate::model::{Body, Content, Exchange, Outcome, Request, Response};

/// The reporter of the folder `har/`.
pub const HAR: Reporter = Reporter { id: "har", file_name: "har/", files };

fn files<'r>(run: &'r RunRecord) -> Vec<ReportFile<'r>> {
    let mut names = text::UniqueNames::default();
    let seen = |scenario: &&ScenarioRecord| scenario.attempts.iter().any(|attempt| !attempt.exchanges.is_empty());
    let part = |scenario: &'r ScenarioRecord| {
        let name = names.slug(&format!("{} {}", scenario.feature, scenario.title()));
        ReportFile::named(format!("{name}.har"), move |out| Ok(serde_json::to_writer(out, &log(run, scenario))?))
    };
    run.scenarios.iter().filter(seen).map(part).collect()
}

fn log(run: &RunRecord, scenario: &ScenarioRecord) -> Value {
    let mut pages = Vec::new();
    let mut entries = Vec::new();
    for (index, attempt) in scenario.attempts.iter().enumerate() {
        let id = format!("attempt-{}", index + 1);
        entries.extend(attempt.exchanges.iter().map(|exchange| entry(run, attempt, exchange, &id)));
        pages.push(json!({
            "id": id, "startedDateTime": attempt.started.to_string(), "pageTimings": {},
            "title": format!("{} ({})", scenario.title(), scenario.place()),
        }));
    }
    json!({"log": {
        "version": "1.2", "creator": {"name": "paidpath", "version": run.info.version},
        "pages": pages, "entries": entries,
    }})
}

fn entry(run: &RunRecord, attempt: &AttemptRecord, exchange: &Exchange, page: &str) -> Value {
    let took = exchange.took_micros as f64 / 1e3;
    let findings: Vec<_> = attempt.findings.iter().filter(|finding| finding.exchange == Some(exchange.id)).collect();
    json!({
        "pageref": page,
        "startedDateTime": moment(run, exchange).to_string(),
        "time": took,
        "request": request(&exchange.request, &url(run, exchange)),
        "response": response(&exchange.outcome),
        "cache": {},
        "timings": {"send": 0, "wait": took, "receive": 0},
        "comment": exchange.edge.to_string(),
        "_id": exchange.id,
        "_edge": exchange.edge,
        "_faults": exchange.faults,
        "_findings": findings,
    })
}

fn moment(run: &RunRecord, exchange: &Exchange) -> Timestamp {
    run.info.started.checked_add(Duration::from_micros(exchange.at_micros)).unwrap_or(run.info.started)
}

/// Returns the address that the callee had in this run, followed by the target. Characters that a URL cannot hold are
/// percent-encoded.
fn url(run: &RunRecord, exchange: &Exchange) -> String {
    let service = run.info.services.iter().find(|service| service.name == exchange.edge.to);
    let address = service.map(|service| service.address.trim_end_matches('/').to_owned());
    // `.invalid` is reserved: the URL of an unknown service must not lead anywhere.
    let address = address.unwrap_or_else(|| format!("http://{}.invalid", text::slug(&exchange.edge.to)));
    let target = &exchange.request.target;
    let slash = if target.starts_with('/') { "" } else { "/" };
    format!("{address}{slash}{}", uri::encode_unsafe(target))
}

fn request(request: &Request, url: &str) -> Value {
    let pair = |(name, value): (Cow<'_, str>, Cow<'_, str>)| json!({"name": name, "value": value});
    let mut value = json!({
        "method": request.method, "url": url, "httpVersion": "HTTP/1.1", "cookies": [],
        "headers": headers(&request.headers),
        "queryString": uri::query(&request.target).map(pair).collect::<Vec<_>>(),
        "headersSize": -1, "bodySize": request.body.size,
    });
    if let Some((text, encoding)) = content(&request.body) {
        let mime_type = request.header("content-type").unwrap_or_default();
        value["postData"] = json!({"mimeType": mime_type, "params": [], "text": text});
        if let Some(encoding) = encoding {
            value["postData"]["_encoding"] = encoding.into();
        }
    }
    value
}

/// Returns the response. A request without an answer gets status 0, as browsers write it.
fn response(outcome: &Outcome) -> Value {
    let (status, error) = match outcome {
        Outcome::Answered(response) => return answered(response),
        Outcome::Unreachable { reason } => ("unreachable", reason.as_str()),
        Outcome::Broken { reason } => ("broken", reason.as_str()),
        Outcome::Open => ("open", "not answered when the record was made"),
    };
    json!({
        "status": 0, "statusText": status, "httpVersion": "", "cookies": [], "headers": [],
        "content": {"size": 0, "mimeType": "x-unknown"}, "redirectURL": "", "headersSize": -1, "bodySize": -1,
        "_error": error,
    })
}

fn answered(response: &Response) -> Value {
    let mime_type = response.header("content-type").unwrap_or_default();
    let mut value = json!({
        "status": response.status, "statusText": "", "httpVersion": "HTTP/1.1", "cookies": [],
        "headers": headers(&response.headers),
        "content": {"size": response.body.size, "mimeType": mime_type},
        "redirectURL": response.header("location").unwrap_or_default(),
        "headersSize": -1, "bodySize": response.body.size,
    });
    if let Some((text, encoding)) = content(&response.body) {
        value["content"]["text"] = text.into();
        if let Some(encoding) = encoding {
            value["content"]["encoding"] = encoding.into();
        }
    }
    value
}

fn headers(headers: &[(String, String)]) -> Value {
    headers.iter().map(|(name, value)| json!({"name": name, "value": value})).collect()
}

/// Returns the recorded part of a body, and its encoding.
fn content(body: &Body) -> Option<(String, Option<&'static str>)> {
    match &body.content {
        Content::Empty => None,
        Content::Json(value) => Some((value.to_string(), None)),
        Content::Text(text) => Some((text.clone(), None)),
        Content::Base64(bytes) => Some((bytes.clone(), Some("base64"))),
    }
}
