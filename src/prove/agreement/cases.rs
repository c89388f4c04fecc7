//! The exchanges of one scenario, by operation and outcome.

use std::collections::BTreeMap;

use super::form::{Case, ExchangeForm, MessageShape};
use crate::contract::Contracts;
use crate::model::{Edge, Exchange};

/// The cases of one scenario on one topology, each with the merged shape of its messages.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cases(BTreeMap<(Edge, Case), MessageShape>);

impl Cases {
    /// Gathers the cases of these exchanges. A client that waits repeats the same GET, and how often depends on the speed
    /// of the machine; so of several such requests with the same outcome only the last counts.
    pub fn of(exchanges: &[Exchange], contracts: &Contracts) -> Self {
        let mut cases = Self::default();
        // Later requests replace earlier ones with the same key.
        let mut looks: BTreeMap<(Edge, String, Case), ExchangeForm> = BTreeMap::new();
        for exchange in exchanges {
            let form = ExchangeForm::of(exchange, contracts);
            match exchange.request.method.as_str() {
                "GET" | "HEAD" => {
                    let look = (exchange.edge.clone(), exchange.request.target.clone(), form.case.clone());
                    looks.insert(look, form);
                }
                _ => cases.add(&exchange.edge, form),
            }
        }
        looks.into_iter().for_each(|((edge, ..), form)| cases.add(&edge, form));
        cases
    }

    fn add(&mut self, edge: &Edge, ExchangeForm { case, shape }: ExchangeForm) {
        let whole = self.0.entry((edge.clone(), case)).or_default();
        for (place, classes) in shape {
            whole.entry(place).or_default().extend(classes);
        }
    }

    /// Returns the cases on these edges.
    pub(super) fn on<'c>(&'c self, edges: &[Edge]) -> BTreeMap<&'c Case, &'c MessageShape> {
        let here = self.0.iter().filter(|((edge, _), _)| edges.contains(edge));
        here.map(|((_, case), shape)| (case, shape)).collect()
    }
}
