//! What an attempt is doing right now, shared between its worker and the supervisor.
//!
//! Everything an attempt records goes through here, so that an attempt whose step never returns can be closed from outside
//! and falls silent, wherever its thread may still be.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::base::clock::Clock;
use crate::model::ScenarioVerdict;
use crate::model::message::{
    Attachment, Envelope, Exception, Status, TestCaseFinished, TestCaseStarted, TestStepFinished, TestStepResult,
    TestStepStarted, Timestamp, media,
};

/// Where a run's records go. Whoever writes the journal listens at the other end.
#[derive(Debug, Clone)]
pub struct Emitter {
    sender: SyncSender<Envelope>,
    clock: Clock,
    broken: Arc<AtomicBool>,
}

impl Emitter {
    /// Records go to `sender`, with times of `clock`.
    pub fn new(sender: SyncSender<Envelope>, clock: Clock) -> Self {
        Self { sender, clock, broken: Arc::default() }
    }

    /// Hands a record on. Waits while the listener is busy; once it is gone, records are lost and [`Self::is_broken`].
    pub fn emit(&self, envelope: Envelope) {
        if self.sender.send(envelope).is_err() {
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
    /// Begins an attempt: `case` is the test case's id, `steps` the ids of its test steps.
    pub fn begin(emitter: Emitter, case: &str, attempt: u32, worker: usize, steps: Vec<String>) -> Self {
        let case_started = format!("{case}-{attempt}");
        emitter.emit(Envelope::TestCaseStarted(TestCaseStarted {
            id: case_started.clone(),
            test_case_id: case.to_owned(),
            attempt,
            worker_id: Some(worker.to_string()),
            timestamp: emitter.now(),
        }));
        Self { emitter, case_started, steps, state: Mutex::new(State { open: true, at: None, next: 0 }) }
    }

    /// The next step begins; it has so long.
    pub fn begin_step(&self, within: Duration) {
        let mut state = self.lock();
        if !state.open {
            return;
        }
        let since = Instant::now();
        state.at = Some(At { step: state.next, since, deadline: since + within });
        self.emitter.emit(Envelope::TestStepStarted(TestStepStarted {
            test_case_started_id: self.case_started.clone(),
            test_step_id: self.steps[state.next].clone(),
            timestamp: self.emitter.now(),
        }));
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
        if self.lock().open {
            let attachment = Attachment::record(media_type, record, Some(&self.case_started), None);
            self.emitter.emit(Envelope::Attachment(attachment));
        }
    }

    /// The attempt has ended. `verdict` is the scenario's, if this was its last attempt.
    pub fn end(&self, verdict: Option<&ScenarioVerdict>) {
        let mut state = self.lock();
        if state.open {
            state.open = false;
            self.record_finish(verdict);
        }
    }

    /// Whether a step has been running longer than its deadline allows, and so long again as `grace`.
    pub fn is_overdue(&self, grace: Duration) -> bool {
        let state = self.lock();
        state.open && state.at.is_some_and(|at| Instant::now() >= at.deadline + grace)
    }

    /// Closes an attempt from outside, its running step failed with this message. Says whether it was still open.
    pub fn abandon(
        &self,
        message: impl FnOnce(Duration) -> String,
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
        }
        state.open = false;
        self.record_finish(Some(&verdict(&message)));
        true
    }

    /// Closes an attempt from outside and leaves it unfinished in the record: the run was interrupted.
    pub fn interrupt(&self) {
        self.lock().open = false;
    }

    fn record_end(&self, state: &mut State, end: StepEnd) {
        let took = state.at.take().map_or(Duration::ZERO, |at| {
            debug_assert_eq!(at.step, state.next, "steps end in the order in which they begin");
            at.since.elapsed()
        });
        let exception = end.panicked_at.map(|place| Exception { kind: "panic".into(), message: Some(place) });
        let took = if end.status == Status::Skipped { Duration::ZERO } else { took };
        self.emitter.emit(Envelope::TestStepFinished(TestStepFinished {
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

    fn record_finish(&self, verdict: Option<&ScenarioVerdict>) {
        if let Some(verdict) = verdict {
            let attachment = Attachment::record(media::VERDICT, verdict, Some(&self.case_started), None);
            self.emitter.emit(Envelope::Attachment(attachment));
        }
        self.emitter.emit(Envelope::TestCaseFinished(TestCaseFinished {
            test_case_started_id: self.case_started.clone(),
            timestamp: self.emitter.now(),
            will_be_retried: verdict.is_none(),
        }));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds this lock")
    }
}
