//! Worker threads. Each has its own single-threaded runtime and HTTP connections, and runs one attempt at a time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::attempt::{AttemptRunner, Ended};
use super::history::ScenarioEnd;
use super::live::{AttemptStart, Emitter, Live};
use super::plan::Planned;
use super::schedule::{Schedule, Turn};
use super::vocabulary::Vocabulary;
use super::{emit, evidence, panics};
use crate::base::client::client_for;
use crate::model::{Blame, RuleId, ScenarioVerdict, TraceId, Verdict};
use crate::world::{Options, RunContext, StepErrorKind};

/// The part of a run that all workers and the supervisor share.
pub struct Shared {
    pub schedule: Schedule,
    pub vocabulary: Arc<Vocabulary>,
    pub context: Arc<RunContext>,
    pub emitter: Emitter,
    /// The command that repeats a scenario, redacted, up to its `file:line`.
    pub repeat: String,
    /// The tags whose scenarios cannot run here, each with the reason.
    pub missing: Vec<(String, String)>,
    pub tally: Mutex<Tally>,
}

/// The results of a run so far.
#[derive(Debug, Default)]
pub struct Tally {
    /// Scenarios by verdict. A scenario in quarantine counts as skipped unless it passed.
    pub by_verdict: BTreeMap<Verdict, usize>,
    /// The scenarios that needed a retry.
    pub flaky: Vec<String>,
    /// The number of attempts in which a rule had something to judge.
    pub judged: BTreeMap<RuleId, u64>,
    /// The number of attempts that broke a rule and are allowed to.
    pub lifted: BTreeMap<RuleId, u64>,
    /// The ends of the scenarios, for the next run.
    pub ends: BTreeMap<String, ScenarioEnd>,
    /// The scenarios that were selected and have no verdict yet, by key. A key counts once for each repetition.
    left: BTreeMap<String, usize>,
    /// The verdict of the latest attempt of each scenario that is tried again.
    earlier: BTreeMap<usize, Verdict>,
}

impl Tally {
    /// Makes the tally of a run that has judged nothing yet.
    pub fn of(selected: impl IntoIterator<Item = String>) -> Self {
        let mut tally = Self::default();
        for key in selected {
            *tally.left.entry(key).or_default() += 1;
        }
        tally
    }

    /// Counts one verdict on a scenario.
    fn count(&mut self, key: String, counted: Verdict, verdict: Verdict, took_micros: u64) {
        *self.by_verdict.entry(counted).or_default() += 1;
        if let Some(left) = self.left.get_mut(&key) {
            *left = left.saturating_sub(1);
        }
        let end = self.ends.entry(key).or_insert(ScenarioEnd { verdict, took_micros });
        // Of several repetitions the worst decides whether the scenario has to run again.
        *end = ScenarioEnd { verdict: verdict.max(end.verdict), took_micros };
    }

    /// Counts every selected scenario that has no verdict as unknown, for whatever reason the run ended before it did.
    pub fn close(&mut self) {
        for (key, left) in std::mem::take(&mut self.left).into_iter().filter(|(_, left)| *left > 0) {
            *self.by_verdict.entry(Verdict::Unknown).or_default() += left;
            let end = self.ends.entry(key).or_insert(ScenarioEnd::UNJUDGED);
            end.verdict = end.verdict.max(Verdict::Unknown);
        }
    }

    fn add_rules(&mut self, ended: &Ended) {
        for rule in &ended.held {
            *self.judged.entry(*rule).or_default() += 1;
        }
        for rule in &ended.lifted {
            *self.lifted.entry(*rule).or_default() += 1;
        }
    }
}

/// The slot of one worker: the attempt in progress, as the supervisor sees it.
#[derive(Debug, Default)]
pub struct WorkerSlot {
    state: Mutex<Option<Busy>>,
}

#[derive(Debug, Clone)]
struct Busy {
    live: Arc<Live>,
    turn: Turn,
    trace: TraceId,
    since: Instant,
}

impl WorkerSlot {
    fn lock(&self) -> MutexGuard<'_, Option<Busy>> {
        self.state.lock().expect("nothing panics while it holds this lock")
    }

    /// Closes an attempt whose step ignores its deadline, and returns whether there was one. Its thread is lost then.
    pub fn abandon_overdue(&self, shared: &Shared) -> bool {
        let overdue = shared.options().deadlines.overdue;
        let busy = self.lock().clone().filter(|busy| busy.live.is_overdue(overdue));
        let Some(busy) = busy else { return false };
        let planned = &busy.turn.planned;
        let mut verdict = None;
        let message = |took: Duration| format!("the step never returned: given up after {took:.1?}, with its thread");
        let closed = busy.live.abandon(
            message,
            || evidence::so_far(&busy.live, &shared.context, busy.trace),
            |message| {
                let error = Some(StepErrorKind::DeadlinePassed);
                let ended = Ended { error, ..Ended::new(Verdict::Failed, message, Blame::Platform) };
                let failed = shared.verdict_of(&busy.turn, planned, &ended);
                verdict = Some(failed.clone());
                failed
            },
        );
        // The step may have returned in the meantime; then the worker goes on as usual.
        if let Some(verdict) = verdict.filter(|_| closed) {
            self.lock().take();
            shared.count(planned, &verdict, busy.since.elapsed());
            shared.context.services.recover_abandoned(busy.trace);
            shared.schedule.end(&busy.turn, None);
        }
        closed
    }

    /// Sends the records of the attempt in progress to the listener.
    pub fn send(&self) {
        let live = self.lock().as_ref().map(|busy| Arc::clone(&busy.live));
        if let Some(live) = live {
            live.send();
        }
    }

    /// Leaves the attempt in progress unfinished in the record, and returns whether there was one.
    pub fn interrupt(&self, shared: &Shared) -> bool {
        let Some(busy) = self.lock().take() else { return false };
        busy.live.interrupt(|| evidence::so_far(&busy.live, &shared.context, busy.trace));
        // Whatever may not run beside this scenario would wait for ever.
        shared.schedule.end(&busy.turn, None);
        true
    }
}

/// Runs attempts from the schedule until there are none left. Has a thread of its own.
pub fn work(number: usize, slot: &WorkerSlot, shared: &Shared) {
    panics::catch_on_this_thread();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("the operating system gives a worker its event queue");
    let http = runtime.block_on(async {
        client_for(&shared.context.entry)
            // Steps judge a redirect like any other answer.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("a client without TLS settings builds")
    });
    let runner = AttemptRunner { context: &shared.context, http: &http, vocabulary: &shared.vocabulary };
    while let Some(turn) = shared.schedule.next() {
        let planned = &turn.planned;
        let since = Instant::now();
        let live = Arc::new(shared.begin(number, &turn));
        if let Some(reason) = shared.why_skipped(planned) {
            shared.skip(&turn, &live, reason);
            continue;
        }
        // 0 is not a valid trace id.
        let trace = TraceId(rand::random::<u128>().max(1));
        *slot.lock() = Some(Busy { live: Arc::clone(&live), turn: turn.clone(), trace, since });
        let ended = runtime.block_on(runner.run(planned, trace, &live));
        if slot.lock().take().is_none() {
            // The supervisor gave this attempt up while its last step ran, and another worker has taken its place.
            return;
        }
        shared.end(&turn, &live, &ended, since.elapsed());
    }
}

impl Shared {
    pub fn options(&self) -> &Options {
        &self.context.options
    }

    pub fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().expect("nothing panics while it holds this lock")
    }

    fn begin(&self, worker: usize, turn: &Turn) -> Live {
        let case = format!("case-{}", turn.scenario);
        let steps = emit::step_ids(&case, &turn.planned);
        // A test case is recorded once, before its first attempt.
        let before = if turn.attempt == 0 { Some(emit::test_case(&case, &turn.planned, &steps)) } else { None };
        Live::begin(self.emitter.clone(), before, AttemptStart { case, number: turn.attempt, worker, steps })
    }

    fn skip(&self, turn: &Turn, live: &Live, reason: String) {
        live.skip_to_checks();
        live.skip_step();
        let verdict = ScenarioVerdict {
            verdict: Verdict::Skipped,
            reason,
            blame: None,
            cause: None,
            flaky: false,
            quarantine: None,
            repeat: self.repeat_command(&turn.planned),
        };
        self.count(&turn.planned, &verdict, Duration::ZERO);
        live.end(Some(&verdict));
        self.schedule.end(turn, None);
    }

    fn end(&self, turn: &Turn, live: &Live, ended: &Ended, took: Duration) {
        let planned = &turn.planned;
        self.tally().add_rules(ended);
        let retry = self.retry(turn, planned, ended);
        if retry.is_some() {
            live.end(None);
            self.tally().earlier.insert(turn.scenario, ended.verdict);
        } else {
            let verdict = self.verdict_of(turn, planned, ended);
            self.count(planned, &verdict, took);
            live.end(Some(&verdict));
        }
        self.schedule.end(turn, retry);
    }

    fn why_skipped(&self, planned: &Planned) -> Option<String> {
        let missing = || {
            let has = |tag: &str| planned.pickle.tags.iter().any(|own| own.name == tag);
            self.missing.iter().find(|(tag, _)| has(tag)).map(|(_, reason)| reason.clone())
        };
        let over = || {
            let is_over = planned.trial.as_ref().is_some_and(|trial| trial.is_over());
            if is_over { Some("what it could show is known already".to_owned()) } else { None }
        };
        planned.settings.skip.clone().or_else(missing).or_else(over)
    }

    fn retry(&self, turn: &Turn, planned: &Planned, ended: &Ended) -> Option<Turn> {
        let retries = planned.settings.retries.unwrap_or(self.options().retries);
        let is_final = matches!(ended.verdict, Verdict::Passed | Verdict::Skipped) || turn.attempt >= retries;
        if is_final { None } else { Some(Turn { attempt: turn.attempt + 1, ..turn.clone() }) }
    }

    fn verdict_of(&self, turn: &Turn, planned: &Planned, ended: &Ended) -> ScenarioVerdict {
        let flaky = ended.verdict == Verdict::Passed && self.tally().earlier.contains_key(&turn.scenario);
        let today = jiff::Zoned::now().date();
        let quarantine = planned.settings.quarantine.as_ref().filter(|(until, _)| today <= *until);
        let mut reason = ended.reason.clone();
        if let (Some((until, why)), None, false) =
            (&planned.settings.quarantine, quarantine, ended.verdict == Verdict::Passed)
        {
            reason.push_str(&format!(" (its quarantine ended on {until}: {why})"));
        }
        ScenarioVerdict {
            verdict: ended.verdict,
            reason,
            blame: ended.blame,
            cause: ended.cause(),
            flaky,
            quarantine: quarantine.map(|(until, why)| format!("until {until}: {why}")),
            repeat: self.repeat_command(planned),
        }
    }

    fn repeat_command(&self, planned: &Planned) -> String {
        format!("{} {}", self.repeat, planned.key())
    }

    fn count(&self, planned: &Planned, verdict: &ScenarioVerdict, took: Duration) {
        let mut tally = self.tally();
        let key = planned.key();
        let spared = verdict.quarantine.is_some() && verdict.verdict != Verdict::Passed;
        let counted = if spared { Verdict::Skipped } else { verdict.verdict };
        if verdict.flaky {
            tally.flaky.push(key.clone());
        }
        tally.count(key, counted, verdict.verdict, u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        drop(tally);
        if self.options().fail_fast && verdict.verdict == Verdict::Failed && !spared {
            self.schedule.stop();
        }
    }
}
