//! Which calls a service made while it was working on a request.
//!
//! Services pass one trace context on unchanged, so who caused what is told by time: a call that a service made while it had
//! a request in hand. Work that a service does in the background falls in between by chance, and requests that it has in
//! hand at the same time share their calls; whoever accuses has to see to that.

use crate::model::Exchange;

/// When an exchange was over, in microseconds since the start of the run.
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
