//! Media types, and the reading of JSON bodies.

use serde_json::Value;

use super::schema::Flaw;
use crate::model::{Body, Content};

/// A media type as a document names it: `application/json`, `image/*`, `*/*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MediaRange(String);

impl MediaRange {
    /// Reads a range. Parameters are left out: `charset=utf-8` does not make another format.
    pub fn new(text: &str) -> Self {
        Self(essence(text))
    }

    /// Returns true for a media type within the range.
    pub fn takes(&self, media_type: &str) -> bool {
        match self.0.split_once('/') {
            Some(("*", "*")) => true,
            Some((kind, "*")) => media_type.split('/').next() == Some(kind),
            Some(_) | None => self.0 == media_type,
        }
    }

    /// Returns a key that sorts specific ranges first.
    pub fn rank(&self) -> usize {
        self.0.matches('*').count()
    }
}

impl std::fmt::Display for MediaRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A media type without its parameters, in lower case.
pub(super) fn essence(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

pub(super) fn is_json(media_type: &str) -> bool {
    media_type == "application/json" || media_type.ends_with("+json")
}

/// A JSON body, as far as it can be judged.
pub(super) enum JsonBody<'b> {
    /// A value for the schema.
    Json(&'b Value),
    /// A body that contradicts its media type.
    Flawed(Flaw),
    /// A body that may be right but cannot be judged, with the reason.
    Unread(String),
}

/// Reads a body that says it is JSON.
pub(super) fn read<'b>(body: &'b Body, encoding: Option<&str>) -> JsonBody<'b> {
    let flawed = |message: String| JsonBody::Flawed(Flaw { at: String::new(), source: String::new(), message });
    // A body that was recorded as JSON was readable, whatever the header says.
    if let Some(encoding) = encoding.filter(|encoding| !encoding.eq_ignore_ascii_case("identity"))
        && body.json().is_none()
    {
        return JsonBody::Unread(format!("it is compressed ({encoding}), and was not recorded readable"));
    }
    match &body.content {
        // The recorded beginning is no text, so that no continuation can make it JSON.
        Content::Base64(_) => flawed("it is not JSON, and not even text".into()),
        Content::Json(_) | Content::Text(_) | Content::Empty if body.truncated => {
            JsonBody::Unread("only its beginning was recorded".into())
        }
        Content::Json(value) => JsonBody::Json(value),
        Content::Empty if body.size > 0 => JsonBody::Unread("it was not recorded".into()),
        Content::Empty => flawed("it is empty, where JSON is promised".into()),
        Content::Text(text) => match serde_json::from_str::<Value>(text) {
            // Rendering keeps text as text where redaction could not walk through it as a value.
            Ok(_) => JsonBody::Unread("it was recorded as text, and not as a value".into()),
            Err(error) => flawed(format!("it is not JSON: {error}")),
        },
    }
}
