//! The callee's side of a tap: its address, and the connections to it.

use std::sync::Arc;
use std::time::Duration;

use http::header::HeaderValue;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Request, Uri, Version, request};
use hyper_rustls::{ConfigBuilderExt, HttpsConnector};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};

use super::body::{Payload, RecordedBody, with_causes};
use super::fault::{NoResponse, TapResponse};
use super::headers;

/// The deadline of a connection attempt.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// The time after which an unused connection is closed. Shorter than the timeout of common servers (Node's is five
/// seconds), so that a request does not meet a connection that is being closed.
const IDLE: Duration = Duration::from_secs(3);

/// An address that a tap cannot forward to.
#[derive(Debug, Clone, thiserror::Error)]
#[error("a tap cannot forward to `{url}`: {why}")]
pub struct InvalidUpstream {
    /// The URL as it was given.
    pub url: String,
    /// The reason.
    pub why: String,
}

/// One callee, with its own pool of connections.
pub(super) struct Upstream {
    scheme: Scheme,
    authority: Authority,
    host: HeaderValue,
    origin: String,
    /// The path that is put before every path; empty, or without a slash at its end.
    prefix: String,
    client: Client<HttpsConnector<HttpConnector>, RecordedBody>,
}

impl Upstream {
    /// The callee at `url`: `http` or `https`, with a path or without.
    pub fn at(url: &str) -> Result<Self, InvalidUpstream> {
        let refuse = |why: String| InvalidUpstream { url: url.into(), why };
        let parts = url.parse::<Uri>().map_err(|error| refuse(error.to_string()))?.into_parts();
        let (Some(scheme), Some(authority)) = (parts.scheme, parts.authority) else {
            return Err(refuse("it must begin with `http://` or `https://` and name a host".into()));
        };
        if scheme != Scheme::HTTP && scheme != Scheme::HTTPS {
            return Err(refuse(format!("`{scheme}` is neither http nor https")));
        }
        let host = HeaderValue::from_str(authority.as_str()).map_err(|error| refuse(error.to_string()))?;
        let tls = tls(&scheme).map_err(|error| refuse(format!("TLS cannot be set up: {error}")))?;
        let mut connector = HttpConnector::new();
        // The TLS connector around it decides by the scheme, and has to be given https addresses too.
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(CONNECT_WITHIN));
        let connector = HttpsConnector::from((connector, Arc::new(tls)));
        let client = Client::builder(TokioExecutor::new()).pool_idle_timeout(IDLE).build(connector);
        let prefix = parts.path_and_query.map_or("", |_| url_path(url)).trim_end_matches('/').to_owned();
        let origin = format!("{scheme}://{authority}");
        Ok(Self { scheme, authority, host, origin, prefix, client })
    }

    /// Returns the callee's name for the `Host` header.
    pub fn host(&self) -> &HeaderValue {
        &self.host
    }

    /// Sends a request and waits for the head of the answer, no longer than `patience`. `ours` is the origin of the
    /// tap.
    pub async fn send(
        &self,
        head: request::Parts,
        body: RecordedBody,
        patience: Duration,
        ours: &str,
    ) -> Result<TapResponse, NoResponse> {
        let request = self.addressed(head, body)?;
        let response = match tokio::time::timeout(patience, self.client.request(request)).await {
            Err(_) => return Err(NoResponse::Broken(format!("no answer within {patience:?}"))),
            // Only a failed connection proves that the callee never saw the request. After any other failure it may
            // have acted.
            Ok(Err(error)) if error.is_connect() => return Err(NoResponse::Unreachable(with_causes(&error))),
            Ok(Err(error)) => return Err(NoResponse::Broken(with_causes(&error))),
            Ok(Ok(response)) => response,
        };
        let (mut head, body) = response.into_parts();
        // The caller's connection speaks HTTP/1.1, whatever the callee answered with.
        head.version = Version::HTTP_11;
        headers::homeward(&mut head.headers, &self.origin, ours);
        Ok(TapResponse { head, body: Payload::streaming(body, patience) })
    }

    fn addressed(&self, head: request::Parts, body: RecordedBody) -> Result<Request<RecordedBody>, NoResponse> {
        let target = head.uri.into_parts().path_and_query.unwrap_or_else(|| PathAndQuery::from_static("/"));
        let target = if self.prefix.is_empty() {
            target
        } else {
            let joined = format!("{}{target}", self.prefix);
            PathAndQuery::try_from(joined).map_err(|error| NoResponse::Unreachable(with_causes(&error)))?
        };
        let uri = Uri::builder().scheme(self.scheme.clone()).authority(self.authority.clone()).path_and_query(target);
        let mut request = Request::new(body);
        *request.method_mut() = head.method;
        *request.uri_mut() = uri.build().map_err(|error| NoResponse::Unreachable(with_causes(&error)))?;
        *request.headers_mut() = head.headers;
        Ok(request)
    }
}

fn url_path(url: &str) -> &str {
    let after_scheme = url.find("://").map_or(url, |at| &url[at + 3..]);
    let path = after_scheme.find('/').map_or("", |at| &after_scheme[at..]);
    path.split(['?', '#']).next().unwrap_or_default()
}

/// Makes the TLS configuration. For plain http no certificate is trusted, because reading the system's certificates
/// takes a while.
fn tls(scheme: &Scheme) -> Result<ClientConfig, rustls::Error> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?;
    let builder = if *scheme == Scheme::HTTPS {
        builder.try_with_platform_verifier()?
    } else {
        builder.with_root_certificates(RootCertStore::empty())
    };
    Ok(builder.with_no_client_auth())
}
