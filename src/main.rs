//! The composition root: the vocabulary (`steps/`) and the doubles (`mocks/`) meet the library here, and nowhere else.

#[path = "../mocks/mod.rs"]
mod mocks;
mod shipped;
#[path = "../steps/mod.rs"]
mod steps;

use std::process::ExitCode;
use std::sync::Arc;

use paidpath::providers::{ProviderKind, missing_docker};
use paidpath::{BrowserConfig, Composition, Needs, Requirement, Suite, missing_browser};

fn main() -> ExitCode {
    // The one TLS provider of the process; whoever came first has set the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let browser = BrowserConfig::from_environment(|name| std::env::var(name).ok());
    paidpath::main(&Composition {
        suite: Suite {
            vocabulary: Arc::new(shipped::vocabulary()),
            providers: mocks::providers(),
            requirements: vec![
                Requirement { name: "browser", tag: "@page", of: Needs::Nothing, missing: missing_browser(&browser) },
                Requirement {
                    name: "docker",
                    tag: "@containers",
                    of: Needs::Provider(ProviderKind::Container),
                    missing: missing_docker(),
                },
                Requirement { name: "whole", tag: "@whole", of: Needs::Whole, missing: None },
            ],
            browser,
        },
        topologies: mocks::TOPOLOGIES,
        topology_folder: Some(mocks::topology_folder()),
        targets: mocks::TARGETS,
        documents: mocks::DOCUMENTS,
        features: shipped::features(),
        defects: mocks::defects(),
    })
}
