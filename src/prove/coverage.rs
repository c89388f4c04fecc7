//! What would survive if one check were taken away. Read off the matrix: each cell says everything that told of the defect
//! in that scenario, so no further run is needed; the matrix has to be a whole one.

use std::collections::BTreeSet;
use std::fmt;

use super::baseline::Seen;
use super::judge::counted_as;
use crate::model::proof::{Row, Standing};
use crate::model::{Proof, RuleId};

/// What taking a check away would cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removal {
    /// The defects that nothing else tells of.
    Survive(Vec<String>),
    /// The defects that it tells of, and who else does.
    Covered(Vec<(String, String)>),
    /// No defect breaks it, and there was something to judge.
    Unbroken,
    /// It had nothing to judge in these scenarios.
    Idle,
    /// What it finds counts as this rule's.
    CountsAs(RuleId),
}

impl fmt::Display for Removal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Survive(defects) => write!(f, "{} would survive: {}", defects.len(), defects.join(", ")),
            Self::Covered(defects) => {
                let others = defects.iter().map(|(defect, others)| format!("{defect} ({others})"));
                write!(f, "covered: {}", others.collect::<Vec<_>>().join(", "))
            }
            Self::Unbroken => f.write_str("no defect of the list breaks it in these scenarios"),
            Self::Idle => f.write_str("it has nothing to judge in these scenarios"),
            Self::CountsAs(rule) => write!(f, "what it finds counts as {rule}"),
        }
    }
}

/// For each rule, what taking it away would cost. `seen` is the baseline.
pub fn without_each(proof: &Proof, seen: &[Seen]) -> Vec<(RuleId, Removal)> {
    let caught: Vec<(&Row, BTreeSet<Teller>)> =
        proof.defects.iter().filter(|row| row.standing == Standing::Caught).map(|row| (row, tellers(row))).collect();
    let removal = |rule: RuleId| {
        if let Some(other) = counted_as(rule) {
            return Removal::CountsAs(other);
        }
        let (mut survive, mut covered) = (Vec::new(), Vec::new());
        for (row, tellers) in caught.iter().filter(|(_, tellers)| tellers.contains(&Teller::Rule(rule))) {
            let others = tellers.iter().filter(|other| **other != Teller::Rule(rule));
            let others: Vec<String> = others.map(ToString::to_string).collect();
            match others.is_empty() {
                true => survive.push(row.id.clone()),
                false => covered.push((row.id.clone(), others.join(", "))),
            }
        }
        let idle = !seen.iter().any(|seen| seen.judges(rule));
        match (survive.is_empty(), covered.is_empty()) {
            (false, _) => Removal::Survive(survive),
            (true, false) => Removal::Covered(covered),
            (true, true) if idle => Removal::Idle,
            (true, true) => Removal::Unbroken,
        }
    };
    RuleId::ALL.iter().map(|rule| (*rule, removal(*rule))).collect()
}

/// A part of a scenario that can tell of a defect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Teller {
    Rule(RuleId),
    Then,
}

impl fmt::Display for Teller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule(rule) => rule.fmt(f),
            Self::Then => f.write_str("a Then"),
        }
    }
}

/// Everything that told of a defect: those of its rules that were found broken, and Thens.
fn tellers(row: &Row) -> BTreeSet<Teller> {
    let mut tellers = BTreeSet::new();
    for cell in row.cells.iter().filter(|cell| cell.notice.is_good()) {
        tellers.extend(cell.rules.iter().filter(|rule| row.rules.contains(rule)).map(|rule| Teller::Rule(*rule)));
        tellers.extend(cell.then.iter().map(|_| Teller::Then));
    }
    tellers
}
