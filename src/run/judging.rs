//! What is held against an attempt beside its steps: the contracts of the services and the catalogue of refusals.

use crate::contract::{Catalogue, Contracts};
use crate::model::{Exchange, Finding};
use crate::tap::Fired;

/// What exchanges are held against.
#[derive(Debug, Default)]
pub struct Rules {
    /// What each service has promised.
    pub contracts: Contracts,
    /// What each refusal means.
    pub catalogue: Option<Catalogue>,
}

impl Rules {
    /// What is wrong in the exchanges of one attempt. `own` are the faults that its scenario armed, `allowed` the rules that
    /// its tags lift.
    ///
    /// An exchange that the scenario itself disturbed shows the disturbance, so nothing is held against it; whatever follows
    /// from it on other hops is. Faults of the whole run excuse nothing.
    pub fn judge(&self, exchanges: &[Exchange], own: &[Fired], allowed: &[(String, String)]) -> Vec<Finding> {
        let mut findings = self.contracts.check_all(exchanges);
        if let Some(catalogue) = &self.catalogue {
            findings.extend(catalogue.check(exchanges));
        }
        let is_excused = |finding: &Finding| {
            let exchange = exchanges.iter().find(|exchange| Some(exchange.id) == finding.exchange);
            exchange.is_some_and(|exchange| disturbed_by_its_scenario(exchange, own))
        };
        let is_allowed = |finding: &Finding| allowed.iter().any(|(rule, _)| *rule == finding.rule);
        findings.retain(|finding| !is_excused(finding) && !is_allowed(finding));
        findings
    }
}

fn disturbed_by_its_scenario(exchange: &Exchange, own: &[Fired]) -> bool {
    let armed = |fault: &String| own.iter().any(|fired| fired.spec == *fault);
    !exchange.faults.is_empty() && exchange.faults.iter().all(armed)
}
