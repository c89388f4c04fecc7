//! The data from which the script of the page draws.
//!
//! Passed scenarios carry only the heads of their exchanges. The others carry headers and bodies too, up to a limit for the whole
//! page, because browsers fail to open very large files. The page says what was left out, and the journal has it.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::model::message::{Attachment, Status};
use crate::model::{Body, Content, Exchange, Outcome, Verdict};
use crate::report::history::{RunHistory, ScenarioHistory, ScenarioName};
use crate::report::lateness::{BINS, lateness};
use crate::report::record::{AttemptRecord, MergedJournal, RunRecord, ScenarioRecord, StepRecord, base64_of, bytes_of};
use crate::report::text;

/// The limit for all headers, bodies, pictures and logs in one report, in bytes.
const BUDGET: usize = 16 << 20;
/// The limit for one body, in bytes.
const BODY: usize = 32 << 10;
/// The limit for one log, in bytes. Its end is shown.
const LOG: usize = 64 << 10;
/// The number of slow scenarios in the list.
const SLOWEST: usize = 25;

/// The bytes that are left of [`BUDGET`].
struct ByteBudget(usize);

impl ByteBudget {
    /// Takes `size` bytes from the budget; returns false where fewer are left.
    fn take(&mut self, size: usize) -> bool {
        let fits = size <= self.0;
        if fits {
            self.0 -= size;
        }
        fits
    }
}

/// Returns the data of the page as JSON.
pub fn data(run: &RunRecord) -> Value {
    let mut room = ByteBudget(BUDGET);
    let scenarios: Vec<Value> = run.scenarios.iter().map(|one| scenario(run, one, &mut room)).collect();
    let late = lateness(run).into_iter().map(|late| {
        json!({
            "from": late.from, "to": late.to, "count": late.count, "median": micros(late.median), "p95": micros(late.p95),
            "worst": micros(late.worst), "scenario": late.worst_scenario, "bins": late.bins,
        })
    });
    let exit = run.exit();
    let info = &run.info;
    json!({
        "history": run.history.as_ref().map(|history| past(run, history)),
        "run": {
            "parts": run.parts.iter().map(part).collect::<Vec<_>>(),
            // A seed does not fit into the numbers of JavaScript.
            "id": info.id, "seed": info.seed.to_string(), "started": info.started.to_string(), "version": info.version,
            "command": info.command, "topology": info.topology, "target": info.target, "services": info.services,
            "stands_on": info.stands_on(),
            "edges": info.edges.iter().map(|edge| [&edge.from, &edge.to]).collect::<Vec<_>>(),
            "jobs": info.jobs, "faults": info.faults, "verified": info.verified,
            "took": text::duration(run.took()), "exit": exit.code(), "meaning": run.meaning(), "notes": run.notes(),
            "strays": run.end.as_ref().map(|end| end.strays), "checks": run.end.as_ref().map(|end| &end.checks),
        },
        "late": late.collect::<Vec<_>>(), "bins": BINS,
        "scenarios": scenarios,
        "proof": run.proof,
    })
}

fn part(part: &MergedJournal) -> Value {
    json!({
        "id": part.id, "journal": part.journal, "shard": part.shard.map(|shard| shard.to_string()), "exit": part.exit.code(),
        "seed": part.seed.to_string(), "started": part.started.to_string(), "scenarios": part.scenarios,
    })
}

fn past(run: &RunRecord, history: &RunHistory) -> Value {
    let places: HashMap<ScenarioName, usize> =
        run.scenarios.iter().enumerate().map(|(place, one)| (ScenarioName::of(one), place)).collect();
    // A letter for each run: how the scenario ended in it, or that it did not run.
    let course = |one: &ScenarioHistory| {
        let mut letters = vec!['.'; history.runs.len()];
        for time in &one.times {
            letters[time.run] = match time.verdict {
                Verdict::Passed if time.flaky => 'y',
                Verdict::Passed => 'p',
                Verdict::Failed => 'f',
                Verdict::Unknown => 'u',
                Verdict::Skipped => 's',
            };
        }
        letters.into_iter().collect::<String>()
    };
    let chronicle = |one: &ScenarioHistory| {
        json!({
            "name": one.name.said(), "scenario": places.get(&one.name), "course": course(one), "flaky": one.flaky(),
            "ran": one.ran(), "median": micros(one.median()), "last": micros(one.last()),
        })
    };
    let runs = history.runs.iter().map(|past| {
        let counts: Vec<usize> = Verdict::ALL.iter().map(|verdict| past.totals.of(*verdict)).collect();
        json!({
            "id": past.id, "started": past.started.strftime("%Y-%m-%d %H:%M").to_string(), "took": micros(past.took),
            "exit": past.exit.code(), "counts": counts, "flaky": past.totals.flaky,
        })
    });
    let red = history.red().into_iter().map(|(one, since)| {
        let mut value = chronicle(one);
        value["since"] = json!(since.started.strftime("%Y-%m-%d %H:%M").to_string());
        value["run"] = json!(since.id);
        value
    });
    json!({
        "runs": runs.collect::<Vec<_>>(), "red": red.collect::<Vec<_>>(),
        "flaky": history.flaky().into_iter().map(chronicle).collect::<Vec<_>>(),
        "slowest": history.slowest(SLOWEST).into_iter().map(chronicle).collect::<Vec<_>>(),
    })
}

fn scenario(run: &RunRecord, scenario: &ScenarioRecord, room: &mut ByteBudget) -> Value {
    let verdict = &scenario.verdict;
    let whole = matches!(verdict.verdict, Verdict::Failed | Verdict::Unknown) || verdict.flaky;
    let attempts: Vec<Value> = scenario.attempts.iter().map(|one| attempt(run, one, whole, room)).collect();
    json!({
        "place": text::line(&scenario.place()), "feature": scenario.feature, "rule": scenario.rule, "name": scenario.title(), "uri": scenario.uri,
        "line": scenario.line, "tags": scenario.tags, "verdict": verdict.verdict, "reason": verdict.reason,
        "why": if verdict.verdict == Verdict::Passed { String::new() } else { scenario.why() },
        "blame": verdict.blame, "flaky": verdict.flaky, "quarantine": verdict.quarantine, "repeat": verdict.repeat,
        "took": micros(scenario.took()), "attempts": attempts,
    })
}

fn attempt(run: &RunRecord, attempt: &AttemptRecord, whole: bool, room: &mut ByteBudget) -> Value {
    let first = attempt.exchanges.iter().map(|exchange| exchange.at_micros).min().unwrap_or_default();
    let exchanges: Vec<Value> = attempt.exchanges.iter().map(|one| exchange(run, one, first, whole, room)).collect();
    let mut value = json!({
        "took": micros(attempt.took), "ended": attempt.ended, "steps": attempt.steps.iter().map(step).collect::<Vec<_>>(),
        "exchanges": exchanges,
    });
    // Most attempts have none of these: 10,000 empty ones add up.
    if !attempt.findings.is_empty() {
        value["findings"] = json!(attempt.findings);
    }
    if let Some(diagnosis) = &attempt.diagnosis {
        value["diagnosis"] = json!(diagnosis);
    }
    if !attempt.artifacts.is_empty() {
        value["artifacts"] = attempt.artifacts.iter().map(|one| artifact(one, room)).collect();
    }
    value
}

fn step(step: &StepRecord) -> Value {
    let status = match step.status {
        Status::Passed => "passed",
        Status::Skipped => "skipped",
        Status::Unknown => "unknown",
        Status::Failed | Status::Undefined | Status::Ambiguous | Status::Pending => "failed",
    };
    json!([step.keyword, step.text, step.line, status, micros(step.took), step.message])
}

/// Returns an exchange as an array of its head, with an object behind it where there is more than the head.
fn exchange(run: &RunRecord, exchange: &Exchange, first: u64, whole: bool, room: &mut ByteBudget) -> Value {
    // Spelt out, the names of edges would be repeated in every exchange.
    let edge = run.info.edges.iter().position(|edge| *edge == exchange.edge);
    let edge = edge.map_or_else(|| json!([exchange.edge.from, exchange.edge.to]), |index| json!(index));
    let ended = match &exchange.outcome {
        Outcome::Answered(response) => json!(response.status),
        Outcome::Unreachable { reason } => json!(format!("unreachable: {reason}")),
        Outcome::Broken { reason } => json!(format!("broken: {reason}")),
        Outcome::Open => json!("open"),
    };
    let head = [
        json!(exchange.id),
        edge,
        json!(exchange.at_micros - first),
        json!(exchange.took_micros),
        json!(exchange.request.method),
        json!(exchange.request.target),
        ended,
    ];
    let mut head = Vec::from(head);
    let mut more = serde_json::Map::new();
    if !exchange.faults.is_empty() {
        more.insert("faults".into(), json!(exchange.faults));
    }
    if whole {
        let request = message(&exchange.request.headers, &exchange.request.body);
        let response = exchange.response().map(|response| message(&response.headers, &response.body));
        let size = request.to_string().len() + response.as_ref().map_or(0, |response| response.to_string().len());
        if room.take(size) {
            more.insert("request".into(), request);
            more.extend(response.map(|response| ("response".into(), response)));
        } else {
            more.insert("left_out".into(), json!(true));
        }
    }
    if !more.is_empty() {
        head.push(Value::Object(more));
    }
    Value::Array(head)
}

fn message(headers: &[(String, String)], body: &Body) -> Value {
    let (kind, content, cut) = match &body.content {
        Content::Empty => ("empty", Value::Null, false),
        Content::Json(value) => {
            // A cut JSON value cannot be parsed, so it is shown as text.
            let text = value.to_string();
            if text.len() <= BODY { ("json", value.clone(), false) } else { ("text", start(&text).into(), true) }
        }
        Content::Text(text) => ("text", start(text).into(), text.len() > BODY),
        Content::Base64(bytes) => {
            let short = bytes.len() <= BODY;
            ("base64", if short { bytes.as_str().into() } else { Value::Null }, !short)
        }
    };
    json!({"headers": headers, "kind": kind, "body": content, "size": body.size, "cut": cut || body.truncated})
}

fn artifact(artifact: &Attachment, room: &mut ByteBudget) -> Value {
    let name = artifact.file_name.as_deref().unwrap_or(&artifact.media_type);
    let is_text = artifact.media_type.starts_with("text/");
    let body = if is_text {
        let bytes = bytes_of(artifact);
        // The end of a log is nearest to the failure.
        let end = bytes.get(bytes.len().saturating_sub(LOG)..).unwrap_or_default();
        String::from_utf8_lossy(end).into_owned()
    } else {
        base64_of(artifact)
    };
    let body = room.take(body.len()).then_some(body);
    json!({"name": name, "type": artifact.media_type, "text": is_text, "body": body})
}

/// Returns as much of the beginning as one body may take.
fn start(text: &str) -> &str {
    let end = (0..=text.len().min(BODY)).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
    &text[..end]
}

fn micros(took: std::time::Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}
