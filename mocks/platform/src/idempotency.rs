//! Doing a request once, however often it is sent: the key, and the answers that are remembered under it.
//!
//! Only what had an effect is remembered. A refusal changed nothing, so the same key may try again.

use std::collections::HashMap;

use axum::Json;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::http::REPLAYED;
use crate::problem::{Code, Problem};

/// A request that is to be done once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once {
    /// Who asks.
    pub member: String,
    /// For what, including ids in the path.
    pub route: String,
    /// The client's key.
    pub key: String,
    /// What exactly.
    pub hash: String,
}

/// What a request that is done once has come to.
#[derive(Clone, Debug)]
pub struct Outcome<T> {
    /// The answer.
    pub value: T,
    /// Whether it is an earlier answer.
    pub replayed: bool,
}

impl<T> Outcome<T> {
    /// The answer of the request that did it.
    pub fn fresh(value: T) -> Self {
        Self { value, replayed: false }
    }

    /// The answer of an earlier request.
    pub fn replayed(value: T) -> Self {
        Self { value, replayed: true }
    }
}

impl<T: Serialize> IntoResponse for Outcome<T> {
    fn into_response(self) -> Response {
        let mut response = (StatusCode::CREATED, Json(self.value)).into_response();
        if self.replayed {
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}

/// The answers that an in-memory store remembers.
#[derive(Debug, Default)]
pub(crate) struct Answers(HashMap<(String, String, String), (String, Value)>);

impl Answers {
    /// The earlier answer to the same request, if there is one.
    pub(crate) fn recall<T: DeserializeOwned>(&self, once: &Once) -> Result<Option<Outcome<T>>, Problem> {
        match self.0.get(&place(once)) {
            Some((hash, _)) if *hash != once.hash => Err(Code::IdempotencyKeyReused.into()),
            Some((_, answer)) => {
                let value =
                    serde_json::from_value(answer.clone()).expect("invariant: an answer reads back as it was written");
                Ok(Some(Outcome::replayed(value)))
            }
            None => Ok(None),
        }
    }

    /// Remembers the answer.
    pub(crate) fn remember<T: Serialize>(&mut self, once: &Once, value: T) -> Outcome<T> {
        let answer = serde_json::to_value(&value).expect("invariant: an answer is plain JSON");
        self.0.insert(place(once), (once.hash.clone(), answer));
        Outcome::fresh(value)
    }
}

fn place(once: &Once) -> (String, String, String) {
    (once.member.clone(), once.route.clone(), once.key.clone())
}

/// The hash of what a body says; the order of its fields and its spaces do not matter.
#[must_use]
pub fn hash(body: &Value) -> String {
    Sha256::digest(body.to_string()).iter().map(|byte| format!("{byte:02x}")).collect()
}
