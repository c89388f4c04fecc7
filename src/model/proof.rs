//! Proof that a suite can fail: what was broken on purpose, one thing at a time, and who noticed.

use serde::{Deserialize, Serialize};

use super::{Edge, Exit, RuleId};

/// A proof as it is kept: `proof.json`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Proof {
    /// The target's name.
    pub target: String,
    /// The topology's name.
    pub topology: String,
    /// Everything drawn comes from it.
    pub seed: u64,
    /// The baseline and all trials, in microseconds.
    pub took_micros: u64,
    /// The scenarios of the baseline: all of them green.
    pub scenarios: Vec<ScenarioPlace>,
    /// The seeded defects, those that were not caught first.
    pub defects: Vec<Row>,
    /// What came of changing the platform's answers, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mutation: Option<Mutation>,
    /// What a reader must know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// A scenario by its name and place.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ScenarioPlace {
    /// `file:line`.
    pub at: String,
    /// Its feature's name.
    pub feature: String,
    /// Its name.
    pub name: String,
}

/// One defect against the scenarios that could see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The defect's id.
    pub id: String,
    /// What one observes.
    pub observed: String,
    /// The rules that it breaks.
    pub rules: Vec<RuleId>,
    /// These rules in sentences: what one would have to assert.
    pub says: Vec<String>,
    /// The hop on which it breaks the path.
    pub hop: Edge,
    /// Whether a test of the happy path stays green.
    pub subtle: bool,
    /// The tag of the only scenarios that can see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// What came of it.
    pub standing: Standing,
    /// How many scenarios could see it.
    pub candidates: usize,
    /// The scenarios that were run with it.
    pub cells: Vec<Cell>,
}

/// What came of a defect. The worst news first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Every scenario that had it stayed green.
    Survived,
    /// Something was red, but nothing that speaks of it.
    ByAccident,
    /// It was switched on, and nothing ever came to where it is.
    NeverFired,
    /// No scenario goes where it is.
    NotReached,
    /// One of its rules was found broken, or a Then said no.
    Caught,
}

/// One defect in one scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// Which of [`Proof::scenarios`].
    pub scenario: usize,
    /// How it was noticed.
    pub notice: Detection,
    /// Whether it really broke something; `None` where the platform does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fired: Option<bool>,
    /// The rules that were found broken, its own first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleId>,
    /// The Then that said no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub then: Option<String>,
    /// The hop that the diagnosis names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hop: Option<Edge>,
    /// Why it was red, in one line.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// How long the scenario took, in microseconds.
    pub took_micros: u64,
}

/// How a scenario noticed a defect. The best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Detection {
    /// One of the defect's rules was found broken.
    Rule,
    /// A Then said no.
    Then,
    /// It was red for another reason: another rule, a step that only prepares, a deadline, or it could not be judged.
    Accident,
    /// It was green.
    Missed,
}

/// What came of changing the platform's answers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Mutation {
    /// How many changes could be made to what the scenarios exchange.
    pub possible: usize,
    /// Those that were made, the survivors first.
    pub mutants: Vec<Mutant>,
    /// Each feature; the weakest first.
    pub features: Vec<Score>,
    /// Each Then-sentence; the weakest first.
    pub sentences: Vec<Score>,
}

/// One change to the answers of one operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mutant {
    /// Edge, method and path.
    pub at: String,
    /// What was changed: `empty /detail`.
    pub what: String,
    /// By which operator.
    pub operator: String,
    /// In the words of `--fault`.
    pub faults: Vec<String>,
    /// What became of it.
    pub fate: MutantOutcome,
    /// Why, in one line.
    pub why: String,
    /// The scenarios that ran with it, by their place in [`Proof::scenarios`].
    pub scenarios: Vec<usize>,
}

/// What became of a mutant. Of several scenarios the first of these counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MutantOutcome {
    /// A scenario failed.
    Killed,
    /// A scenario stayed green, although something observable was changed.
    Survived,
    /// Nothing observable was changed.
    Equivalent,
    /// Nothing was changed.
    NeverFired,
}

/// What was killed of what could be.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Score {
    /// The feature's name, or the sentence.
    pub of: String,
    /// Mutants that a scenario noticed.
    pub killed: usize,
    /// Mutants that could be noticed.
    pub counted: usize,
    /// Mutants that this sentence itself turned red for.
    pub red: usize,
    /// Some that nobody noticed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unnoticed: Vec<String>,
}

impl Score {
    /// From 0 to 1.
    pub fn share(&self) -> f64 {
        self.killed as f64 / self.counted.max(1) as f64
    }
}

impl Mutation {
    /// How many came to this.
    pub fn count(&self, fate: MutantOutcome) -> usize {
        self.mutants.iter().filter(|mutant| mutant.fate == fate).count()
    }

    /// What was killed of what could be, in per cent.
    pub fn score(&self) -> f64 {
        let (killed, survived) = (self.count(MutantOutcome::Killed), self.count(MutantOutcome::Survived));
        100.0 * killed as f64 / (killed + survived).max(1) as f64
    }

    /// Sentences that were put to the test and that nothing turned red: they assert nothing that could be otherwise.
    pub fn decoration(&self) -> impl Iterator<Item = &Score> {
        self.sentences.iter().filter(|sentence| sentence.red == 0 && sentence.counted >= ENOUGH)
    }
}

/// How many mutants a sentence must have met before its silence says something.
const ENOUGH: usize = 30;

/// The least share of mutants that have to be killed, in per cent.
pub const LEAST: f64 = 85.0;

impl Detection {
    /// Whether it tells of the defect itself.
    pub fn is_good(self) -> bool {
        match self {
            Self::Rule | Self::Then => true,
            Self::Accident | Self::Missed => false,
        }
    }
}

impl Standing {
    /// All of them, the worst news first.
    pub const ALL: [Self; 5] = [Self::Survived, Self::ByAccident, Self::NeverFired, Self::NotReached, Self::Caught];

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Survived => "survived",
            Self::ByAccident => "caught by accident only",
            Self::NeverFired => "never fired",
            Self::NotReached => "not reached",
            Self::Caught => "caught",
        }
    }

    /// What came of a defect in these scenarios.
    pub fn of(cells: &[Cell]) -> Self {
        let mut live = cells.iter().filter(|cell| cell.fired != Some(false)).peekable();
        match (cells.is_empty(), live.peek().is_none()) {
            (true, _) => Self::NotReached,
            (false, true) => Self::NeverFired,
            (false, false) => match live.map(|cell| cell.notice).min() {
                Some(Detection::Rule | Detection::Then) => Self::Caught,
                Some(Detection::Accident) => Self::ByAccident,
                Some(Detection::Missed) | None => Self::Survived,
            },
        }
    }
}

impl Row {
    /// The cell that says most: how it was noticed best, where the right hop is named if there is one.
    pub fn best(&self) -> Option<&Cell> {
        let live = self.cells.iter().filter(|cell| cell.fired != Some(false));
        live.min_by_key(|cell| (cell.notice, cell.hop.as_ref() != Some(&self.hop)))
    }

    /// Whether the cell that says most names the right hop.
    pub fn names_its_hop(&self) -> bool {
        self.best().is_some_and(|cell| cell.notice.is_good() && cell.hop.as_ref() == Some(&self.hop))
    }

    /// The cells that tell of the defect, and how many of them name its hop.
    pub fn hops(&self) -> (usize, usize) {
        let good = self.cells.iter().filter(|cell| cell.notice.is_good());
        let right = good.clone().filter(|cell| cell.hop.as_ref() == Some(&self.hop));
        (right.count(), good.count())
    }
}

impl Proof {
    /// How the process ends: a defect that nobody sees is a failure, one that was not put to the test is unknown.
    pub fn exit(&self) -> Exit {
        let defects = self.defects.iter().map(|row| match row.standing {
            Standing::Survived | Standing::ByAccident => Exit::Failed,
            Standing::NeverFired | Standing::NotReached => Exit::Unknown,
            Standing::Caught => Exit::Passed,
        });
        let mutation = self.mutation.iter().map(|mutation| match mutation.count(MutantOutcome::Killed) {
            0 => Exit::Unknown,
            _ if mutation.score() < LEAST => Exit::Failed,
            _ => Exit::Passed,
        });
        let all: Vec<Exit> = defects.chain(mutation).collect();
        match (all.contains(&Exit::Failed), all.is_empty() || all.contains(&Exit::Unknown)) {
            (true, _) => Exit::Failed,
            (false, true) => Exit::Unknown,
            (false, false) => Exit::Passed,
        }
    }

    /// How many defects came to this.
    pub fn count(&self, standing: Standing) -> usize {
        self.defects.iter().filter(|row| row.standing == standing).count()
    }
}
