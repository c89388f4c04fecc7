//! The operators that change an answer. An operator only describes the change; taps make it.

use serde_json::{Map, Value, json};

use crate::base::redact::is_redacted;

/// A change of an answer, as faults describe it.
pub struct Alteration {
    pub what: String,
    /// The fields that change; empty for a change that is not about fields.
    pub pointers: Vec<String>,
    /// The faults that make the change, without their place.
    pub faults: Vec<String>,
}

impl Alteration {
    /// Makes an alteration that is not about fields.
    fn new(what: impl Into<String>, fault: impl Into<String>) -> Self {
        Self { what: what.into(), pointers: Vec::new(), faults: vec![fault.into()] }
    }
}

/// An operator that changes one field of an answer.
pub struct FieldOperator {
    pub id: &'static str,
    /// Returns the change of the field; `None` where there would be none.
    pub change: fn(&Field<'_>) -> Option<Change>,
}

/// An operator that changes an answer as a whole.
pub struct AnswerOperator {
    pub id: &'static str,
    /// Returns each change that the operator can make.
    pub changes: fn(&Answered<'_>) -> Vec<Alteration>,
}

/// A field of an answer, as the baseline had it.
pub struct Field<'a> {
    pub value: &'a Value,
    pub siblings: Option<&'a Map<String, Value>>,
}

pub enum Change {
    Remove,
    Set(Value),
}

/// An answer, as the baseline had it.
pub struct Answered<'a> {
    pub status: u16,
    pub headers: &'a [(String, String)],
    pub body: Option<&'a Value>,
    /// The answer to the same operation in another scenario, which is about another member.
    pub other: Option<&'a Value>,
    /// The JSON pointer to the code of a refusal.
    pub code: Option<&'a str>,
    /// A code of another refusal.
    pub other_code: Option<String>,
    /// A delay in milliseconds that is longer than an answer may take.
    pub too_late_ms: u128,
    /// True where the scenario asked for the same thing again and received another answer.
    pub changes: bool,
}

/// The operators that change a field.
pub const FIELD_OPERATORS: &[FieldOperator] = &[
    FieldOperator { id: "drop", change: |_| Some(Change::Remove) },
    FieldOperator { id: "null", change: |field| (!field.value.is_null()).then_some(Change::Set(Value::Null)) },
    FieldOperator { id: "empty", change: |field| empty(field.value).map(Change::Set) },
    FieldOperator { id: "retype", change: |field| retyped(field.value).map(Change::Set) },
    FieldOperator { id: "boundary", change: |field| boundary(field.value).map(Change::Set) },
    FieldOperator { id: "swap", change: |field| sibling(field).map(Change::Set) },
];

/// The operators that change an answer.
pub const ANSWER_OPERATORS: &[AnswerOperator] = &[
    AnswerOperator {
        id: "status",
        changes: |answer| {
            let others: &[u16] = match answer.status {
                200..=299 => &[403, 500],
                300..=499 => &[200, 500],
                _ => &[200],
            };
            let other = |status| Alteration::new(format!("the status {status}"), format!("status {status}"));
            others.iter().map(other).collect()
        },
    },
    AnswerOperator {
        id: "code",
        changes: |answer| {
            let (Some(pointer), Some(other)) = (answer.code, &answer.other_code) else { return Vec::new() };
            let has_code = answer.body.is_some_and(|body| body.pointer(pointer).is_some());
            let set = || Alteration {
                pointers: vec![pointer.to_owned()],
                ..Alteration::new(format!("the code {other}"), format!("set response {pointer} to {}", json!(other)))
            };
            if answer.status >= 400 && has_code { vec![set()] } else { Vec::new() }
        },
    },
    AnswerOperator {
        id: "header",
        changes: |answer| {
            let told = answer.headers.iter().map(|(name, _)| name.as_str()).filter(|name| !TRANSPORT.contains(name));
            told.map(|name| Alteration::new(format!("no {name}"), format!("strip response header {name}"))).collect()
        },
    },
    AnswerOperator {
        id: "foreign",
        changes: |answer| {
            let (Some(Value::Object(own)), Some(Value::Object(other))) = (answer.body, answer.other) else {
                return Vec::new();
            };
            let differing =
                own.iter().filter_map(|(name, value)| Some((name, other.get(name).filter(|theirs| *theirs != value)?)));
            let (pointers, faults): (Vec<_>, Vec<_>) = differing
                .map(|(name, theirs)| (format!("/{}", escaped(name)), theirs))
                .map(|(pointer, theirs)| (pointer.clone(), format!("set response {pointer} to {theirs}")))
                .unzip();
            if faults.is_empty() {
                return Vec::new();
            }
            vec![Alteration { what: "another member's answer".into(), pointers, faults }]
        },
    },
    AnswerOperator {
        id: "late",
        changes: |answer| vec![Alteration::new("too late", format!("delay {}ms once", answer.too_late_ms))],
    },
    AnswerOperator { id: "repeated", changes: |_| vec![Alteration::new("the request twice", "repeat 1 times")] },
    AnswerOperator {
        id: "stale",
        changes: |answer| {
            if answer.changes { vec![Alteration::new("an earlier answer", "stale")] } else { Vec::new() }
        },
    },
];

/// Headers that are about the transport alone.
const TRANSPORT: &[&str] =
    &["date", "content-length", "connection", "transfer-encoding", "keep-alive", "server", "vary"];

/// Escapes a name as a segment of a JSON pointer.
pub fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn empty(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) if !text.is_empty() => Some(json!("")),
        Value::Array(items) if !items.is_empty() => Some(json!([])),
        Value::Object(fields) if !fields.is_empty() => Some(json!({})),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn retyped(value: &Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::Bool(value) => Some(json!(value.to_string())),
        Value::Number(number) => Some(json!(number.to_string())),
        Value::String(_) => Some(json!(7)),
        Value::Array(_) => Some(json!({})),
        Value::Object(_) => Some(json!([])),
    }
}

fn boundary(value: &Value) -> Option<Value> {
    match value {
        Value::Bool(value) => Some(json!(!value)),
        Value::Number(number) => number.as_i64().map(|number| json!(number.saturating_add(1))),
        Value::String(text) if text.parse::<jiff::Timestamp>().is_ok() => Some(json!("1970-01-01T00:00:00.000Z")),
        Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Returns the value of another field of the same type. A secret is never replaced: the other value would then be taken for
/// a secret.
fn sibling(field: &Field<'_>) -> Option<Value> {
    if field.value.as_str().is_some_and(is_redacted) {
        return None;
    }
    let alike =
        |other: &&Value| std::mem::discriminant(*other) == std::mem::discriminant(field.value) && *other != field.value;
    field.siblings?.values().find(alike).filter(|other| !other.is_null()).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_takes_the_place_of_a_secret() {
        let body = json!({"id": "ver_1", "name": "Dusk", "token": "«secret 1e1a6831»"});
        let siblings = body.as_object();
        let swapped = |name: &str| sibling(&Field { value: &body[name], siblings });
        assert_eq!(swapped("name"), Some(json!("ver_1")));
        assert_eq!(swapped("token"), None);
    }
}
