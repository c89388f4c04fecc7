//! The composition root: the vocabulary (`steps/`) and the doubles (`mocks/`) meet the library here, and nowhere else.

#[path = "../mocks/mod.rs"]
mod mocks;
mod shipped;
#[path = "../steps/mod.rs"]
mod steps;

use std::process::ExitCode;
use std::sync::Arc;

use paidpath::{BROWSER_REMEDY, BrowserConfig, Composition, Needs, Requirement, Suite, missing_browser};

fn main() -> ExitCode {
    // The one TLS provider of the process; whoever came first has set the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let browser = BrowserConfig::from_environment(|name| std::env::var(name).ok());
    let providers = mocks::providers();
    let mut requirements = vec![
        Requirement {
            name: "browser",
            tag: "@page",
            of: Needs::Browser,
            missing: missing_browser(&browser),
            remedy: Some(BROWSER_REMEDY),
        },
        Requirement { name: "whole", tag: "@whole", of: Needs::Whole, missing: None, remedy: None },
    ];
    requirements.extend(Requirement::of_providers(&providers));
    paidpath::main(&Composition {
        suite: Suite { vocabulary: Arc::new(shipped::vocabulary()), providers, requirements, browser },
        topologies: mocks::TOPOLOGIES,
        topology_folder: Some(mocks::topology_folder()),
        targets: mocks::TARGETS,
        documents: mocks::DOCUMENTS,
        features: shipped::features(),
        defects: mocks::defects(),
    })
}
