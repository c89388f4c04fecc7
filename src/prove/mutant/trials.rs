//! Running mutants: drawn from the candidates, each in a few of the scenarios that had the exchange.

use std::sync::Arc;

use rand::seq::SliceRandom;

use super::candidates::{CandidateMutant, candidates};
use super::outcome::outcome;
use super::score::Scores;
use crate::base::seed::Seed;
use crate::model::proof::{Mutant, MutantOutcome, Mutation};
use crate::prove::baseline::Baseline;
use crate::prove::plan_runner::{PlanRunner, ProofError};
use crate::report::run_builder::RunUpdate;
use crate::run::Plan;
use crate::tap::Disturbance;
use crate::world::Trial;

/// The limits of a mutation run.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// The greatest number of mutants.
    pub mutants: usize,
    /// The greatest number of scenarios for each mutant.
    pub scenarios: usize,
}

/// Changes answers, and records which scenarios fail. `progress` receives how many attempts have ended, and how many there
/// are.
pub fn mutate(
    runner: &PlanRunner<'_>,
    baseline: &Baseline,
    budget: Budget,
    mut progress: impl FnMut(usize, usize),
) -> Result<Mutation, ProofError> {
    let (target, rules) = (runner.target)();
    let all = candidates(baseline, &target, &rules);
    let possible = all.len();
    let drawn = drawn(all, budget, runner.options.seed);
    let mut trials = Vec::new();
    for candidate in &drawn {
        let faults = candidate.faults.iter().map(|words| words.parse::<Disturbance>()).collect::<Result<Vec<_>, _>>();
        let faults =
            faults.map_err(|error| ProofError::Environment(format!("{}: {error}", candidate.faults.join("; "))))?;
        trials.push(Arc::new(Trial::faults(faults)));
    }
    let turns = drawn.iter().map(|candidate| candidate.scenarios.len()).max().unwrap_or_default();
    let turn = |turn: usize| {
        drawn.iter().enumerate().filter_map(move |(mutant, candidate)| Some((mutant, *candidate.scenarios.get(turn)?)))
    };
    let pairs: Vec<(usize, usize)> = (0..turns).flat_map(turn).collect();
    let planned = pairs.iter().map(|(mutant, scenario)| {
        let mut planned = baseline.scenarios[*scenario].planned.again(&format!("mutant-{mutant}"));
        planned.trial = Some(Arc::clone(&trials[*mutant]));
        // A retry or a quarantine would hide that the scenario noticed the mutant.
        planned.settings.retries = Some(0);
        planned.settings.quarantine = None;
        planned
    });
    let plan = Plan { scenarios: planned.collect(), ..Plan::default() };
    let mut mutants: Vec<Mutant> = drawn.iter().map(mutant).collect();
    if pairs.is_empty() {
        return Ok(Mutation { possible, ..Mutation::default() });
    }
    let mut scores = Scores::default();
    let mut done = 0;
    runner.run_following(plan, |_, update, builder| {
        let RunUpdate::Ended(ended) = update else { return };
        let (mutant, scenario) = pairs[ended];
        let seen = &baseline.scenarios[scenario];
        let ran = &builder.run().scenarios[ended];
        if let Some((fate, why)) = outcome(&drawn[mutant], seen, ran, &target, &rules) {
            // One scenario that notices is enough: the rest of the mutant's scenarios need not run.
            if fate == MutantOutcome::Killed {
                trials[mutant].end();
            }
            scores.add(&mutants[mutant], fate, seen, ran, &runner.suite.vocabulary);
            let known = &mut mutants[mutant];
            if known.scenarios.is_empty() || fate < known.fate {
                (known.fate, known.why) = (fate, why);
            }
            known.scenarios.push(scenario);
        }
        builder.forget_evidence(ended);
        done += 1;
        progress(done, pairs.len());
    })?;
    let (features, sentences) = scores.end();
    mutants.sort_by_key(|mutant| (mutant.fate != MutantOutcome::Survived, mutant.fate));
    Ok(Mutation { possible, mutants, features, sentences })
}

fn mutant(candidate: &CandidateMutant) -> Mutant {
    Mutant {
        at: candidate.at.clone(),
        what: candidate.what.clone(),
        operator: candidate.operator.into(),
        faults: candidate.faults.clone(),
        fate: MutantOutcome::NeverFired,
        why: String::new(),
        scenarios: Vec::new(),
    }
}

/// Draws mutants up to the budget. The operators take turns, and each mutant keeps as many of its scenarios as the budget
/// allows.
fn drawn(mut candidates: Vec<CandidateMutant>, budget: Budget, seed: Seed) -> Vec<CandidateMutant> {
    let mut rng = seed.rng("mutants");
    candidates.shuffle(&mut rng);
    // Some operators have a hundred times the candidates of others, and would be all that is drawn.
    let mut by_operator: Vec<(&'static str, Vec<CandidateMutant>)> = Vec::new();
    for mut candidate in candidates {
        candidate.scenarios.shuffle(&mut rng);
        candidate.scenarios.truncate(budget.scenarios.max(1));
        match by_operator.iter_mut().find(|(operator, _)| *operator == candidate.operator) {
            Some((_, known)) => known.push(candidate),
            None => by_operator.push((candidate.operator, vec![candidate])),
        }
    }
    let mut drawn = Vec::new();
    while drawn.len() < budget.mutants && by_operator.iter().any(|(_, candidates)| !candidates.is_empty()) {
        drawn.extend(by_operator.iter_mut().filter_map(|(_, candidates)| candidates.pop()));
    }
    drawn.truncate(budget.mutants);
    drawn
}
