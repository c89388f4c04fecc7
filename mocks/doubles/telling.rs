//! Telling a service that is no double what has happened: it does not look into the books.
//!
//! Each event is told once. An outbox, order and patience are the platform's: what is tested with them needs the platform.

use std::sync::atomic::{AtomicU64, Ordering};

use atelier::context::SERVICE_TOKEN;
use atelier::event::{Event, MEDIA_TYPE, PATH};
use atelier::signing::webhook_headers;
use serde_json::Value;
use tokio::runtime::Handle;

use paidpath::providers::client_for;

use super::wire::{Asked, Desk, new_id};

/// Whom to tell, and how.
pub struct Telling {
    client: reqwest::Client,
    url: String,
    /// wiremock answers on a thread of its own, which may not wait.
    home: Handle,
    told: AtomicU64,
}

impl Telling {
    /// Tells the service at this address, from the runtime that this is called on.
    pub fn to(address: &str) -> Self {
        let client = client_for(address).build().expect("invariant: the TLS provider is installed");
        Self { client, url: format!("{address}{PATH}"), home: Handle::current(), told: AtomicU64::new(0) }
    }

    /// Tells of something that happened, in the name of `source`, and does not wait for the answer. The data name a member
    /// and a version.
    pub fn tell(&self, desk: &Desk, asked: &Asked<'_>, source: &str, r#type: &str, data: Value) {
        let named = |what: &str| data[what].as_str().unwrap_or_default();
        let header = |name: &str| asked.header(name).map(str::to_owned);
        let event = Event {
            specversion: "1.0".into(),
            id: new_id("evt"),
            source: format!("urn:atelier:{source}"),
            r#type: r#type.into(),
            subject: format!("{}/{}", named("member"), named("version")),
            time: asked.now,
            datacontenttype: "application/json".into(),
            traceparent: header("traceparent").unwrap_or_default(),
            tracestate: header("tracestate"),
            baggage: header("baggage"),
            // One row for all subjects is in order for each of them.
            sequence: format!("{:012}", self.told.fetch_add(1, Ordering::Relaxed)),
            data,
        };
        let body = serde_json::to_string(&event).expect("invariant: an event is plain JSON");
        let mut request = self.client.post(&self.url).header("content-type", MEDIA_TYPE);
        for name in ["traceparent", "tracestate", "baggage"] {
            request = asked.header(name).into_iter().fold(request, |request, value| request.header(name, value));
        }
        for (name, value) in webhook_headers(&desk.keys.event, &event.id, asked.now, &body) {
            request = request.header(name, value);
        }
        let call = request.header(SERVICE_TOKEN, &desk.keys.admin).body(body).send();
        // The tap on the way has seen how it went.
        self.home.spawn(async move { drop(call.await) });
    }
}
