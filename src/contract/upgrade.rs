//! OpenAPI 3.0 with the meaning of 3.1, whose schemas are plain JSON Schema 2020-12.

use serde_json::{Map, Value, json};

/// Rewrites a 3.0 document in place: `nullable`, the truth values of `exclusiveMinimum` and `exclusiveMaximum`, and
/// members beside a `$ref`, which 3.0 ignores.
pub(super) fn to_3_1(document: &mut Value) {
    match document {
        Value::Object(members) => {
            if members.get("$ref").is_some_and(Value::is_string) {
                members.retain(|name, _| name == "$ref");
                return;
            }
            exclusive(members, "exclusiveMinimum", "minimum");
            exclusive(members, "exclusiveMaximum", "maximum");
            members.values_mut().for_each(to_3_1);
            nullable(members);
        }
        Value::Array(items) => items.iter_mut().for_each(to_3_1),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn exclusive(schema: &mut Map<String, Value>, exclusive: &str, limit: &str) {
    // A property may have this name too. Its value is an object then, and no truth value.
    let Some(Value::Bool(is_exclusive)) = schema.get(exclusive) else { return };
    let is_exclusive = *is_exclusive;
    schema.remove(exclusive);
    if is_exclusive && let Some(bound) = schema.remove(limit) {
        schema.insert(exclusive.to_owned(), bound);
    }
}

fn nullable(schema: &mut Map<String, Value>) {
    let Some(Value::Bool(nullable)) = schema.get("nullable") else { return };
    let nullable = *nullable;
    schema.remove("nullable");
    if !nullable {
        return;
    }
    match schema.get_mut("type") {
        Some(Value::String(one)) => {
            let one = std::mem::take(one);
            schema.insert("type".to_owned(), json!([one, "null"]));
            if let Some(Value::Array(values)) = schema.get_mut("enum")
                && !values.contains(&Value::Null)
            {
                values.push(Value::Null);
            }
        }
        // By the letter of 3.0 it says nothing without a type, but every author means this.
        Some(_) | None => {
            let rest = Value::Object(std::mem::take(schema));
            schema.insert("anyOf".to_owned(), json!([rest, {"type": "null"}]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_3_0_says_differently_means_the_same_afterwards() {
        let cases = [
            (json!({"type": "string", "nullable": true}), json!({"type": ["string", "null"]})),
            (json!({"type": "string", "nullable": false}), json!({"type": "string"})),
            (
                json!({"type": "string", "nullable": true, "enum": ["a"]}),
                json!({"type": ["string", "null"], "enum": ["a", null]}),
            ),
            (
                json!({"allOf": [{"$ref": "#/x", "nullable": true}], "nullable": true}),
                json!({"anyOf": [{"allOf": [{"$ref": "#/x"}]}, {"type": "null"}]}),
            ),
            (json!({"minimum": 1, "exclusiveMinimum": true}), json!({"exclusiveMinimum": 1})),
            (json!({"maximum": 1, "exclusiveMaximum": false}), json!({"maximum": 1})),
            // A property that is called so is left alone.
            (
                json!({"properties": {"nullable": {"type": "boolean"}}}),
                json!({"properties": {"nullable": {"type": "boolean"}}}),
            ),
        ];
        for (mut old, new) in cases {
            to_3_1(&mut old);
            assert_eq!(old, new);
        }
    }
}
