//! CTRF, the Common Test Report Format: one JSON document that dashboards, chat bots and pull-request bots read.
//!
//! The format is specified at <https://ctrf.io/docs/specification>. Unknown and quarantined scenarios have the status `other`, with
//! paidpath's verdict in `rawStatus`.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::failure;
use super::record::{AttemptRecord, RunRecord, ScenarioRecord, StepRecord, Totals};
use super::reporter::{ReportFile, Reporter};
use crate::model::Verdict;
use crate::model::message::Status;

/// The reporter of `ctrf.json`.
pub const CTRF: Reporter = Reporter { id: "ctrf", file_name: "ctrf.json", files };

fn files(run: &RunRecord) -> Vec<ReportFile<'_>> {
    ReportFile::only(move |out| Ok(serde_json::to_writer(out, &document(run))?))
}

fn document(run: &RunRecord) -> Value {
    let tests: Vec<Value> = run.scenarios.iter().map(|scenario| test(scenario, run.info.seed)).collect();
    // The counts must add up to the tests, so they are taken from the statuses and not from the verdicts.
    let count = |status| tests.iter().filter(|test| test["status"] == status).count();
    let started = run.started.unwrap_or(run.info.started);
    let stopped = run.finished.or(run.last_seen).unwrap_or(started);
    let Totals { flaky, .. } = run.totals();
    json!({
        "reportFormat": "CTRF",
        "specVersion": "0.1.0",
        "generatedBy": "paidpath",
        "results": {
            "tool": {"name": "paidpath", "version": run.info.version},
            "summary": {
                "tests": tests.len(), "passed": count("passed"), "failed": count("failed"), "skipped": count("skipped"),
                "pending": 0, "other": count("other"), "flaky": flaky,
                "start": started.as_millisecond(), "stop": stopped.as_millisecond(), "duration": millis(run.took()),
            },
            "tests": tests,
            "environment": {
                "appName": run.info.target, "testEnvironment": run.info.topology,
                "extra": {"run": run.info.id, "seed": run.info.seed, "notes": run.notes()},
            },
        },
    })
}

fn test(scenario: &ScenarioRecord, seed: u64) -> Value {
    let verdict = &scenario.verdict;
    let status = match verdict.verdict {
        _ if verdict.quarantine.is_some() && verdict.verdict != Verdict::Passed => "other",
        Verdict::Passed => "passed",
        Verdict::Skipped => "skipped",
        Verdict::Unknown => "other",
        Verdict::Failed => "failed",
    };
    let mut test = Map::new();
    let mut put = |name: &str, value: Value| test.insert(name.into(), value);
    put("name", scenario.title().into());
    put("status", status.into());
    put("rawStatus", verdict.verdict.word().into());
    put("duration", millis(scenario.took()).into());
    let suite = [Some(&scenario.feature), scenario.rule.as_ref()];
    put("suite", suite.into_iter().flatten().map(String::as_str).collect());
    put("filePath", scenario.uri.clone().into());
    put("line", scenario.line.into());
    put("tags", scenario.tags.iter().map(String::as_str).collect());
    put("flaky", verdict.flaky.into());
    if let (Some(first), Some(last)) = (scenario.attempts.first(), scenario.last()) {
        put("start", first.started.as_millisecond().into());
        put("stop", ended(last).as_millisecond().into());
        put("steps", last.steps.iter().map(step).collect());
        put("retries", (scenario.attempts.len() - 1).into());
    }
    if scenario.attempts.len() > 1 {
        let earlier = &scenario.attempts[..scenario.attempts.len() - 1];
        put(
            "retryAttempts",
            earlier.iter().enumerate().map(|(index, attempt)| earlier_attempt(index, attempt)).collect(),
        );
    }
    if verdict.verdict != Verdict::Passed {
        put("message", scenario.why().into());
    }
    if matches!(verdict.verdict, Verdict::Failed | Verdict::Unknown) {
        put("trace", failure::plain(scenario, seed).into());
    }
    if let Some(reason) = &verdict.quarantine {
        put("extra", json!({"quarantine": reason}));
    }
    Value::Object(test)
}

fn step(step: &StepRecord) -> Value {
    let status = match step.status {
        Status::Passed => "passed",
        Status::Skipped => "skipped",
        Status::Pending => "pending",
        Status::Unknown => "other",
        Status::Failed | Status::Undefined | Status::Ambiguous => "failed",
    };
    json!({"name": format!("{} {}", step.keyword, step.text).trim(), "status": status})
}

fn earlier_attempt(index: usize, attempt: &AttemptRecord) -> Value {
    let message = attempt.failed_step().and_then(|step| step.message.as_deref()).or(attempt.sentence());
    json!({
        "attempt": index + 1, "status": "failed", "duration": millis(attempt.took),
        "message": message.unwrap_or("the attempt did not pass"),
        "start": attempt.started.as_millisecond(), "stop": ended(attempt).as_millisecond(),
    })
}

fn ended(attempt: &AttemptRecord) -> Timestamp {
    attempt.started.checked_add(attempt.took).unwrap_or(attempt.started)
}

fn millis(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}
