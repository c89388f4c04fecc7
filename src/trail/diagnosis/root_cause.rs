//! The innermost exchange that made a request fail.

use crate::model::{EventKind, Exchange, Fact, Outcome};
use crate::trail::evidence::Evidence;
use crate::trail::occurrence::Occurrence;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The callee was not there, did not answer, or reported a failure of its own.
    NoAnswer,
    /// The answer lacks what the request was made for.
    Unreadable,
    Refused,
}

pub fn failure(evidence: &Evidence<'_>, exchange: &Exchange) -> Option<Failure> {
    let event = evidence.event_of(exchange.id);
    let status = match &exchange.outcome {
        Outcome::Unreachable { .. } | Outcome::Broken { .. } | Outcome::Open => return Some(Failure::NoAnswer),
        Outcome::Answered(answer) => answer.status,
    };
    match (status, event) {
        (500.., _) => Some(Failure::NoAnswer),
        // Refusals of this platform carry a code, so one without was not made by the service that was asked.
        (400.., Some(event)) if event.code().is_none() && evidence.mapping.code.is_some() => Some(Failure::Unreadable),
        (400.., _) => Some(Failure::Refused),
        (_, Some(event)) if event.is_unsure() => Some(Failure::Unreadable),
        (_, Some(event)) if event.is_refused() || is_off(event) => Some(Failure::Refused),
        (_, _) => None,
    }
}

/// Returns true for a flag that was read as off.
pub fn is_off(event: Occurrence<'_>) -> bool {
    event.kind() == EventKind::Flagged && event.boolean(Fact::Value) == Some(false)
}

/// Returns the innermost exchange that made this one fail: itself, or one that its callee made meanwhile.
///
/// A refusal with the `expected` code is in order, so the search stops at the service that made something else of it.
pub fn innermost<'a>(evidence: &Evidence<'a>, failed: &'a Exchange, expected: Option<&str>) -> &'a Exchange {
    let inner = evidence.exchanges.iter().filter(|inner| {
        inner.edge.from == failed.edge.to
            && inner.at_micros >= failed.at_micros
            && inner.at_micros <= failed.ended()
            && failure(evidence, inner).is_some()
    });
    // After an early failure a service may go on; the last failure is the one that it answered with.
    let Some(inner) = inner.max_by_key(|inner| inner.ended()) else { return failed };
    let code = evidence.event_of(inner.id).and_then(Occurrence::code);
    if expected.is_some() && code == expected { failed } else { innermost(evidence, inner, expected) }
}

/// Returns the last request of a member before a moment, including looks at a job.
pub fn last_request<'a>(evidence: &Evidence<'a>, before: u64) -> Option<Occurrence<'a>> {
    let requests = evidence.events().filter(|event| event.is_from_member() && event.started() < before);
    requests.max_by_key(|event| event.started())
}

/// Returns the exchanges that failed by themselves and were not followed by a successful retry.
pub fn unrecovered<'a, 'e>(evidence: &'e Evidence<'a>) -> impl Iterator<Item = &'a Exchange> + 'e {
    evidence.exchanges.iter().filter(|failed| {
        let is_failure = matches!(failure(evidence, failed), Some(Failure::NoAnswer | Failure::Unreadable));
        let mut retries = evidence.exchanges.iter().filter(|other| is_retry(failed, other));
        is_failure
            && innermost(evidence, failed, None).id == failed.id
            && !retries.any(|retry| failure(evidence, retry).is_none())
    })
}

fn is_retry(failed: &Exchange, other: &Exchange) -> bool {
    other.at_micros > failed.at_micros
        && other.edge == failed.edge
        && other.request.method == failed.request.method
        && other.request.path() == failed.request.path()
}
