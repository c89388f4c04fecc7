//! Reads an OpenAPI document (YAML or JSON, 3.0 or 3.1) and finds the place of a JSON pointer in its text.

use serde_json::Value;

use super::upgrade;
use crate::base::config::ConfigError;

/// The longest chain of references.
const LONGEST_CHAIN: usize = 32;

/// A document with the text it came from.
pub(super) struct Document<'t> {
    file: &'t str,
    text: &'t str,
    /// The document as OpenAPI 3.1.
    pub value: Value,
}

impl<'t> Document<'t> {
    /// Reads a document; `file` is how errors name it.
    pub fn read(file: &'t str, text: &'t str) -> Result<Self, ConfigError> {
        let mut document = Self { file, text, value: parse(file, text)? };
        let version = |name: &str| document.value.get(name).map(|version| version.to_string().replace('"', ""));
        let version = match (version("openapi"), version("swagger")) {
            (Some(version), _) => version,
            (None, Some(old)) => {
                return Err(
                    document.mistake("/swagger", format!("this is Swagger {old}: only OpenAPI 3.0 and 3.1 are read"))
                );
            }
            (None, None) => {
                return Err(ConfigError::whole(
                    file,
                    "this is no OpenAPI document: it does not begin with `openapi: 3.1.0`",
                ));
            }
        };
        match version.split('.').take(2).collect::<Vec<_>>()[..] {
            ["3", "1"] => {}
            ["3", "0"] => upgrade::to_3_1(&mut document.value),
            _ => {
                let message = format!("OpenAPI {version} is not read: only 3.0 and 3.1 are");
                return Err(document.mistake("/openapi", message));
            }
        }
        // Checked at the start, for the whole document: a bad reference in a rare answer would otherwise show only in a
        // run that meets it.
        document.references_stay_inside()?;
        Ok(document)
    }

    /// Makes an error at the place in the text that a JSON pointer names.
    pub fn mistake(&self, pointer: &str, message: impl Into<String>) -> ConfigError {
        match offset(self.text, pointer) {
            Some(offset) => ConfigError::at(self.file, self.text, offset, message),
            None => ConfigError::whole(self.file, message),
        }
    }

    /// The value at a pointer, and where it really stands: references are followed.
    pub fn at(&self, pointer: &str) -> Result<(String, &Value), ConfigError> {
        let mut place = pointer.to_owned();
        // Two references may point at each other.
        for _ in 0..LONGEST_CHAIN {
            let Some(value) = self.value.pointer(&place) else {
                return Err(self.mistake(pointer, format!("there is nothing at `#{place}`")));
            };
            match value.get("$ref").and_then(Value::as_str) {
                Some(reference) => place = local(reference).unwrap_or_default().to_owned(),
                None => return Ok((place, value)),
            }
        }
        Err(self.mistake(pointer, "the reference leads round in circles"))
    }

    /// The members of an object at a pointer, each with its own pointer; none if there is no such object.
    pub fn members<'d>(&'d self, pointer: &str) -> impl Iterator<Item = (&'d str, String)> {
        let members = self.value.pointer(pointer).and_then(Value::as_object);
        let pointer = pointer.to_owned();
        members.into_iter().flatten().map(move |(name, _)| (name.as_str(), format!("{pointer}/{}", escape(name))))
    }

    fn references_stay_inside(&self) -> Result<(), ConfigError> {
        let mut waiting = vec![(String::new(), &self.value)];
        while let Some((pointer, value)) = waiting.pop() {
            match value {
                Value::Object(members) => {
                    for (name, member) in members {
                        let place = format!("{pointer}/{}", escape(name));
                        match (name.as_str(), member) {
                            // These hold sample data, in which `$ref` may be an ordinary field.
                            ("example" | "examples" | "default" | "const" | "enum", _) => {}
                            ("$ref", Value::String(reference)) => self.reference(&place, reference)?,
                            (_, member) => waiting.push((place, member)),
                        }
                    }
                }
                Value::Array(items) => {
                    waiting.extend(items.iter().enumerate().map(|(index, item)| (format!("{pointer}/{index}"), item)));
                }
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        Ok(())
    }

    fn reference(&self, place: &str, reference: &str) -> Result<(), ConfigError> {
        let wrong = |message: String| match self.text.find(reference) {
            Some(offset) => Err(ConfigError::at(self.file, self.text, offset, message)),
            None => Err(self.mistake(place, message)),
        };
        match local(reference) {
            // A run must not depend on the network, and a fetched document could change between two runs.
            None => wrong(format!("`{reference}` leaves the document: nothing is fetched, so write `#/components/…`")),
            Some(target) if self.value.pointer(target).is_none() => wrong(format!("`{reference}` leads nowhere")),
            Some(_) => Ok(()),
        }
    }
}

/// The pointer within the same document that a reference names.
fn local(reference: &str) -> Option<&str> {
    reference.strip_prefix('#').filter(|pointer| pointer.starts_with('/'))
}

/// A name as one token of a JSON pointer.
pub(super) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn parse(file: &str, text: &str) -> Result<Value, ConfigError> {
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text).map_err(|error| {
            let before: usize = text.lines().take(error.line().saturating_sub(1)).map(|line| line.len() + 1).sum();
            ConfigError::at(file, text, before + error.column().saturating_sub(1), error.to_string())
        });
    }
    serde_saphyr::from_str(text).map_err(|error| {
        let place = error.location().map(|location| {
            let number = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
            (number(location.line()), number(location.column()))
        });
        let line = place.and_then(|(line, _)| text.lines().nth(line.saturating_sub(1)).map(str::to_owned));
        // The error names the place itself, so it is cut out of the message.
        let message = error.without_snippet().to_string();
        let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message).to_owned();
        ConfigError { file: file.to_owned(), place, message, line }
    })
}

/// Finds where the text first names each token of a pointer, one after the other. YAML keeps no positions, and a place
/// that is nearly right is better than none.
fn offset(text: &str, pointer: &str) -> Option<usize> {
    let mut found = None;
    for token in pointer.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        let from = found.unwrap_or(0);
        let key = |(at, _): &(usize, &str)| {
            let is_whole = !text[..from + at].ends_with(char::is_alphanumeric);
            let rest = text[from + at + token.len()..].trim_start_matches(['"', '\'']);
            is_whole && rest.trim_start_matches(' ').starts_with(':')
        };
        if let Some((at, _)) = text[from..].match_indices(&token).find(key) {
            found = Some(from + at);
        }
    }
    found
}
