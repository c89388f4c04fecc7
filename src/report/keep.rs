//! Which evidence is worth keeping: a filter between the run and its journal.
//!
//! Exchanges are the bulk of a journal, and those of a scenario that passed are rarely read. Under [`Policy::Failed`] an
//! attempt's exchanges and trail wait until its verdict is known; where it passed, the exchanges keep their head and their
//! timing and lose headers and bodies, and the trail keeps its events and loses their facts.

use std::collections::HashMap;

use crate::model::message::{Attachment, Envelope, media};
use crate::model::{Body, Exchange, Outcome, ScenarioVerdict, Trail, Verdict};

/// `--record`: how much evidence goes into the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Policy {
    /// Headers and bodies of scenarios that did not pass.
    #[default]
    Failed,
    /// Everything.
    All,
}

/// The filter. What it holds back comes out at the latest when the attempt ends, or with [`Keep::rest`].
#[derive(Debug, Default)]
pub struct Keep {
    policy: Policy,
    waiting: HashMap<String, Vec<Attachment>>,
}

impl Keep {
    /// A filter that follows `policy`.
    pub fn new(policy: Policy) -> Self {
        Self { policy, waiting: HashMap::new() }
    }

    /// Takes one message and hands out those that are ready now, in order.
    pub fn pass(&mut self, envelope: Envelope) -> Vec<Envelope> {
        if self.policy == Policy::All {
            return vec![envelope];
        }
        match envelope {
            Envelope::Attachment(attachment) => self.attachment(attachment),
            Envelope::TestCaseFinished(finished) => {
                let mut ready = self.release(&finished.test_case_started_id, false);
                ready.push(Envelope::TestCaseFinished(finished));
                ready
            }
            other => vec![other],
        }
    }

    /// Everything still held back, whole: for a run that is interrupted.
    pub fn rest(&mut self) -> Vec<Envelope> {
        let mut waiting: Vec<_> = self.waiting.drain().collect();
        waiting.sort_by(|(a, _), (b, _)| a.cmp(b));
        waiting.into_iter().flat_map(|(_, attachments)| attachments).map(Envelope::Attachment).collect()
    }

    fn attachment(&mut self, attachment: Attachment) -> Vec<Envelope> {
        match (&attachment.test_case_started_id, attachment.media_type.as_str()) {
            (Some(attempt), media::EXCHANGE | media::TRAIL) => {
                self.waiting.entry(attempt.clone()).or_default().push(attachment);
                Vec::new()
            }
            (Some(attempt), media::VERDICT) => {
                let passed = attachment.read::<ScenarioVerdict>().is_ok_and(|ended| ended.verdict == Verdict::Passed);
                let mut ready = self.release(attempt, passed);
                ready.push(Envelope::Attachment(attachment));
                ready
            }
            _ => vec![Envelope::Attachment(attachment)],
        }
    }

    fn release(&mut self, attempt: &str, lighten: bool) -> Vec<Envelope> {
        let waiting = self.waiting.remove(attempt).unwrap_or_default();
        waiting
            .into_iter()
            .map(|attachment| Envelope::Attachment(if lighten { lightened(attachment) } else { attachment }))
            .collect()
    }
}

/// The same record with less in it. What cannot be read back is kept as it is.
fn lightened(attachment: Attachment) -> Attachment {
    let (case, step) = (attachment.test_case_started_id.as_deref(), attachment.test_step_id.as_deref());
    match attachment.media_type.as_str() {
        media::EXCHANGE => attachment.read::<Exchange>().map(|exchange| {
            let head = head_of(exchange);
            Attachment::record(media::EXCHANGE, &head, case, step)
        }),
        _ => attachment.read::<Trail>().map(|mut trail| {
            trail.events.iter_mut().for_each(|event| event.facts.clear());
            Attachment::record(media::TRAIL, &trail, case, step)
        }),
    }
    .unwrap_or(attachment)
}

/// An exchange without headers and bodies; their sizes stay.
fn head_of(mut exchange: Exchange) -> Exchange {
    fn bodiless(body: &mut Body) {
        body.truncated = !body.content.is_empty();
        body.content = Default::default();
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
