//! Doubles of the platform's own services: Atelier's handlers and in-memory stores behind wiremock, without a network between
//! them.

use std::sync::Arc;

use atelier::{InProcess, ServiceName, Settings};
use paidpath::providers::StartRequest;
use wiremock::{Request, ResponseTemplate};

/// Adds the double that an order is for to the services of its run.
///
/// # Errors
/// With the setting that is missing.
pub fn add(services: &Arc<InProcess>, name: ServiceName, order: &StartRequest) -> Result<(), String> {
    let key = |name: &str| {
        let given = order.env.get(name).filter(|key| !key.is_empty()).cloned();
        given
            .ok_or_else(|| format!("its double needs the setting {name}, as the service itself does: give it in `env`"))
    };
    let settings = Settings {
        session_key: key("ATELIER_SESSION_KEY")?,
        event_key: key("ATELIER_EVENT_KEY")?,
        credential_key: key("ATELIER_CREDENTIAL_KEY")?,
        admin_token: key("ATELIER_ADMIN_TOKEN")?,
        // A neighbour that is a double itself has no address here, and is called without a network.
        neighbours: order.neighbours.clone(),
        ..Settings::default()
    };
    services.add(name, settings).map_err(|error| error.to_string())
}

/// The answer of a double; `None` to a request for which its service has no route.
pub fn answer(services: &InProcess, name: ServiceName, request: &Request) -> Option<ResponseTemplate> {
    let mut asked = http::Request::new(request.body.clone());
    *asked.method_mut() = request.method.clone();
    *asked.uri_mut() = request.url.as_str().parse().ok()?;
    *asked.headers_mut() = request.headers.clone();
    let (parts, body) = services.answer(name, asked)?.into_parts();
    let template = ResponseTemplate::new(parts.status).set_body_bytes(body);
    // wiremock's server counts the body itself.
    let headers = parts.headers.iter().filter(|(name, _)| *name != http::header::CONTENT_LENGTH);
    Some(headers.fold(template, |template, (name, value)| template.append_header(name.clone(), value.clone())))
}
