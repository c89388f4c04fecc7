//! Comparing the runs on several topologies with the run on the first.

use std::collections::BTreeSet;

use super::cases::Cases;
use super::compare::{Comparison, compare};
use crate::contract::Contracts;
use crate::model::agreement::{Agreement, Difference, Unjudged};
use crate::model::{Edge, Verdict};
use crate::report::{RunRecord, ScenarioRecord};

/// The scenarios on one topology, with everything recorded.
#[derive(Debug)]
pub struct TopologyRun {
    pub topology: String,
    pub edges: Vec<Edge>,
    pub run: RunRecord,
}

/// Compares the run on each topology with the first. All runs are of the same plan. Red scenarios are compared too: they
/// show where a double goes wrong.
pub fn agree(plays: &[TopologyRun], contracts: &Contracts) -> Agreement {
    let mut agreement = Agreement::default();
    for TopologyRun { topology, run, .. } in plays {
        agreement.topologies.push(topology.clone());
        for scenario in &run.scenarios {
            let unjudged = Unjudged { topology: topology.clone(), at: scenario.place(), why: scenario.why() };
            match scenario.verdict.verdict {
                Verdict::Passed => {}
                Verdict::Skipped => agreement.skipped.push(unjudged),
                Verdict::Unknown | Verdict::Failed => agreement.red.push(unjudged),
            }
        }
    }
    let Some((first, others)) = plays.split_first() else { return agreement };
    let (mut scenarios, mut cases) = (BTreeSet::new(), BTreeSet::new());
    for other in others {
        let edges: Vec<Edge> = first.edges.iter().filter(|edge| other.edges.contains(edge)).cloned().collect();
        for (place, (one, two)) in first.run.scenarios.iter().zip(&other.run.scenarios).enumerate() {
            // A skipped scenario has no exchanges to compare.
            if [one, two].iter().any(|scenario| scenario.verdict.verdict == Verdict::Skipped) {
                continue;
            }
            let Comparison { cases: seen, differences } =
                compare(&cases_of(one, contracts), &cases_of(two, contracts), &edges);
            scenarios.insert(place);
            cases.extend(seen.into_iter().map(|case| (place, case)));
            agreement.differences.extend(differences.into_iter().map(|(about, [ours, theirs])| Difference {
                scenario: format!("{} › {}", one.feature, one.title()),
                at: one.place(),
                about,
                say: [(first.topology.clone(), ours), (other.topology.clone(), theirs)],
            }));
        }
    }
    (agreement.scenarios, agreement.cases) = (scenarios.len(), cases.len());
    agreement
}

fn cases_of(scenario: &ScenarioRecord, contracts: &Contracts) -> Cases {
    let exchanges = scenario.last().map(|attempt| attempt.exchanges.as_slice()).unwrap_or_default();
    Cases::of(exchanges, contracts)
}
