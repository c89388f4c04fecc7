//! The rules about single exchanges: the contracts of the services, the catalogue of refusals, and doubles without an answer.
//!
//! The rules about a whole trail are in the room `trail`. The runner judges by both.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::contract::{Contracts, Examination, RefusalCatalogue};
use crate::model::{Edge, Exchange, Finding, Outcome, RuleId};
use crate::stub::{ANSWERED_FROM, NONE};
use crate::tap::FaultOutcome;
use crate::trail::Mapping;

/// The documents against which exchanges are held.
#[derive(Debug, Default)]
pub struct Rules {
    /// The meaning of exchanges, from the target file.
    pub mapping: Mapping,
    /// The OpenAPI documents of the services.
    pub contracts: Contracts,
    /// The catalogue of refusals.
    pub catalogue: Option<RefusalCatalogue>,
    /// The reasons why exchanges could not be judged, each with its count.
    skipped: Mutex<BTreeMap<String, usize>>,
}

impl Rules {
    pub fn new(mapping: Mapping, contracts: Contracts, catalogue: Option<RefusalCatalogue>) -> Self {
        Self { mapping, contracts, catalogue, skipped: Mutex::default() }
    }

    /// Returns notes for the report: services on these edges without a contract, and exchanges that could not be judged.
    pub fn notes(&self, edges: &[Edge]) -> Vec<String> {
        let mut notes = Vec::new();
        let unchecked = self.contracts.unchecked(edges);
        if !unchecked.is_empty() {
            notes.push(format!("no contract was given for {}: their exchanges were not checked", unchecked.join(", ")));
        }
        let skipped = self.skipped.lock().unwrap_or_else(PoisonError::into_inner);
        notes.extend(skipped.iter().map(|(why, times)| format!("{why} ({times} times)")));
        notes
    }

    /// Returns the rules that had something to judge in these exchanges.
    pub fn held(&self, exchanges: &[Exchange]) -> Vec<RuleId> {
        let mut held: Vec<RuleId> = self.catalogue.iter().flat_map(|catalogue| catalogue.held(exchanges)).collect();
        if exchanges.iter().any(|exchange| self.contracts.of(&exchange.edge.to).is_some()) {
            held.push(RuleId::Contract);
        }
        held
    }

    /// Returns the findings in the exchanges of one attempt. `own` are the faults that its scenario armed.
    ///
    /// An exchange that the scenario disturbed shows the disturbance, so nothing is held against it, whatever else happened to it.
    /// Its consequences on other hops are judged. Faults of the whole run excuse nothing.
    pub fn judge(&self, exchanges: &[Exchange], own: &[FaultOutcome]) -> Vec<Finding> {
        let mut findings: Vec<Finding> = exchanges.iter().filter_map(unanswered).collect();
        let Examination { findings: departures, skipped } = self.contracts.examine(exchanges);
        findings.extend(departures);
        for why in skipped {
            *self.skipped.lock().unwrap_or_else(PoisonError::into_inner).entry(why).or_default() += 1;
        }
        if let Some(catalogue) = &self.catalogue {
            findings.extend(catalogue.check(exchanges));
        }
        // A request that no double answers breaks contracts, too. Only the cause is reported.
        let unanswered: Vec<Option<u64>> =
            findings.iter().filter(|finding| finding.rule == RuleId::Stub).map(|finding| finding.exchange).collect();
        findings.retain(|finding| finding.rule == RuleId::Stub || !unanswered.contains(&finding.exchange));
        let is_excused = |finding: &Finding| {
            let exchange = exchanges.iter().find(|exchange| Some(exchange.id) == finding.exchange);
            exchange.is_some_and(|exchange| disturbed_by_its_scenario(exchange, own))
        };
        findings.retain(|finding| !is_excused(finding));
        each_once(findings)
    }
}

/// Returns the finding for a request that a double has no answer to. The answer of the double names the nearest stub.
fn unanswered(exchange: &Exchange) -> Option<Finding> {
    let Outcome::Answered(response) = &exchange.outcome else { return None };
    response.header(ANSWERED_FROM.as_str()).filter(|stub| *stub == NONE)?;
    let detail = response.body.json().and_then(|problem| problem.get("detail")?.as_str());
    Some(Finding {
        rule: RuleId::Stub,
        message: detail.unwrap_or("a double has no answer to this").to_owned(),
        edge: Some(exchange.edge.clone()),
        exchange: Some(exchange.id),
        at: Some("request/path".into()),
        source: None,
    })
}

/// Merges equal findings. A page polls the status of a job, and every such answer departs in the same way.
fn each_once(findings: Vec<Finding>) -> Vec<Finding> {
    let mut different: Vec<(Finding, usize)> = Vec::new();
    for finding in findings {
        let same = |known: &Finding| {
            (&known.rule, &known.edge, &known.at, &known.source)
                == (&finding.rule, &finding.edge, &finding.at, &finding.source)
        };
        match different.iter_mut().find(|(known, _)| same(known)) {
            Some((_, times)) => *times += 1,
            None => different.push((finding, 1)),
        }
    }
    let merged = different.into_iter().map(|(mut finding, times)| {
        if times > 1 {
            finding.message.push_str(&format!(" ({times} times)"));
        }
        finding
    });
    merged.collect()
}

fn disturbed_by_its_scenario(exchange: &Exchange, own: &[FaultOutcome]) -> bool {
    // A fault of the whole run beside it takes nothing back: what the scenario forged is still forged.
    exchange.faults.iter().any(|fault| own.iter().any(|fired| fired.spec == *fault))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Contract;
    use crate::model::{Body, Content, Request, Response};

    const DOCUMENT: &str = r#"
openapi: 3.1.0
paths:
  /a: {get: {responses: {'200': {description: ok, content: {application/json: {schema: {type: object}}}}}}}
"#;

    fn exchange(id: u64, faults: &[&str]) -> Exchange {
        let body = Body { size: 1, content: Content::Json(serde_json::json!(1)), truncated: false };
        Exchange {
            id,
            edge: Edge::new("a", "b"),
            trace: None,
            at_micros: 0,
            took_micros: 1,
            request: Request { method: "GET".into(), target: "/a".into(), headers: Vec::new(), body: Body::default() },
            outcome: Outcome::Answered(Response {
                status: 200,
                headers: vec![("content-type".into(), "application/json".into())],
                body,
            }),
            faults: faults.iter().map(|fault| (*fault).to_owned()).collect(),
            changes: Vec::new(),
        }
    }

    fn rules() -> Rules {
        let mut rules = Rules::default();
        rules.contracts.insert("b", Contract::load("b.openapi.yaml", DOCUMENT).unwrap());
        rules
    }

    #[test]
    fn only_what_the_scenario_itself_disturbed_is_excused() {
        let own = [FaultOutcome { spec: "mine".into(), times: 1, missed: None }];
        let found = |faults: &[&str]| rules().judge(&[exchange(1, faults)], &own).len();
        assert_eq!(
            (found(&[]), found(&["mine"]), found(&["of the run"]), found(&["mine", "of the run"])),
            (1, 0, 1, 0)
        );
    }

    #[test]
    fn the_same_departure_in_many_exchanges_is_told_once() {
        let found = rules().judge(&[exchange(1, &[]), exchange(2, &[])], &[]);
        assert_eq!((found.len(), found[0].exchange), (1, Some(1)));
        assert!(found[0].message.ends_with("(2 times)"), "{}", found[0].message);
    }

    #[test]
    fn contracts_know_the_answers_of_taps_by_their_header() {
        let mut made_up = exchange(1, &[]);
        let Outcome::Answered(response) = &mut made_up.outcome else { unreachable!() };
        response.headers.push((crate::model::BY_TAP.to_owned(), "unreachable".into()));
        let rules = rules();
        assert!(rules.judge(&[made_up], &[]).is_empty());
        let edges = [Edge::new("a", "b"), Edge::new("b", "c")];
        assert_eq!(
            rules.notes(&edges),
            [
                "no contract was given for c: their exchanges were not checked",
                "a → b: a tap answered in the callee's place (1 times)"
            ]
        );
    }
}
