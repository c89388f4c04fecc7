//! Names that sentences say and the platform's files give: codes of refusals, services, edges, elements and states of a page.

use std::collections::BTreeSet;

use crate::base::suggest::did_you_mean;
use crate::contract::RefusalCatalogue;
use crate::model::Edge;
use crate::tap::Disturbance;
use crate::target::Target;
use crate::topology::Topology;

/// How many names are listed.
const GLANCE: usize = 24;

/// What the platform's files name, by what sentences call it. Of several files each may be meant.
#[derive(Debug, Default)]
pub struct Names {
    codes: BTreeSet<String>,
    elements: BTreeSet<String>,
    states: BTreeSet<String>,
    services: BTreeSet<String>,
    edges: BTreeSet<Edge>,
}

impl Names {
    /// Learns what a target and the catalogue that it names call things.
    pub fn learn_target(&mut self, target: &Target, catalogue: Option<&RefusalCatalogue>) {
        self.codes.extend(catalogue.into_iter().flat_map(RefusalCatalogue::codes).map(|(code, _)| code.to_owned()));
        if let Some(page) = &target.page {
            self.elements.extend(page.elements.keys().cloned());
            self.states.extend(page.states.keys().cloned());
        }
    }

    /// Learns which services and edges a topology has.
    pub fn learn_topology(&mut self, topology: &Topology) {
        self.services.extend(topology.services.keys().cloned());
        self.edges.extend(topology.edges());
    }

    /// What is wrong with a word in the place of a parameter. Where no file names anything of the kind, nothing is.
    pub(super) fn object(&self, parameter: &str, word: &str) -> Option<String> {
        let (known, what) = match parameter {
            "code" => (&self.codes, "no catalogue of refusals has the code"),
            "element" => (&self.elements, "no target has in [page.elements] the element"),
            "page_state" => (&self.states, "no target has in [page.states] the state"),
            "service" => (&self.services, "no topology has the service"),
            _ => return None,
        };
        let is_known = known.is_empty() || known.contains(word);
        (!is_known).then(|| format!("{what} `{word}`.{}", meant(word, known)))
    }

    /// The same for the edge of a fault.
    pub(super) fn object_to_edge(&self, fault: &Disturbance) -> Option<String> {
        let is_known = self.edges.is_empty() || self.edges.iter().any(|edge| fault.is_on(edge));
        let edges = self.edges.iter().map(ToString::to_string);
        (!is_known).then(|| format!("no topology has the edge {}.{}", fault.edge(), listed(edges)))
    }
}

/// Which of the names was meant, or all of them where none is near.
fn meant(word: &str, known: &BTreeSet<String>) -> String {
    let hint = did_you_mean(word, known.iter().map(String::as_str));
    if hint.is_empty() { listed(known.iter().cloned()) } else { hint }
}

/// All of them, where they can be read at a glance.
fn listed(names: impl Iterator<Item = String>) -> String {
    let names: Vec<_> = names.collect();
    if names.len() <= GLANCE { format!(" There are {}.", names.join(", ")) } else { String::new() }
}
