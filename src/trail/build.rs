//! Builds the trail of an attempt from its exchanges, with the meanings of the target file.

use std::collections::BTreeMap;

use serde_json::Value;

use super::mapping::{Mapping, Meaning};
use super::source::Source;
use crate::model::{Edge, Event, EventKind, Exchange, Fact, Outcome, TraceId, Trail};

impl Trail {
    /// Builds the trail of one attempt, ordered by the time at which the answers were complete.
    pub fn build(mapping: &Mapping, trace: TraceId, exchanges: &[Exchange]) -> Self {
        let mut events: Vec<Event> = exchanges.iter().flat_map(|exchange| events_of(mapping, exchange)).collect();
        events.sort_by_key(|event| (event.at_micros, event.exchange));
        let mut trail = Self { trace, events };
        super::staleness::measure(&mut trail);
        trail
    }
}

fn events_of<'a>(mapping: &'a Mapping, exchange: &'a Exchange) -> impl Iterator<Item = Event> + 'a {
    mapping.events.iter().filter_map(move |meaning| {
        let named = meaning.at.iter().find_map(|pattern| pattern.matches(exchange))?;
        let has_value = |(source, expected): (&Source, &String)| {
            source.find(exchange).map(canonical).as_ref().and_then(Value::as_str) == Some(expected)
        };
        if meaning.only.iter().all(has_value) { Some(event(mapping, meaning, named, exchange)) } else { None }
    })
}

fn event(mapping: &Mapping, meaning: &Meaning, named: Vec<(Fact, String)>, exchange: &Exchange) -> Event {
    let mut facts: BTreeMap<Fact, Value> = named.into_iter().map(|(name, value)| (name, value.into())).collect();
    for (name, source) in mapping.always.iter().chain(&meaning.facts) {
        facts.extend(source.find(exchange).map(|value| (*name, value)));
    }
    for (name, value) in &mut facts {
        if name.is_identity() {
            *value = canonical(value.take());
        }
    }
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let is_accepted = meaning.accepts(mapping, exchange);
    let is_from_member = exchange.edge.from == Edge::MEMBER;
    let code = if is_accepted {
        None
    } else {
        mapping.code.as_ref().and_then(|source| text(&canonical(source.find(exchange)?)))
    };
    // “No” to a question is a successful answer, and its reason takes the place of an error code.
    let is_no = meaning.means == EventKind::Checked && facts.get(&Fact::Allowed) == Some(&Value::Bool(false));
    let done = match &exchange.outcome {
        // A server that fails may have done the work before. A form redirects to the login, or to what it has made.
        Outcome::Answered(answer) if !is_accepted && answer.status >= 500 => None,
        Outcome::Answered(answer) if !is_accepted && is_from_member && matches!(answer.status, 301..=303) => None,
        Outcome::Answered(_) if !is_accepted => Some(false),
        Outcome::Answered(_) if lacks_its_result(meaning, &facts) => None,
        Outcome::Answered(_) => Some(!is_no),
        Outcome::Unreachable { .. } => Some(false),
        Outcome::Broken { .. } | Outcome::Open => None,
    };
    let reason = if is_no { facts.get(&Fact::Reason).and_then(text) } else { None };
    Event {
        kind: meaning.means,
        exchange: exchange.id,
        edge: exchange.edge.clone(),
        at_micros: exchange.ended(),
        done,
        code: code.or(reason),
        facts,
    }
}

/// Returns the form in which two ids can be compared: a path has the text `7` where JSON has the number.
fn canonical(value: Value) -> Value {
    match value {
        Value::Number(number) if !number.is_f64() => Value::String(number.to_string()),
        Value::Array(items) => items.into_iter().map(canonical).collect(),
        other => other,
    }
}

/// Returns true if the answer lacks what the request was made for: then the caller cannot tell whether it took effect.
fn lacks_its_result(meaning: &Meaning, facts: &BTreeMap<Fact, Value>) -> bool {
    let result = match meaning.means {
        EventKind::Quoted => Fact::Amount,
        EventKind::Charged => Fact::Purchase,
        EventKind::Checked => Fact::Allowed,
        EventKind::Submitted => Fact::Job,
        EventKind::Billed => Fact::Charge,
        EventKind::State => Fact::State,
        EventKind::Refunded | EventKind::Repaid => Fact::Refund,
        EventKind::Flagged => Fact::Value,
        EventKind::Rendered => Fact::Images,
        EventKind::Offered
        | EventKind::ToppedUp
        | EventKind::Counted
        | EventKind::Granted
        | EventKind::Revoked
        | EventKind::Synced
        | EventKind::Delivered
        | EventKind::Shown => return false,
    };
    // A target file that does not read the fact from the answer cannot miss it there.
    meaning.facts.get(&result).is_some_and(Source::is_in_answer) && !facts.contains_key(&result)
}
