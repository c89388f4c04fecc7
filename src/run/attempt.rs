//! One attempt at one scenario: its steps one after the other, each with a deadline, then what the taps saw.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt;

use super::evidence::Evidence;
use super::judging::{self, Judged};
use super::live::{Live, StepEnd};
use super::panics;
use super::plan::Planned;
use super::schedule::Alone;
use super::vocabulary::Vocabulary;
use crate::base::seed::Seed;
use crate::base::wait::{self, Look};
use crate::model::message::{KeywordType, PickleStep, PickleStepType, Status, media};
use crate::model::{Blame, Cause, Exchange, Expected, Outcome, RuleId, TraceId, Verdict};
use crate::trail::FailedStep;
use crate::world::{Artifact, RunContext, StepError, StepErrorKind, World};

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    /// One step.
    pub step: Duration,
    /// One attempt at a scenario.
    pub scenario: Duration,
    /// How long a step that does not heed its deadline is waited for before its worker is given up.
    pub grace: Duration,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// Passed, unknown or failed; skipped where a step found that what it needs is not here.
    pub verdict: Verdict,
    /// Why, in one sentence; empty when it passed.
    pub reason: String,
    pub blame: Option<Blame>,
    /// The step error behind it, if a step failed.
    pub error: Option<StepErrorKind>,
    /// The rules that had something to judge.
    pub held: Vec<RuleId>,
    /// The rules that were broken and are lifted by a tag.
    pub lifted: Vec<RuleId>,
}

impl Ended {
    /// An ending that is not a pass.
    pub fn new(verdict: Verdict, reason: impl Into<String>, blame: Blame) -> Self {
        Self { verdict, reason: reason.into(), blame: Some(blame), error: None, held: Vec::new(), lifted: Vec::new() }
    }

    /// The cause that others decide by, if there is one.
    pub fn cause(&self) -> Option<Cause> {
        (self.error == Some(StepErrorKind::DeadlinePassed)).then_some(Cause::DeadlinePassed)
    }

    /// The expectation of the step that failed.
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
}

/// What an attempt is made with.
pub struct Maker<'r> {
    /// The platform.
    pub context: &'r Arc<RunContext>,
    /// The worker's HTTP client.
    pub client: &'r reqwest::Client,
    /// The sentences.
    pub vocabulary: &'r Vocabulary,
    /// How long things may take.
    pub deadlines: Deadlines,
    /// Where draws come from.
    pub seed: Seed,
    /// How much of what was seen is recorded.
    pub evidence: Evidence,
}

impl Maker<'_> {
    /// Makes an attempt and records everything about it but its verdict. Its exchanges are recorded when it ends: only then
    /// is every secret known that it has used.
    pub async fn make(&self, planned: &Planned, trace: TraceId, live: &Live) -> Ended {
        let began = jiff::Timestamp::now();
        let context = self.context;
        context.recorder.open(trace);
        let rng = self.seed.rng(planned.key());
        let alone = planned.alone() == Alone::Serial;
        let world = World::new(Arc::clone(context), self.client.clone(), trace, rng, alone);
        let mut world = world.with_stubs(&planned.stubs);
        if let Some(trial) = &planned.trial {
            world.undergo(trial);
        }
        let steps = self.run_steps(planned, trace, live, &mut world).await;
        let over_at = context.clock.micros();
        // Between two steps no deadline runs: this has its own.
        let recovered = context.services.recover_all(trace).await;
        live.begin_step(self.deadlines.step);
        // A mistake of the scenario's own is no hop's doing.
        let is_explained = !went_well(steps.verdict) && steps.blame != Some(Blame::User);
        let failure = is_explained.then(|| (steps.reason.clone(), steps.expected()));
        let allowed = &planned.settings.allowed;
        let steps = match recovered.and(world.look_last().await) {
            Err(trouble) if steps.verdict == Verdict::Passed => {
                let message = context.redactor.fields(Some(trace), &trouble.message).into_owned();
                Ended::new(Verdict::Unknown, message, trouble.blame())
            }
            Ok(()) | Err(_) => steps,
        };
        let cut_off = world.cut_off();
        if world.has_pages() {
            world.ask_after_jobs().await;
        }
        let is_shown = !went_well(steps.verdict) || judging::may_break(context, &world, trace, allowed);
        let kept = if world.has_pages() && is_shown { world.keepsakes().await } else { Vec::new() };
        world.close_pages().await;
        if steps.verdict == Verdict::Passed {
            self.await_faults(planned, trace).await;
        }
        // The scenario's own faults end with its steps: what it broke, the platform has to mend now.
        let mut fired = [world.lifted(), &context.faults.clear(trace)].concat();
        // What a trial breaks is not the scenario's doing: it excuses nothing, and whether it fired is the trial's affair.
        fired.retain(|fault| !planned.trial.as_ref().is_some_and(|trial| trial.has(&fault.spec)));
        fired.iter_mut().for_each(|fault| *fault = context.as_recorded(Some(trace), fault));
        let failed = failure.as_ref().map(|(reason, expected)| FailedStep { reason, expected, at: over_at });
        let judged = judging::judge(context, &world, trace, &fired, allowed, failed).await;
        let never_fired: Vec<_> = fired.iter().filter(|fault| fault.times == 0).map(ToString::to_string).collect();
        live.end_step(match (judged.findings.first(), judged.crashed.first()) {
            (Some(first), _) => StepEnd::failed(format!("{} ({})", first.message, first.rule)),
            (None, Some(crashed)) => {
                StepEnd { status: Status::Unknown, ..StepEnd::failed(format!("{crashed} crashed")) }
            }
            (None, None) => StepEnd::passed(),
        });
        let ended = ended(steps, &judged, &never_fired, cut_off, &context.services.hurt(trace));
        context.services.forget(trace);
        self.evidence.attach(live, went_well(ended.verdict), judged.exchanges, judged.trail);
        if !judged.findings.is_empty() {
            live.attach(media::FINDINGS, &judged.findings);
        }
        if self.evidence == Evidence::All {
            live.attach(media::JUDGED, &judged.held);
        }
        if let Some(diagnosis) = &judged.diagnosis {
            live.attach(media::DIAGNOSIS, diagnosis);
        }
        context.redactor.forget(trace);
        if !went_well(ended.verdict) {
            for Artifact { name, media_type, bytes } in &kept {
                live.attach_file(name, media_type, bytes);
            }
            for (service, log) in context.services.logs(began).await {
                let log = context.redactor.text(None, &log).into_owned();
                live.attach_file(&format!("{service}.log"), "text/plain", log.as_bytes());
            }
        }
        Ended { held: judged.held, lifted: judged.lifted, ..ended }
    }

    /// What one service tells another may still be on its way to the fault that is for it.
    async fn await_faults(&self, planned: &Planned, trace: TraceId) {
        let of_a_trial = |spec: &str| planned.trial.as_ref().is_some_and(|trial| trial.has(spec));
        let all_fired = async || {
            let fired = self.context.faults.fired(trace);
            match fired.iter().find(|fault| fault.times == 0 && !of_a_trial(&fault.spec)) {
                None => Look::<(), Infallible>::Holds(()),
                Some(fault) => Look::NotYet(fault.to_string()),
            }
        };
        // Which of them never fired is said with the verdict.
        let _ = wait::until(self.context.target.bounds.sync.0, all_fired).await;
    }

    async fn run_steps(&self, planned: &Planned, trace: TraceId, live: &Live, world: &mut World) -> Ended {
        let allowed = planned.settings.timeout.unwrap_or(self.deadlines.scenario);
        let started = Instant::now();
        for (step, sentence) in planned.pickle.steps.iter().zip(&planned.sentences) {
            let left = allowed.saturating_sub(started.elapsed());
            let within = self.deadlines.step.min(left);
            live.begin_step(within);
            let judged = world.judged();
            let end = self.run_step(step, *sentence, within, world).await;
            let ended = match end {
                Ok(()) if step.kind == Some(PickleStepType::Outcome) && world.judged() == judged => {
                    let reason = format!("this Then asserted nothing: {}", step.text);
                    live.end_step(StepEnd { status: Status::Unknown, ..StepEnd::failed(reason.clone()) });
                    Ended::new(Verdict::Unknown, reason, Blame::Paidpath)
                }
                Ok(()) => {
                    live.end_step(StepEnd::passed());
                    continue;
                }
                Err((trouble, _)) if trouble.kind == StepErrorKind::NotOnThisPlatform => {
                    live.end_step(StepEnd { message: Some(trouble.message.clone()), ..StepEnd::skipped() });
                    Ended { verdict: Verdict::Skipped, reason: trouble.message, ..Ended::passed() }
                }
                Err((trouble, panicked_at)) => {
                    let message = self.context.redactor.fields(Some(trace), &trouble.message).into_owned();
                    live.end_step(StepEnd { panicked_at, ..StepEnd::failed(message.clone()) });
                    let verdict = match trouble.blame() {
                        Blame::Platform => Verdict::Failed,
                        Blame::User | Blame::Environment | Blame::Paidpath => Verdict::Unknown,
                    };
                    Ended { error: Some(trouble.kind.clone()), ..Ended::new(verdict, message, trouble.blame()) }
                }
            };
            live.skip_to_checks();
            return ended;
        }
        Ended::passed()
    }

    async fn run_step(
        &self,
        step: &PickleStep,
        sentence: usize,
        within: Duration,
        world: &mut World,
    ) -> Result<(), (StepError, Option<String>)> {
        let definition = &self.vocabulary.definitions()[sentence];
        let context = self.vocabulary.context(sentence, as_cucumber_has_it(step));
        let running = AssertUnwindSafe((definition.function)(world, context)).catch_unwind();
        match tokio::time::timeout(within, running).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(payload)) => {
                let (message, place) = panics::describe(payload.as_ref());
                Err(match StepError::read(&message) {
                    Some(trouble) => (trouble, None),
                    None => {
                        let at = place.as_deref().map(|place| format!(" at {place}")).unwrap_or_default();
                        (StepError::platform(format!("panicked{at}: {message}")), place)
                    }
                })
            }
            Err(_) => Err((StepError::deadline_passed(format!("the step did not end within {within:.1?}")), None)),
        }
    }
}

/// Whether there is nothing to explain.
fn went_well(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Passed | Verdict::Skipped)
}

/// How an attempt ended, all in all: a known failure wins over what could not be judged.
fn ended(
    steps: Ended,
    judged: &Judged,
    never_fired: &[String],
    cut_off: Option<String>,
    hurt: &BTreeSet<String>,
) -> Ended {
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
    match (failed, unreachable(&judged.exchanges, hurt).or(cut_off)) {
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

/// The first service that could not be reached without anybody having asked for it, with a fault or in the machine room.
fn unreachable(exchanges: &[Exchange], hurt: &BTreeSet<String>) -> Option<String> {
    exchanges.iter().find_map(|exchange| match &exchange.outcome {
        Outcome::Unreachable { reason } if exchange.faults.is_empty() && !hurt.contains(&exchange.edge.to) => {
            Some(format!("{} cannot be reached ({}: {reason})", exchange.edge.to, exchange.edge))
        }
        Outcome::Unreachable { .. } | Outcome::Answered(_) | Outcome::Broken { .. } | Outcome::Open => None,
    })
}

/// A step in the form that cucumber's step functions take.
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
