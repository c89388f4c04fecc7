//! What is held against every exchange: the contracts of the services and the catalogue of refusals. The checks over the whole
//! trail are in [`judging`](super::judging), which asks here too.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::contract::{Contracts, Examination, RefusalCatalogue};
use crate::model::{Edge, Exchange, Finding, Outcome};
use crate::stub::{ANSWERED_FROM, NONE};
use crate::tap::FaultOutcome;
use crate::trail::Mapping;

/// The rule that doubles have an answer.
const STUB: &str = "stub";

/// What exchanges are held against.
#[derive(Debug, Default)]
pub struct Rules {
    /// What exchanges mean, in the words of the path.
    pub mapping: Mapping,
    /// What each service has promised.
    pub contracts: Contracts,
    /// What each refusal means.
    pub catalogue: Option<RefusalCatalogue>,
    /// What could not be judged, and how often.
    skipped: Mutex<BTreeMap<String, usize>>,
}

impl Rules {
    /// This mapping, these contracts and this catalogue.
    pub fn new(mapping: Mapping, contracts: Contracts, catalogue: Option<RefusalCatalogue>) -> Self {
        Self { mapping, contracts, catalogue, skipped: Mutex::default() }
    }

    /// What a reader of the report must know: services on these edges without a contract, and what could not be judged.
    pub fn notes(&self, edges: &[Edge]) -> Vec<String> {
        let unchecked = self.contracts.unchecked(edges);
        let unchecked = (!unchecked.is_empty())
            .then(|| format!("no contract was given for {}: their exchanges were not checked", unchecked.join(", ")));
        let skipped = self.skipped.lock().unwrap_or_else(PoisonError::into_inner);
        let skipped = skipped.iter().map(|(why, times)| format!("{why} ({times} times)"));
        unchecked.into_iter().chain(skipped).collect()
    }

    /// The rules that gave these exchanges something to judge.
    pub fn held(&self, exchanges: &[Exchange]) -> Vec<&'static str> {
        let contract =
            exchanges.iter().any(|exchange| self.contracts.of(&exchange.edge.to).is_some()).then_some("contract");
        self.catalogue.iter().flat_map(|catalogue| catalogue.held(exchanges)).chain(contract).collect()
    }

    /// What is wrong in the exchanges of one attempt. `own` are the faults that its scenario armed.
    ///
    /// An exchange that the scenario itself disturbed shows the disturbance, so nothing is held against it; whatever follows
    /// from it on other hops is. Faults of the whole run excuse nothing.
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
        // What becomes of a question that nobody answers is a consequence.
        let unanswered: Vec<Option<u64>> =
            findings.iter().filter(|finding| finding.rule == STUB).map(|finding| finding.exchange).collect();
        findings.retain(|finding| finding.rule == STUB || !unanswered.contains(&finding.exchange));
        let is_excused = |finding: &Finding| {
            let exchange = exchanges.iter().find(|exchange| Some(exchange.id) == finding.exchange);
            exchange.is_some_and(|exchange| disturbed_by_its_scenario(exchange, own))
        };
        findings.retain(|finding| !is_excused(finding));
        each_once(findings)
    }
}

/// What a double was asked that nothing in it is for; it has said itself what came nearest.
fn unanswered(exchange: &Exchange) -> Option<Finding> {
    let Outcome::Answered(response) = &exchange.outcome else { return None };
    response.header(ANSWERED_FROM.as_str()).filter(|stub| *stub == NONE)?;
    let detail = response.body.json().and_then(|problem| problem.get("detail")?.as_str());
    Some(Finding {
        rule: STUB.into(),
        message: detail.unwrap_or("a double has no answer to this").to_owned(),
        edge: Some(exchange.edge.clone()),
        exchange: Some(exchange.id),
        at: Some("request/path".into()),
        source: None,
    })
}

/// The same thing in many exchanges is one finding: a status that is polled departs in every answer.
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
    let told = different.into_iter().map(|(mut finding, times)| {
        if times > 1 {
            finding.message.push_str(&format!(" ({times} times)"));
        }
        finding
    });
    told.collect()
}

fn disturbed_by_its_scenario(exchange: &Exchange, own: &[FaultOutcome]) -> bool {
    let armed = |fault: &String| own.iter().any(|fired| fired.spec == *fault);
    !exchange.faults.is_empty() && exchange.faults.iter().all(armed)
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
            (1, 0, 1, 1)
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
