//! How much of an attempt's evidence is recorded.
//!
//! Exchanges are the bulk of a journal, and those of a scenario that passed are rarely read. So of an attempt that passed
//! the exchanges keep their head and their timing and lose headers and bodies, and the trail keeps its events and loses
//! their facts; unless [`Evidence::All`] is asked for.

use super::live::Live;
use crate::model::message::media;
use crate::model::{Body, Content, Exchange, Outcome, Trail};

/// `--record`: how much evidence goes into the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Evidence {
    /// Headers and bodies of attempts that did not pass.
    #[default]
    Failed,
    /// Everything.
    All,
}

impl Evidence {
    /// Records what was seen of an attempt.
    pub(super) fn attach(self, live: &Live, passed: bool, exchanges: Vec<Exchange>, mut trail: Trail) {
        let light = passed && self == Self::Failed;
        for exchange in exchanges {
            live.attach(media::EXCHANGE, &if light { head_of(exchange) } else { exchange });
        }
        if light {
            trail.events.iter_mut().for_each(|event| event.facts.clear());
        }
        live.attach(media::TRAIL, &trail);
    }
}

/// An exchange without headers and bodies; their sizes stay.
fn head_of(mut exchange: Exchange) -> Exchange {
    fn bodiless(body: &mut Body) {
        body.truncated = !body.content.is_empty();
        body.content = Content::Empty;
    }
    exchange.request.headers.clear();
    bodiless(&mut exchange.request.body);
    match &mut exchange.outcome {
        Outcome::Answered(response) => {
            response.headers.clear();
            bodiless(&mut response.body);
        }
        Outcome::Unreachable { .. } | Outcome::Broken { .. } | Outcome::Open => {}
    }
    exchange
}
