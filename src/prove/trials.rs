//! The trials: all pairs of a defect and a scenario that could notice it, side by side on one platform.

use std::sync::Arc;

use super::baseline::Baseline;
use super::defect::Defect;
use super::plan_runner::{PlanRunner, ProofError};
use super::{judge, reach};
use crate::model::Proof;
use crate::model::proof::{Cell, Detection, Row, Standing};
use crate::report::run_builder::RunUpdate;
use crate::run::{Plan, Planned};
use crate::trail::rule;
use crate::world::Trial;

/// The scenarios that run with a defect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrialScope {
    /// Stops at the first finding of one of the defect's rules, or after [`THENS`] Thens that failed.
    UntilCaught,
    /// Runs all scenarios that could notice the defect.
    All,
}

/// The progress of a proof.
#[derive(Debug)]
pub enum ProofProgress<'p> {
    /// The number of attempts that have ended, and the number of all.
    Attempts(usize, usize),
    /// The defect has its result.
    Decided(&'p Row),
}

/// The number of failed Thens after which no finding of a rule is to be expected.
const THENS: usize = 8;

/// The number of scenarios that run with the same defect at once where one finding is enough. Any more would have started
/// for nothing when the first of them notices the defect.
const AT_ONCE: usize = 2;

struct Pair {
    row: usize,
    scenario: usize,
    /// The number of scenarios that come before it with the same defect.
    turn: usize,
}

/// Runs each defect against the scenarios that could notice it. The rows come in the order of the defects.
pub fn prove(
    runner: &PlanRunner<'_>,
    baseline: &Baseline,
    defects: &[Defect],
    scope: TrialScope,
    last: Option<&Proof>,
    mut progress: impl FnMut(ProofProgress<'_>),
) -> Result<Vec<Row>, ProofError> {
    let mut rows = Vec::new();
    let mut trials = Vec::new();
    let mut candidates = Vec::new();
    for defect in defects {
        let trial =
            defect.trial().map_err(|error| ProofError::Environment(format!("the defect {}: {error}", defect.id)))?;
        trials.push(Arc::new(trial));
        let own = reach::candidates(defect, baseline, last);
        rows.push(row(defect, own.len()));
        candidates.push(own);
    }
    let pairs = in_turn(&candidates);
    let plan = Plan {
        scenarios: pairs.iter().map(|pair| planned(pair, baseline, defects, &trials, scope)).collect(),
        ..Plan::default()
    };
    let mut left: Vec<usize> = candidates.iter().map(Vec::len).collect();
    for row in rows.iter().filter(|row| row.candidates == 0) {
        progress(ProofProgress::Decided(row));
    }
    if pairs.is_empty() {
        return Ok(rows);
    }
    let (target, _) = (runner.target)();
    let header = target.baggage.fired.as_deref();
    let mut done = 0;
    // The pairs are already in the order in which they shall begin, so the history must not order them by duration.
    runner.run_following(plan, |_, update, builder| {
        let RunUpdate::Ended(ended) = update else { return };
        let Pair { row: at, scenario, .. } = pairs[ended];
        let row = &mut rows[at];
        let seen = &baseline.scenarios[scenario];
        if let Some(cell) = judge::cell(&defects[at], scenario, seen, &builder.run().scenarios[ended], header) {
            row.cells.push(cell);
            let thens = row.cells.iter().filter(|cell| cell.notice == Detection::Then).count();
            let is_caught = thens >= THENS || row.cells.iter().any(|cell| cell.notice == Detection::Rule);
            // The scenarios of this defect that have not begun need not run any more.
            if is_caught && scope == TrialScope::UntilCaught {
                trials[at].end();
            }
        }
        // Thousands of attempts would not fit into memory with their evidence.
        builder.forget_evidence(ended);
        left[at] -= 1;
        done += 1;
        if left[at] == 0 {
            row.cells.sort_by_key(|cell: &Cell| cell.scenario);
            row.standing = Standing::of(&row.cells);
            progress(ProofProgress::Decided(row));
        }
        progress(ProofProgress::Attempts(done, pairs.len()));
    })?;
    Ok(rows)
}

fn row(defect: &Defect, candidates: usize) -> Row {
    Row {
        id: defect.id.into(),
        observed: defect.observed.into(),
        rules: defect.rules.clone(),
        says: defect.rules.iter().map(|id| rule(*id).holds.to_owned()).collect(),
        hop: defect.edge(),
        subtle: defect.subtle,
        tag: defect.tag.map(str::to_owned),
        standing: Standing::NotReached,
        candidates,
        cells: Vec::new(),
    }
}

/// Returns the likeliest scenario of each defect, then the next of each, and so on, so that a defect that is noticed early
/// needs few scenarios.
fn in_turn(candidates: &[Vec<usize>]) -> Vec<Pair> {
    let longest = candidates.iter().map(Vec::len).max().unwrap_or_default();
    let turn = |turn: usize| {
        let nth = move |(row, own): (usize, &Vec<usize>)| {
            own.get(turn).map(|scenario| Pair { row, scenario: *scenario, turn })
        };
        candidates.iter().enumerate().filter_map(nth)
    };
    (0..longest).flat_map(turn).collect()
}

/// Returns the scenario under the defect: without retries and quarantine, which would hide the failure.
fn planned(pair: &Pair, baseline: &Baseline, defects: &[Defect], trials: &[Arc<Trial>], scope: TrialScope) -> Planned {
    let mut planned = baseline.scenarios[pair.scenario].planned.again(defects[pair.row].id);
    if scope == TrialScope::UntilCaught {
        // Scenarios with the same lock wait for each other.
        planned.settings.alone.lock(format!("{} {}", defects[pair.row].id, pair.turn % AT_ONCE));
    }
    planned.trial = Some(Arc::clone(&trials[pair.row]));
    planned.settings.retries = Some(0);
    planned.settings.quarantine = None;
    planned
}
