//! The composition root: the vocabulary (`steps/`) and the doubles (`mocks/`) meet the library here, and nowhere else.

#[path = "../mocks/mod.rs"]
mod mocks;
mod shipped;
#[path = "../steps/mod.rs"]
mod steps;

use std::process::ExitCode;
use std::sync::Arc;

use paidpath::cli::{self, Composition};
use paidpath::run::Suite;

fn main() -> ExitCode {
    // The one TLS provider of the process; whoever came first has set the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    cli::main(&Composition {
        suite: Suite {
            vocabulary: Arc::new(shipped::vocabulary()),
            providers: mocks::providers(),
            requirements: Vec::new(),
        },
        topologies: mocks::TOPOLOGIES,
        targets: mocks::TARGETS,
        documents: mocks::DOCUMENTS,
        features: shipped::features(),
    })
}
