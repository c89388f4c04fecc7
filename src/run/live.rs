//! What an attempt is doing right now, shared between its worker and the supervisor.
//!
//! Everything an attempt records goes through here, so that an attempt whose step never returns can be closed from outside
//! and falls silent, wherever its thread may still be.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::base::clock::Clock;
use crate::model::ScenarioVerdict;
use crate::model::message::{
    Attachment, ContentEncoding, Envelope, Exception, Status, TestCase, TestCaseFinished, TestCaseStarted,
    TestStepFinished, TestStepResult, TestStepStarted, Timestamp, media,
};

/// A way for a run's records, from whoever does something to whoever writes it down. They go in batches, because waking the
/// listener costs more than most records do.
pub fn records() -> (SyncSender<Vec<Envelope>>, Records) {
    let (sender, receiver) = sync_channel(256);
    (sender, Records { receiver, batch: Vec::new().into_iter() })
}

/// The listener's end.
#[derive(Debug)]
pub struct Records {
    receiver: Receiver<Vec<Envelope>>,
    batch: std::vec::IntoIter<Envelope>,
}

impl Records {
    /// The next record, if there is one by now.
    pub fn ready(&mut self) -> Option<Envelope> {
        self.take(|receiver| receiver.try_recv().ok())
    }

    fn take(&mut self, more: impl Fn(&Receiver<Vec<Envelope>>) -> Option<Vec<Envelope>>) -> Option<Envelope> {
        loop {
            match self.batch.next() {
                Some(envelope) => return Some(envelope),
                None => self.batch = more(&self.receiver)?.into_iter(),
            }
        }
    }
}

impl Iterator for Records {
    type Item = Envelope;

    /// Waits for the next record; there is none when all senders are gone.
    fn next(&mut self) -> Option<Envelope> {
        self.take(|receiver| receiver.recv().ok())
    }
}

/// Where a run's records go. Whoever writes the journal listens at the other end.
#[derive(Debug, Clone)]
pub struct Emitter {
    sender: SyncSender<Vec<Envelope>>,
    clock: Clock,
    broken: Arc<AtomicBool>,
}

impl Emitter {
    /// Records go to `sender`, with times of `clock`.
    pub fn new(sender: SyncSender<Vec<Envelope>>, clock: Clock) -> Self {
        Self { sender, clock, broken: Arc::default() }
    }

    /// Hands a record on. Waits while the listener is busy; once it is gone, records are lost and [`Self::is_broken`].
    pub fn emit(&self, envelope: Envelope) {
        self.emit_all(vec![envelope]);
    }

    /// Hands several on at once.
    pub fn emit_all(&self, envelopes: Vec<Envelope>) {
        if !envelopes.is_empty() && self.sender.send(envelopes).is_err() {
            self.broken.store(true, Ordering::Relaxed);
        }
    }

    /// Whether records were lost because nobody listens any more.
    pub fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.clock.timestamp()
    }
}

/// Which attempt is being made.
#[derive(Debug)]
pub struct AttemptStart {
    /// The test case's id.
    pub case: String,
    /// Counted from 0.
    pub number: u32,
    /// Whose.
    pub worker: usize,
    /// The ids of its test steps.
    pub steps: Vec<String>,
}

/// An attempt that is being made.
#[derive(Debug)]
pub struct Live {
    emitter: Emitter,
    case_started: String,
    /// The ids of its test steps: those of the scenario, then the always-on checks.
    steps: Vec<String>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    open: bool,
    at: Option<At>,
    next: usize,
    /// Records that go out when the attempt ends, or with [`Live::send`].
    unsent: Vec<Envelope>,
}

#[derive(Debug, Clone, Copy)]
struct At {
    step: usize,
    since: Instant,
    deadline: Instant,
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepEnd {
    /// In the words of Cucumber Messages.
    pub status: Status,
    /// Why, if it did not pass.
    pub message: Option<String>,
    /// Where it panicked, if it did.
    pub panicked_at: Option<String>,
}

impl StepEnd {
    /// It holds.
    pub fn passed() -> Self {
        Self { status: Status::Passed, message: None, panicked_at: None }
    }

    /// It was not run.
    pub fn skipped() -> Self {
        Self { status: Status::Skipped, message: None, panicked_at: None }
    }

    /// It does not hold.
    pub fn failed(message: impl Into<String>) -> Self {
        Self { status: Status::Failed, message: Some(message.into()), panicked_at: None }
    }
}

impl Live {
    /// Begins an attempt at a test case. What has to be said before goes out with it.
    pub fn begin(emitter: Emitter, before: Option<TestCase>, attempt: AttemptStart) -> Self {
        let AttemptStart { case, number, worker, steps } = attempt;
        let case_started = format!("{case}-{number}");
        let started = Envelope::TestCaseStarted(TestCaseStarted {
            id: case_started.clone(),
            test_case_id: case,
            attempt: number,
            worker_id: Some(worker.to_string()),
            timestamp: emitter.now(),
        });
        let unsent = before.map(Envelope::TestCase).into_iter().chain([started]).collect();
        Self { emitter, case_started, steps, state: Mutex::new(State { open: true, at: None, next: 0, unsent }) }
    }

    /// Hands on what was recorded since the last time. The supervisor does this while an attempt lasts, so that somebody who
    /// looks sees how far it is.
    pub fn send(&self) {
        self.send_unsent(&mut self.lock());
    }

    /// Under the lock, so that batches go out in their order.
    fn send_unsent(&self, state: &mut State) {
        self.emitter.emit_all(std::mem::take(&mut state.unsent));
    }

    /// The next step begins; it has so long.
    pub fn begin_step(&self, within: Duration) {
        let mut state = self.lock();
        if !state.open {
            return;
        }
        let since = Instant::now();
        state.at = Some(At { step: state.next, since, deadline: since + within });
        let started = TestStepStarted {
            test_case_started_id: self.case_started.clone(),
            test_step_id: self.steps[state.next].clone(),
            timestamp: self.emitter.now(),
        };
        state.unsent.push(Envelope::TestStepStarted(started));
    }

    /// The step that began last has ended.
    pub fn end_step(&self, end: StepEnd) {
        let mut state = self.lock();
        if state.open {
            self.record_end(&mut state, end);
        }
    }

    /// The steps that are left before the checks are not run.
    pub fn skip_to_checks(&self) {
        let done = self.lock().next;
        for _ in done + 1..self.steps.len() {
            self.skip_step();
        }
    }

    /// The next step is not run.
    pub fn skip_step(&self) {
        self.begin_step(Duration::from_secs(1));
        self.end_step(StepEnd::skipped());
    }

    /// Keeps one of our own records with the attempt.
    pub fn attach(&self, media_type: &str, record: &impl Serialize) {
        self.keep(self.record(media_type, record));
    }

    /// Keeps a picture or a text with the attempt.
    pub fn attach_file(&self, name: &str, media_type: &str, bytes: &[u8]) {
        self.keep(Attachment {
            body: STANDARD.encode(bytes),
            content_encoding: ContentEncoding::Base64,
            media_type: media_type.to_owned(),
            file_name: Some(name.to_owned()),
            test_case_started_id: Some(self.case_started.clone()),
            ..Attachment::default()
        });
    }

    fn keep(&self, attachment: Attachment) {
        let mut state = self.lock();
        if state.open {
            state.unsent.push(Envelope::Attachment(attachment));
        }
    }

    /// One of our own records, as an attachment to the attempt.
    pub fn record(&self, media_type: &str, record: &impl Serialize) -> Attachment {
        Attachment::record(media_type, record, Some(&self.case_started), None)
    }

    /// The attempt has ended. `verdict` is the scenario's, if this was its last attempt.
    pub fn end(&self, verdict: Option<&ScenarioVerdict>) {
        let mut state = self.lock();
        if state.open {
            self.record_finish(&mut state, verdict);
        }
    }

    /// Whether a step has been running longer than its deadline allows, and so long again as `grace`.
    pub fn is_overdue(&self, grace: Duration) -> bool {
        let state = self.lock();
        state.open && state.at.is_some_and(|at| Instant::now() >= at.deadline + grace)
    }

    /// Closes an attempt from outside, its running step failed with this message. `seen` is recorded with it where its own
    /// worker has not come to that. Says whether it was still open.
    pub fn abandon(
        &self,
        message: impl FnOnce(Duration) -> String,
        seen: impl FnOnce() -> Vec<Attachment>,
        verdict: impl FnOnce(&str) -> ScenarioVerdict,
    ) -> bool {
        let mut state = self.lock();
        if !state.open {
            return false;
        }
        let took = state.at.map_or(Duration::ZERO, |at| at.since.elapsed());
        let message = message(took);
        if state.at.is_some() {
            self.record_end(&mut state, StepEnd::failed(message.clone()));
            state.unsent.extend(seen().into_iter().map(Envelope::Attachment));
        }
        self.record_finish(&mut state, Some(&verdict(&message)));
        true
    }

    /// Closes an attempt from outside and leaves it unfinished in the record, with what was `seen` of it: the run was
    /// interrupted.
    pub fn interrupt(&self, seen: impl FnOnce() -> Vec<Attachment>) {
        let mut state = self.lock();
        if state.open && state.at.is_some() {
            state.unsent.extend(seen().into_iter().map(Envelope::Attachment));
        }
        state.open = false;
        self.send_unsent(&mut state);
    }

    fn record_end(&self, state: &mut State, end: StepEnd) {
        let took = state.at.take().map_or(Duration::ZERO, |at| {
            debug_assert_eq!(at.step, state.next, "steps end in the order in which they begin");
            at.since.elapsed()
        });
        let exception = end.panicked_at.map(|place| Exception { kind: "panic".into(), message: Some(place) });
        let took = if end.status == Status::Skipped { Duration::ZERO } else { took };
        state.unsent.push(Envelope::TestStepFinished(TestStepFinished {
            test_case_started_id: self.case_started.clone(),
            test_step_id: self.steps[state.next].clone(),
            test_step_result: TestStepResult {
                duration: took.into(),
                status: end.status,
                message: end.message,
                exception,
            },
            timestamp: self.emitter.now(),
        }));
        state.next += 1;
    }

    fn record_finish(&self, state: &mut State, verdict: Option<&ScenarioVerdict>) {
        state.open = false;
        if let Some(verdict) = verdict {
            state.unsent.push(Envelope::Attachment(self.record(media::VERDICT, verdict)));
        }
        state.unsent.push(Envelope::TestCaseFinished(TestCaseFinished {
            test_case_started_id: self.case_started.clone(),
            timestamp: self.emitter.now(),
            will_be_retried: verdict.is_none(),
        }));
        self.send_unsent(state);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds this lock")
    }
}
