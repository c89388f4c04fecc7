//! One compiled schema, and what a value has against it.
//!
//! Values come redacted: a secret is replaced by a fingerprint such as `«secret 0a1b2c3d»`. What can only be said of the
//! secret itself (its format, pattern, length, or being one of a list) is not held against the fingerprint. Everything else
//! is: that it is there, and that it is text.

use std::collections::BTreeMap;
use std::sync::Arc;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, Registry, ValidationError, Validator};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use serde_json::{Value, json};

use super::document::escape;
use crate::base::redact::is_redacted;

const URN: &str = "urn:paidpath:contract";
/// What a URI's fragment cannot hold.
const FRAGMENT: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`').add(b'{').add(b'}').add(b'%').add(b'#');
/// How many flaws of one value are told.
const TOLD: usize = 5;
/// How deep a value may be nested; `serde_json` reads none that is deeper.
const DEEPEST: usize = 128;
/// How much of a message is told, in characters.
const MESSAGE: usize = 240;

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flaw {
    /// JSON pointer into the value.
    pub at: String,
    /// JSON pointer into the document.
    pub source: String,
    /// What is wrong.
    pub message: String,
}

/// A compiled schema.
#[derive(Debug)]
pub(super) struct Schema {
    pointer: String,
    validator: Validator,
}

/// Compiles the schemas of one document, each once.
pub(super) struct Schemas<'d> {
    registry: Registry<'d>,
    compiled: BTreeMap<String, Arc<Schema>>,
}

impl<'d> Schemas<'d> {
    /// The schemas of this document.
    ///
    /// # Errors
    /// With what the document has wrong, for example an `$id` that is no URI.
    pub fn of(document: &'d Value) -> Result<Self, String> {
        let registry = Registry::new()
            .draft(Draft::Draft202012)
            .add(URN, document)
            .and_then(|registry| registry.prepare())
            .map_err(|error| error.to_string())?;
        Ok(Self { registry, compiled: BTreeMap::new() })
    }

    /// The schema at a pointer.
    ///
    /// # Errors
    /// With what the schema has wrong.
    pub fn at(&mut self, pointer: &str) -> Result<Arc<Schema>, String> {
        if let Some(schema) = self.compiled.get(pointer) {
            return Ok(Arc::clone(schema));
        }
        let reference = format!("{URN}#{}", utf8_percent_encode(pointer, FRAGMENT));
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_registry(&self.registry)
            .should_validate_formats(true)
            .offline()
            .build(&json!({"$ref": reference}))
            .map_err(|error| error.to_string())?;
        let schema = Arc::new(Schema { pointer: pointer.to_owned(), validator });
        self.compiled.insert(pointer.to_owned(), Arc::clone(&schema));
        Ok(schema)
    }
}

impl Schema {
    /// What is wrong with a value; nothing if it is as the schema says.
    pub fn flaws(&self, value: &Value) -> Vec<Flaw> {
        if is_deep(value) {
            let message = format!("it is nested deeper than {DEEPEST} levels");
            return vec![Flaw { at: String::new(), source: self.pointer.clone(), message }];
        }
        if self.validator.is_valid(value) {
            return Vec::new();
        }
        let errors = self.validator.iter_errors(value).filter(|error| !of_a_secret(error));
        errors.flat_map(|error| self.flaws_of(&error)).take(TOLD).collect()
    }

    /// What an error says; where fields are too many or too few, each by itself and at its own place.
    fn flaws_of(&self, error: &ValidationError<'_>) -> Vec<Flaw> {
        let at = error.instance_path().as_str();
        let source = self.source(error);
        let flaw = |at: String, message: String| Flaw { at, source: source.clone(), message };
        let member = |name: &str| format!("{at}/{}", escape(name));
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected }
            | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
                unexpected.iter().map(|name| flaw(member(name), format!("`{name}` is not documented"))).collect()
            }
            ValidationErrorKind::Required { property: Value::String(name) } => {
                vec![flaw(member(name), format!("`{name}` is required, and not there"))]
            }
            _ => vec![flaw(at.to_owned(), shortened(error.to_string()))],
        }
    }

    fn source(&self, error: &ValidationError<'_>) -> String {
        let place = error.absolute_keyword_location().and_then(|uri| {
            let (_, fragment) = uri.as_str().split_once('#')?;
            Some(percent_decode_str(fragment).decode_utf8_lossy().into_owned())
        });
        place.unwrap_or_else(|| self.pointer.clone())
    }
}

fn shortened(mut message: String) -> String {
    if let Some((end, _)) = message.char_indices().nth(MESSAGE) {
        message.truncate(end);
        message.push('…');
    }
    message
}

/// Whether an error is about text that was replaced, and says something that only the text itself could answer.
fn of_a_secret(error: &ValidationError<'_>) -> bool {
    let secret = error.instance().as_str().is_some_and(is_redacted);
    match error.kind() {
        // One of the ways would do, if it were not for the secrets.
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            context.iter().any(|way| way.iter().all(of_a_secret))
        }
        // A list that was searched for something, or an object whose names are: the secret stands further in.
        ValidationErrorKind::Contains | ValidationErrorKind::UniqueItems => holds_a_secret(error.instance()),
        ValidationErrorKind::PropertyNames { error } => of_a_secret(error),
        ValidationErrorKind::Constant { .. }
        | ValidationErrorKind::ContentEncoding { .. }
        | ValidationErrorKind::ContentMediaType { .. }
        | ValidationErrorKind::Custom { .. }
        | ValidationErrorKind::Enum { .. }
        | ValidationErrorKind::Format { .. }
        | ValidationErrorKind::FromUtf8 { .. }
        | ValidationErrorKind::MaxLength { .. }
        | ValidationErrorKind::MinLength { .. }
        | ValidationErrorKind::Not { .. }
        | ValidationErrorKind::OneOfMultipleValid { .. }
        | ValidationErrorKind::Pattern { .. }
        | ValidationErrorKind::BacktrackLimitExceeded { .. }
        | ValidationErrorKind::RegexEngineFailure { .. } => secret,
        ValidationErrorKind::AdditionalItems { .. }
        | ValidationErrorKind::AdditionalProperties { .. }
        | ValidationErrorKind::ExclusiveMaximum { .. }
        | ValidationErrorKind::ExclusiveMinimum { .. }
        | ValidationErrorKind::FalseSchema
        | ValidationErrorKind::MaxItems { .. }
        | ValidationErrorKind::Maximum { .. }
        | ValidationErrorKind::MaxProperties { .. }
        | ValidationErrorKind::MinItems { .. }
        | ValidationErrorKind::Minimum { .. }
        | ValidationErrorKind::MinProperties { .. }
        | ValidationErrorKind::MultipleOf { .. }
        | ValidationErrorKind::Required { .. }
        | ValidationErrorKind::Type { .. }
        | ValidationErrorKind::UnevaluatedItems { .. }
        | ValidationErrorKind::UnevaluatedProperties { .. }
        | ValidationErrorKind::Referencing(_) => false,
    }
}

fn holds_a_secret(value: &Value) -> bool {
    match value {
        Value::String(text) => is_redacted(text),
        Value::Array(items) => items.iter().any(holds_a_secret),
        Value::Object(members) => members.values().any(holds_a_secret),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Looked at level by level: a value that is too deep to validate is too deep to walk through recursively, too.
fn is_deep(value: &Value) -> bool {
    let mut level = vec![value];
    for _ in 0..=DEEPEST {
        let mut next = Vec::new();
        for value in level {
            match value {
                Value::Array(items) => next.extend(items),
                Value::Object(members) => next.extend(members.values()),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        if next.is_empty() {
            return false;
        }
        level = next;
    }
    true
}
