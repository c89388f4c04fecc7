//! The answer of a platform, in the words of the path.

use serde_json::{Map, Value};

use super::Slot;

/// The answer to one operation, or to a request of a scenario's own.
#[derive(Debug, Clone)]
pub struct PlatformAnswer {
    /// The operation's word, or method and path.
    pub asked: String,
    pub status: u16,
    /// True when the platform did what was asked, by [`Acceptances`](crate::model::Acceptances).
    pub ok: bool,
    /// The named fields that the target's file points to; absent ones are not there.
    pub fields: Map<String, Value>,
    /// The names of the fields that the target's file points to, found or not.
    pub reads: Vec<String>,
    /// The stable code of a refusal.
    pub code: Option<String>,
    /// The sentence that came with a refusal, or a description of an answer that could not be read.
    pub message: String,
    /// The headers, with names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: bytes::Bytes,
}

impl PlatformAnswer {
    /// Returns true if the target's file says where the answer has this field. Otherwise its absence means nothing.
    pub fn can_have(&self, slot: Slot) -> bool {
        self.reads.iter().any(|name| name == slot.word())
    }

    /// A field, if the answer has it and it is not null.
    pub fn field(&self, slot: Slot) -> Option<&Value> {
        self.fields.get(slot.word()).filter(|value| !value.is_null())
    }

    /// A field that is text, or a number or truth value written as text.
    pub fn text(&self, slot: Slot) -> Option<String> {
        self.field(slot).map(as_text)
    }

    /// A field by the name that a scenario gives it, as [`PlatformAnswer::text`] gives it.
    pub fn named(&self, name: &str) -> Option<String> {
        self.fields.get(name).filter(|value| !value.is_null()).map(as_text)
    }

    /// Returns the value at a pointer into the JSON body, as [`PlatformAnswer::text`] does.
    pub fn at(&self, pointer: &str) -> Option<String> {
        self.json()?.pointer(pointer).map(as_text)
    }

    /// A field that is a whole number.
    pub fn number(&self, slot: Slot) -> Option<i64> {
        self.field(slot).and_then(Value::as_i64)
    }

    /// The body, where it is JSON.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The first value of a header; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Describes the answer in one line: `refused with insufficient-funds (402): …`, or `accepted (201)`.
    pub fn summary(&self) -> String {
        match (self.ok, &self.code) {
            (true, _) => format!("accepted ({})", self.status),
            (false, Some(code)) => format!("refused with {code} ({}): {}", self.status, self.message),
            (false, None) => format!("refused without a code ({}): {}", self.status, self.message),
        }
    }
}

pub(super) fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
