//! From exchanges to a trail.

use std::collections::BTreeMap;

use serde_json::Value;

use super::mapping::{Mapping, Meaning};
use super::source::Source;
use crate::model::{Event, EventKind, Exchange, Fact, Outcome, TraceId, Trail};

impl Trail {
    /// What the exchanges of one attempt meant, ordered by the time at which the answer was complete.
    pub fn build(mapping: &Mapping, trace: TraceId, exchanges: &[Exchange]) -> Self {
        let mut events: Vec<Event> = exchanges.iter().flat_map(|exchange| meanings(mapping, exchange)).collect();
        events.sort_by_key(|event| (event.at_micros, event.exchange));
        let mut trail = Self { trace, events };
        super::staleness::measure(&mut trail);
        trail
    }
}

fn meanings<'a>(mapping: &'a Mapping, exchange: &'a Exchange) -> impl Iterator<Item = Event> + 'a {
    mapping.events.iter().filter_map(move |meaning| {
        let named = meaning.at.iter().find_map(|place| place.matches(exchange))?;
        let is_so = |(source, expected): (&Source, &String)| {
            source.find(exchange).as_ref().and_then(Value::as_str) == Some(expected)
        };
        meaning.only.iter().all(is_so).then(|| event(mapping, meaning, named, exchange))
    })
}

fn event(mapping: &Mapping, meaning: &Meaning, named: Vec<(Fact, String)>, exchange: &Exchange) -> Event {
    let mut facts: BTreeMap<Fact, Value> = named.into_iter().map(|(name, value)| (name, value.into())).collect();
    for (name, source) in mapping.always.iter().chain(&meaning.facts) {
        facts.extend(source.find(exchange).map(|value| (*name, value)));
    }
    let refused = |status: u16| !(200..400).contains(&status);
    let code = exchange
        .status()
        .filter(|status| refused(*status))
        .and_then(|_| mapping.code.as_ref()?.find(exchange)?.as_str().map(str::to_owned));
    let no = meaning.means == EventKind::Checked && facts.get(&Fact::Allowed) == Some(&Value::Bool(false));
    let done = match &exchange.outcome {
        Outcome::Answered(answer) if answer.status >= 500 => None,
        Outcome::Answered(answer) if refused(answer.status) => Some(false),
        Outcome::Answered(_) if lacks_its_point(meaning, &facts) => None,
        Outcome::Answered(_) => Some(!no),
        Outcome::Unreachable { .. } => Some(false),
        Outcome::Broken { .. } | Outcome::Open => None,
    };
    let reason = if no { facts.get(&Fact::Reason).and_then(Value::as_str).map(str::to_owned) } else { None };
    Event {
        kind: meaning.means,
        exchange: exchange.id,
        edge: exchange.edge.clone(),
        at_micros: exchange.at_micros + exchange.took_micros,
        done,
        code: code.or(reason),
        facts,
    }
}

/// Whether the answer does not have what it is asked for: then the caller cannot tell what came of it.
fn lacks_its_point(meaning: &Meaning, facts: &BTreeMap<Fact, Value>) -> bool {
    let point = match meaning.means {
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
    meaning.facts.get(&point).is_some_and(Source::is_in_answer) && !facts.contains_key(&point)
}
