//! Calls to the neighbours, over the network or in this process.
//!
//! A neighbour that cannot be reached, is late, breaks, or answers what cannot be read is `<neighbour>-unavailable`. A
//! problem of its own that it words well is passed on with its code intact, also where it is itself waiting for somebody
//! else (`entitlement-unavailable` from generation): the member learns which service is down, not which one noticed.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use reqwest::{Client, Method, RequestBuilder};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::context::{Audience, Context};
use crate::in_process::Link;
use crate::problem::{Class, Code, Problem};

/// The header that marks an answer as an earlier one, repeated.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The client that a service makes all its calls with, to these addresses. The system's certificates are read where one of
/// them wants TLS.
pub(crate) fn client<'a>(mut addresses: impl Iterator<Item = &'a String>) -> Client {
    // Fails where somebody in this process was first, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    let is_plain = addresses.all(|address| address.starts_with("http:"));
    let builder = if is_plain { builder.tls_certs_only([]) } else { builder };
    builder.build().expect("invariant: the TLS provider is installed")
}

/// A service that this one calls.
#[derive(Clone, Debug)]
pub(crate) struct Neighbour {
    pub(crate) client: Client,
    pub(crate) base: String,
    pub(crate) audience: Audience,
    /// The code of the problem when the neighbour is in trouble.
    pub(crate) unavailable: Code,
    pub(crate) timeout: Duration,
    /// Set if the neighbour runs in this process and is called without a network.
    pub(crate) link: Option<Link>,
}

impl Neighbour {
    pub(crate) fn get(&self, context: &Context, path: &str) -> Call<'_> {
        self.call(context, Method::GET, path)
    }

    pub(crate) fn post(&self, context: &Context, path: &str) -> Call<'_> {
        self.call(context, Method::POST, path)
    }

    pub(crate) fn put(&self, context: &Context, path: &str) -> Call<'_> {
        self.call(context, Method::PUT, path)
    }

    fn call(&self, context: &Context, method: Method, path: &str) -> Call<'_> {
        let request = self.client.request(method, format!("{}{path}", self.base)).timeout(self.timeout);
        Call { neighbour: self, request: context.apply(request, self.audience) }
    }

    fn trouble(&self, what: impl std::fmt::Display) -> Problem {
        tracing::warn!(neighbour = %self.base, code = self.unavailable.entry().slug, %what, "a neighbour is in trouble");
        Problem::because(self.unavailable, self.unavailable.entry().title)
    }
}

pub(crate) struct Call<'a> {
    neighbour: &'a Neighbour,
    request: RequestBuilder,
}

impl Call<'_> {
    /// Adds the idempotency key.
    pub(crate) fn key(mut self, key: &str) -> Self {
        self.request = self.request.header("idempotency-key", key);
        self
    }

    pub(crate) fn json(mut self, body: &impl Serialize) -> Self {
        self.request = self.request.json(body);
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub(crate) fn body(mut self, body: String) -> Self {
        self.request = self.request.body(body);
        self
    }

    /// Makes the call; any answer that is not 2xx is an error.
    pub(crate) async fn send(self) -> Result<Answer, Problem> {
        let neighbour = self.neighbour;
        let (status, headers, body) = match &neighbour.link {
            None => over_the_network(self.request).await.map_err(|error| neighbour.trouble(error))?,
            Some(link) => through(link, self.request).await.map_err(|error| neighbour.trouble(error))?,
        };
        if status.is_success() {
            return Ok(Answer { neighbour: neighbour.clone(), status, replayed: headers.contains_key(REPLAYED), body });
        }
        match Problem::read(status.as_u16(), &body) {
            // A refusal in other words than those of the catalogue is no answer of the platform, but trouble on the way.
            Some(problem) if passes_on(problem.code) => Err(problem),
            Some(_) | None => Err(neighbour.trouble(format_args!("it answered {status}"))),
        }
    }
}

async fn over_the_network(request: RequestBuilder) -> reqwest::Result<(StatusCode, HeaderMap, Bytes)> {
    let response = request.send().await?;
    let (status, headers) = (response.status(), response.headers().clone());
    Ok((status, headers, response.bytes().await?))
}

async fn through(link: &Link, request: RequestBuilder) -> Result<(StatusCode, HeaderMap, Bytes), axum::BoxError> {
    // Built as for the network, so that both ways carry the same headers.
    let request: Request<reqwest::Body> = request.build()?.try_into()?;
    let response = link.call(request.map(Body::new)).await.ok_or("it does not answer this")?;
    let (parts, body) = response.into_parts();
    Ok((parts.status, parts.headers, to_bytes(body, usize::MAX).await?))
}

/// Says whether a neighbour's problem is passed on to the client as it stands.
fn passes_on(code: Code) -> bool {
    match code.entry().class {
        Class::SignedOut
        | Class::NotAllowed
        | Class::NotBought
        | Class::NoFunds
        | Class::BadRequest
        | Class::Conflict
        | Class::TryLater => true,
        Class::Broken => false,
    }
}

/// A neighbour's answer with a status of 2xx.
#[derive(Debug)]
pub(crate) struct Answer {
    neighbour: Neighbour,
    status: StatusCode,
    replayed: bool,
    pub(crate) body: Bytes,
}

impl Answer {
    /// Reads the body.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_json::from_slice(&self.body).map_err(|error| self.neighbour.trouble(error))
    }

    /// Makes the same answer to our own client.
    pub(crate) fn relay(&self) -> Result<Response, Problem> {
        // Parsed all the same: an answer that was cut short must not be passed on as whole.
        self.json::<Value>()?;
        let mut response = (self.status, self.body.clone()).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.replayed {
            headers.insert(REPLAYED, HeaderValue::from_static("true"));
        }
        Ok(response)
    }
}
