//! What happens when a scenario's steps are over: its exchanges are gathered, held against every check, and explained.
//!
//! A check may have to wait for something that is still allowed to come: an event on its way, a job that runs. Then there is
//! waiting, within the target's bounds and no longer than until it has come; in the common case there is none.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use super::settings::Allowances;
use crate::model::{Diagnosis, Exchange, Finding, RuleId, TraceId, Trail};
use crate::tap::{FaultOutcome, ScenarioProgress};
use crate::trail::{Bounds, Cast, Evidence, FailedStep, Given, Judge, Judgement, Question, RULES, diagnose};
use crate::world::{RunContext, World};

/// The longest that checks are waited for, whatever the bounds say.
const LONGEST: Duration = Duration::from_secs(20);
/// How often it is looked whether something has come.
const PAUSE: Duration = Duration::from_millis(10);
/// How long exchanges that are under way may still take.
const UNDER_WAY: Duration = Duration::from_secs(2);

/// What came of judging one attempt.
#[derive(Debug)]
pub(super) struct Judged {
    /// What the taps saw, to the end.
    pub exchanges: Vec<Exchange>,
    /// What it meant.
    pub trail: Trail,
    /// What is wrong, without what a tag allows.
    pub findings: Vec<Finding>,
    /// The rules that were broken and are lifted by a tag.
    pub lifted: Vec<RuleId>,
    /// The rules that had something to judge.
    pub held: Vec<RuleId>,
    /// Checks that crashed: a bug of paidpath.
    pub crashed: Vec<String>,
    /// Why the attempt failed, if it did.
    pub diagnosis: Option<Diagnosis>,
    /// Whether all exchanges came to an end.
    pub settled: bool,
}

/// Gathers and judges. Nothing of the trace is recorded after this.
pub(super) async fn judge(
    context: &RunContext,
    world: &World,
    trace: TraceId,
    fired: &[FaultOutcome],
    allowed: &Allowances,
    failed: Option<FailedStep<'_>>,
) -> Judged {
    let settled = tokio::time::timeout(UNDER_WAY, context.recorder.settled(trace)).await.is_ok();
    let cast = world.cast();
    let began = Instant::now();
    let mut look = settle(context, world, &cast, trace, allowed).await;
    while began.elapsed() < LONGEST && stirs(context, trace, look.progress).await {
        look = settle(context, world, &cast, trace, allowed).await;
    }
    let closed = context.recorder.close(trace);
    if closed.progress() != look.progress {
        look = Look::at(context, &cast, trace, closed.progress(), closed.exchanges());
    }
    look.findings.extend(context.rules.judge(&look.exchanges, fired));
    look.held.extend(context.rules.held(&look.exchanges));
    look.findings.extend(world.page_findings().iter().cloned());
    look.held.extend(world.page_rules());
    let (lifted, findings): (Vec<_>, Vec<_>) =
        look.findings.into_iter().partition(|finding| allowed.lift(finding.rule));
    let diagnosis = {
        let evidence = evidence(context, &cast, &look.trail, &look.exchanges);
        catch_unwind(AssertUnwindSafe(|| diagnose(&evidence, &findings, failed)))
    };
    let mut crashed = look.crashed;
    let diagnosis = diagnosis.unwrap_or_else(|_| {
        crashed.push("the diagnosis".into());
        None
    });
    let mut lifted: Vec<_> = lifted.into_iter().map(|finding| finding.rule).collect();
    lifted.sort();
    lifted.dedup();
    Judged {
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

/// Whether something is broken, or may still turn out to be: worth a picture of the page, which has to be closed before it
/// is known.
pub(super) fn may_break(context: &RunContext, world: &World, trace: TraceId, allowed: &Allowances) -> bool {
    if !world.has_pages() {
        return false;
    }
    let look = Look::now(context, &world.cast(), trace);
    let mut broken = look.findings.iter().chain(world.page_findings()).map(|finding| finding.rule);
    broken.any(|rule| !allowed.lift(rule)) || look.pending.iter().any(|wait| !allowed.lift(wait.rule))
}

/// Looks until no check waits for anything, or the time is up.
async fn settle(context: &RunContext, world: &World, cast: &Cast, trace: TraceId, allowed: &Allowances) -> Look {
    let started = Instant::now();
    let (mut until, mut open) = (0, HashSet::new());
    loop {
        let look = Look::now(context, cast, trace);
        let waits = look.pending.iter().filter(|wait| !allowed.lift(wait.rule));
        let (due, questions) = waits.fold((0, HashSet::new()), |(due, mut questions), wait| {
            questions.extend(wait.questions.iter().cloned());
            (due.max(wait.due), questions)
        });
        // What was open when its time was up is asked about once more, so that the last word is from after it.
        if due == 0 && !open.is_empty() && context.clock.micros() >= until {
            for question in open.drain() {
                world.probe(&question).await;
            }
            continue;
        }
        if due == 0 || started.elapsed() >= LONGEST {
            return look;
        }
        for question in &questions {
            world.probe(question).await;
        }
        let mut pause = PAUSE;
        while context.clock.micros() < due && context.recorder.progress(trace) == look.progress {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE * 5);
            if !questions.is_empty() {
                break; // Whoever is asked again may answer otherwise.
            }
        }
        (until, open) = (due, questions);
    }
}

/// Whether something comes for which no check has waited, before it was quiet for as long as the run wants.
async fn stirs(context: &RunContext, trace: TraceId, progress: ScenarioProgress) -> bool {
    let began = Instant::now();
    while began.elapsed() < context.quiet {
        tokio::time::sleep(PAUSE).await;
        if context.recorder.progress(trace) != progress {
            return true;
        }
    }
    false
}

/// One look at what was seen so far.
struct Look {
    progress: ScenarioProgress,
    exchanges: Vec<Exchange>,
    trail: Trail,
    findings: Vec<Finding>,
    held: Vec<RuleId>,
    crashed: Vec<String>,
    pending: Vec<Wait>,
}

struct Wait {
    rule: RuleId,
    due: u64,
    questions: Vec<Question>,
}

impl Look {
    fn now(context: &RunContext, cast: &Cast, trace: TraceId) -> Self {
        // Asked for first: what comes between the two is looked at once more, and not missed.
        let progress = context.recorder.progress(trace);
        Self::at(context, cast, trace, progress, context.recorder.exchanges(trace))
    }

    fn at(
        context: &RunContext,
        cast: &Cast,
        trace: TraceId,
        progress: ScenarioProgress,
        exchanges: Vec<Exchange>,
    ) -> Self {
        let trail = Trail::build(&context.rules.mapping, trace, &exchanges);
        let (mut findings, mut held, mut crashed, mut pending) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        {
            let evidence = evidence(context, cast, &trail, &exchanges);
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
        Self { progress, exchanges, trail, findings, held, crashed, pending }
    }
}

fn evidence<'a>(context: &'a RunContext, cast: &'a Cast, trail: &'a Trail, exchanges: &'a [Exchange]) -> Evidence<'a> {
    let micros = |span: crate::base::config::Span| u64::try_from(span.0.as_micros()).unwrap_or(u64::MAX);
    let bounds = context.bounds();
    Evidence::new(Given {
        mapping: &context.rules.mapping,
        trail,
        exchanges,
        cast,
        bounds: Bounds { sync: micros(bounds.sync), revoke: micros(bounds.revoke), job: micros(bounds.job) },
        edges: &context.edges,
        epoch: context.epoch,
        now: context.clock.micros(),
    })
}
