//! What would survive if one check were taken away. Read off the matrix: each cell says everything that told of the defect
//! in that scenario, so no further run is needed; the matrix has to be a whole one.

use std::collections::BTreeSet;

use crate::model::Proof;
use crate::model::proof::{Row, Standing};

/// One check, and what depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// The rule.
    pub rule: String,
    /// The defects that nothing else tells of.
    pub survive: Vec<String>,
    /// The defects that it tells of, and who else does.
    pub covered: Vec<(String, String)>,
}

/// For each of these rules, what taking it away would cost.
pub fn without_each<'r>(proof: &Proof, rules: impl IntoIterator<Item = &'r str>) -> Vec<Removal> {
    let caught: Vec<(&Row, BTreeSet<String>)> =
        proof.defects.iter().filter(|row| row.standing == Standing::Caught).map(|row| (row, tellers(row))).collect();
    let removal = |rule: &'r str| {
        let mut removal = Removal { rule: rule.to_owned(), survive: Vec::new(), covered: Vec::new() };
        for (row, tellers) in caught.iter().filter(|(_, tellers)| tellers.contains(rule)) {
            let others: Vec<&str> = tellers.iter().map(String::as_str).filter(|other| *other != rule).collect();
            match others.is_empty() {
                true => removal.survive.push(row.id.clone()),
                false => removal.covered.push((row.id.clone(), others.join(", "))),
            }
        }
        removal
    };
    rules.into_iter().map(removal).collect()
}

/// Everything that told of a defect: its rules that were found broken, and `a Then`.
fn tellers(row: &Row) -> BTreeSet<String> {
    let mut tellers = BTreeSet::new();
    for cell in row.cells.iter().filter(|cell| cell.notice.is_good()) {
        tellers.extend(cell.rules.iter().filter(|rule| row.rules.contains(rule)).cloned());
        tellers.extend(cell.then.iter().map(|_| "a Then".to_owned()));
    }
    tellers
}
