//! Comparing the cases of one scenario on two topologies.

use std::collections::{BTreeMap, BTreeSet};

use super::cases::Cases;
use super::form::{Case, MessageShape};
use crate::model::Edge;

/// The result of comparing one scenario on two topologies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Comparison {
    /// The cases that at least one of the two has.
    pub cases: BTreeSet<Case>,
    /// The subject of each difference, and what each of the two topologies has there.
    pub differences: Vec<(String, [String; 2])>,
}

/// Compares the exchanges on these edges.
pub fn compare(one: &Cases, other: &Cases, edges: &[Edge]) -> Comparison {
    let (one, other) = (one.on(edges), other.on(edges));
    let cases: BTreeSet<Case> = one.keys().chain(other.keys()).map(|case| (*case).clone()).collect();
    let operations: BTreeSet<&str> = cases.iter().map(|case| case.operation.as_str()).collect();
    let mut differences = Vec::new();
    for operation in operations {
        let says = [&one, &other].map(|cases| outcomes(cases, operation));
        if says[0] != says[1] {
            differences.push((operation.to_owned(), says));
        }
    }
    for (case, shape) in &one {
        if let Some(others) = other.get(case) {
            differences.extend(departures(case, shape, others));
        }
    }
    Comparison { cases, differences }
}

/// Returns the outcomes of an operation as text.
fn outcomes(cases: &BTreeMap<&Case, &MessageShape>, operation: &str) -> String {
    let outcomes = cases.keys().filter(|case| case.operation == operation).map(|case| case.outcome.as_str());
    let outcomes: Vec<_> = outcomes.collect();
    if outcomes.is_empty() { "does not happen".into() } else { outcomes.join(", ") }
}

/// Returns the places at which two messages differ.
fn departures(case: &Case, one: &MessageShape, other: &MessageShape) -> Vec<(String, [String; 2])> {
    let places: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    let differ = places.into_iter().filter(|place| one.get(*place) != other.get(*place));
    let differ: Vec<&String> = differ.collect();
    // Where a whole object is missing, its fields are not listed one by one.
    let outermost = differ.iter().filter(|place| {
        let inside = |outer: &&String| place.starts_with(outer.as_str()) && place[outer.len()..].starts_with('/');
        let is_missing = |outer: &&&String| one.contains_key(**outer) != other.contains_key(**outer);
        !differ.iter().any(|outer| inside(outer) && is_missing(&outer))
    });
    let says = |shape: &MessageShape, place: &String| match shape.get(place) {
        Some(classes) => classes.iter().cloned().collect::<Vec<_>>().join(" or "),
        None => "has nothing there".into(),
    };
    outermost.map(|place| (format!("{case}, {place}"), [says(one, place), says(other, place)])).collect()
}
