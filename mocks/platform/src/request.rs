//! Reads requests: strict about JSON, and with a problem of the catalogue for whatever is wrong.

use std::ops::RangeInclusive;

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::error::Category;

use crate::context::Context;
use crate::idempotency::{self, IdempotentRequest};
use crate::problem::{Code, Problem};

/// The largest body that a service takes, in bytes.
pub const BODY_LIMIT: usize = 1024 * 1024;

/// A JSON body. An empty body reads as `{}`.
#[derive(Debug)]
pub struct Body<T> {
    pub value: T,
    /// The hash of the value, however it is spelled.
    pub hash: String,
}

impl<T> Body<T> {
    /// Makes of this request one that is done once for each member, route and key.
    pub fn idempotent(&self, context: &Context, member: &str, route: &str) -> Result<IdempotentRequest, Problem> {
        Ok(IdempotentRequest {
            member: member.to_owned(),
            route: route.to_owned(),
            key: context.idempotency_key()?.to_owned(),
            hash: self.hash.clone(),
        })
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes = bytes(request, state).await?;
        let value: Value = if bytes.is_empty() { Value::Object(serde_json::Map::new()) } else { parse(&bytes)? };
        // Of the parsed value, because a client may repeat a request with other spaces.
        let hash = idempotency::hash(&value);
        let value = serde_json::from_value(value)
            .map_err(|error| Problem::because(Code::InvalidRequest, format!("{error}.")))?;
        Ok(Self { value, hash })
    }
}

/// Reads the bytes of a body, within the limit.
pub(crate) async fn bytes<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status().as_u16() {
        413 => Code::BodyTooLarge.into(),
        _ => Problem::because(Code::MalformedBody, rejection.body_text()),
    })
}

///
/// # Errors
/// `malformed-body` if it is none, `invalid-request` if it says something else than expected.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| {
        let code = match error.classify() {
            Category::Io | Category::Syntax | Category::Eof => Code::MalformedBody,
            Category::Data => Code::InvalidRequest,
        };
        Problem::because(code, format!("{error}."))
    })
}

/// Refuses a number that is out of range.
pub fn within<N: PartialOrd + std::fmt::Display>(name: &str, value: N, range: RangeInclusive<N>) -> Result<N, Problem> {
    if range.contains(&value) {
        return Ok(value);
    }
    let (from, to) = range.into_inner();
    Err(Problem::because(Code::InvalidRequest, format!("{name} has to be from {from} to {to}, not {value}.")))
}

/// Refuses a text that is blank or too long; counts characters.
pub fn text(name: &str, value: &str, longest: usize) -> Result<(), Problem> {
    if !value.trim().is_empty() && value.chars().count() <= longest {
        return Ok(());
    }
    Err(Problem::because(Code::InvalidRequest, format!("{name} has to be 1 to {longest} characters long.")))
}

/// Tells "not given" from "given as null", with `#[serde(default, deserialize_with = "given")]`.
pub(crate) fn given<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

/// Checks an id before it becomes part of a neighbour's path, where it must not mean anything else.
pub(crate) fn segment(id: &str) -> Result<&str, Problem> {
    let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if plain { Ok(id) } else { Err(Code::NotFound.into()) }
}
