//! The source of a fact: the part of an exchange that a target file reads it from.
//!
//! | words | the value |
//! |---|---|
//! | `request /quote`, `response /id` | at this JSON pointer; `*` as a segment stands for every item and gives a list |
//! | `request header Idempotency-Key` | of this header; an authentication scheme before it is left off |
//! | `request baggage app.clock` | of this member of the W3C `baggage` header |
//! | `request cookie session` | of this cookie |
//! | `count response /images` | how many items the list there has |
//! | `is trial` | the word itself |
//!
//! Several of these may be joined by `or`: the first that finds a value counts.

use std::str::FromStr;

use serde::Deserialize;
use serde_json::Value;

use crate::base::pointer::at;
use crate::base::trace::in_baggage;
use crate::base::uri;
use crate::model::{Body, Exchange};

/// One or more parts of an exchange; the first that has a value counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source(Vec<SingleSource>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct SingleSource {
    side: Side,
    part: Part,
    count: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Request,
    Response,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Pointer(String),
    Header(String),
    Cookie(String),
    Baggage(String),
    Word(String),
}

/// A text that names no source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` does not say where a fact is found: write for example `response /id`, `request header Idempotency-Key`, \
     `request cookie session`, `request baggage app.clock`, `count response /images` or `is trial`"
)]
pub struct NotASource(pub String);

impl FromStr for Source {
    type Err = NotASource;

    fn from_str(text: &str) -> Result<Self, NotASource> {
        text.split(" or ").map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl FromStr for SingleSource {
    type Err = NotASource;

    fn from_str(text: &str) -> Result<Self, NotASource> {
        let wrong = || NotASource(text.into());
        let words: Vec<&str> = text.split_whitespace().collect();
        let (count, words) = match words.split_first() {
            Some((&"count", rest)) => (true, rest),
            Some(_) | None => (false, words.as_slice()),
        };
        let side = |word: &str| match word {
            "request" => Ok(Side::Request),
            "response" => Ok(Side::Response),
            _ => Err(wrong()),
        };
        let (side, part) = match words {
            ["is", word] if !count => (Side::Request, Part::Word((*word).into())),
            [word, "header", name] => (side(word)?, Part::Header(name.to_ascii_lowercase())),
            ["request", "cookie", name] => (Side::Request, Part::Cookie((*name).into())),
            ["request", "baggage", name] => (Side::Request, Part::Baggage((*name).into())),
            [word, pointer] if pointer.starts_with('/') => (side(word)?, Part::Pointer((*pointer).into())),
            _ => return Err(wrong()),
        };
        Ok(Self { side, part, count })
    }
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Source {
    /// Returns true if the fact may come from the body of the answer.
    pub fn is_in_answer(&self) -> bool {
        self.0.iter().any(|one| one.side == Side::Response && matches!(one.part, Part::Pointer(_)))
    }

    /// Returns the name of the request header, if the source is one.
    pub fn request_header(&self) -> Option<&str> {
        self.0.iter().find_map(|one| match (&one.part, one.side) {
            (Part::Header(name), Side::Request) => Some(name.as_str()),
            (Part::Header(_) | Part::Cookie(_) | Part::Pointer(_) | Part::Baggage(_) | Part::Word(_), _) => None,
        })
    }

    /// Returns the JSON pointer into the body of the request, if the source is one.
    pub fn request_field(&self) -> Option<&str> {
        self.field(Side::Request)
    }

    /// Returns the JSON pointer into the body of the answer, if the source is one.
    pub fn answer_field(&self) -> Option<&str> {
        self.field(Side::Response)
    }

    fn field(&self, side: Side) -> Option<&str> {
        self.0.iter().find_map(|one| match &one.part {
            Part::Pointer(pointer) if one.side == side => Some(pointer.as_str()),
            Part::Pointer(_) | Part::Header(_) | Part::Cookie(_) | Part::Baggage(_) | Part::Word(_) => None,
        })
    }

    /// Returns the value of the fact in an exchange.
    pub fn find(&self, exchange: &Exchange) -> Option<Value> {
        self.0.iter().find_map(|one| one.find(exchange))
    }
}

impl SingleSource {
    fn find(&self, exchange: &Exchange) -> Option<Value> {
        let (headers, body): (&[(String, String)], &Body) = match self.side {
            Side::Request => (&exchange.request.headers, &exchange.request.body),
            Side::Response => exchange.response().map(|response| (response.headers.as_slice(), &response.body))?,
        };
        let value = match &self.part {
            Part::Word(word) => Some(Value::String(word.clone())),
            Part::Header(name) => header(headers, name).map(|value| Value::String(credentials(name, value).into())),
            Part::Cookie(name) => uri::cookies(headers)
                .find(|(own, _)| *own == name.as_str())
                .map(|(_, value)| Value::String(value.into())),
            Part::Baggage(name) => in_baggage(headers, name).map(Value::String),
            Part::Pointer(pointer) => body.json().and_then(|json| at(json, pointer)),
        };
        // Platforms write an absent value as null, too.
        let value = value.filter(|value| !value.is_null())?;
        match (self.count, value) {
            (true, Value::Array(items)) => Some(items.len().into()),
            (true, _) => None,
            (false, value) => Some(value),
        }
    }
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// Removes the authentication scheme, so that a session in `Authorization` equals the same session elsewhere.
fn credentials<'a>(name: &str, value: &'a str) -> &'a str {
    match value.split_once(' ') {
        // The body and the cookie carry the token without a scheme.
        Some(("Bearer" | "Basic", rest)) if name == "authorization" => rest,
        Some(_) | None => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_source_is_refused_with_examples() {
        for words in ["", "answer /id", "request id", "request header", "response baggage x", "count is x"] {
            let error = words.parse::<Source>().unwrap_err().to_string();
            assert!(error.contains("write for example"), "{words}: {error}");
        }
    }

    #[test]
    fn of_several_places_the_first_that_has_it_counts() {
        assert!("request header Authorization or request cookie session".parse::<Source>().is_ok());
        assert!("request header Authorization or cookie".parse::<Source>().is_err());
    }

    #[test]
    fn a_star_stands_for_every_item() {
        let json = serde_json::json!({"history": [{"status": "a"}, {"status": "b"}, {}]});
        assert_eq!(at(&json, "/history/*/status"), Some(serde_json::json!(["a", "b"])));
        assert_eq!(at(&json, "/other/*/status"), None);
    }
}
