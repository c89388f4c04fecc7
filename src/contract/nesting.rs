//! Finds the calls that a service made while it was working on a request.
//!
//! Services pass one trace context on unchanged, so that only time tells which request caused a call. A call of background
//! work may fall into the same time by chance, and requests that overlap share their calls. A rule that accuses a service
//! has to rule these cases out.

use crate::model::Exchange;

/// Returns the end of an exchange, in microseconds since the start of the run.
fn end(exchange: &Exchange) -> u64 {
    exchange.at_micros.saturating_add(exchange.took_micros)
}

/// The calls that the callee of `outer` began while it had it in hand.
pub(super) fn calls<'e>(outer: &'e Exchange, all: &'e [Exchange]) -> impl Iterator<Item = &'e Exchange> {
    let during = outer.at_micros..=end(outer);
    all.iter().filter(move |inner| {
        inner.id != outer.id
            && inner.trace == outer.trace
            && inner.edge.from == outer.edge.to
            && during.contains(&inner.at_micros)
    })
}

/// The requests that the caller of `inner` had in hand from its beginning to its end.
pub(super) fn callers<'e>(inner: &'e Exchange, all: &'e [Exchange]) -> impl Iterator<Item = &'e Exchange> {
    all.iter().filter(move |outer| {
        outer.id != inner.id
            && outer.trace == inner.trace
            && outer.edge.to == inner.edge.from
            && outer.at_micros <= inner.at_micros
            && end(inner) <= end(outer)
    })
}
