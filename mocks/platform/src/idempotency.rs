//! Doing a request once, however often it is sent: the key, and the answers that are remembered under it.
//!
//! Only a request that had an effect is remembered. A refusal changed nothing, so the same key may try again.

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
#[derive(Clone, Debug)]
pub(crate) struct IdempotentRequest {
    /// The member or service that sends it.
    pub(crate) member: String,
    /// The operation, including ids in the path.
    pub(crate) route: String,
    /// The client's key.
    pub(crate) key: String,
    /// The hash of the body.
    pub(crate) hash: String,
}

/// The answer to a request that is done once.
#[derive(Clone, Debug)]
pub(crate) struct Replayable<T> {
    pub(crate) value: T,
    /// Set if this is the answer of an earlier request.
    pub(crate) replayed: bool,
}

impl<T> Replayable<T> {
    pub(crate) fn fresh(value: T) -> Self {
        Self { value, replayed: false }
    }

    pub(crate) fn replayed(value: T) -> Self {
        Self { value, replayed: true }
    }
}

impl<T: Serialize> IntoResponse for Replayable<T> {
    fn into_response(self) -> Response {
        let mut response = (StatusCode::CREATED, Json(self.value)).into_response();
        if self.replayed {
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}

/// Decides what an earlier answer under the same key, kept with the hash of its request, means for a request.
pub(crate) fn recalled<T>(
    known: Option<(String, T)>,
    request: &IdempotentRequest,
) -> Result<Option<Replayable<T>>, Problem> {
    match known {
        Some((hash, _)) if hash != request.hash => Err(Code::IdempotencyKeyReused.into()),
        Some((_, answer)) => Ok(Some(Replayable::replayed(answer))),
        None => Ok(None),
    }
}

/// The answers that an in-memory store remembers, by member, route and key, each with the hash of its request.
#[derive(Debug, Default)]
pub(crate) struct RememberedAnswers(HashMap<(String, String, String), (String, Value)>);

impl RememberedAnswers {
    pub(crate) fn recall<T: DeserializeOwned>(
        &self,
        request: &IdempotentRequest,
    ) -> Result<Option<Replayable<T>>, Problem> {
        let read = |answer: &Value| {
            serde_json::from_value(answer.clone()).expect("invariant: an answer reads back as it was written")
        };
        let known = self.0.get(&place(request)).map(|(hash, answer)| (hash.clone(), answer));
        Ok(recalled(known, request)?.map(|earlier| Replayable::replayed(read(earlier.value))))
    }

    pub(crate) fn remember<T: Serialize>(&mut self, request: &IdempotentRequest, value: T) -> Replayable<T> {
        let answer = serde_json::to_value(&value).expect("invariant: an answer is plain JSON");
        self.0.insert(place(request), (request.hash.clone(), answer));
        Replayable::fresh(value)
    }
}

fn place(request: &IdempotentRequest) -> (String, String, String) {
    (request.member.clone(), request.route.clone(), request.key.clone())
}

/// Returns the hash of a body; the order of its fields and its spaces do not matter.
pub(crate) fn hash(body: &Value) -> String {
    Sha256::digest(body.to_string()).iter().map(|byte| format!("{byte:02x}")).collect()
}
