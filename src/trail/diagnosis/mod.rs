//! The diagnosis of a failed scenario: the first hop at which its trail departs from a paid path.
//!
//! | file | idea |
//! |---|---|
//! | `hops` | the hops of a paid path, and how each one went |
//! | `departure` | a departure from the path, and the choice of the one that explains the failure |
//! | `broken_rule` | the departure that a broken rule shows |
//! | `failed_step` | the departure that a failed step points at |
//! | `root_cause` | the innermost exchange that made a request fail |
//!
//! The diagnosis reads behaviour: what was carried and answered, and when. It does not look at the faults that a tap
//! injected, so that a platform that is broken by itself is diagnosed in the same way.

mod broken_rule;
mod departure;
mod failed_step;
mod hops;
mod root_cause;

use super::evidence::Evidence;
use crate::model::{Class, Diagnosis, Expected, Finding, RuleId};

#[derive(Debug, Clone, Copy)]
pub struct FailedStep<'a> {
    /// The step's message, for a failure that no hop explains.
    pub reason: &'a str,
    pub expected: &'a Expected,
    /// The moment of the failure, in microseconds since the start of the run. Requests after it are paidpath's own
    /// questions.
    pub at: u64,
}

impl<'a> FailedStep<'a> {
    /// Returns the code of the refusal that the step expected.
    fn expected_code(&self) -> Option<&'a str> {
        match self.expected {
            Expected::Refusal { code } => Some(code),
            Expected::Success => None,
        }
    }
}

/// Explains a failure by the findings of the rules and by the step that failed. Returns `None` if nothing failed.
pub fn diagnose(evidence: &Evidence<'_>, findings: &[Finding], step: Option<FailedStep<'_>>) -> Option<Diagnosis> {
    if findings.is_empty() && step.is_none() {
        return None;
    }
    let Some(departure) = departure::first(evidence, findings, step) else {
        let hops = if evidence.mapping.events.is_empty() {
            "the target's file does not say what the hops are for ([[trail.events]]), and"
        } else {
            "every hop went as a paid path goes, but"
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
