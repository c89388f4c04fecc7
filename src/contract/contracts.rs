//! The contracts of a platform, by service.

use std::collections::{BTreeMap, BTreeSet};

use super::contract::Contract;
use super::examine::Examination;
use super::nesting;
use crate::model::{Edge, Exchange, Finding};

/// The documents of a platform.
#[derive(Debug, Default)]
pub struct Contracts(BTreeMap<String, Contract>);

impl Contracts {
    /// Makes an empty set, against which nothing is checked.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the document of a service.
    pub fn insert(&mut self, service: impl Into<String>, contract: Contract) {
        self.0.insert(service.into(), contract);
    }

    /// The document of a service.
    pub fn of(&self, service: &str) -> Option<&Contract> {
        self.0.get(service)
    }

    /// Returns true when no service has a document.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Checks one exchange against the document of the service that was called. Finds nothing where there is no
    /// document.
    pub fn check(&self, exchange: &Exchange) -> Vec<Finding> {
        self.of(&exchange.edge.to).map(|contract| contract.check(exchange)).unwrap_or_default()
    }

    /// Checks the exchanges of one scenario, and also returns what could not be judged, with its edge.
    ///
    /// Unlike a check of each exchange by itself, it excuses a service that passes on what a member sent: a member may
    /// ask for something impossible and be refused, and the service in between did nothing wrong.
    pub fn examine(&self, exchanges: &[Exchange]) -> Examination {
        let mut all = Examination::default();
        for exchange in exchanges {
            let Some(contract) = self.of(&exchange.edge.to) else { continue };
            let Examination { mut findings, skipped } = contract.examine(exchange);
            let of_the_request = |finding: &Finding| finding.at.as_ref().is_some_and(|at| at.starts_with("request"));
            // The service in between only did what the member asked, and the refusal is the right end of it.
            if findings.iter().any(of_the_request) && self.is_passed_on(exchange, exchanges) {
                findings.retain(|finding| !of_the_request(finding));
            }
            all.findings.append(&mut findings);
            all.skipped.extend(skipped.into_iter().map(|why| format!("{}: {why}", exchange.edge)));
        }
        all
    }

    /// The services called on these edges that have no document: nothing is known about their exchanges.
    pub fn unchecked<'e>(&self, edges: impl IntoIterator<Item = &'e Edge>) -> Vec<String> {
        let called: BTreeSet<_> = edges.into_iter().map(|edge| &edge.to).collect();
        called.into_iter().filter(|service| !self.0.contains_key(*service)).cloned().collect()
    }

    /// Returns true for a refused request that only repeats a mistake of a member's request.
    fn is_passed_on(&self, exchange: &Exchange, all: &[Exchange]) -> bool {
        let refused = exchange.status().is_some_and(|status| (400..500).contains(&status));
        refused
            && nesting::callers(exchange, all)
                .filter(|caller| caller.edge.from == Edge::MEMBER)
                .any(|caller| self.of(&caller.edge.to).is_some_and(|contract| contract.request_departs(caller)))
    }
}
