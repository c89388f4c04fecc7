//! The defects that would survive if one check were taken away. Each cell of a proof holds everything that noticed the defect in
//! that scenario, so no further run is needed. The proof must have run every scenario that could notice a defect.

use std::collections::BTreeSet;
use std::fmt;

use super::baseline::BaselineScenario;
use super::judge::counted_as;
use crate::model::Proof;
use crate::model::proof::{Row, Standing};

/// The cost of taking a check away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removal {
    /// The defects that nothing else notices.
    Survive(Vec<String>),
    /// The defects that the check notices, each with what else notices it.
    Covered(Vec<(String, String)>),
    /// No defect breaks the rule, although it had something to judge.
    Unbroken,
    /// The rule had nothing to judge in these scenarios.
    Idle,
    /// Findings of this rule count as those of another one.
    CountsAs(&'static str),
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

/// Returns the cost of taking away each of these rules. `seen` is the baseline.
pub fn without_each<'r>(
    proof: &Proof,
    seen: &[BaselineScenario],
    rules: impl IntoIterator<Item = &'r str>,
) -> Vec<(&'r str, Removal)> {
    let caught: Vec<(&Row, BTreeSet<String>)> =
        proof.defects.iter().filter(|row| row.standing == Standing::Caught).map(|row| (row, noticed_by(row))).collect();
    let removal = |rule: &str| {
        if let Some(other) = counted_as(rule) {
            return Removal::CountsAs(other);
        }
        let (mut survive, mut covered) = (Vec::new(), Vec::new());
        for (row, noticed_by) in caught.iter().filter(|(_, noticed_by)| noticed_by.contains(rule)) {
            let others: Vec<&str> = noticed_by.iter().map(String::as_str).filter(|other| *other != rule).collect();
            if others.is_empty() {
                survive.push(row.id.clone());
            } else {
                covered.push((row.id.clone(), others.join(", ")));
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
    rules.into_iter().map(|rule| (rule, removal(rule))).collect()
}

/// Returns everything that noticed a defect: its rules that were broken, and `a Then`.
fn noticed_by(row: &Row) -> BTreeSet<String> {
    let mut noticed_by = BTreeSet::new();
    for cell in row.cells.iter().filter(|cell| cell.notice.is_good()) {
        noticed_by.extend(cell.rules.iter().filter(|rule| row.rules.contains(rule)).cloned());
        noticed_by.extend(cell.then.iter().map(|_| "a Then".to_owned()));
    }
    noticed_by
}
