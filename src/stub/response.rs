//! What a stub answers.

use std::collections::BTreeMap;
use std::time::Duration;

use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use rand::rngs::StdRng;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use serde_json::Value;

use super::file::Stub;
use super::request::Request;
use super::template::{Asked, Template};

/// What a request is answered.
#[derive(Debug, Clone)]
pub struct Reply {
    /// How long the answer takes.
    pub delay: Duration,
    /// How the connection ends, if no answer comes.
    pub broken: Option<Broken>,
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

/// How a connection ends without an answer, in WireMock's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Broken {
    /// It is reset.
    ConnectionResetByPeer,
    /// It is closed, and nothing came.
    EmptyResponse,
    /// A good status, and then a body that cannot be read.
    MalformedResponseChunk,
    /// Bytes that are not HTTP, and it is closed.
    RandomDataThenClose,
}

#[derive(Debug, Clone)]
pub(super) struct Response {
    status: StatusCode,
    headers: Vec<(HeaderName, Template)>,
    body: Body,
    delay: Duration,
    fault: Option<Broken>,
}

#[derive(Debug, Clone)]
enum Body {
    Text(Template),
    Json(Value),
    /// JSON in whose strings templates stand.
    JsonTemplate(Value),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Written {
    status: Option<WrittenStatus>,
    #[serde(default)]
    headers: BTreeMap<String, OneOrMore>,
    json_body: Option<Value>,
    body: Option<String>,
    #[serde(default)]
    fixed_delay_milliseconds: u32,
    fault: Option<Broken>,
    #[serde(default)]
    transformers: Vec<Transformer>,
}

struct WrittenStatus(StatusCode);

impl<'de> Deserialize<'de> for WrittenStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u16::deserialize(deserializer)?;
        let status = StatusCode::from_u16(number).ok().filter(|status| (200..600).contains(&status.as_u16()));
        status
            .map(Self)
            .ok_or_else(|| D::Error::custom(format!("`{number}` is not the status of an answer (200 to 599)")))
    }
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a header is a text or a list of texts")]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

#[derive(Deserialize)]
enum Transformer {
    #[serde(rename = "response-template")]
    ResponseTemplate,
}

impl<'de> Deserialize<'de> for Response {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Written::deserialize(deserializer)?.response().map_err(D::Error::custom)
    }
}

impl Written {
    fn response(self) -> Result<Response, String> {
        let templated = self.transformers.iter().any(|Transformer::ResponseTemplate| true);
        if self.fault.is_some() && (self.status.is_some() || self.json_body.is_some() || self.body.is_some()) {
            return Err("`fault` ends the connection, so `status`, `body` and `jsonBody` would not be seen".into());
        }
        let template = |text: &str| if templated { Template::parse(text) } else { Template::plain(text) };
        let body = match (self.body, self.json_body) {
            (Some(_), Some(_)) => return Err("`body` and `jsonBody` are the same thing: keep one".into()),
            (Some(text), None) => Body::Text(template(&text)?),
            (None, Some(json)) => {
                each_text(&json, &mut |text| template(text).map(drop))?;
                if templated { Body::JsonTemplate(json) } else { Body::Json(json) }
            }
            (None, None) => Body::Text(template("")?),
        };
        let mut headers = Vec::new();
        for (name, values) in self.headers {
            let sound = HeaderName::from_bytes(name.as_bytes());
            let sound = sound.map_err(|_| format!("`{name}` cannot be the name of a header"))?;
            let values = match values {
                OneOrMore::One(value) => vec![value],
                OneOrMore::More(values) => values,
            };
            for value in values {
                HeaderValue::from_str(&value).map_err(|_| format!("`{name}` has a value that no header can have"))?;
                headers.push((sound.clone(), template(&value)?));
            }
        }
        Ok(Response {
            status: self.status.map_or(StatusCode::OK, |WrittenStatus(status)| status),
            headers,
            body,
            delay: Duration::from_millis(self.fixed_delay_milliseconds.into()),
            fault: self.fault,
        })
    }
}

/// Looks at every string in a value; names of members are not answers.
fn each_text(value: &Value, look: &mut impl FnMut(&str) -> Result<(), String>) -> Result<(), String> {
    match value {
        Value::String(text) => look(text),
        Value::Array(values) => values.iter().try_for_each(|value| each_text(value, look)),
        Value::Object(members) => members.values().try_for_each(|value| each_text(value, look)),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

fn filled(value: &Value, asked: &Asked<'_>, rng: &mut StdRng) -> Value {
    match value {
        Value::String(text) => {
            let template = Template::parse(text).expect("invariant: it was read once, with the file");
            Value::String(template.render(asked, rng))
        }
        Value::Array(values) => values.iter().map(|value| filled(value, asked, rng)).collect(),
        Value::Object(members) => {
            Value::Object(members.iter().map(|(key, value)| (key.clone(), filled(value, asked, rng))).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

impl Stub {
    /// How the connection ends in place of an answer, if it does.
    pub fn broken(&self) -> Option<Broken> {
        self.response.fault
    }

    /// What it answers to a request. Templates draw from `rng`.
    pub fn answer(&self, request: &Request<'_>, rng: &mut StdRng) -> Reply {
        let response = &self.response;
        let asked = Asked::new(request, Timestamp::now());
        let mut headers = HeaderMap::new();
        for (name, template) in &response.headers {
            // What a template has put in may be what no header can have: then it is left out of it.
            let value: String = template.render(&asked, rng).chars().filter(|each| !each.is_control()).collect();
            if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
                headers.append(name, value);
            }
        }
        let body = match &response.body {
            Body::Text(template) => template.render(&asked, rng),
            Body::Json(value) => value.to_string(),
            Body::JsonTemplate(value) => filled(value, &asked, rng).to_string(),
        };
        if !matches!(response.body, Body::Text(_)) && !headers.contains_key(CONTENT_TYPE) {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        Reply { delay: response.delay, broken: response.fault, status: response.status, headers, body: body.into() }
    }
}
