//! The scenarios that could notice a defect.

use super::baseline::{Baseline, BaselineScenario};
use super::defect::Defect;
use crate::model::{Proof, RuleId};

/// Returns the scenarios that could notice a defect, as indices into the baseline: those that reached its place, where the
/// platform names places; else those that crossed its hop, and carry its tag if it has one. The scenarios that noticed it
/// in the last proof come first, then those in which one of its rules had something to judge, the rarest rule first, and of
/// these the quickest.
pub fn candidates(defect: &Defect, baseline: &Baseline, last: Option<&Proof>) -> Vec<usize> {
    let hop = defect.edge();
    let tagged = |seen: &BaselineScenario| {
        defect.tag.is_none_or(|tag| seen.planned.pickle.tags.iter().any(|own| own.name == tag))
    };
    let crosses = |seen: &BaselineScenario| tagged(seen) && seen.exchanges.iter().any(|exchange| exchange.edge == hop);
    let comes_across = |seen: &BaselineScenario| seen.places.contains(defect.id);
    let those = |could: &dyn Fn(&BaselineScenario) -> bool| -> Vec<usize> {
        (0..baseline.scenarios.len()).filter(|index| could(&baseline.scenarios[*index])).collect()
    };
    let mut candidates = those(&comes_across);
    // The platform names no places, or this place is never reached: then crossing the hop has to do.
    if candidates.is_empty() {
        candidates = those(&crosses);
    }
    let noticed = noticed_last_time(defect, last);
    // A rule that few scenarios judge says more about where the defect can be noticed.
    let often = |rule: &RuleId| (*rule, baseline.scenarios.iter().filter(|seen| seen.judges(*rule)).count());
    let rules: Vec<(RuleId, usize)> = defect.rules.iter().map(often).collect();
    candidates.sort_by_key(|index| {
        let seen = &baseline.scenarios[*index];
        let rarest = rules.iter().filter(|(rule, _)| seen.judges(*rule)).map(|(_, often)| *often).min();
        (!noticed.contains(&seen.place.at.as_str()), rarest.unwrap_or(usize::MAX), seen.took, *index)
    });
    candidates
}

/// Returns the scenarios that noticed the defect in the last proof.
fn noticed_last_time<'p>(defect: &Defect, last: Option<&'p Proof>) -> Vec<&'p str> {
    let Some(last) = last else { return Vec::new() };
    let rows = last.defects.iter().filter(|row| row.id == defect.id);
    let best = rows.filter_map(|row| row.best()).filter(|cell| cell.notice.is_good());
    best.filter_map(|cell| last.scenarios.get(cell.scenario)).map(|place| place.at.as_str()).collect()
}
