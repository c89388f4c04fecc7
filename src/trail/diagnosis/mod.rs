//! Why a scenario failed: the first hop at which what happened departs from what a paid path does.
//!
//! | file | idea |
//! |---|---|
//! | `hops` | the path: which hops there are, and how each one went |
//! | `departure` | everything that departs from the path, and which of it came first |
//! | `culprit` | from a request that failed to the innermost exchange that made it fail |
//!
//! It goes by behaviour: what was carried, answered, and when. That a fault was armed on an edge is not looked at, so that a
//! platform without taps' faults is diagnosed in the same way.

mod culprit;
mod departure;
mod hops;

use super::evidence::Evidence;
use crate::model::{Class, Diagnosis, Expected, Finding, RuleId};

/// A step that failed.
#[derive(Debug, Clone, Copy)]
pub struct FailedStep<'a> {
    /// What it said, for a failure that no hop explains.
    pub reason: &'a str,
    pub expected: &'a Expected,
    /// When: microseconds since the start of the run. What a member asked later was asked to judge, and not by the scenario.
    pub at: u64,
}

/// Explains a failure: `findings` of checks and contracts, and the step that failed, if one did. `None` where nothing
/// failed.
pub fn diagnose(evidence: &Evidence<'_>, findings: &[Finding], step: Option<FailedStep<'_>>) -> Option<Diagnosis> {
    if findings.is_empty() && step.is_none() {
        return None;
    }
    let departure = departure::first(evidence, findings, step);
    let Some(departure) = departure else {
        let hops = match evidence.mapping.events.is_empty() {
            true => "the target's file does not say what the hops are for ([[trail.events]]), and",
            false => "every hop went as a paid path goes, but",
        };
        let sentence = format!("unexplained: {hops} {}", step.map_or("a rule was broken", |step| step.reason));
        return Some(Diagnosis {
            class: Class::Unexplained,
            edge: None,
            sentence,
            rules: Vec::new(),
            hops: hops::walk(evidence, None),
        });
    };
    let rules = departure.rules(findings);
    let source = if rules.is_empty() { String::new() } else { format!(" ({})", RuleId::list(&rules)) };
    let place = departure.edge.as_ref().map(|edge| format!(" at {edge}")).unwrap_or_default();
    Some(Diagnosis {
        class: departure.class,
        sentence: format!("{}{place}: {}{source}", departure.opening(), departure.message),
        hops: hops::walk(evidence, Some(&departure)),
        edge: departure.edge,
        rules,
    })
}
