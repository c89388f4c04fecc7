//! What happens when a scenario's steps are over: its exchanges are gathered, held against every check, and explained.
//!
//! A check may have to wait for something that is still allowed to come: an event on its way, a job that runs. Then there is
//! waiting, within the target's bounds and no longer than until it has come; in the common case there is none.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use super::stage::Stage;
use super::world::World;
use crate::model::{Diagnosis, Exchange, Finding, Outcome, TraceId, Trail};
use crate::tap::Fired;
use crate::trail::{Bounds, CHECKS, Cast, Evidence, Given, Judgement, Question, diagnose};

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
    pub lifted: Vec<String>,
    /// The rules that had something to judge.
    pub held: Vec<&'static str>,
    /// Checks that crashed: a bug of paidpath.
    pub crashed: Vec<String>,
    /// Why the attempt failed, if it did.
    pub diagnosis: Option<Diagnosis>,
    /// Whether all exchanges came to an end.
    pub settled: bool,
}

/// The rules that are judged elsewhere: by contracts, and by pages.
const ELSEWHERE: &[&str] = &["U1", "U2", "U3", "U4", "U5", "U6", "U7", "U8", "contract", "catalogue"];

/// The ids of all rules that a tag can lift.
pub(super) fn rules() -> impl Iterator<Item = &'static str> + Clone {
    CHECKS.iter().map(|check| check.id()).chain(ELSEWHERE.iter().copied())
}

/// Gathers and judges. Nothing of the trace is recorded after this.
pub(super) async fn judge(
    stage: &Stage,
    world: &World,
    trace: TraceId,
    fired: &[Fired],
    allowed: &[(String, String)],
    failure: Option<&str>,
) -> Judged {
    let settled = tokio::time::timeout(UNDER_WAY, stage.recorder.settled(trace)).await.is_ok();
    let cast = world.cast();
    let mut look = settle(stage, world, &cast, trace, allowed).await;
    let exchanges = stage.recorder.close(trace);
    if !is_same(&exchanges, &look.exchanges) {
        look = Look::at(stage, &cast, trace, exchanges);
    }
    look.findings.extend(stage.rules.judge(&look.exchanges, fired));
    let is_allowed = |rule: &str| allowed.iter().any(|(lifted, _)| lifted == rule);
    let (lifted, findings): (Vec<_>, Vec<_>) = look.findings.into_iter().partition(|finding| is_allowed(&finding.rule));
    let diagnosis = {
        let evidence = evidence(stage, &cast, &look.trail, &look.exchanges);
        catch_unwind(AssertUnwindSafe(|| diagnose(&evidence, &findings, failure)))
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

/// Looks until no check waits for anything, or the time is up.
async fn settle(stage: &Stage, world: &World, cast: &Cast, trace: TraceId, allowed: &[(String, String)]) -> Look {
    let started = Instant::now();
    let mut asked_last = HashSet::new();
    loop {
        let look = Look::at(stage, cast, trace, stage.recorder.exchanges(trace));
        let waits = look.pending.iter().filter(|wait| !allowed.iter().any(|(rule, _)| rule == wait.rule));
        let (due, questions) = waits.fold((0, HashSet::new()), |(due, mut questions), wait| {
            questions.extend(wait.questions.iter().cloned());
            (due.max(wait.due), questions)
        });
        if due == 0 || started.elapsed() >= LONGEST {
            return look;
        }
        for question in &questions {
            world.probe(question).await;
        }
        let mut pause = PAUSE;
        while stage.clock.micros() < due && is_same(&stage.recorder.exchanges(trace), &look.exchanges) {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE * 5);
            if !questions.is_empty() {
                break; // Whoever is asked again may answer otherwise.
            }
        }
        // What is still open when the time is up is asked about once more, so that the last word is from after it.
        if stage.clock.micros() >= due && asked_last.insert(due) {
            for question in &questions {
                world.probe(question).await;
            }
        }
    }
}

/// Whether nothing has come, and nothing has ended, since.
fn is_same(now: &[Exchange], then: &[Exchange]) -> bool {
    let open = |exchanges: &[Exchange]| exchanges.iter().filter(|exchange| exchange.outcome == Outcome::Open).count();
    now.len() == then.len() && open(now) == open(then)
}

/// One look at what was seen so far.
struct Look {
    exchanges: Vec<Exchange>,
    trail: Trail,
    findings: Vec<Finding>,
    held: Vec<&'static str>,
    crashed: Vec<String>,
    pending: Vec<Wait>,
}

struct Wait {
    rule: &'static str,
    due: u64,
    questions: Vec<Question>,
}

impl Look {
    fn at(stage: &Stage, cast: &Cast, trace: TraceId, exchanges: Vec<Exchange>) -> Self {
        let trail = Trail::build(&stage.rules.mapping, trace, &exchanges);
        let (mut findings, mut held, mut crashed, mut pending) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        {
            let evidence = evidence(stage, cast, &trail, &exchanges);
            for check in CHECKS {
                match catch_unwind(AssertUnwindSafe(|| check.judge(&evidence))) {
                    Ok(Judgement::NotApplicable) => {}
                    Ok(Judgement::Holds { .. }) => held.push(check.id()),
                    Ok(Judgement::Broken(broken)) => {
                        held.push(check.id());
                        findings.extend(broken);
                    }
                    Ok(Judgement::Pending(wait)) => {
                        pending.push(Wait { rule: check.id(), due: wait.due, questions: wait.questions });
                    }
                    Err(_) => crashed.push(format!("the check {}", check.id())),
                }
            }
        }
        Self { exchanges, trail, findings, held, crashed, pending }
    }
}

fn evidence<'a>(stage: &'a Stage, cast: &'a Cast, trail: &'a Trail, exchanges: &'a [Exchange]) -> Evidence<'a> {
    let micros = |span: crate::base::config::Span| u64::try_from(span.0.as_micros()).unwrap_or(u64::MAX);
    let bounds = &stage.target.bounds;
    Evidence::new(Given {
        mapping: &stage.rules.mapping,
        trail,
        exchanges,
        cast,
        bounds: Bounds { sync: micros(bounds.sync), revoke: micros(bounds.revoke), job: micros(bounds.job) },
        edges: &stage.edges,
        epoch: stage.epoch,
        now: stage.clock.micros(),
    })
}
