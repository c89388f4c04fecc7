//! One attempt at one scenario: its steps one after the other, each with a deadline, then what the taps saw.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt;

use super::live::{Live, StepEnd};
use super::panics;
use super::plan::Planned;
use super::stage::Stage;
use super::vocabulary::Vocabulary;
use super::world::{Trouble, World};
use crate::base::seed::Seed;
use crate::model::message::{KeywordType, PickleStep, PickleStepType, Status, media};
use crate::model::{Blame, Exchange, Finding, Outcome, TraceId, Verdict};

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
    /// Passed, unknown or failed.
    pub verdict: Verdict,
    /// Why, in one sentence; empty when it passed.
    pub reason: String,
    /// Whose fault.
    pub blame: Option<Blame>,
}

impl Ended {
    fn new(verdict: Verdict, reason: impl Into<String>, blame: Blame) -> Self {
        Self { verdict, reason: reason.into(), blame: Some(blame) }
    }

    fn passed() -> Self {
        Self { verdict: Verdict::Passed, reason: String::new(), blame: None }
    }
}

/// What an attempt is made with.
pub struct Maker<'r> {
    /// The platform.
    pub stage: &'r Arc<Stage>,
    /// The worker's HTTP client.
    pub client: &'r reqwest::Client,
    /// The sentences.
    pub vocabulary: &'r Vocabulary,
    /// How long things may take.
    pub deadlines: Deadlines,
    /// Where draws come from.
    pub seed: Seed,
}

impl Maker<'_> {
    /// Makes an attempt and records everything about it but its verdict.
    pub async fn make(&self, planned: &Planned, live: &Live) -> Ended {
        let trace = TraceId(rand::random::<u128>().max(1));
        let stage = self.stage;
        stage.recorder.open(trace);
        let rng = self.seed.rng(planned.key());
        let mut world = World::new(Arc::clone(stage), self.client.clone(), trace, rng);
        let steps = self.run_steps(planned, live, &mut world).await;
        live.begin_step(self.deadlines.step);
        let settled = tokio::time::timeout(Duration::from_secs(2), stage.recorder.settled(trace)).await.is_ok();
        let exchanges = stage.recorder.close(trace);
        let fired = stage.faults.clear(trace);
        let never_fired: Vec<_> =
            fired.iter().filter(|fault| fault.times == 0).map(|fault| fault.spec.as_str()).collect();
        let findings: Vec<Finding> = Vec::new();
        live.end_step(match findings.first() {
            None => StepEnd::passed(),
            Some(first) => StepEnd::failed(format!("{} ({})", first.message, first.rule)),
        });
        for exchange in &exchanges {
            live.attach(media::EXCHANGE, exchange);
        }
        if !findings.is_empty() {
            live.attach(media::FINDINGS, &findings);
        }
        stage.redactor.forget(trace);
        match steps {
            Ended { verdict: Verdict::Failed, reason, .. } if unreachable(&exchanges).is_some() => {
                let what = unreachable(&exchanges).unwrap_or_default();
                Ended::new(
                    Verdict::Unknown,
                    format!("{what}; so this could not be judged: {reason}"),
                    Blame::Environment,
                )
            }
            Ended { verdict: Verdict::Passed, .. } if !never_fired.is_empty() => {
                let reason = format!("a fault never fired: {}", never_fired.join("; "));
                Ended::new(Verdict::Unknown, reason, Blame::User)
            }
            Ended { verdict: Verdict::Passed, .. } if !settled => {
                Ended::new(Verdict::Unknown, "its last exchanges did not come to an end within 2 s", Blame::Environment)
            }
            ended => ended,
        }
    }

    async fn run_steps(&self, planned: &Planned, live: &Live, world: &mut World) -> Ended {
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
                Err((trouble, panicked_at)) => {
                    let message = self.stage.redactor.text(None, &trouble.message).into_owned();
                    live.end_step(StepEnd { panicked_at, ..StepEnd::failed(message.clone()) });
                    let verdict = match trouble.blame {
                        Blame::Platform | Blame::User => Verdict::Failed,
                        Blame::Environment | Blame::Paidpath => Verdict::Unknown,
                    };
                    Ended::new(verdict, message, trouble.blame)
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
    ) -> Result<(), (Trouble, Option<String>)> {
        let definition = &self.vocabulary.definitions()[sentence];
        let context = self.vocabulary.context(sentence, as_cucumber_has_it(step));
        let running = AssertUnwindSafe((definition.function)(world, context)).catch_unwind();
        match tokio::time::timeout(within, running).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(payload)) => {
                let (message, place) = panics::describe(payload.as_ref());
                Err(match Trouble::read(&message) {
                    Some(trouble) => (trouble, None),
                    None => {
                        let at = place.as_deref().map(|place| format!(" at {place}")).unwrap_or_default();
                        (Trouble::platform(format!("panicked{at}: {message}")), place)
                    }
                })
            }
            Err(_) => Err((Trouble::platform(format!("the step did not end within {within:.1?}")), None)),
        }
    }
}

/// The first service that could not be reached without anybody having asked for it.
fn unreachable(exchanges: &[Exchange]) -> Option<String> {
    exchanges.iter().find_map(|exchange| match &exchange.outcome {
        Outcome::Unreachable { reason } if exchange.faults.is_empty() => {
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
