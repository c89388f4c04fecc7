//! For programs and editors.

use serde_json::{Value, json as value};

use crate::lint::Finding;

/// All findings as one JSON list.
pub fn json(findings: &[Finding]) -> String {
    let list: Vec<Value> = findings
        .iter()
        .map(|finding| {
            value!({
                "rule": finding.rule,
                "file": finding.file,
                "line": finding.location.line,
                "column": finding.column(),
                "length": finding.length(),
                "message": finding.message,
                "help": finding.help,
                "fix": finding.fix.as_ref().map(|fix| value!({"written": fix.written, "meant": fix.meant})),
                "snippet": finding.snippet,
            })
        })
        .collect();
    format!("{:#}\n", Value::Array(list))
}
