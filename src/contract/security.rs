//! OpenAPI's security requirements: the credentials that a request has to carry before it is served.

use std::fmt;

use serde_json::Value;

use super::document::{Document, escape};
use super::parameter::ParameterPlace;
use crate::base::config::ConfigError;
use crate::model::Request;

/// The ways to be let in, each of which will do.
#[derive(Debug)]
pub(super) struct Security {
    /// The place in the document.
    pub pointer: String,
    ways: Vec<Vec<SecurityScheme>>,
}

/// A credential that a request has to carry. The platform decides whether it is valid.
#[derive(Debug)]
struct SecurityScheme {
    scheme: String,
    /// `None` for a scheme that no recorded exchange shows, such as `mutualTLS`.
    stands: Option<(ParameterPlace, String)>,
}

impl Security {
    /// Reads the requirements of the operation at `pointer`: its own, or else those of the document. Returns `None` for
    /// an operation that needs no credential.
    pub fn read(document: &Document<'_>, pointer: &str) -> Result<Option<Self>, ConfigError> {
        let own = format!("{pointer}/security");
        // An empty list at the operation removes the document's requirements, so its presence decides and not its
        // content.
        let pointer = if document.value.pointer(&own).is_some() { own } else { "/security".to_owned() };
        let listed = document.value.pointer(&pointer).and_then(Value::as_array);
        let mut ways = Vec::new();
        for way in listed.into_iter().flatten().filter_map(Value::as_object) {
            let schemes = way.keys().map(|scheme| credential(document, scheme, &pointer));
            ways.push(schemes.collect::<Result<Vec<_>, _>>()?);
        }
        // An empty alternative means that the credential is optional.
        let is_open = ways.is_empty() || ways.iter().any(Vec::is_empty);
        Ok((!is_open).then_some(Self { pointer, ways }))
    }

    /// Returns true when a request carries all credentials of one of the alternatives.
    pub fn is_met(&self, request: &Request) -> bool {
        self.ways.iter().any(|way| way.iter().all(|credential| credential.is_in(request)))
    }
}

fn credential(document: &Document<'_>, scheme: &str, pointer: &str) -> Result<SecurityScheme, ConfigError> {
    let described = format!("/components/securitySchemes/{}", escape(scheme));
    if document.value.pointer(&described).is_none() {
        return Err(document.mistake(pointer, format!("there is no `{scheme}` in components.securitySchemes")));
    }
    let (place, value) = document.at(&described)?;
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let stands = match text("type") {
        Some("http" | "oauth2" | "openIdConnect") => Some((ParameterPlace::Header, "authorization".to_owned())),
        Some("apiKey") => {
            let stands = text("in").and_then(ParameterPlace::read).filter(|place| *place != ParameterPlace::Path);
            let (Some(name), Some(stands)) = (text("name"), stands) else {
                return Err(document.mistake(&place, "an `apiKey` has a `name` and is `in` query, header or cookie"));
            };
            Some((stands, stands.spell(name)))
        }
        Some(_) | None => None,
    };
    Ok(SecurityScheme { scheme: scheme.to_owned(), stands })
}

impl SecurityScheme {
    fn is_in(&self, request: &Request) -> bool {
        let Some((place, name)) = &self.stands else { return true };
        place.given(request, name).iter().any(|value| !value.trim().is_empty())
    }
}

impl fmt::Display for Security {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = |way: &Vec<SecurityScheme>| {
            let shown = way.iter().map(|credential| match &credential.stands {
                Some((place, name)) => format!("{} ({}/{name})", credential.scheme, place.word()),
                None => credential.scheme.clone(),
            });
            shown.collect::<Vec<_>>().join(" and ")
        };
        f.write_str(&self.ways.iter().map(way).collect::<Vec<_>>().join(", or "))
    }
}
