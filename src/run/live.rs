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

/// Makes a channel for the records of a run. Records travel in batches, because waking the listener costs more than most
/// records do.
pub fn records() -> (SyncSender<Vec<Envelope>>, Records) {
    // Bounded, so that a run whose journal is slow waits for it instead of filling the memory.
    let (sender, receiver) = sync_channel(256);
    (sender, Records { receiver, batch: Vec::new().into_iter() })
}

/// The receiving end of the channel.
#[derive(Debug)]
pub struct Records {
    receiver: Receiver<Vec<Envelope>>,
    batch: std::vec::IntoIter<Envelope>,
}

impl Records {
    /// Returns the next record, if there is one by now.
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

    /// Waits for the next record. Returns `None` when all senders are gone.
    fn next(&mut self) -> Option<Envelope> {
        self.take(|receiver| receiver.recv().ok())
    }
}

/// The sending end of the channel, with the clock of the run.
#[derive(Debug, Clone)]
pub struct Emitter {
    sender: SyncSender<Vec<Envelope>>,
    clock: Clock,
    broken: Arc<AtomicBool>,
}

impl Emitter {
    pub fn new(sender: SyncSender<Vec<Envelope>>, clock: Clock) -> Self {
        Self { sender, clock, broken: Arc::default() }
    }

    /// Sends a record. Waits while the listener is busy. If the listener is gone, the record is lost and [`Self::is_broken`]
    /// returns true.
    pub fn emit(&self, envelope: Envelope) {
        self.emit_all(vec![envelope]);
    }

    /// Sends several records in one batch.
    pub fn emit_all(&self, envelopes: Vec<Envelope>) {
        if !envelopes.is_empty() && self.sender.send(envelopes).is_err() {
            self.broken.store(true, Ordering::Relaxed);
        }
    }

    /// Returns whether records were lost because the listener is gone.
    pub fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }

    pub fn now(&self) -> Timestamp {
        self.clock.timestamp()
    }
}

/// The attempt that begins.
#[derive(Debug)]
pub struct AttemptStart {
    pub case: String,
    /// The number of the attempt, counted from 0.
    pub number: u32,
    /// The number of the worker.
    pub worker: usize,
    pub steps: Vec<String>,
}

/// An attempt in progress, as it is recorded.
#[derive(Debug)]
pub struct Live {
    emitter: Emitter,
    case_started: String,
    /// The ids of the test steps: those of the scenario, then the one for the rules.
    steps: Vec<String>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    open: bool,
    at: Option<At>,
    next: usize,
    /// The records that are sent when the attempt ends, or with [`Live::send`].
    unsent: Vec<Envelope>,
}

#[derive(Debug, Clone, Copy)]
struct At {
    step: usize,
    since: Instant,
    deadline: Instant,
}

/// The end of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepEnd {
    pub status: Status,
    /// The reason, if the step did not pass.
    pub message: Option<String>,
    /// The place of a panic.
    pub panicked_at: Option<String>,
}

impl StepEnd {
    pub fn passed() -> Self {
        Self { status: Status::Passed, message: None, panicked_at: None }
    }

    pub fn skipped() -> Self {
        Self { status: Status::Skipped, message: None, panicked_at: None }
    }

    pub fn failed(message: impl Into<String>) -> Self {
        Self { status: Status::Failed, message: Some(message.into()), panicked_at: None }
    }
}

impl Live {
    /// Begins an attempt. `before` is emitted with it: the test case, before its first attempt.
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

    /// Sends the records since the last call. The supervisor calls this during an attempt, so that a person who watches sees
    /// its progress.
    pub fn send(&self) {
        self.send_unsent(&mut self.lock());
    }

    // Called with the lock held, so that batches of one attempt arrive in their order.
    fn send_unsent(&self, state: &mut State) {
        self.emitter.emit_all(std::mem::take(&mut state.unsent));
    }

    /// Begins the next step, with its deadline.
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

    /// Ends the step that began last.
    pub fn end_step(&self, end: StepEnd) {
        let mut state = self.lock();
        if state.open {
            self.record_end(&mut state, end);
        }
    }

    /// Skips the steps that are left before the one for the rules.
    pub fn skip_to_checks(&self) {
        let done = self.lock().next;
        for _ in done + 1..self.steps.len() {
            self.skip_step();
        }
    }

    pub fn skip_step(&self) {
        self.begin_step(Duration::from_secs(1));
        self.end_step(StepEnd::skipped());
    }

    /// Attaches a record of paidpath to the attempt.
    pub fn attach(&self, media_type: &str, record: &impl Serialize) {
        self.keep(self.record(media_type, record));
    }

    /// Attaches a picture or a text to the attempt.
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

    /// Makes an attachment of a record of paidpath, without attaching it.
    pub fn record(&self, media_type: &str, record: &impl Serialize) -> Attachment {
        Attachment::record(media_type, record, Some(&self.case_started), None)
    }

    /// Ends the attempt. `verdict` is the verdict of the scenario, if this was its last attempt.
    pub fn end(&self, verdict: Option<&ScenarioVerdict>) {
        let mut state = self.lock();
        if state.open {
            self.record_finish(&mut state, verdict);
        }
    }

    /// Returns whether a step has run for longer than its deadline plus `overdue`.
    pub fn is_overdue(&self, grace: Duration) -> bool {
        let state = self.lock();
        state.open && state.at.is_some_and(|at| Instant::now() >= at.deadline + grace)
    }

    /// Closes an attempt from outside and fails its running step. `seen` returns the evidence, which the worker has not
    /// recorded. Returns whether the attempt was still open.
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

    /// Closes an attempt from outside and leaves it unfinished in the record, with the evidence so far: the run was
    /// interrupted.
    pub fn interrupt(&self, seen: impl FnOnce() -> Vec<Attachment>) {
        let mut state = self.lock();
        // Between two steps the worker itself is about to record the evidence.
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
        // Consumers of Cucumber Messages add durations up; a skipped step took no time.
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
