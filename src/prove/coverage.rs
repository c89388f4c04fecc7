//! The defects that would survive if one check were taken away. Each cell of a proof holds everything that noticed the defect in
//! that scenario, so no further run is needed. The proof must have run every scenario that could notice a defect.

use std::collections::BTreeSet;
use std::fmt;

use super::baseline::BaselineScenario;
use super::judge::counted_as;
use crate::model::proof::{Row, Standing};
use crate::model::{Proof, RuleId};

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

/// Returns the cost of taking away each rule. `seen` is the baseline.
pub fn without_each(proof: &Proof, seen: &[BaselineScenario]) -> Vec<(RuleId, Removal)> {
    let caught: Vec<(&Row, BTreeSet<Noticed>)> =
        proof.defects.iter().filter(|row| row.standing == Standing::Caught).map(|row| (row, noticed_by(row))).collect();
    let removal = |rule: RuleId| {
        if let Some(other) = counted_as(rule) {
            return Removal::CountsAs(other);
        }
        let (mut survive, mut covered) = (Vec::new(), Vec::new());
        for (row, noticed_by) in caught.iter().filter(|(_, noticed_by)| noticed_by.contains(&Noticed::ByRule(rule))) {
            let others = noticed_by.iter().filter(|other| **other != Noticed::ByRule(rule));
            let others: Vec<String> = others.map(ToString::to_string).collect();
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
    RuleId::ALL.iter().map(|rule| (*rule, removal(*rule))).collect()
}

/// A part of a scenario that noticed a defect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Noticed {
    ByRule(RuleId),
    ByThen,
}

impl fmt::Display for Noticed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ByRule(rule) => rule.fmt(f),
            Self::ByThen => f.write_str("a Then"),
        }
    }
}

/// Returns everything that noticed a defect: its rules that were broken, and Thens.
fn noticed_by(row: &Row) -> BTreeSet<Noticed> {
    let mut noticed_by = BTreeSet::new();
    for cell in row.cells.iter().filter(|cell| cell.notice.is_good()) {
        noticed_by.extend(cell.rules.iter().filter(|rule| row.rules.contains(rule)).map(|rule| Noticed::ByRule(*rule)));
        noticed_by.extend(cell.then.iter().map(|_| Noticed::ByThen));
    }
    noticed_by
}
