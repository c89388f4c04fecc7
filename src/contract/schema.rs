//! Compiled schemas, and the flaws of a value.
//!
//! Values are redacted: a secret is replaced by a fingerprint such as `«secret 0a1b2c3d»`. A rule about the secret itself
//! (its format, pattern, length, or membership in a list) is not applied to the fingerprint. All other rules are: the value
//! has to be there, and it has to be text.

use std::collections::BTreeMap;
use std::sync::Arc;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, Registry, ValidationError, Validator};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use serde_json::{Value, json};

use super::document::escape;
use crate::base::redact::is_redacted;

const URN: &str = "urn:paidpath:contract";
/// The characters that a URI's fragment cannot hold.
const FRAGMENT: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`').add(b'{').add(b'}').add(b'%').add(b'#');
/// The largest number of flaws for one value.
const TOLD: usize = 5;
/// The deepest nesting that a value may have. `serde_json` reads no deeper one.
const DEEPEST: usize = 128;
/// The longest message, in characters.
const MESSAGE: usize = 240;

/// A flaw of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flaw {
    /// The JSON pointer into the value.
    pub at: String,
    /// The JSON pointer into the document.
    pub source: String,
    pub message: String,
}

#[derive(Debug)]
pub(super) struct Schema {
    pointer: String,
    validator: Validator,
}

/// The compiler of a document's schemas, which compiles each schema once.
pub(super) struct Schemas<'d> {
    registry: Registry<'d>,
    compiled: BTreeMap<String, Arc<Schema>>,
}

impl<'d> Schemas<'d> {
    /// The schemas of this document.
    pub fn of(document: &'d Value) -> Result<Self, String> {
        let registry = Registry::new()
            .draft(Draft::Draft202012)
            .add(URN, document)
            .and_then(|registry| registry.prepare())
            .map_err(|error| error.to_string())?;
        Ok(Self { registry, compiled: BTreeMap::new() })
    }

    /// The schema at a pointer.
    pub fn at(&mut self, pointer: &str) -> Result<Arc<Schema>, String> {
        if let Some(schema) = self.compiled.get(pointer) {
            return Ok(Arc::clone(schema));
        }
        let reference = format!("{URN}#{}", utf8_percent_encode(pointer, FRAGMENT));
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_registry(&self.registry)
            .should_validate_formats(true)
            // Without this, an `$id` in the document could make the validator look up other documents.
            .offline()
            .build(&json!({"$ref": reference}))
            .map_err(|error| error.to_string())?;
        let schema = Arc::new(Schema { pointer: pointer.to_owned(), validator });
        self.compiled.insert(pointer.to_owned(), Arc::clone(&schema));
        Ok(schema)
    }
}

impl Schema {
    /// Checks a value against the schema.
    pub fn flaws(&self, value: &Value) -> Vec<Flaw> {
        if is_deep(value) {
            let message = format!("it is nested deeper than {DEEPEST} levels");
            return vec![Flaw { at: String::new(), source: self.pointer.clone(), message }];
        }
        // The quick question first: nearly all values are valid, and collecting errors is slower.
        if self.validator.is_valid(value) {
            return Vec::new();
        }
        let errors = self.validator.iter_errors(value).filter(|error| !of_a_secret(error));
        errors.flat_map(|error| self.flaws_of(&error)).take(TOLD).collect()
    }

    /// Turns a validation error into flaws. Extra and missing fields become one flaw each, at their own place.
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
            // Placed at the missing field, so that findings about the same field look the same.
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

/// Returns true for an error that concerns redacted text and that only the text itself could answer.
fn of_a_secret(error: &ValidationError<'_>) -> bool {
    let secret = error.instance().as_str().is_some_and(is_redacted);
    match error.kind() {
        // An alternative that fails only at redacted text may be the right one.
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            context.iter().any(|way| way.iter().all(of_a_secret))
        }
        // The error concerns the list as a whole, and the redacted text is one of its items.
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

/// Returns true for a value that is nested too deep. Looks level by level, because a recursive walk could overflow the
/// stack.
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
