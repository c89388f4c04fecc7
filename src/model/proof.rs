//! The proof that a suite can fail: defects and changed answers, one at a time, with the scenarios that detected them.

use serde::{Deserialize, Serialize};

use super::{Edge, Exit, RuleId};

/// A proof, as it is kept in `proof.json`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Proof {
    pub target: String,
    pub topology: String,
    /// The seed of everything random.
    pub seed: u64,
    /// The time for the baseline and all trials, in microseconds.
    pub took_micros: u64,
    /// The scenarios of the baseline, which all passed.
    pub scenarios: Vec<ScenarioPlace>,
    /// The seeded defects; those that were not caught come first.
    pub defects: Vec<Row>,
    /// The result of changing the platform's answers, if that was requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mutation: Option<Mutation>,
    /// Notes that a reader must know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// A scenario's name and place.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ScenarioPlace {
    /// The place of the scenario, as `file:line`.
    pub at: String,
    pub feature: String,
    pub name: String,
}

/// A defect, with the scenarios that could detect it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    pub id: String,
    /// The effect that a user observes.
    pub observed: String,
    /// The rules that the defect breaks.
    pub rules: Vec<RuleId>,
    /// The same rules in sentences, which a scenario would have to assert.
    pub says: Vec<String>,
    /// The edge on which the defect breaks the path.
    pub hop: Edge,
    /// True if a test of the happy path stays green.
    pub subtle: bool,
    /// The tag of the only scenarios that can detect the defect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    pub standing: Standing,
    /// The number of scenarios that could detect the defect.
    pub candidates: usize,
    /// The scenarios that were run with the defect.
    pub cells: Vec<Cell>,
}

/// The result for a defect, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Every scenario with the defect stayed green.
    Survived,
    /// A scenario was red, but not because of the defect's rules or a Then.
    ByAccident,
    /// The defect was switched on, but no request reached its code.
    NeverFired,
    /// No scenario makes a request that could reach the defect.
    NotReached,
    /// One of the defect's rules was found broken, or a Then failed.
    Caught,
}

/// A scenario that was run with a defect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// The index of the scenario in [`Proof::scenarios`].
    pub scenario: usize,
    pub notice: Detection,
    /// True if a request reached the defect; `None` if the platform does not report that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fired: Option<bool>,
    /// The rules that were found broken; those of the defect come first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleId>,
    /// The Then step that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub then: Option<String>,
    /// The edge that the diagnosis names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hop: Option<Edge>,
    /// The reason of a failure, in one line.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// The duration of the scenario, in microseconds.
    pub took_micros: u64,
}

/// The way in which a scenario detected a defect, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Detection {
    /// A rule of the defect was found broken.
    Rule,
    /// One of the scenario's Then steps failed.
    Then,
    /// The scenario was red for another reason: another rule, a preparing step, a deadline, or it could not be judged.
    Accident,
    /// The scenario passed in spite of the defect.
    Missed,
}

/// The result of changing the platform's answers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Mutation {
    /// The number of changes that the recorded exchanges allow.
    pub possible: usize,
    /// The changes that were made; the survivors come first.
    pub mutants: Vec<Mutant>,
    /// The score of each feature, the weakest first.
    pub features: Vec<Score>,
    /// The score of each Then sentence, the weakest first.
    pub sentences: Vec<Score>,
}

/// A change to the answers of one operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mutant {
    pub at: String,
    /// The change in words, such as `empty /detail`.
    pub what: String,
    /// The name of the mutation operator.
    pub operator: String,
    /// The change in the language of `--fault`.
    pub faults: Vec<String>,
    pub fate: MutantOutcome,
    /// The reason for the fate, in one line.
    pub why: String,
    /// The scenarios that ran with the mutant, as indices in [`Proof::scenarios`].
    pub scenarios: Vec<usize>,
}

/// The result for a mutant. With several scenarios, the first of these that applies counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MutantOutcome {
    /// At least one scenario failed.
    Killed,
    /// A scenario stayed green although something observable was changed.
    Survived,
    /// The change has no observable effect.
    Equivalent,
    /// No answer was changed, because none fitted the mutant.
    NeverFired,
}

/// The number of killed mutants among those that could be killed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Score {
    /// The name of the feature, or the sentence.
    pub of: String,
    /// The number of mutants that a scenario detected.
    pub killed: usize,
    /// The number of mutants that could be detected.
    pub counted: usize,
    /// The number of mutants that failed this very sentence.
    pub red: usize,
    /// Examples of mutants that no scenario detected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unnoticed: Vec<String>,
}

impl Score {
    /// Returns the killed share, from 0 to 1.
    pub fn share(&self) -> f64 {
        // A sentence that met no mutant has the share 0 and not NaN.
        self.killed as f64 / self.counted.max(1) as f64
    }
}

impl Mutation {
    pub fn count(&self, fate: MutantOutcome) -> usize {
        self.mutants.iter().filter(|mutant| mutant.fate == fate).count()
    }

    /// Returns the share of killed mutants, in per cent.
    pub fn score(&self) -> f64 {
        let (killed, survived) = (self.count(MutantOutcome::Killed), self.count(MutantOutcome::Survived));
        // Equivalent mutants and those that never fired cannot be killed, so they do not count.
        100.0 * killed as f64 / (killed + survived).max(1) as f64
    }

    /// Returns the sentences that met many mutants and never failed: they may assert nothing.
    pub fn decoration(&self) -> impl Iterator<Item = &Score> {
        self.sentences.iter().filter(|sentence| sentence.red == 0 && sentence.counted >= ENOUGH)
    }
}

/// The number of mutants that a sentence must have met before it counts as one that asserts nothing.
const ENOUGH: usize = 30;

/// The least share of mutants that a good suite kills, in per cent.
pub const LEAST: f64 = 85.0;

impl Detection {
    /// Returns true if the scenario detected the defect itself.
    pub fn is_good(self) -> bool {
        match self {
            Self::Rule | Self::Then => true,
            Self::Accident | Self::Missed => false,
        }
    }
}

impl Standing {
    /// All results, the worst first.
    pub const ALL: [Self; 5] = [Self::Survived, Self::ByAccident, Self::NeverFired, Self::NotReached, Self::Caught];

    pub fn words(self) -> &'static str {
        match self {
            Self::Survived => "survived",
            Self::ByAccident => "caught by accident only",
            Self::NeverFired => "never fired",
            Self::NotReached => "not reached",
            Self::Caught => "caught",
        }
    }

    /// Returns the result for a defect from the scenarios that were run with it.
    pub fn of(cells: &[Cell]) -> Self {
        if cells.is_empty() {
            return Self::NotReached;
        }
        // A scenario that never reached the defect says nothing about it.
        let fired = cells.iter().filter(|cell| cell.fired != Some(false));
        match fired.map(|cell| cell.notice).min() {
            None => Self::NeverFired,
            Some(Detection::Rule | Detection::Then) => Self::Caught,
            Some(Detection::Accident) => Self::ByAccident,
            Some(Detection::Missed) => Self::Survived,
        }
    }
}

impl Row {
    /// Returns the scenario that detected the defect best, preferably with the right hop in its diagnosis.
    pub fn best(&self) -> Option<&Cell> {
        // `min_by_key` keeps the first of equals, so the report names the same scenario in every run.
        let live = self.cells.iter().filter(|cell| cell.fired != Some(false));
        live.min_by_key(|cell| (cell.notice, cell.hop.as_ref() != Some(&self.hop)))
    }

    /// Returns true if the best detection names the right hop.
    pub fn names_its_hop(&self) -> bool {
        self.best().is_some_and(|cell| cell.notice.is_good() && cell.hop.as_ref() == Some(&self.hop))
    }

    /// Returns the number of detections that name the right hop, and the number of all detections.
    pub fn hops(&self) -> (usize, usize) {
        let good = self.cells.iter().filter(|cell| cell.notice.is_good());
        let right = good.clone().filter(|cell| cell.hop.as_ref() == Some(&self.hop));
        (right.count(), good.count())
    }
}

impl Proof {
    /// Returns the exit: an undetected defect is a failure, an untested one makes the result unknown.
    pub fn exit(&self) -> Exit {
        let defects = self.defects.iter().map(|row| match row.standing {
            Standing::Survived | Standing::ByAccident => Exit::Failed,
            Standing::NeverFired | Standing::NotReached => Exit::Unknown,
            Standing::Caught => Exit::Passed,
        });
        let mutation = self.mutation.iter().map(|mutation| match mutation.count(MutantOutcome::Killed) {
            // Without a single kill there may have been nothing to kill.
            0 => Exit::Unknown,
            _ if mutation.score() < LEAST => Exit::Failed,
            _ => Exit::Passed,
        });
        let all: Vec<Exit> = defects.chain(mutation).collect();
        if all.contains(&Exit::Failed) {
            Exit::Failed
        } else if all.is_empty() || all.contains(&Exit::Unknown) {
            // A proof without any trial proves nothing.
            Exit::Unknown
        } else {
            Exit::Passed
        }
    }

    /// Returns the number of defects with this result.
    pub fn count(&self, standing: Standing) -> usize {
        self.defects.iter().filter(|row| row.standing == standing).count()
    }
}
