//! One attempt at a scenario: its steps one after the other, each with a deadline, and then the judgement.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use futures::FutureExt;

use super::evidence;
use super::judging::{AttemptJudgement, Judging};
use super::live::{Live, StepEnd};
use super::panics;
use super::plan::Planned;
use super::schedule::Alone;
use super::vocabulary::Vocabulary;
use crate::base::wait::{self, Look};
use crate::model::message::{KeywordType, PickleStep, PickleStepType, Status, media};
use crate::model::{Blame, Cause, Exchange, Expected, Outcome, RuleId, TraceId, Verdict};
use crate::tap::FaultOutcome;
use crate::trail::FailedStep;
use crate::world::{Artifact, Attempted, RecordLevel, RunContext, StepError, StepErrorKind, World};

/// The end of an attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// Passed, unknown or failed; skipped if a step found that something it needs is not here.
    pub verdict: Verdict,
    /// The reason in one sentence; empty for a pass.
    pub reason: String,
    pub blame: Option<Blame>,
    /// The kind of the step error, if a step failed.
    pub error: Option<StepErrorKind>,
    /// The rules that had something to judge.
    pub held: Vec<RuleId>,
    /// The broken rules that a tag lifts.
    pub lifted: Vec<RuleId>,
}

impl Ended {
    /// Makes an end that is not a pass.
    pub fn new(verdict: Verdict, reason: impl Into<String>, blame: Blame) -> Self {
        Self { verdict, reason: reason.into(), blame: Some(blame), ..Self::passed() }
    }

    /// Returns the cause that other rooms decide by, if there is one.
    pub fn cause(&self) -> Option<Cause> {
        if self.error == Some(StepErrorKind::DeadlinePassed) { Some(Cause::DeadlinePassed) } else { None }
    }

    /// Returns what the step that failed expected.
    fn expected(&self) -> Expected {
        match &self.error {
            Some(StepErrorKind::Unfulfilled(expected)) => expected.clone(),
            Some(_) | None => Expected::Success,
        }
    }

    fn passed() -> Self {
        Self {
            verdict: Verdict::Passed,
            reason: String::new(),
            blame: None,
            error: None,
            held: Vec::new(),
            lifted: Vec::new(),
        }
    }

    fn went_well(&self) -> bool {
        matches!(self.verdict, Verdict::Passed | Verdict::Skipped)
    }
}

/// Runs attempts on one worker.
pub struct AttemptRunner<'r> {
    pub context: &'r Arc<RunContext>,
    /// The HTTP client of the worker.
    pub http: &'r reqwest::Client,
    pub vocabulary: &'r Vocabulary,
}

/// One attempt in progress.
struct Running<'a> {
    planned: &'a Planned,
    trace: TraceId,
    live: &'a Live,
}

impl AttemptRunner<'_> {
    /// Runs an attempt and records everything except its verdict.
    ///
    /// The order matters. Machines are put back before pages are judged for the last time. Pages are closed before the exchanges
    /// are judged, because an open page goes on asking. Exchanges are recorded at the end, because only then does the redactor
    /// know every secret of the attempt.
    pub async fn run(&self, planned: &Planned, trace: TraceId, live: &Live) -> Ended {
        let began = jiff::Timestamp::now();
        self.context.recorder.open(trace);
        let mut world = self.world(planned, trace);
        let attempt = Running { planned, trace, live };
        let steps = self.run_steps(&attempt, &mut world).await;
        let steps_over_at = self.context.clock.micros();
        // A mistake of the scenario itself cannot be explained by a hop.
        let explained = if steps.went_well() || steps.blame == Some(Blame::User) {
            None
        } else {
            Some((steps.reason.clone(), steps.expected()))
        };
        let steps = self.put_back(&attempt, steps, &mut world).await;
        let cut_off = world.pages.cut_off();
        let artifacts = self.close_pages(&attempt, &steps, &mut world).await;
        let fired = self.end_faults(&attempt, &steps, &mut world).await;
        let failed = explained.as_ref().map(|(reason, expected)| FailedStep { reason, expected, at: steps_over_at });
        let judged = self.judging(&attempt, &world).judge(&fired, failed).await;
        live.end_step(end_of_rules(&judged));
        let ended = {
            let never_fired = fired.iter().filter(|fault| fault.times == 0).map(ToString::to_string).collect();
            let hurt = self.context.services.hurt(trace);
            conclude(steps, &judged, Excuses { never_fired, cut_off, hurt })
        };
        self.context.services.forget(trace);
        let ended = Ended { held: judged.held.clone(), lifted: judged.lifted.clone(), ..ended };
        self.record(&attempt, &ended, judged);
        if !ended.went_well() {
            self.record_files(&attempt, artifacts, began).await;
        }
        ended
    }

    fn world(&self, planned: &Planned, trace: TraceId) -> World {
        let attempted = Attempted {
            trace,
            rng: self.context.options.seed.rng(planned.key()),
            alone: planned.alone() == Alone::Serial,
            stubs: &planned.stubs,
            trial: planned.trial.as_deref(),
        };
        World::new(Arc::clone(self.context), self.http.clone(), attempted)
    }

    fn judging<'a>(&'a self, attempt: &Running<'a>, world: &'a World) -> Judging<'a> {
        Judging { context: self.context, world, trace: attempt.trace, allowed: &attempt.planned.settings.allowed }
    }

    /// Ends the outages of the scenario, and judges open pages once more.
    async fn put_back(&self, attempt: &Running<'_>, steps: Ended, world: &mut World) -> Ended {
        let recovered = self.context.services.recover_all(attempt.trace).await;
        // Between two steps no deadline runs, so the rules are recorded as a step of their own.
        attempt.live.begin_step(self.context.options.deadlines.step);
        match recovered.and(world.pages.judge_last().await) {
            Err(trouble) if steps.verdict == Verdict::Passed => {
                let message = self.redacted(attempt, &trouble.message);
                Ended::new(Verdict::Unknown, message, trouble.blame())
            }
            Ok(()) | Err(_) => steps,
        }
    }

    /// Closes the pages, and returns pictures of them if the attempt failed or may still fail.
    async fn close_pages(&self, attempt: &Running<'_>, steps: &Ended, world: &mut World) -> Vec<Artifact> {
        if !world.pages.any_open() {
            return Vec::new();
        }
        world.ask_for_jobs_of_pages().await;
        let is_kept = !steps.went_well() || self.judging(attempt, world).may_break();
        let artifacts = if is_kept { world.pages.artifacts().await } else { Vec::new() };
        world.pages.close().await;
        artifacts
    }

    /// Ends the faults of the scenario, and returns how often each fired. After this the platform has to repair what they broke.
    async fn end_faults(&self, attempt: &Running<'_>, steps: &Ended, world: &mut World) -> Vec<FaultOutcome> {
        if steps.verdict == Verdict::Passed {
            self.await_faults(attempt).await;
        }
        let mut fired = world.faults.finish();
        // The faults of a trial are not the scenario's: they excuse nothing, and may remain unused.
        fired.retain(|fault| !attempt.is_of_trial(&fault.spec));
        fired.iter().map(|fault| self.context.as_recorded(Some(attempt.trace), fault)).collect()
    }

    /// Waits until every fault has fired, because an event may still be on its way to the fault that is meant for it.
    async fn await_faults(&self, attempt: &Running<'_>) {
        let all_fired = async || {
            let fired = self.context.faults.fired(attempt.trace);
            match fired.iter().find(|fault| fault.times == 0 && !attempt.is_of_trial(&fault.spec)) {
                None => Look::<(), Infallible>::Holds(()),
                Some(fault) => Look::NotYet(fault.to_string()),
            }
        };
        // The verdict names the faults that never fired.
        let _ = wait::until(self.context.target.bounds.sync.0, all_fired).await;
    }

    async fn run_steps(&self, attempt: &Running<'_>, world: &mut World) -> Ended {
        let Running { planned, live, .. } = attempt;
        let deadlines = &self.context.options.deadlines;
        let allowed = planned.settings.timeout.unwrap_or(deadlines.scenario);
        let started = Instant::now();
        for (step, sentence) in planned.pickle.steps.iter().zip(&planned.sentences) {
            let left = allowed.saturating_sub(started.elapsed());
            let within = deadlines.step.min(left);
            live.begin_step(within);
            let judged_before = world.assertions.count();
            let result = self.run_step(step, *sentence, within, world).await;
            let asserted_nothing =
                step.kind == Some(PickleStepType::Outcome) && world.assertions.count() == judged_before;
            let ended = match result {
                Ok(()) if asserted_nothing => {
                    let reason = format!("this Then asserted nothing: {}", step.text);
                    live.end_step(StepEnd { status: Status::Unknown, ..StepEnd::failed(reason.clone()) });
                    Ended::new(Verdict::Unknown, reason, Blame::Paidpath)
                }
                Ok(()) => {
                    live.end_step(StepEnd::passed());
                    continue;
                }
                Err(failure) => self.end_failed_step(attempt, failure),
            };
            live.skip_to_checks();
            return ended;
        }
        Ended::passed()
    }

    fn end_failed_step(&self, attempt: &Running<'_>, failure: StepFailure) -> Ended {
        let StepFailure { error, panicked_at } = failure;
        if error.kind == StepErrorKind::NotOnThisPlatform {
            attempt.live.end_step(StepEnd { message: Some(error.message.clone()), ..StepEnd::skipped() });
            return Ended { verdict: Verdict::Skipped, reason: error.message, ..Ended::passed() };
        }
        let message = self.redacted(attempt, &error.message);
        attempt.live.end_step(StepEnd { panicked_at, ..StepEnd::failed(message.clone()) });
        let verdict = match error.blame() {
            Blame::Platform => Verdict::Failed,
            Blame::User | Blame::Environment | Blame::Paidpath => Verdict::Unknown,
        };
        let blame = error.blame();
        Ended { error: Some(error.kind), ..Ended::new(verdict, message, blame) }
    }

    async fn run_step(
        &self,
        step: &PickleStep,
        sentence: usize,
        within: std::time::Duration,
        world: &mut World,
    ) -> Result<(), StepFailure> {
        let definition = &self.vocabulary.definitions()[sentence];
        let context = self.vocabulary.context(sentence, as_cucumber_has_it(step));
        let running = AssertUnwindSafe((definition.function)(world, context)).catch_unwind();
        match tokio::time::timeout(within, running).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(payload)) => {
                // cucumber turns the error of a step into a panic, so a step error and a real panic arrive in the same way.
                let (message, place) = panics::describe(payload.as_ref());
                Err(match StepError::read(&message) {
                    Some(error) => StepFailure { error, panicked_at: None },
                    None => {
                        let at = place.as_deref().map(|place| format!(" at {place}")).unwrap_or_default();
                        let error = StepError::platform(format!("panicked{at}: {message}"));
                        StepFailure { error, panicked_at: place }
                    }
                })
            }
            Err(_) => {
                let error = StepError::deadline_passed(format!("the step did not end within {within:.1?}"));
                Err(StepFailure { error, panicked_at: None })
            }
        }
    }

    fn record(&self, attempt: &Running<'_>, ended: &Ended, judged: AttemptJudgement) {
        let live = attempt.live;
        let level = self.context.options.record;
        evidence::attach(live, level, ended.went_well(), judged.exchanges, judged.trail);
        if !judged.findings.is_empty() {
            live.attach(media::FINDINGS, &judged.findings);
        }
        if level == RecordLevel::All {
            live.attach(media::JUDGED, &judged.held);
        }
        if let Some(diagnosis) = &judged.diagnosis {
            live.attach(media::DIAGNOSIS, diagnosis);
        }
        self.context.redactor.forget(attempt.trace);
    }

    async fn record_files(&self, attempt: &Running<'_>, artifacts: Vec<Artifact>, began: jiff::Timestamp) {
        for Artifact { name, media_type, bytes } in &artifacts {
            attempt.live.attach_file(name, media_type, bytes);
        }
        for (service, log) in self.context.services.logs(began).await {
            let log = self.context.redactor.text(None, &log).into_owned();
            attempt.live.attach_file(&format!("{service}.log"), "text/plain", log.as_bytes());
        }
    }

    fn redacted(&self, attempt: &Running<'_>, message: &str) -> String {
        self.context.redactor.fields(Some(attempt.trace), message).into_owned()
    }
}

impl Running<'_> {
    fn is_of_trial(&self, spec: &str) -> bool {
        self.planned.trial.as_ref().is_some_and(|trial| trial.has(spec))
    }
}

/// A step that failed.
struct StepFailure {
    error: StepError,
    /// The place of a panic that is not a step error.
    panicked_at: Option<String>,
}

/// The end of the last recorded step, which stands for all rules.
fn end_of_rules(judged: &AttemptJudgement) -> StepEnd {
    match (judged.findings.first(), judged.crashed.first()) {
        (Some(first), _) => StepEnd::failed(format!("{} ({})", first.message, first.rule)),
        (None, Some(crashed)) => StepEnd { status: Status::Unknown, ..StepEnd::failed(format!("{crashed} crashed")) },
        (None, None) => StepEnd::passed(),
    }
}

/// The circumstances under which a failure, or a pass, proves nothing.
struct Excuses {
    /// The faults of the scenario that never fired.
    never_fired: Vec<String>,
    /// The reason why pages could not be judged.
    cut_off: Option<String>,
    /// The services of which the scenario caused an outage.
    hurt: BTreeSet<String>,
}

/// Decides how an attempt ended. A failure wins over everything that could not be judged, unless the environment was broken.
fn conclude(steps: Ended, judged: &AttemptJudgement, excuses: Excuses) -> Ended {
    let Excuses { never_fired, cut_off, hurt } = excuses;
    let broken = judged.findings.first().map(|finding| match &judged.diagnosis {
        Some(diagnosis) => diagnosis.sentence.clone(),
        None => format!("{} ({})", finding.message, finding.rule),
    });
    let failed = match (steps.verdict, broken) {
        (Verdict::Failed, _) => Some(steps.clone()),
        (Verdict::Passed | Verdict::Unknown | Verdict::Skipped, Some(reason)) => {
            Some(Ended::new(Verdict::Failed, reason, Blame::Platform))
        }
        (Verdict::Passed | Verdict::Unknown | Verdict::Skipped, None) => None,
    };
    match (failed, unreachable(&judged.exchanges, &hurt).or(cut_off)) {
        (Some(failed), Some(what)) => {
            let reason = format!("{what}; so this could not be judged: {}", failed.reason);
            Ended::new(Verdict::Unknown, reason, Blame::Environment)
        }
        (Some(failed), None) => failed,
        (None, _) if steps.verdict != Verdict::Passed => steps,
        (None, _) if !judged.crashed.is_empty() => {
            let reason = format!("{} crashed", judged.crashed.join(", "));
            Ended::new(Verdict::Unknown, reason, Blame::Paidpath)
        }
        (None, _) if !never_fired.is_empty() => {
            let reason = format!("a fault never fired: {}", never_fired.join("; "));
            Ended::new(Verdict::Unknown, reason, Blame::User)
        }
        (None, _) if !judged.settled => {
            Ended::new(Verdict::Unknown, "its last exchanges did not come to an end within 2 s", Blame::Environment)
        }
        (None, _) => steps,
    }
}

/// Describes the first service that could not be reached although neither a fault nor an outage explains it.
fn unreachable(exchanges: &[Exchange], hurt: &BTreeSet<String>) -> Option<String> {
    exchanges.iter().find_map(|exchange| match &exchange.outcome {
        Outcome::Unreachable { reason } if exchange.faults.is_empty() && !hurt.contains(&exchange.edge.to) => {
            Some(format!("{} cannot be reached ({}: {reason})", exchange.edge.to, exchange.edge))
        }
        Outcome::Unreachable { .. } | Outcome::Answered(_) | Outcome::Broken { .. } | Outcome::Open => None,
    })
}

/// Converts a step into the form that cucumber's step functions take.
fn as_cucumber_has_it(step: &PickleStep) -> ::gherkin::Step {
    let argument = step.argument.as_ref();
    let rows = argument
        .and_then(|argument| argument.data_table.as_ref())
        .map(|table| table.rows.iter().map(|row| row.cells.iter().map(|cell| cell.value.clone()).collect()).collect());
    let kind = match step.kind.unwrap_or_default() {
        PickleStepType::Context | PickleStepType::Unknown => ::gherkin::StepType::Given,
        PickleStepType::Action => ::gherkin::StepType::When,
        PickleStepType::Outcome => ::gherkin::StepType::Then,
    };
    ::gherkin::Step {
        keyword: format!("{:?}", KeywordType::Unknown),
        ty: kind,
        value: step.text.clone(),
        docstring: argument.and_then(|argument| argument.doc_string.as_ref()).map(|text| text.content.clone()),
        table: rows.map(|rows| ::gherkin::Table { rows, span: Default::default(), position: Default::default() }),
        span: Default::default(),
        position: Default::default(),
    }
}
