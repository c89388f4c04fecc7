//! The departure that a failed step points at. No rule supports it: it only says where to look.

use super::FailedStep;
use super::departure::Departure;
use super::hops::{self, HOPS};
use super::root_cause::{self, Failure};
use crate::model::{Class, EventKind, Exchange, Fact};
use crate::trail::evidence::Evidence;
use crate::trail::occurrence::Occurrence;
use crate::trail::rule::Classification;

/// Returns the departure of the last request before the failure: a failed one, or one that was accepted against
/// expectation.
///
/// With `or_any_failure`, any exchange that failed for good will do if the last request shows nothing.
pub fn departure(evidence: &Evidence<'_>, step: FailedStep<'_>, or_any_failure: bool) -> Option<Departure> {
    let expected_code = step.expected_code();
    if let Some(last) = root_cause::last_request(evidence, step.at) {
        if root_cause::failure(evidence, last.exchange).is_some() {
            let innermost = root_cause::innermost(evidence, last.exchange, expected_code);
            return failed(evidence, innermost, expected_code);
        }
        if last.is_done() && expected_code.is_some() {
            return Some(accepted(evidence, last));
        }
    }
    if or_any_failure {
        return failed(evidence, root_cause::unrecovered(evidence).next()?, expected_code);
    }
    None
}

fn failed(evidence: &Evidence<'_>, exchange: &Exchange, expected_code: Option<&str>) -> Option<Departure> {
    let class = match root_cause::failure(evidence, exchange)? {
        Failure::NoAnswer => Class::Environment,
        Failure::Unreadable => Class::WrongCode,
        // A refusal was expected, so only its code can be wrong.
        Failure::Refused if expected_code.is_some() => Class::WrongCode,
        Failure::Refused => Class::Refused,
    };
    let outcome = match (evidence.event_of(exchange.id), exchange.status()) {
        (Some(flag), _) if root_cause::is_off(flag) => {
            format!("{} is off", flag.text(Fact::Flag).unwrap_or_default())
        }
        (Some(event), _) => event.describe_answer(),
        (None, Some(status)) => format!("was answered with {status}"),
        (None, None) => "was not answered".into(),
    };
    Some(guess(evidence, exchange, class, &outcome))
}

fn accepted(evidence: &Evidence<'_>, request: Occurrence<'_>) -> Departure {
    // Services behind the front door decide who may generate: the one that accepted the submit is to blame.
    let mut inner = evidence.between_services(EventKind::Submitted).filter(|event| {
        request.kind() == EventKind::Submitted
            && event.is_done()
            && event.is_during(request)
            && event.shares(request, Fact::Who)
    });
    let exchange = inner.next().map_or(request.exchange, |inner| inner.exchange);
    guess(evidence, exchange, Class::NotRefused, "was accepted")
}

fn guess(evidence: &Evidence<'_>, exchange: &Exchange, class: Class, outcome: &str) -> Departure {
    let position = evidence.event_of(exchange.id).and_then(|event| hops::position(evidence, event));
    let name = match position {
        Some(position) => HOPS[position].plain_name().to_owned(),
        None => format!("{} {}", exchange.request.method, exchange.request.path()),
    };
    Departure {
        class,
        edge: Some(exchange.edge.clone()),
        exchange: Some(exchange.id),
        position,
        message: format!("`{name}` {outcome}"),
        at: exchange.ended(),
        rank: Classification::GUESS,
        on_page: false,
    }
}
