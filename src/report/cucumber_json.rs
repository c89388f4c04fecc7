//! Cucumber's old JSON format, for tools that read nothing newer: Jenkins' Cucumber plugin, Zephyr, Xray.
//!
//! The format was never specified; this file follows the output of Cucumber-JVM. Each scenario is one element with its last
//! attempt, because readers take two elements for two scenarios. The format has no verdict of a scenario: a bad verdict that no
//! step shows is added as a hook, so that nothing bad looks green.

use std::io::Write;

use serde_json::{Value, json};

use super::record::{AttemptRecord, RunRecord, ScenarioRecord, StepRecord, base64_of};
use super::reporter::{ReportError, ReportFile, Reporter};
use super::text;
use crate::model::Verdict;
use crate::model::message::{Attachment, Status};

/// The reporter of `cucumber.json`.
pub const CUCUMBER_JSON: Reporter = Reporter { id: "cucumber-json", file_name: "cucumber.json", files };

fn files(run: &RunRecord) -> Vec<ReportFile<'_>> {
    ReportFile::only(move |out| write(run, out))
}

fn write(run: &RunRecord, out: &mut dyn Write) -> Result<(), ReportError> {
    let features: Vec<Value> = run.by_file().iter().filter_map(|scenarios| feature(scenarios)).collect();
    serde_json::to_writer(out, &features)?;
    Ok(())
}

fn feature(scenarios: &[&ScenarioRecord]) -> Option<Value> {
    let first = scenarios.first()?;
    let elements: Vec<Value> = scenarios.iter().map(|scenario| element(scenario)).collect();
    Some(json!({
        "uri": first.uri, "id": text::slug(&first.feature), "keyword": "Feature", "name": first.feature,
        "description": first.feature_description, "line": 1, "tags": [], "elements": elements,
    }))
}

fn element(scenario: &ScenarioRecord) -> Value {
    let steps: &[StepRecord] = scenario.last().map(|attempt| attempt.steps.as_slice()).unwrap_or_default();
    let sentences = steps.iter().filter(|step| !step.hook).map(|step| {
        json!({
            "keyword": format!("{} ", step.keyword), "name": step.text, "line": step.line.unwrap_or_default(),
            "match": {}, "result": result(step),
        })
    });
    let mut sentences: Vec<Value> = sentences.collect();
    if let (Some(last), Some(attempt)) = (sentences.last_mut(), scenario.last()) {
        // The format knows attachments of steps only.
        last["embeddings"] = embeddings(attempt);
    }
    let mut after: Vec<Value> = steps
        .iter()
        .filter(|step| step.hook)
        .map(|step| json!({"match": {"location": step.text}, "result": result(step)}))
        .collect();
    if let Some(status) = verdict_beyond(steps, scenario) {
        let result = json!({"status": status, "duration": 0, "error_message": scenario.why()});
        after.push(json!({"match": {"location": "verdict"}, "result": result}));
    }
    let tags = scenario.tags.iter().map(|tag| json!({"name": tag, "line": scenario.line}));
    json!({
        "id": format!("{};{}", text::slug(&scenario.feature), text::slug(&scenario.title())),
        "keyword": scenario.keyword, "type": "scenario", "name": scenario.title(), "description": "",
        "line": scenario.line, "start_timestamp": scenario.last().map(|attempt| attempt.started.to_string()),
        "tags": tags.collect::<Vec<_>>(), "steps": sentences, "after": after,
    })
}

/// Returns the status of a verdict that the steps do not show.
fn verdict_beyond(steps: &[StepRecord], scenario: &ScenarioRecord) -> Option<&'static str> {
    let shown = steps.iter().any(StepRecord::is_bad);
    match scenario.verdict.verdict {
        Verdict::Passed => None,
        Verdict::Skipped => steps.iter().all(|step| step.status != Status::Skipped).then_some("skipped"),
        // The format's own word for what could not be run to an end; strict readers take it for a failure.
        Verdict::Unknown => (!shown).then_some("undefined"),
        Verdict::Failed => (!shown).then_some("failed"),
    }
}

fn result(step: &StepRecord) -> Value {
    let status = match step.status {
        Status::Passed => "passed",
        Status::Skipped | Status::Unknown => "skipped",
        Status::Pending => "pending",
        Status::Undefined => "undefined",
        Status::Ambiguous => "ambiguous",
        Status::Failed => "failed",
    };
    // The format counts in nanoseconds.
    let nanos = u64::try_from(step.took.as_nanos()).unwrap_or(u64::MAX);
    match &step.message {
        Some(message) => json!({"status": status, "duration": nanos, "error_message": message}),
        None => json!({"status": status, "duration": nanos}),
    }
}

fn embeddings(attempt: &AttemptRecord) -> Value {
    let embed = |artifact: &Attachment| json!({"mime_type": artifact.media_type, "data": base64_of(artifact), "name": artifact.file_name});
    attempt.artifacts.iter().map(embed).collect()
}
