//! SARIF 2.1.0, which code hosts and editors read.

use serde_json::{Value, json};

use crate::lint::{Finding, RULES, Weight, rule};

/// All findings as a SARIF log.
pub fn sarif(findings: &[Finding]) -> String {
    let rules: Vec<Value> = RULES
        .iter()
        .map(|rule| json!({"id": rule.id, "shortDescription": {"text": rule.about}, "defaultConfiguration": {"level": level(rule.weight)}}))
        .collect();
    let results: Vec<Value> = findings.iter().map(result).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "paidpath", "version": env!("CARGO_PKG_VERSION"), "rules": rules}},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{log:#}\n")
}

fn level(weight: Weight) -> &'static str {
    match weight {
        Weight::Refused => "error",
        Weight::Minded => "warning",
    }
}

fn result(finding: &Finding) -> Value {
    let help = finding.help.as_deref().map(|help| format!(" {help}")).unwrap_or_default();
    let length = finding.length();
    let region = |length: usize| {
        let column = finding.column() as usize;
        json!({"startLine": finding.location.line, "startColumn": column, "endColumn": column + length})
    };
    let artifact = json!({"uri": finding.file.replace(' ', "%20")});
    let mut result = json!({
        "ruleId": finding.rule,
        "ruleIndex": RULES.iter().position(|rule| rule.id == finding.rule),
        "level": level(rule(finding.rule).map_or(Weight::Refused, |rule| rule.weight)),
        "message": {"text": format!("{}.{help}", finding.message)},
        "locations": [{"physicalLocation": {"artifactLocation": artifact, "region": region(length)}}],
    });
    if let Some(fix) = &finding.fix {
        result["fixes"] = json!([{
            "description": {"text": format!("Write `{}`", fix.meant)},
            "artifactChanges": [{
                "artifactLocation": artifact,
                "replacements": [{"deletedRegion": region(length), "insertedContent": {"text": fix.meant}}],
            }],
        }]);
    }
    result
}
