//! Judging an attempt whose steps are over: gathers its exchanges, holds them against every rule, and makes the diagnosis.
//!
//! A rule may have to wait for something that is still allowed to arrive: an event on its way, or a job in progress. The runner then
//! waits within the target's bounds, and no longer than until it has arrived. Usually there is nothing to wait for.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use super::settings::Allowances;
use crate::model::{Diagnosis, Edge, Exchange, Finding, RuleId, TraceId, Trail};
use crate::tap::{FaultOutcome, ScenarioProgress};
use crate::trail::{
    Evidence, EvidenceInputs, FailedStep, Judge, Judgement, Participants, Question, RULES, TimeBounds, diagnose,
};
use crate::world::{RunContext, World};

/// The longest wait for rules, whatever the bounds say.
const LONGEST: Duration = Duration::from_secs(20);
/// The shortest pause between two looks at the exchanges.
const PAUSE: Duration = Duration::from_millis(10);
/// The time in which exchanges that are under way have to end.
const UNDER_WAY: Duration = Duration::from_secs(2);

/// The judgement of one attempt.
#[derive(Debug)]
pub(super) struct AttemptJudgement {
    pub exchanges: Vec<Exchange>,
    pub trail: Trail,
    /// The findings that no tag allows.
    pub findings: Vec<Finding>,
    /// The broken rules that a tag lifts.
    pub lifted: Vec<RuleId>,
    /// The rules that had something to judge.
    pub held: Vec<RuleId>,
    /// The rules that panicked, which is a bug of paidpath.
    pub crashed: Vec<String>,
    /// The diagnosis of an attempt that failed.
    pub diagnosis: Option<Diagnosis>,
    /// True if all exchanges came to an end.
    pub settled: bool,
}

/// The attempt that is judged.
pub(super) struct Judging<'a> {
    pub context: &'a RunContext,
    pub world: &'a World,
    pub trace: TraceId,
    pub allowed: &'a Allowances,
}

impl Judging<'_> {
    /// Gathers the exchanges and judges them. The taps record nothing of the trace after this.
    pub async fn judge(&self, fired: &[FaultOutcome], failed: Option<FailedStep<'_>>) -> AttemptJudgement {
        let context = self.context;
        let settled = tokio::time::timeout(UNDER_WAY, context.recorder.settled(self.trace)).await.is_ok();
        let participants = self.world.participants();
        let began = Instant::now();
        let mut look = self.settle(&participants).await;
        while began.elapsed() < LONGEST && self.stirs(look.progress).await {
            look = self.settle(&participants).await;
        }
        let closed = context.recorder.close(self.trace);
        // An exchange may have arrived between the last look and the closing.
        if closed.progress() != look.progress {
            look = self.look_at(&participants, closed.progress(), closed.exchanges());
        }
        look.findings.extend(context.rules.judge(&look.exchanges, fired));
        look.held.extend(context.rules.held(&look.exchanges));
        look.findings.extend(self.world.pages.findings().iter().cloned());
        look.held.extend(self.world.pages.rules());
        let (allowed, findings): (Vec<_>, Vec<_>) =
            look.findings.into_iter().partition(|finding| self.allowed.lift(finding.rule));
        let mut crashed = look.crashed;
        let diagnosis = {
            let edges = context.watched(&look.exchanges);
            let evidence = self.evidence(&participants, &look.trail, &look.exchanges, &edges);
            // A rule or a diagnosis that panics must not take the verdicts of other scenarios with it.
            catch_unwind(AssertUnwindSafe(|| diagnose(&evidence, &findings, failed)))
        };
        let diagnosis = diagnosis.unwrap_or_else(|_| {
            crashed.push("the diagnosis".into());
            None
        });
        let mut lifted: Vec<_> = allowed.into_iter().map(|finding| finding.rule).collect();
        lifted.sort();
        lifted.dedup();
        AttemptJudgement {
            exchanges: look.exchanges,
            trail: look.trail,
            findings,
            lifted,
            held: look.held,
            crashed,
            diagnosis,
            settled,
        }
    }

    /// Returns whether a rule is broken or may still turn out to be. Pages are closed before the judgement, so their pictures have
    /// to be taken on this suspicion.
    pub fn may_break(&self) -> bool {
        if !self.world.pages.any_open() {
            return false;
        }
        let look = self.look(&self.world.participants());
        let mut broken = look.findings.iter().chain(self.world.pages.findings()).map(|finding| finding.rule);
        broken.any(|rule| !self.allowed.lift(rule)) || look.pending.iter().any(|wait| !self.allowed.lift(wait.rule))
    }

    /// Looks at the exchanges until no rule waits for anything, or the time is up.
    async fn settle(&self, participants: &Participants) -> Look {
        let context = self.context;
        let started = Instant::now();
        let (mut until, mut open) = (0, HashSet::new());
        loop {
            let look = self.look(participants);
            let mut due = 0;
            let mut questions = HashSet::new();
            for wait in look.pending.iter().filter(|wait| !self.allowed.lift(wait.rule)) {
                due = wait.due.max(due);
                questions.extend(wait.questions.iter().cloned());
            }
            // Questions that were open when their time was up are asked once more, so that the last answer is from after it.
            if due == 0 && !open.is_empty() && context.clock.micros() >= until {
                for question in open.drain() {
                    self.world.probe(&question).await;
                }
                continue;
            }
            if due == 0 || started.elapsed() >= LONGEST {
                return look;
            }
            for question in &questions {
                self.world.probe(question).await;
            }
            let mut pause = PAUSE;
            while context.clock.micros() < due && context.recorder.progress(self.trace) == look.progress {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSE * 5);
                // The same question may have another answer by now, even if no exchange has arrived.
                if !questions.is_empty() {
                    break;
                }
            }
            (until, open) = (due, questions);
        }
    }

    /// Returns whether an exchange arrives for which no rule waits, within the time that the run wants to be quiet.
    async fn stirs(&self, progress: ScenarioProgress) -> bool {
        let began = Instant::now();
        while began.elapsed() < self.context.options.quiet {
            tokio::time::sleep(PAUSE).await;
            if self.context.recorder.progress(self.trace) != progress {
                return true;
            }
        }
        false
    }

    fn look(&self, participants: &Participants) -> Look {
        // The progress comes first: an exchange that arrives between the two lines is then judged again instead of missed.
        let progress = self.context.recorder.progress(self.trace);
        self.look_at(participants, progress, self.context.recorder.exchanges(self.trace))
    }

    fn look_at(&self, participants: &Participants, progress: ScenarioProgress, exchanges: Vec<Exchange>) -> Look {
        let (exchanges, trail) = self.context.trail_of(self.trace, exchanges);
        let (mut findings, mut held, mut crashed, mut pending) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        {
            let edges = self.context.watched(&exchanges);
            let evidence = self.evidence(participants, &trail, &exchanges, &edges);
            for rule in &RULES {
                let Judge::Trail(judge) = rule.judge else { continue };
                match catch_unwind(AssertUnwindSafe(|| judge(&evidence))) {
                    Ok(Judgement::NotApplicable) => {}
                    Ok(Judgement::Holds { .. }) => held.push(rule.id),
                    Ok(Judgement::Broken(broken)) => {
                        held.push(rule.id);
                        findings.extend(broken);
                    }
                    Ok(Judgement::Pending(wait)) => {
                        pending.push(Wait { rule: rule.id, due: wait.due, questions: wait.questions });
                    }
                    Err(_) => crashed.push(format!("the rule {}", rule.id)),
                }
            }
        }
        Look { progress, exchanges, trail, findings, held, crashed, pending }
    }

    fn evidence<'e>(
        &'e self,
        participants: &'e Participants,
        trail: &'e Trail,
        exchanges: &'e [Exchange],
        edges: &'e [Edge],
    ) -> Evidence<'e> {
        let context = self.context;
        let micros = |span: crate::base::config::Span| u64::try_from(span.0.as_micros()).unwrap_or(u64::MAX);
        let bounds = context.bounds();
        Evidence::new(EvidenceInputs {
            mapping: &context.rules.mapping,
            trail,
            exchanges,
            participants,
            bounds: TimeBounds { sync: micros(bounds.sync), revoke: micros(bounds.revoke), job: micros(bounds.job) },
            edges,
            epoch: context.epoch,
            now: context.clock.micros(),
        })
    }
}

/// The judgement of the exchanges so far.
struct Look {
    progress: ScenarioProgress,
    exchanges: Vec<Exchange>,
    trail: Trail,
    findings: Vec<Finding>,
    held: Vec<RuleId>,
    crashed: Vec<String>,
    pending: Vec<Wait>,
}

/// A rule that cannot judge yet.
struct Wait {
    rule: RuleId,
    /// The moment at which it can, in microseconds of the run's clock.
    due: u64,
    /// The questions whose answers it needs.
    questions: Vec<Question>,
}
