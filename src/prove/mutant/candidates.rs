//! Every change that the operators can make to the exchanges of the baseline.

use std::collections::BTreeMap;

use serde_json::Value;

use super::operators::{ANSWER_OPERATORS, Alteration, Answered, Change, FIELD_OPERATORS, Field, escaped};
use crate::model::Exchange;
use crate::prove::baseline::Baseline;
use crate::target::Target;
use crate::world::Rules;

/// The greatest depth at which fields are changed.
const DEPTH: usize = 4;

/// A possible change of an answer, with the scenarios that received that answer.
#[derive(Debug, Clone)]
pub struct CandidateMutant {
    /// The operation, such as `storefront -> billing POST /v1/purchases`.
    pub at: String,
    /// A description of the change.
    pub what: String,
    /// The id of the operator that makes the change.
    pub operator: &'static str,
    /// The fields that change; empty for a change that is not about fields.
    pub pointers: Vec<String>,
    /// The faults with which taps make the change.
    pub faults: Vec<String>,
    /// The scenarios that had the exchange, as indices into the baseline.
    pub scenarios: Vec<usize>,
}

/// Returns all changes, each once, in the order of operation and description.
pub fn candidates(baseline: &Baseline, target: &Target, rules: &Rules) -> Vec<CandidateMutant> {
    let mut candidates = BTreeMap::new();
    let others = others(baseline);
    let late = target.bounds.answer.0.as_millis() + 1_000;
    for (scenario, seen) in baseline.scenarios.iter().enumerate() {
        for exchange in seen.exchanges.iter().filter(|exchange| exchange.faults.is_empty()) {
            // Only answers are changed: a request is the business of the scenario.
            let Some(answer) = exchange.response() else { continue };
            let at = place(exchange);
            let mut add = |operator, Alteration { what, pointers, faults }| {
                let candidate = candidates.entry((at.clone(), what.clone())).or_insert_with(|| CandidateMutant {
                    faults: faults.iter().map(|fault| format!("{at}: {fault}")).collect(),
                    at: at.clone(),
                    what,
                    operator,
                    pointers,
                    scenarios: Vec::new(),
                });
                if !candidate.scenarios.contains(&scenario) {
                    candidate.scenarios.push(scenario);
                }
            };
            let body = answer.body.json();
            for (pointer, field) in body.into_iter().flat_map(fields) {
                for operator in FIELD_OPERATORS {
                    let fault = match (operator.change)(&field) {
                        Some(Change::Remove) => format!("remove response {pointer}"),
                        Some(Change::Set(value)) => format!("set response {pointer} to {value}"),
                        None => continue,
                    };
                    let what = format!("{} {pointer}", operator.id);
                    add(operator.id, Alteration { what, pointers: vec![pointer.clone()], faults: vec![fault] });
                }
            }
            let own = body.and_then(|body| body.pointer(target.code_pointer())).and_then(Value::as_str);
            let answered = Answered {
                status: answer.status,
                headers: &answer.headers,
                body,
                other: others
                    .get(&(at.clone(), answer.status))
                    .and_then(|all| all.iter().find(|(from, _)| *from != scenario))
                    .map(|(_, body)| *body),
                code: Some(target.code_pointer()),
                other_code: rules.catalogue.as_ref().and_then(|known| {
                    known.codes().map(|(code, _)| code).find(|code| Some(*code) != own).map(str::to_owned)
                }),
                too_late_ms: late,
                changes: answered_otherwise(&seen.exchanges, exchange),
            };
            for operator in ANSWER_OPERATORS {
                for alteration in (operator.changes)(&answered) {
                    add(operator.id, alteration);
                }
            }
        }
    }
    candidates.into_values().collect()
}

/// Returns the operation of an exchange in the language of faults. A segment that looks like an id becomes `*`.
pub fn place(exchange: &Exchange) -> String {
    // `v1` names a version of the API and no thing.
    let version =
        |segment: &str| segment.strip_prefix('v').is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
    let is_id = |segment: &str| segment.bytes().any(|byte| byte.is_ascii_digit()) && !version(segment);
    let segments = exchange.request.path().split('/').map(|segment| if is_id(segment) { "*" } else { segment });
    let path = segments.collect::<Vec<_>>().join("/");
    format!("{} -> {} {} {path}", exchange.edge.from, exchange.edge.to, exchange.request.method)
}

/// Returns the answers of each operation, with the scenario that received each.
fn others(baseline: &Baseline) -> BTreeMap<(String, u16), Vec<(usize, &Value)>> {
    let mut others: BTreeMap<(String, u16), Vec<(usize, &Value)>> = BTreeMap::new();
    for (scenario, seen) in baseline.scenarios.iter().enumerate() {
        for exchange in &seen.exchanges {
            if let Some((status, body)) =
                exchange.response().and_then(|answer| Some((answer.status, answer.body.json()?)))
            {
                let known = others.entry((place(exchange), status)).or_default();
                // Two scenarios are enough for each to have another.
                if known.len() < 2 && known.iter().all(|(other, _)| *other != scenario) {
                    known.push((scenario, body));
                }
            }
        }
    }
    others
}

fn answered_otherwise(exchanges: &[Exchange], one: &Exchange) -> bool {
    let body = |exchange: &Exchange| exchange.response().and_then(|answer| answer.body.json().cloned());
    exchanges.iter().any(|other| {
        other.edge == one.edge
            && other.request.method == one.request.method
            && other.request.path() == one.request.path()
            && body(other) != body(one)
    })
}

/// Returns the fields of a body with their pointers. Of a list only the first item counts.
fn fields(body: &Value) -> Vec<(String, Field<'_>)> {
    let mut found = Vec::new();
    walk(body, String::new(), DEPTH, &mut found);
    found
}

fn walk<'b>(value: &'b Value, at: String, depth: usize, found: &mut Vec<(String, Field<'b>)>) {
    if depth == 0 {
        return;
    }
    match value {
        Value::Object(fields) => {
            for (name, value) in fields.iter().filter(|(name, _)| !name.contains(char::is_whitespace)) {
                let pointer = format!("{at}/{}", escaped(name));
                found.push((pointer.clone(), Field { value, siblings: Some(fields) }));
                walk(value, pointer, depth - 1, found);
            }
        }
        Value::Array(items) => {
            if let Some(first) = items.first() {
                let pointer = format!("{at}/0");
                found.push((pointer.clone(), Field { value: first, siblings: None }));
                walk(first, pointer, depth - 1, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
