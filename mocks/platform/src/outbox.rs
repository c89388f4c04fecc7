//! Sends events: at least once, in order for each subject, as soon as they are there.
//!
//! A store appends the event in the same transaction as the change that it tells of. The [`Relay`] delivers it until it is
//! taken. Other subjects do not wait for one that is stuck.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::SignedDuration;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::context::Context;
use crate::event::{self, Event, EventDraft, PURCHASE_COMPLETED};
use crate::http::Neighbour;
use crate::problem::Problem;
use crate::service::{ServiceCore, Shutdown};
use crate::signing;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// The pause after which the outbox is looked at without a wake-up: the store may have been out of reach, or another relay of
/// the same outbox may have died.
const ROUND: Duration = Duration::from_secs(1);
/// The number of times that a delivery may be refused as wrong. Being unreachable does not count: that ends by itself.
pub(crate) const MOST_REFUSALS: u32 = 20;
/// The delay of the defect `ev.lag`: longer than anybody would wait.
const LAG: Duration = Duration::from_secs(3);
/// The skew of the defect `clk.skew`: more than is tolerated.
const SKEW: SignedDuration = SignedDuration::from_mins(-10);

/// Returns the pauses between tries: 50 ms, 100 ms, … 2 s.
pub(crate) fn pauses() -> impl Iterator<Item = Duration> {
    std::iter::successors(Some(FIRST_PAUSE), |pause| Some((*pause * 2).min(LONGEST_PAUSE)))
}

/// The part of a store that holds the events which have not been delivered yet.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Returns the subjects that have events waiting.
    async fn subjects(&self) -> Result<Vec<String>, Problem>;
    /// Returns the oldest event waiting for a subject, unless another relay is about to deliver it.
    async fn next(&self, subject: &str) -> Result<Option<Event>, Problem>;
    /// Takes an event out, because it was delivered or given up.
    async fn done(&self, id: &str) -> Result<(), Problem>;
}

/// The outbox of an in-memory store, which appends to it while it holds its own lock.
#[derive(Clone, Debug, Default)]
pub(crate) struct MemoryOutbox(Arc<Mutex<Rows>>);

#[derive(Debug, Default)]
struct Rows {
    waiting: VecDeque<Event>,
    sequences: HashMap<String, u64>,
}

impl MemoryOutbox {
    pub(crate) fn append(&self, draft: EventDraft) {
        let mut rows = self.rows();
        let sequence = rows.sequences.entry(draft.subject()).or_default();
        *sequence += 1;
        let event = draft.numbered(*sequence);
        rows.waiting.push_back(event);
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Outbox for MemoryOutbox {
    async fn subjects(&self) -> Result<Vec<String>, Problem> {
        let subjects: HashSet<_> = self.rows().waiting.iter().map(|event| event.subject.clone()).collect();
        Ok(subjects.into_iter().collect())
    }

    async fn next(&self, subject: &str) -> Result<Option<Event>, Problem> {
        Ok(self.rows().waiting.iter().find(|event| event.subject == subject).cloned())
    }

    async fn done(&self, id: &str) -> Result<(), Problem> {
        self.rows().waiting.retain(|event| event.id != id);
        Ok(())
    }
}

/// The background task that empties an outbox.
pub(crate) struct Relay {
    pub(crate) core: Arc<ServiceCore>,
    pub(crate) outbox: Arc<dyn Outbox>,
    pub(crate) receiver: Neighbour,
    /// Wakes the relay: an event was appended.
    pub(crate) appended: Arc<Notify>,
}

impl Relay {
    pub(crate) async fn run(self, mut shutdown: Shutdown) {
        let relay = Arc::new(self);
        let mut deliveries: JoinSet<String> = JoinSet::new();
        let mut busy: HashSet<String> = HashSet::new();
        loop {
            for subject in relay.outbox.subjects().await.unwrap_or_default() {
                if busy.insert(subject.clone()) {
                    let relay = relay.clone();
                    // One task for each subject, so that an event that is stuck delays no other subject.
                    deliveries.spawn(async move {
                        relay.empty(&subject).await;
                        subject
                    });
                }
            }
            tokio::select! {
                () = relay.appended.notified() => {}
                Some(delivery) = deliveries.join_next() => match delivery {
                    // An event may have come after its delivery saw none: the next round looks again.
                    Ok(subject) => { busy.remove(&subject); }
                    Err(error) => tracing::error!(%error, "a delivery failed"),
                },
                () = tokio::time::sleep(ROUND) => {}
                () = shutdown.requested() => return,
            }
        }
    }

    /// Sends every waiting event once, in a process without tasks. A receiver in this process has taken it when this returns;
    /// for one with an address nobody waits, and whatever it answers is seen by the tap on the way.
    pub(crate) async fn empty_once(self: &Arc<Self>, runtime: &Handle) {
        for subject in self.outbox.subjects().await.unwrap_or_default() {
            while let Ok(Some(event)) = self.outbox.next(&subject).await {
                // Taken out first: the receiver's answer may lead back here.
                drop(self.outbox.done(&event.id).await);
                let relay = self.clone();
                let sending = async move {
                    let body = serde_json::to_string(&event).expect("invariant: an event is plain JSON");
                    drop(relay.send(&event, &body).await);
                };
                if self.receiver.link.is_some() {
                    sending.await;
                } else {
                    runtime.spawn(sending);
                }
            }
        }
    }

    async fn empty(&self, subject: &str) {
        while let Ok(Some(event)) = self.outbox.next(subject).await {
            self.deliver(&event).await;
            if let Err(error) = self.outbox.done(&event.id).await {
                tracing::error!(event = event.id, %error, "an event will be delivered again");
                return;
            }
        }
    }

    /// Sends an event until it is taken, or has been refused too often.
    async fn deliver(&self, event: &Event) {
        let body = serde_json::to_string(event).expect("invariant: an event is plain JSON");
        let mut refusals = 0;
        for pause in pauses() {
            let problem = match self.send(event, &body).await {
                Ok(()) => return,
                Err(problem) => problem,
            };
            // A refusal may be the fault of the way and not of the event, such as a signature that got lost.
            if !problem.code.entry().retry {
                refusals += 1;
            }
            if refusals >= MOST_REFUSALS {
                tracing::error!(event = event.id, %problem, "an event is given up");
                return;
            }
            tracing::warn!(event = event.id, %problem, "an event will be sent again");
            tokio::time::sleep(pause).await;
        }
    }

    async fn send(&self, event: &Event, body: &str) -> Result<(), Problem> {
        let context = Context::revive(&self.core, event.propagated())?;
        let mut signed_at = context.now();
        if event.r#type == PURCHASE_COMPLETED && context.defect("ev.lag") {
            tokio::time::sleep(LAG).await; // DEFECT: the queue is long
        }
        if event.r#type == PURCHASE_COMPLETED && context.defect("clk.skew") {
            signed_at = signed_at.plus(SKEW); // DEFECT: this machine's clock is slow
        }
        let mut call = self.receiver.post(&context, event::PATH).header("content-type", event::MEDIA_TYPE);
        for (name, value) in signing::webhook_headers(&self.core.settings.event_key, &event.id, signed_at, body) {
            call = call.header(name, &value);
        }
        call.body(body.to_owned()).send().await.map(drop)
    }
}
