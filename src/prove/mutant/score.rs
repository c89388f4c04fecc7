//! The share of mutants that each feature and each Then killed.

use std::collections::BTreeMap;

use crate::model::message::{PickleStepType, Status};
use crate::model::proof::{Mutant, MutantOutcome, Score};
use crate::prove::baseline::BaselineScenario;
use crate::report::ScenarioRecord;
use crate::run::Vocabulary;

/// The number of survivors that a score names.
const NAMED: usize = 10;

/// The scores while mutants are running.
#[derive(Debug, Default)]
pub struct Scores {
    features: BTreeMap<String, Score>,
    sentences: BTreeMap<String, Score>,
}

impl Scores {
    /// Counts a mutant that ran in one scenario. It counts for a Then only if the Then was reached: a step behind a failed
    /// one was not put to the test.
    pub fn add(
        &mut self,
        mutant: &Mutant,
        fate: MutantOutcome,
        seen: &BaselineScenario,
        scenario: &ScenarioRecord,
        vocabulary: &Vocabulary,
    ) {
        if !matches!(fate, MutantOutcome::Killed | MutantOutcome::Survived) {
            return;
        }
        count(&mut self.features, &seen.place.feature, mutant, fate, false);
        let Some(attempt) = scenario.last() else { return };
        let said = seen.planned.pickle.steps.iter().zip(&seen.planned.sentences).zip(&attempt.steps);
        let mut thens: BTreeMap<&str, bool> = BTreeMap::new();
        for ((step, sentence), ran) in said {
            if step.kind == Some(PickleStepType::Outcome) && ran.status != Status::Skipped {
                let place = vocabulary.definitions()[*sentence].place;
                *thens.entry(&vocabulary.catalogue().sentences[place].expression).or_default() |= ran.is_bad();
            }
        }
        for (sentence, red) in thens {
            count(&mut self.sentences, sentence, mutant, fate, red);
        }
    }

    /// Returns the scores of the features and of the Then-sentences, the weakest first.
    pub fn end(self) -> (Vec<Score>, Vec<Score>) {
        (sorted(self.features), sorted(self.sentences))
    }
}

fn count(scores: &mut BTreeMap<String, Score>, of: &str, mutant: &Mutant, fate: MutantOutcome, red: bool) {
    let score = scores.entry(of.to_owned()).or_insert_with(|| Score { of: of.to_owned(), ..Score::default() });
    score.counted += 1;
    score.red += usize::from(red);
    if fate == MutantOutcome::Killed {
        score.killed += 1;
    } else if score.unnoticed.len() < NAMED {
        score.unnoticed.push(format!("{} at {}", mutant.what, mutant.at));
    }
}

fn sorted(scores: BTreeMap<String, Score>) -> Vec<Score> {
    let mut scores: Vec<Score> = scores.into_values().collect();
    scores.sort_by(|a, b| a.share().total_cmp(&b.share()));
    scores
}
