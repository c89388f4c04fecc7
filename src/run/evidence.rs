//! The part of an attempt's evidence that goes into the journal.
//!
//! Exchanges are the bulk of a journal, and nobody reads those of a scenario that passed. So exchanges of a passed attempt are recorded
//! without headers and bodies, and events without facts, unless the options ask for everything.

use super::live::Live;
use crate::model::message::{Attachment, media};
use crate::model::{Body, Content, Exchange, Outcome, TraceId, Trail};
use crate::world::{RecordLevel, RunContext};

/// Attaches the exchanges and the trail of an attempt.
pub(super) fn attach(live: &Live, level: RecordLevel, passed: bool, exchanges: Vec<Exchange>, mut trail: Trail) {
    let light = passed && level == RecordLevel::Failed;
    for exchange in exchanges {
        live.attach(media::EXCHANGE, &if light { head_of(exchange) } else { exchange });
    }
    if light {
        trail.events.iter_mut().for_each(|event| event.facts.clear());
    }
    live.attach(media::TRAIL, &trail);
}

/// Returns the evidence so far of an attempt that is closed from outside, in full.
pub(super) fn so_far(live: &Live, context: &RunContext, trace: TraceId) -> Vec<Attachment> {
    let (exchanges, trail) = context.trail(trace);
    let exchanges = exchanges.iter().map(|exchange| live.record(media::EXCHANGE, exchange));
    exchanges.chain([live.record(media::TRAIL, &trail)]).collect()
}

/// Removes headers and bodies from an exchange. The sizes of the bodies stay.
fn head_of(mut exchange: Exchange) -> Exchange {
    fn remove_content(body: &mut Body) {
        body.truncated = !body.content.is_empty();
        body.content = Content::Empty;
    }
    exchange.request.headers.clear();
    remove_content(&mut exchange.request.body);
    match &mut exchange.outcome {
        Outcome::Answered(response) => {
            response.headers.clear();
            remove_content(&mut response.body);
        }
        Outcome::Unreachable { .. } | Outcome::Broken { .. } | Outcome::Open => {}
    }
    exchange
}
