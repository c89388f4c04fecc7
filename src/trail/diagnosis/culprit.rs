//! From a request that failed to the innermost exchange that made it fail.

use crate::model::{EventKind, Exchange, Fact, Outcome};
use crate::trail::evidence::Evidence;
use crate::trail::seen::Seen;

/// How an exchange failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The callee was not there, did not answer, or says that it cannot.
    NoAnswer,
    /// It answered, but not with what was asked for.
    Unreadable,
    /// It said no.
    Refused,
}

/// How an exchange failed, if it did.
pub fn failure(evidence: &Evidence<'_>, exchange: &Exchange) -> Option<Failure> {
    let event = evidence.all().find(|seen| seen.event.exchange == exchange.id);
    match &exchange.outcome {
        Outcome::Unreachable { .. } | Outcome::Broken { .. } | Outcome::Open => Some(Failure::NoAnswer),
        Outcome::Answered(answer) => match (answer.status, event) {
            (500.., _) => Some(Failure::NoAnswer),
            (400.., Some(seen)) if seen.event.code.is_none() && evidence.mapping.code.is_some() => {
                Some(Failure::Unreadable)
            }
            (400.., _) => Some(Failure::Refused),
            (_, Some(seen)) if seen.is_unsure() => Some(Failure::Unreadable),
            (_, Some(seen)) if seen.is_refused() || is_off(seen) => Some(Failure::Refused),
            (_, _) => None,
        },
    }
}

/// A flag that was looked at says no.
pub fn is_off(seen: Seen<'_>) -> bool {
    seen.kind() == EventKind::Flagged && seen.truth(Fact::Value) == Some(false)
}

/// The innermost exchange that made this one fail: itself, or what its callee asked of another service meanwhile. A refusal
/// with the code that was `expected` is as it should be; whoever made something else of it is not.
pub fn innermost<'a>(evidence: &Evidence<'a>, failed: &'a Exchange, expected: Option<&str>) -> &'a Exchange {
    let end = |exchange: &Exchange| exchange.at_micros + exchange.took_micros;
    let inner = evidence.exchanges.iter().filter(|inner| {
        inner.edge.from == failed.edge.to
            && inner.at_micros >= failed.at_micros
            && inner.at_micros <= end(failed)
            && failure(evidence, inner).is_some()
    });
    let code = |inner: &Exchange| evidence.all().find(|seen| seen.event.exchange == inner.id)?.event.code.as_deref();
    match inner.max_by_key(|inner| end(inner)) {
        Some(inner) if expected.is_none() || code(inner) != expected => innermost(evidence, inner, expected),
        Some(_) | None => failed,
    }
}

/// The last thing that a member asked for until then; looking at a job counts as that.
pub fn last_request<'a>(evidence: &Evidence<'a>, until: u64) -> Option<Seen<'a>> {
    evidence.all().filter(|seen| seen.at_front() && seen.from() < until).max_by_key(|seen| seen.from())
}

/// Exchanges that failed and were not made good by a later one like them.
pub fn never_made_good<'a, 'e>(evidence: &'e Evidence<'a>) -> impl Iterator<Item = &'a Exchange> + 'e {
    let alike = |one: &Exchange, other: &Exchange| {
        one.edge == other.edge
            && one.request.method == other.request.method
            && one.request.path() == other.request.path()
    };
    evidence.exchanges.iter().filter(move |failed| {
        let unexpected = matches!(failure(evidence, failed), Some(Failure::NoAnswer | Failure::Unreadable));
        let later = |other: &&Exchange| other.at_micros > failed.at_micros && alike(failed, other);
        unexpected
            && innermost(evidence, failed, None).id == failed.id
            && !evidence.exchanges.iter().filter(later).any(|other| failure(evidence, other).is_none())
    })
}
