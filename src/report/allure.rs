//! Allure results: a folder of files from which `allure generate` makes a site with history over runs.
//!
//! Each attempt is one result. The attempts of a scenario share a `historyId`, by which Allure recognises retries and trends.
//! The ids are made from the place and the name of the scenario, so that they stay the same in the next run. Unknown is
//! `broken`, Allure's word for a test without a result.

use std::io::Write;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::failure;
use super::record::{AttemptRecord, RunRecord, ScenarioRecord, StepRecord, bytes_of};
use super::reporter::{ReportError, ReportFile, Reporter};
use super::text;
use crate::model::Verdict;
use crate::model::message::{Attachment, Status};

/// The reporter of the folder `allure-results/`.
pub const ALLURE: Reporter = Reporter { id: "allure", file_name: "allure-results/", files };

fn files(run: &RunRecord) -> Vec<ReportFile<'_>> {
    let mut parts = vec![
        ReportFile::named("environment.properties", move |out| environment(run, out)),
        ReportFile::named("categories.json", move |out| Ok(serde_json::to_writer(out, &categories())?)),
    ];
    for (place, scenario) in run.scenarios.iter().enumerate() {
        // A scenario that never began has a result too: Allure would not show that it is missing.
        for attempt in 0..scenario.attempts.len().max(1) {
            let uuid = uuid_of(&[&run.info.id, &place.to_string(), &attempt.to_string()]);
            let tried = scenario.attempts.get(attempt);
            for (index, artifact) in tried.iter().flat_map(|tried| &tried.artifacts).enumerate() {
                parts.push(ReportFile::named(source(&uuid, index, artifact), move |out| {
                    Ok(out.write_all(&bytes_of(artifact))?)
                }));
            }
            let name = format!("{uuid}-result.json");
            parts.push(ReportFile::named(name, move |out| {
                Ok(serde_json::to_writer(out, &result(run, scenario, attempt, &uuid))?)
            }));
        }
    }
    parts
}

fn result(run: &RunRecord, scenario: &ScenarioRecord, index: usize, uuid: &str) -> Value {
    let attempt = scenario.attempts.get(index);
    let is_last = index + 1 >= scenario.attempts.len();
    let verdict = &scenario.verdict;
    // Only the last attempt has a verdict. Each attempt before it was retried because it failed.
    let (status, message) = if is_last {
        let status = match verdict.verdict {
            Verdict::Passed => "passed",
            Verdict::Skipped => "skipped",
            Verdict::Unknown => "broken",
            Verdict::Failed => "failed",
        };
        (status, scenario.why())
    } else {
        let said = attempt.and_then(AttemptRecord::failed_step).and_then(|step| step.message.clone());
        ("failed", said.unwrap_or_else(|| "the attempt did not pass".into()))
    };
    let trace = if is_last && !matches!(verdict.verdict, Verdict::Passed | Verdict::Skipped) {
        failure::plain(scenario, run.info.seed)
    } else {
        String::new()
    };
    let full_name = format!("{}: {}", scenario.uri, scenario.title());
    let identity = uuid_of(&[&full_name]);
    let start = attempt.map_or(run.info.started, |attempt| attempt.started).as_millisecond();
    let attachments =
        attempt.iter().flat_map(|attempt| attempt.artifacts.iter().enumerate()).map(|(index, artifact)| {
            let name = artifact.file_name.as_deref().unwrap_or(&artifact.media_type);
            json!({"name": name, "source": source(uuid, index, artifact), "type": artifact.media_type})
        });
    json!({
        "uuid": uuid, "historyId": identity, "testCaseId": identity, "fullName": full_name, "name": scenario.title(),
        "description": verdict.repeat, "stage": "finished", "status": status,
        // A quarantined failure is what Allure calls a known and muted one.
        "statusDetails": {
            "message": message, "trace": trace, "flaky": verdict.flaky,
            "known": verdict.quarantine.is_some(), "muted": verdict.quarantine.is_some(),
        },
        "start": start, "stop": start + attempt.map_or(0, |attempt| millis(attempt.took)),
        "steps": steps(attempt, start), "attachments": attachments.collect::<Vec<_>>(),
        "labels": labels(scenario, attempt), "parameters": [], "links": [],
    })
}

fn labels(scenario: &ScenarioRecord, attempt: Option<&AttemptRecord>) -> Value {
    let mut labels = vec![
        ("framework", "paidpath"),
        ("language", "gherkin"),
        ("feature", &scenario.feature),
        ("suite", &scenario.feature),
        ("package", &scenario.uri),
    ];
    labels.extend(scenario.rule.iter().map(|rule| ("story", rule.as_str())));
    labels.extend(scenario.tags.iter().map(|tag| ("tag", tag.trim_start_matches('@'))));
    labels.extend(attempt.and_then(|attempt| attempt.worker.as_deref()).map(|worker| ("thread", worker)));
    labels.into_iter().map(|(name, value)| json!({"name": name, "value": value})).collect()
}

/// Returns the steps with times that follow each other: the record has how long each took, not when it began.
fn steps(attempt: Option<&AttemptRecord>, start: i64) -> Value {
    let mut at = start;
    let step = |step: &StepRecord| {
        let status = match step.status {
            Status::Passed => "passed",
            Status::Skipped | Status::Unknown => "skipped",
            Status::Failed | Status::Undefined | Status::Ambiguous | Status::Pending => "failed",
        };
        let from = at;
        at += millis(step.took);
        json!({
            "name": format!("{} {}", step.keyword, step.text).trim(), "status": status, "stage": "finished",
            "statusDetails": {"message": step.message}, "start": from, "stop": at,
            "steps": [], "attachments": [], "parameters": [],
        })
    };
    attempt.iter().flat_map(|attempt| &attempt.steps).map(step).collect()
}

fn environment(run: &RunRecord, out: &mut dyn Write) -> Result<(), ReportError> {
    let info = &run.info;
    for (name, value) in [
        ("paidpath", &info.version),
        ("seed", &info.seed.to_string()),
        ("target", &info.target),
        ("topology", &info.topology),
        ("command", &info.command.join(" ")),
    ] {
        // A backslash escapes in properties files.
        writeln!(out, "{name}={}", text::line(value).replace('\\', "\\\\"))?;
    }
    Ok(())
}

fn categories() -> Value {
    json!([
        {"name": "Failed", "matchedStatuses": ["failed"]},
        {"name": "Unknown", "matchedStatuses": ["broken"]},
    ])
}

/// Returns the name of the file that holds an artifact.
fn source(uuid: &str, index: usize, artifact: &Attachment) -> String {
    let extension = match artifact.media_type.as_str() {
        "image/png" => "png",
        "text/plain" => "txt",
        "application/json" => "json",
        _ => "bin",
    };
    format!("{uuid}-{index}-attachment.{extension}")
}

/// Returns a UUID made from parts, of version 8, the one for schemes of one's own.
fn uuid_of(parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part);
        // Without a separator, ["ab", "c"] and ["a", "bc"] would have the same id.
        digest.update([0]);
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.finalize()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

fn millis(took: std::time::Duration) -> i64 {
    i64::try_from(took.as_millis()).unwrap_or(i64::MAX)
}
