//! Mutants, drawn from the ideas, each in a few of the scenarios that had the exchange.

use std::sync::Arc;

use rand::seq::SliceRandom;

use super::fate::fate;
use super::ideas::{Idea, ideas};
use super::score::Scores;
use crate::base::seed::Seed;
use crate::model::proof::{Fate, Mutant, Mutation};
use crate::prove::baseline::Baseline;
use crate::prove::stand::{Broken, Stand};
use crate::report::digest::News;
use crate::run::{Options, Plan};
use crate::tap::Disturbance;
use crate::world::Trial;

/// How much is tried.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// How many mutants.
    pub mutants: usize,
    /// In how many scenarios each, at most.
    pub scenarios: usize,
}

/// Changes answers, and sees who notices. `progress` hears how many attempts have ended, of how many.
///
/// # Errors
/// If the platform does not come up.
pub fn mutate(
    stand: &Stand<'_>,
    baseline: &Baseline,
    budget: Budget,
    mut progress: impl FnMut(usize, usize),
) -> Result<Mutation, Broken> {
    let (target, rules) = (stand.target)();
    let all = ideas(baseline, &target, &rules);
    let possible = all.len();
    let drawn = drawn(all, budget, stand.options.seed);
    let mut trials = Vec::new();
    for idea in &drawn {
        let faults = idea.faults.iter().map(|words| words.parse::<Disturbance>()).collect::<Result<Vec<_>, _>>();
        let faults = faults.map_err(|error| Broken::Environment(format!("{}: {error}", idea.faults.join("; "))))?;
        trials.push(Arc::new(Trial::faults(faults)));
    }
    let turns = drawn.iter().map(|idea| idea.scenarios.len()).max().unwrap_or_default();
    let turn = |turn: usize| {
        drawn.iter().enumerate().filter_map(move |(mutant, idea)| Some((mutant, *idea.scenarios.get(turn)?)))
    };
    let pairs: Vec<(usize, usize)> = (0..turns).flat_map(turn).collect();
    let planned = pairs.iter().map(|(mutant, scenario)| {
        let mut planned = baseline.seen[*scenario].planned.again(&format!("mutant-{mutant}"));
        planned.trial = Some(Arc::clone(&trials[*mutant]));
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
    let options = Options { history: Default::default(), repeat: 1, ..stand.options.clone() };
    stand.run(plan, options, |_, news, digest| {
        let News::Ended(ended) = news else { return };
        let (mutant, scenario) = pairs[ended];
        let seen = &baseline.seen[scenario];
        let ran = &digest.run().scenarios[ended];
        if let Some((fate, why)) = fate(&drawn[mutant], seen, ran, &target, &rules) {
            if fate == Fate::Killed {
                trials[mutant].end();
            }
            scores.add(&mutants[mutant], fate, seen, ran, &stand.suite.vocabulary);
            let known = &mut mutants[mutant];
            if known.scenarios.is_empty() || fate < known.fate {
                (known.fate, known.why) = (fate, why);
            }
            known.scenarios.push(scenario);
        }
        digest.forget_evidence(ended);
        done += 1;
        progress(done, pairs.len());
    })?;
    let (features, sentences) = scores.end();
    mutants.sort_by_key(|mutant| (mutant.fate != Fate::Survived, mutant.fate));
    Ok(Mutation { possible, mutants, features, sentences })
}

fn mutant(idea: &Idea) -> Mutant {
    Mutant {
        at: idea.at.clone(),
        what: idea.what.clone(),
        operator: idea.operator.into(),
        faults: idea.faults.clone(),
        fate: Fate::NeverFired,
        why: String::new(),
        scenarios: Vec::new(),
    }
}

/// As many ideas as the budget allows, the operators taking turns; each with as many of its scenarios.
fn drawn(mut ideas: Vec<Idea>, budget: Budget, seed: Seed) -> Vec<Idea> {
    let mut rng = seed.rng("mutants");
    ideas.shuffle(&mut rng);
    let mut by_operator: Vec<(&'static str, Vec<Idea>)> = Vec::new();
    for mut idea in ideas {
        idea.scenarios.shuffle(&mut rng);
        idea.scenarios.truncate(budget.scenarios.max(1));
        match by_operator.iter_mut().find(|(operator, _)| *operator == idea.operator) {
            Some((_, known)) => known.push(idea),
            None => by_operator.push((idea.operator, vec![idea])),
        }
    }
    let mut drawn = Vec::new();
    while drawn.len() < budget.mutants && by_operator.iter().any(|(_, ideas)| !ideas.is_empty()) {
        drawn.extend(by_operator.iter_mut().filter_map(|(_, ideas)| ideas.pop()));
    }
    drawn.truncate(budget.mutants);
    drawn
}
