//! The outcome of one mutant in one scenario.

use std::collections::BTreeSet;

use super::candidates::{CandidateMutant, place};
use crate::model::proof::MutantOutcome;
use crate::model::{Exchange, Verdict};
use crate::prove::baseline::BaselineScenario;
use crate::report::ScenarioRecord;
use crate::target::Target;
use crate::world::Rules;

/// Returns the outcome of a mutant in a scenario with its reason; `None` if the scenario did not run.
pub fn outcome(
    candidate: &CandidateMutant,
    seen: &BaselineScenario,
    scenario: &ScenarioRecord,
    target: &Target,
    rules: &Rules,
) -> Option<(MutantOutcome, String)> {
    if scenario.verdict.verdict == Verdict::Skipped {
        return None;
    }
    let attempt = scenario.last()?;
    let is_mutant = |exchange: &&Exchange| exchange.faults.iter().any(|fault| candidate.faults.contains(fault));
    let Some(changed) = attempt.exchanges.iter().find(is_mutant) else {
        return Some((MutantOutcome::NeverFired, "the answer never came, or already was like this".into()));
    };
    if scenario.verdict.verdict != Verdict::Passed {
        return Some((MutantOutcome::Killed, scenario.why()));
    }
    // The rule of equivalence: neither the target file nor the catalogue reads the changed part, and everything else in the scenario
    // went as on the healthy platform. If a service read the changed part, its next requests would show that.
    let read = what_is_read(candidate, changed, target, rules);
    Some(match (turn(&seen.exchanges, &attempt.exchanges), read) {
        (None, None) => (MutantOutcome::Equivalent, "nothing reads it, and everything else went as before".into()),
        (None, Some(read)) => (MutantOutcome::Survived, format!("{read}, but no step or check failed")),
        (Some(turn), _) => {
            (MutantOutcome::Survived, format!("the scenario went another way ({turn}), but no step or check failed"))
        }
    })
}

/// An operation with the status of its answer.
type Turn = (String, Option<u16>);

/// Returns the first operation or status that only one of two runs of a scenario has. The number of repetitions does not
/// count, because it depends on how long a client waits.
fn turn(healthy: &[Exchange], mutant: &[Exchange]) -> Option<String> {
    let turns = |exchanges: &[Exchange]| -> BTreeSet<Turn> {
        exchanges.iter().map(|exchange| (place(exchange), exchange.status())).collect()
    };
    let (healthy, mutant) = (turns(healthy), turns(mutant));
    let said = |(place, status): &Turn| match status {
        Some(status) => format!("{place} was answered {status}"),
        None => format!("{place} was not answered"),
    };
    let new = mutant.difference(&healthy).next().map(said);
    new.or_else(|| healthy.difference(&mutant).next().map(|turn| format!("no longer: {}", said(turn))))
}

/// Returns as a phrase which part of the change is read by the target file, for sentences or for checks, or by the
/// catalogue of refusals; `None` where nothing reads it.
fn what_is_read(candidate: &CandidateMutant, changed: &Exchange, target: &Target, rules: &Rules) -> Option<String> {
    let overlaps = |read: &str, pointer: &str| {
        let inside = |whole: &str, part: &str| {
            part.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        inside(read, pointer) || inside(pointer, read)
    };
    // A `*` in the pointer of a fact stands for every item, and operators change the first one.
    let read: BTreeSet<String> =
        target.reads(changed).chain(rules.mapping.reads(changed)).map(|read| read.replace('*', "0")).collect();
    let names = |what: &[&str]| format!("{} {} read", what.join(", "), if what.len() == 1 { "is" } else { "are" });
    match candidate.operator {
        "header" => {
            let told =
                ["content-type", "retry-after", "location"].into_iter().find(|name| candidate.what.ends_with(name));
            told.map(|name| names(&[name]))
        }
        // No part of an answer says that a request came twice or an answer late. Only the consequences can be seen.
        "late" | "repeated" => None,
        "status" | "code" => Some(names(&[candidate.operator])),
        _ if candidate.pointers.is_empty() => {
            (!read.is_empty()).then(|| names(&read.iter().map(String::as_str).collect::<Vec<_>>()))
        }
        _ => {
            let changed = candidate.pointers.iter().map(String::as_str);
            let own: Vec<_> = changed.filter(|pointer| read.iter().any(|read| overlaps(read, pointer))).collect();
            (!own.is_empty()).then(|| names(&own))
        }
    }
}
