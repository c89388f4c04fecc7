//! JSON Schemas of values that are written as one string, for the schema files that editors use.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::config::Span;

/// Returns the schema of a string with this form. `pattern` is a regular expression of ECMA-262.
pub fn text(description: &str, pattern: &str) -> Schema {
    json_schema!({ "type": "string", "description": description, "pattern": pattern })
}

impl JsonSchema for Span {
    fn schema_name() -> Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        text("A length of time: `250ms`, `2s`, `1m 30s`.", r"^\s*\d+(\.\d+)?\s*[a-zµ]+(\s*\d+(\.\d+)?\s*[a-zµ]+)*\s*$")
    }
}
