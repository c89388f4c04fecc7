//! What became of one mutant in one scenario.

use std::collections::BTreeSet;

use super::ideas::{Idea, place};
use crate::model::proof::Fate;
use crate::model::{Exchange, Verdict};
use crate::prove::baseline::Seen;
use crate::report::Scenario;
use crate::run::Rules;
use crate::target::Target;

/// What became of a mutant in one scenario, and why; `None` if it did not run.
pub fn fate(idea: &Idea, seen: &Seen, scenario: &Scenario, target: &Target, rules: &Rules) -> Option<(Fate, String)> {
    let attempt = scenario.last().filter(|_| scenario.verdict.verdict != Verdict::Skipped)?;
    let is_mutant = |exchange: &&Exchange| exchange.faults.iter().any(|fault| idea.faults.contains(fault));
    let Some(changed) = attempt.exchanges.iter().find(is_mutant) else {
        return Some((Fate::NeverFired, "the answer never came, or said this anyway".into()));
    };
    if scenario.verdict.verdict != Verdict::Passed {
        return Some((Fate::Killed, scenario.why()));
    }
    // The rule of equivalence: whoever is on record as a reader of answers does not read what was changed, and everything else
    // in the scenario went as it goes on the healthy platform. What a service does with it shows in what it does next.
    let as_ever = went(&attempt.exchanges) == went(&seen.exchanges);
    Some(match (as_ever, is_read(idea, changed, target, rules)) {
        (true, false) => (Fate::Equivalent, "nobody reads it, and everything else went as ever".into()),
        (true, true) => (Fate::Survived, "it is read, and nothing was said".into()),
        (false, _) => (Fate::Survived, "the scenario went another way, and nothing was said".into()),
    })
}

/// How a scenario went: which operations were answered how. How often is left out: who waits, asks more or less often.
fn went(exchanges: &[Exchange]) -> BTreeSet<(String, Option<u16>)> {
    exchanges.iter().map(|exchange| (place(exchange), exchange.status())).collect()
}

/// Whether the target's file, for sentences or for checks, or the catalogue of refusals reads what was changed.
fn is_read(idea: &Idea, changed: &Exchange, target: &Target, rules: &Rules) -> bool {
    let overlaps = |read: &str, pointer: &str| {
        let inside = |whole: &str, part: &str| {
            part.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        inside(read, pointer) || inside(pointer, read)
    };
    // A `*` in the pointer of a fact stands for every item, and the first one is what is changed.
    let read: Vec<String> =
        target.reads(changed).chain(rules.mapping.reads(changed)).map(|read| read.replace('*', "0")).collect();
    match (&idea.pointer, idea.operator) {
        (Some(pointer), _) => read.iter().any(|read| overlaps(read, pointer)),
        (None, "header") => ["content-type", "retry-after", "location"].iter().any(|name| idea.what.ends_with(name)),
        // That a request came twice or an answer late is nothing that an answer says: only what follows from it can be seen.
        (None, "late" | "repeated") => false,
        (None, _) => true,
    }
}
