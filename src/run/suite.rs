//! The parts of a run that the binary brings along: sentences, providers, and what scenarios need of a machine.

use std::sync::Arc;

use super::vocabulary::Vocabulary;
use crate::browser::BrowserConfig;
use crate::topology::{MachineRequirement, Provider, ProviderKind, Topology};

/// The sentences, and the providers of services.
pub struct Suite {
    /// The sentences.
    pub vocabulary: Arc<Vocabulary>,
    /// The providers of services.
    pub providers: Vec<Arc<dyn Provider>>,
    /// The requirements of scenarios with certain tags.
    pub requirements: Vec<Requirement>,
    /// The browser that shows pages.
    pub browser: BrowserConfig,
}

/// A requirement of the scenarios with a tag, which a machine may lack.
#[derive(Debug, Clone)]
pub struct Requirement {
    /// The name for `--require`.
    pub name: &'static str,
    /// The tag of the scenarios.
    pub tag: &'static str,
    /// The requirement on the topology.
    pub of: Needs,
    /// The reason why this machine lacks it; `None` if it does not.
    pub missing: Option<String>,
    /// The advice that `paidpath doctor` gives to a machine that lacks it.
    pub remedy: Option<&'static str>,
}

/// The requirements that scenarios can have on a topology.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// No requirement on the topology.
    Nothing,
    /// A browser: no requirement on the topology, but the scenario takes one of the browser's places.
    Browser,
    /// A service of this provider.
    Provider(ProviderKind),
    /// No double of a service that calls others.
    Whole,
}

impl Requirement {
    /// Returns the requirements of these providers on the machine.
    pub fn of_providers(providers: &[Arc<dyn Provider>]) -> impl Iterator<Item = Self> {
        providers.iter().filter_map(|provider| {
            let MachineRequirement { name, tag, missing, remedy } = provider.requirement()?;
            Some(Self { name, tag, of: Needs::Provider(provider.kind()), missing, remedy: Some(remedy) })
        })
    }

    /// Returns the reason why scenarios with the tag cannot run against a topology; `None` if they can.
    pub fn unmet(&self, topology: &Topology) -> Option<String> {
        self.missing.clone().or_else(|| self.absent(topology))
    }

    fn absent(&self, topology: &Topology) -> Option<String> {
        let name = &topology.name;
        match self.of {
            Needs::Provider(provider) if !topology.has(provider) => {
                Some(format!("the topology {name} has no {provider}"))
            }
            Needs::Whole => {
                let doubled: Vec<_> = topology.doubled().collect();
                if doubled.is_empty() {
                    return None;
                }
                Some(format!("the topology {name} has doubles of {}, which only answer", doubled.join(", ")))
            }
            Needs::Nothing | Needs::Browser | Needs::Provider(_) => None,
        }
    }

    fn is_of(&self, topology: &Topology) -> bool {
        match self.of {
            Needs::Provider(provider) => topology.has(provider),
            Needs::Nothing | Needs::Browser | Needs::Whole => false,
        }
    }
}

impl Suite {
    /// Returns the reason why this machine cannot supply the services of a topology; `None` if it can.
    pub fn out_of_reach(&self, topology: &Topology) -> Option<String> {
        let mut needed = self.requirements.iter().filter(|requirement| requirement.is_of(topology));
        let why = needed.find_map(|requirement| requirement.missing.as_ref())?;
        Some(format!("the topology {} needs what is not here: {why}", topology.name))
    }

    /// Returns the tags of the scenarios that cannot run against a topology, each with the reason.
    pub(super) fn missing(&self, topology: &Topology) -> Vec<(String, String)> {
        let unmet = |requirement: &Requirement| Some((requirement.tag.to_owned(), requirement.unmet(topology)?));
        self.requirements.iter().filter_map(unmet).collect()
    }

    /// Returns the tag of the scenarios that use a browser.
    pub(super) fn browser_tag(&self) -> Option<&'static str> {
        let browser = self.requirements.iter().find(|requirement| requirement.of == Needs::Browser);
        browser.map(|requirement| requirement.tag)
    }
}
