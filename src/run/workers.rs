//! Worker threads: each has its own single-threaded runtime and HTTP connections, and makes one attempt at a time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::attempt::{Deadlines, Ended, Maker};
use super::evidence::Evidence;
use super::history::Ending;
use super::live::{Attempt, Emitter, Live};
use super::plan::Planned;
use super::schedule::{Schedule, Ticket};
use super::vocabulary::Vocabulary;
use super::{emit, panics};
use crate::base::client::client_for;
use crate::base::seed::Seed;
use crate::model::message::{Attachment, media};
use crate::model::{Blame, RuleId, ScenarioVerdict, TraceId, Trail, Verdict};
use crate::world::{RunContext, StepErrorKind};

/// What all workers of a run share.
pub struct Shared {
    /// What to run, and in which order.
    pub schedule: Schedule,
    /// The sentences.
    pub vocabulary: Arc<Vocabulary>,
    /// The platform.
    pub context: Arc<RunContext>,
    /// Where records go.
    pub emitter: Emitter,
    /// How long things may take.
    pub deadlines: Deadlines,
    /// Attempts beyond the first, where no tag says otherwise.
    pub retries: u32,
    /// Stop at the first scenario that failed.
    pub fail_fast: bool,
    /// Where draws come from.
    pub seed: Seed,
    /// How much evidence is recorded.
    pub evidence: Evidence,
    /// What to put before `file:line` for the command that repeats a scenario.
    pub repeat: String,
    /// The tags whose scenarios cannot run here, with the reason.
    pub missing: Vec<(String, String)>,
    /// How it went so far.
    pub tally: Mutex<Tally>,
}

/// How a run went.
#[derive(Debug, Default)]
pub struct Tally {
    /// Scenarios by verdict; those in quarantine count as skipped unless they passed.
    pub by_verdict: BTreeMap<Verdict, usize>,
    /// Scenarios that needed a retry.
    pub flaky: Vec<String>,
    /// For each check the scenarios in which it had something to judge.
    pub judged: BTreeMap<RuleId, u64>,
    /// For each rule the scenarios that broke it and are allowed to.
    pub lifted: BTreeMap<RuleId, u64>,
    /// For the next run.
    pub endings: BTreeMap<String, Ending>,
    /// The worst verdict of the attempts before the last, by scenario.
    earlier: BTreeMap<usize, Verdict>,
}

impl Tally {
    /// Counts what the checks of an attempt had to judge.
    fn judge(&mut self, ended: &Ended) {
        for rule in &ended.held {
            *self.judged.entry(*rule).or_default() += 1;
        }
        for rule in &ended.lifted {
            *self.lifted.entry(*rule).or_default() += 1;
        }
    }
}

/// One worker's place: what it is doing, for the supervisor.
#[derive(Debug, Default)]
pub struct WorkerSlot {
    state: Mutex<Option<Busy>>,
}

#[derive(Debug, Clone)]
struct Busy {
    live: Arc<Live>,
    ticket: Ticket,
    trace: TraceId,
    since: Instant,
}

impl WorkerSlot {
    fn lock(&self) -> MutexGuard<'_, Option<Busy>> {
        self.state.lock().expect("nothing panics while it holds this lock")
    }

    /// Closes an attempt whose step does not heed its deadline. Says whether there was one: its thread is lost then.
    pub fn abandon_overdue(&self, shared: &Shared) -> bool {
        let overdue = self.lock().clone().filter(|busy| busy.live.is_overdue(shared.deadlines.grace));
        let Some(busy) = overdue else { return false };
        let planned = &busy.ticket.planned;
        let mut ending = None;
        let message = |took: Duration| format!("the step never returned: given up after {took:.1?}, with its thread");
        let closed = busy.live.abandon(
            message,
            || busy.seen(shared),
            |message| {
                let error = Some(StepErrorKind::DeadlinePassed);
                let ended = Ended { error, ..Ended::new(Verdict::Failed, message, Blame::Platform) };
                let verdict = shared.verdict_of(&busy.ticket, planned, &ended);
                ending = Some(verdict.clone());
                verdict
            },
        );
        if let Some(verdict) = ending.filter(|_| closed) {
            self.lock().take();
            shared.count(planned, &verdict, busy.since.elapsed());
            shared.context.services.take_back(busy.trace);
            shared.schedule.end(&busy.ticket, None);
        }
        closed
    }

    /// Hands on what the attempt here has recorded so far.
    pub fn send(&self) {
        let live = self.lock().as_ref().map(|busy| Arc::clone(&busy.live));
        if let Some(live) = live {
            live.send();
        }
    }

    /// Leaves whatever is running here unfinished in the record.
    pub fn interrupt(&self, shared: &Shared) -> bool {
        match self.lock().take() {
            Some(busy) => {
                busy.live.interrupt(|| busy.seen(shared));
                true
            }
            None => false,
        }
    }
}

impl Busy {
    /// What the taps have seen of the attempt so far, as it would have been recorded at its end.
    fn seen(&self, shared: &Shared) -> Vec<Attachment> {
        let exchanges = shared.context.recorder.exchanges(self.trace);
        let trail = Trail::build(&shared.context.rules.mapping, self.trace, &exchanges);
        let mut seen: Vec<_> = exchanges.iter().map(|exchange| self.live.record(media::EXCHANGE, exchange)).collect();
        seen.push(self.live.record(media::TRAIL, &trail));
        seen
    }
}

/// Takes attempts from the schedule until there are none. Runs on a thread of its own.
pub fn work(number: usize, slot: &WorkerSlot, shared: &Shared) {
    panics::catch_on_this_thread();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("the operating system gives a worker its event queue");
    let client = runtime.block_on(async {
        client_for(&shared.context.entry)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("a client without TLS settings builds")
    });
    while let Some(ticket) = shared.schedule.next() {
        let planned = &ticket.planned;
        let since = Instant::now();
        let case = format!("case-{}", ticket.scenario);
        let steps = emit::step_ids(&case, planned);
        let before = (ticket.attempt == 0).then(|| emit::test_case(&case, planned, &steps));
        let attempt = Attempt { case, number: ticket.attempt, worker: number, steps };
        let live = Arc::new(Live::begin(shared.emitter.clone(), before, attempt));
        if let Some(reason) = shared.why_skipped(planned) {
            live.skip_to_checks();
            live.skip_step();
            let verdict = ScenarioVerdict {
                verdict: Verdict::Skipped,
                reason,
                blame: None,
                cause: None,
                flaky: false,
                quarantine: None,
                repeat: shared.repeat_command(planned),
            };
            shared.count(planned, &verdict, Duration::ZERO);
            live.end(Some(&verdict));
            shared.schedule.end(&ticket, None);
            continue;
        }
        let trace = TraceId(rand::random::<u128>().max(1));
        *slot.lock() = Some(Busy { live: Arc::clone(&live), ticket: ticket.clone(), trace, since });
        let maker = Maker {
            context: &shared.context,
            client: &client,
            vocabulary: &shared.vocabulary,
            deadlines: shared.deadlines,
            seed: shared.seed,
            evidence: shared.evidence,
        };
        let ended = runtime.block_on(maker.make(planned, trace, &live));
        if slot.lock().take().is_none() {
            return; // Given up or interrupted from outside while the last step ran; another worker sits here now.
        }
        shared.tally().judge(&ended);
        let again = shared.again(&ticket, planned, &ended);
        if again.is_some() {
            live.end(None);
            shared.tally().earlier.insert(ticket.scenario, ended.verdict);
        } else {
            let verdict = shared.verdict_of(&ticket, planned, &ended);
            shared.count(planned, &verdict, since.elapsed());
            live.end(Some(&verdict));
        }
        shared.schedule.end(&ticket, again);
    }
}

impl Shared {
    /// How it went so far.
    pub fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().expect("nothing panics while it holds this lock")
    }

    fn why_skipped(&self, planned: &Planned) -> Option<String> {
        let missing = || {
            let has = |tag: &str| planned.pickle.tags.iter().any(|own| own.name == tag);
            self.missing.iter().find(|(tag, _)| has(tag)).map(|(_, reason)| reason.clone())
        };
        let over = || {
            let over = planned.trial.as_ref().is_some_and(|trial| trial.is_over());
            over.then(|| "what it could show is known already".to_owned())
        };
        planned.settings.skip.clone().or_else(missing).or_else(over)
    }

    fn again(&self, ticket: &Ticket, planned: &Planned, ended: &Ended) -> Option<Ticket> {
        let retries = planned.settings.retries.unwrap_or(self.retries);
        let is_over = matches!(ended.verdict, Verdict::Passed | Verdict::Skipped);
        let another = !is_over && ticket.attempt < retries;
        another.then(|| Ticket { attempt: ticket.attempt + 1, ..ticket.clone() })
    }

    fn verdict_of(&self, ticket: &Ticket, planned: &Planned, ended: &Ended) -> ScenarioVerdict {
        let flaky = ended.verdict == Verdict::Passed && self.tally().earlier.contains_key(&ticket.scenario);
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
        *tally.by_verdict.entry(counted).or_default() += 1;
        if verdict.flaky {
            tally.flaky.push(key.clone());
        }
        let took_micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        if verdict.verdict != Verdict::Skipped {
            tally.endings.insert(key, Ending { verdict: verdict.verdict, took_micros });
        }
        drop(tally);
        if self.fail_fast && verdict.verdict == Verdict::Failed && !spared {
            self.schedule.stop();
        }
    }
}
