//! The faults that a tap can cause on an edge. One fault per file; the names are those of Toxiproxy, Envoy and WireMock.
//!
//! A [`Fault`] stands between the caller's request and the callee, like a layer of middleware: it gets the [`TapRequest`] and
//! [`Next`], the rest of the way to the callee, and returns a [`TapResponse`] or a [`NoResponse`]. It decides what it changes,
//! and whether the callee sees the request at all. It reports whether it really disturbed the exchange: a fault that never
//! fired proves nothing, and the run must know.
//!
//! # Add another one
//!
//! 1. Copy `strip_header.rs` (acts on the request or on the answer) or `lose_response.rs` (ends the exchange).
//! 2. Fill in its [`FaultKind`]: its opening words, its syntax, its effect in one sentence, and the function that reads its words. That
//!    function must not keep any state: every scenario gets an instance of its own, read from the same words.
//! 3. In [`Fault::disturb`] call `next.send(call)` as often as the callee should see the request. Call `next.fired()` once the
//!    exchange is really disturbed, or `next.missed(why)` if it could not be.
//! 4. In [`Fault::changes`] say which parts of an exchange it changes. Rules decide by these values, and never by the words of a
//!    fault.
//! 5. Add the module and the line in [`KINDS`]. Help and documentation are generated from it.
//! 6. Put a test beside it that disturbs one exchange, and one that sees it miss, with the help of `tap/bench.rs`. Add it to
//!    `tap/tests/language.rs` and to `tests/product/faults.rs`, which refuse a kind that they do not know.

mod abort;
mod bandwidth;
mod call;
mod delay;
mod drip;
mod drop_request;
mod garble;
mod hold;
mod kind;
mod lose_response;
mod malformed_chunk;
mod postpone;
mod remove_json;
mod reorder;
mod repeat;
mod replay;
mod respond_with;
mod set_header;
mod set_json;
mod side;
mod stale;
mod status;
mod strip_header;
mod timeout;
mod truncate;

pub use super::body::Payload;
use crate::model::Change;
pub(super) use call::is_bodiless;
pub use call::{NoResponse, TapRequest, TapResponse};
pub(super) use kind::walk;
pub use kind::{Fault, FaultKind, Next};
pub use side::Side;

/// All kinds of faults, in the order of the help text: time, loss, answers, contents, order.
pub static KINDS: &[&FaultKind] = &[
    &delay::KIND,
    &hold::KIND,
    &bandwidth::KIND,
    &drip::KIND,
    &timeout::KIND,
    &drop_request::KIND,
    &lose_response::KIND,
    &truncate::KIND,
    &malformed_chunk::KIND,
    &abort::KIND,
    &status::KIND,
    &respond_with::KIND,
    &garble::KIND,
    &strip_header::KIND,
    &set_header::KIND,
    &set_json::KIND,
    &remove_json::KIND,
    &repeat::KIND,
    &reorder::KIND,
    &replay::KIND,
    &postpone::KIND,
    &stale::KIND,
];
