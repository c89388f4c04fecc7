//! Placeholders: `{version}` in a path, a header or a body is replaced by the value of that name.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Slot;

/// The values for the placeholders of a request. A header or field whose value is not set is left out.
#[derive(Debug, Clone, Default)]
pub struct Values(BTreeMap<String, Value>);

impl Values {
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a value; `Null` counts as not set.
    #[must_use]
    pub fn with(mut self, slot: Slot, value: impl Into<Value>) -> Self {
        self.set(slot, value);
        self
    }

    /// Sets a value that may be `null` and is sent as such.
    #[must_use]
    pub fn with_null_or(mut self, slot: Slot, value: Value) -> Self {
        self.0.insert(slot.word().to_owned(), value);
        self
    }

    /// Sets a value; `Null` counts as not set.
    pub fn set(&mut self, slot: Slot, value: impl Into<Value>) {
        match value.into() {
            Value::Null => self.0.remove(slot.word()),
            value => self.0.insert(slot.word().to_owned(), value),
        };
    }

    /// Sets a secret of the topology, for the placeholder `{secret.NAME}`.
    pub fn set_secret(&mut self, name: &str, value: &str) {
        self.0.insert(format!("secret.{name}"), value.into());
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }
}

/// Replaces the placeholders in a JSON value. A string that is one placeholder takes the value's own type, and is left out
/// of its object (or array) when there is no such value.
pub(super) fn fill(template: &Value, values: &Values) -> Option<Value> {
    match template {
        Value::String(text) => match whole_placeholder(text) {
            // A number stays a number: `"{amount}"` must not become text in the body.
            Some(name) => values.get(name).cloned(),
            None => fill_text(text, values, str::to_owned).ok().map(Value::String),
        },
        Value::Array(items) => Some(items.iter().filter_map(|item| fill(item, values)).collect()),
        Value::Object(fields) => Some(Value::Object(
            fields.iter().filter_map(|(name, field)| Some((name.clone(), fill(field, values)?))).collect(),
        )),
        Value::Null | Value::Bool(_) | Value::Number(_) => Some(template.clone()),
    }
}

/// Replaces the placeholders in a JSON value as [`fill`] does, and leaves out objects of which nothing is left.
pub(super) fn fill_what_is_set(template: &Value, values: &Values) -> Option<Value> {
    match template {
        Value::Object(fields) => {
            let set = |(name, field): (&String, &Value)| Some((name.clone(), fill_what_is_set(field, values)?));
            let set: serde_json::Map<String, Value> = fields.iter().filter_map(set).collect();
            if set.is_empty() { None } else { Some(Value::Object(set)) }
        }
        Value::String(_) | Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) => fill(template, values),
    }
}

/// Replaces the placeholders in a text, each value passed through `escape`.
///
/// # Errors
/// The name of the first placeholder that has no value.
pub(super) fn fill_text(text: &str, values: &Values, escape: fn(&str) -> String) -> Result<String, String> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        // Braces around anything else are the platform's own, such as a filter in a query.
        match after.split_once('}').filter(|(name, _)| is_name(name)) {
            Some((name, tail)) => {
                match values.get(name).ok_or_else(|| name.to_owned())? {
                    Value::String(value) => filled.push_str(&escape(value)),
                    value => filled.push_str(&escape(&value.to_string())),
                }
                rest = tail;
            }
            None => {
                filled.push('{');
                rest = after;
            }
        }
    }
    filled.push_str(rest);
    Ok(filled)
}

/// The placeholders in all texts of a JSON value.
pub(super) fn placeholders_in(template: &Value) -> Vec<&str> {
    match template {
        Value::String(text) => placeholders(text).collect(),
        Value::Array(items) => items.iter().flat_map(placeholders_in).collect(),
        Value::Object(fields) => fields.values().flat_map(placeholders_in).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

/// The placeholders that a text names.
pub(super) fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name).filter(|name| is_name(name))
}

fn whole_placeholder(text: &str) -> Option<&str> {
    text.strip_prefix('{')?.strip_suffix('}').filter(|name| is_name(name))
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}
