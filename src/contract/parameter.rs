//! Parameters, which travel as text in the path, the query, headers and cookies.

use std::sync::Arc;

use serde_json::Value;

use super::schema::{Flaw, Schema};
use crate::base::redact::is_redacted;
use crate::base::uri;
use crate::model::Request;

/// The place of a parameter in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ParameterPlace {
    Path,
    Query,
    Header,
    Cookie,
}

impl ParameterPlace {
    /// The word for it in a document.
    pub fn read(word: &str) -> Option<Self> {
        match word {
            "path" => Some(Self::Path),
            "query" => Some(Self::Query),
            "header" => Some(Self::Header),
            "cookie" => Some(Self::Cookie),
            _ => None,
        }
    }

    /// A name as it is looked for there: of headers in lower case.
    pub fn spell(self, name: &str) -> String {
        if self == Self::Header { name.to_ascii_lowercase() } else { name.to_owned() }
    }

    /// The values that a request gives under a name there. What is in the path only its template tells.
    pub fn given(self, request: &Request, name: &str) -> Vec<String> {
        match self {
            Self::Path => Vec::new(),
            Self::Query => {
                let given = uri::query(&request.target).filter(|(key, _)| key == name);
                given.map(|(_, value)| value.into_owned()).collect()
            }
            Self::Header => in_headers(&request.headers, name),
            Self::Cookie => in_cookies(&request.headers, name),
        }
    }

    /// The word for it in a finding's place.
    pub fn word(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "headers",
            Self::Cookie => "cookies",
        }
    }
}

/// A documented parameter, or a documented header of an answer.
#[derive(Debug)]
pub(super) struct Parameter {
    pub place: ParameterPlace,
    /// The name; for headers in lower case.
    pub name: String,
    pub required: bool,
    pub shape: ParameterFormat,
    /// The place in the document.
    pub pointer: String,
}

/// The form in which a parameter's text is read.
#[derive(Debug)]
pub(super) enum ParameterFormat {
    /// A single value, or a list with commas, as its schema has it.
    Plain(Arc<Schema>),
    Json(Arc<Schema>),
    /// A parameter without a schema, or in a style that is not read here (such as `deepObject`).
    Any,
}

impl Parameter {
    /// Checks the values that were given under its name.
    pub fn flaws(&self, given: &[String]) -> Vec<Flaw> {
        let flaw =
            |message: &str| Flaw { at: String::new(), source: self.pointer.clone(), message: message.to_owned() };
        if given.is_empty() {
            return if self.required { vec![flaw("it is required, and not there")] } else { Vec::new() };
        }
        // Only the secret itself could be judged, and it is not here.
        if given.iter().any(|text| is_redacted(text)) {
            return Vec::new();
        }
        match &self.shape {
            ParameterFormat::Any => Vec::new(),
            ParameterFormat::Json(schema) => match serde_json::from_str(&given[0]) {
                Ok(value) => schema.flaws(&value),
                Err(error) => vec![flaw(&format!("it is not JSON: {error}"))],
            },
            ParameterFormat::Plain(schema) => plain(schema, given),
        }
    }
}

/// Checks a value in all its readings: as text, as a number or truth value, as a list. Text has no types, so the value
/// is right if one reading is.
fn plain(schema: &Schema, given: &[String]) -> Vec<Flaw> {
    let mut closest = Vec::new();
    for value in readings(given) {
        let flaws = schema.flaws(&value);
        if flaws.is_empty() {
            return flaws;
        }
        // The last reading that is a single value says best what is wrong with it.
        if closest.is_empty() || !value.is_array() {
            closest = flaws;
        }
    }
    closest
}

fn readings(given: &[String]) -> Vec<Value> {
    let single = |text: &str| match serde_json::from_str(text) {
        Ok(value @ (Value::Number(_) | Value::Bool(_) | Value::Null)) => Some(value),
        Ok(_) | Err(_) => None,
    };
    let text = |text: &str| Value::String(text.to_owned());
    let mut readings = Vec::new();
    if let [one] = given {
        readings.push(text(one));
        readings.extend(single(one));
    }
    let items: Vec<&str> = match given {
        [one] => one.split(',').map(str::trim).collect(),
        several => several.iter().map(String::as_str).collect(),
    };
    readings.push(items.iter().map(|item| text(item)).collect());
    readings.push(items.iter().map(|item| single(item).unwrap_or_else(|| text(item))).collect());
    readings
}

/// The values of a header; `name` in lower case.
pub(super) fn in_headers(headers: &[(String, String)], name: &str) -> Vec<String> {
    headers.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect()
}

/// The values of a cookie. A `Cookie` header that was replaced as a whole may hold any.
fn in_cookies(headers: &[(String, String)], name: &str) -> Vec<String> {
    let fits = |(key, value): &(&str, &str)| *key == name || key.is_empty() && is_redacted(value);
    uri::cookies(headers).filter(fits).map(|(_, value)| value.to_owned()).collect()
}
