//! The doubles, and the reference platform, as providers of a topology. Handed to the runner from `main.rs`; nothing under
//! `src/` names them.
//!
//! - `platform/`: the crate `atelier`, supplied in this process by [`embedded`];
//! - `doubles/`: wiremock doubles, one file per service, supplied by [`doubles::Doubles`];
//! - `topologies/`: topology files over them, and `platform/target.toml`: how to speak to Atelier.

mod doubles;
mod embedded;

use std::path::PathBuf;
use std::sync::Arc;

use paidpath::providers::Containers;
use paidpath::providers::{Provider, UrlProvider};
use paidpath::{Defect, How, RuleId};

/// Returns the providers of services.
pub fn providers() -> Vec<Arc<dyn Provider>> {
    let containers = Arc::new(Containers::default());
    vec![Arc::new(embedded::Embedded), Arc::new(doubles::Doubles::default()), containers, Arc::new(UrlProvider)]
}

/// The topologies that come with paidpath: name and text.
pub const TOPOLOGIES: &[(&str, &str)] = &[
    ("embedded", include_str!("topologies/embedded.toml")),
    ("mocked", include_str!("topologies/mocked.toml")),
    ("containers", include_str!("topologies/containers.toml")),
];

/// Returns the folder of the topologies in the sources of this binary. Container images are built from what is beside it.
pub fn topology_folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/mocks/topologies"))
}

/// The targets that come with paidpath: name and text.
pub const TARGETS: &[(&str, &str)] = &[("atelier", include_str!("platform/target.toml"))];

/// The files that these targets name: path from the target's file, and text.
pub const DOCUMENTS: &[(&str, &str)] = &[
    ("errors.toml", include_str!("platform/errors.toml")),
    ("src/storefront/openapi.yaml", include_str!("platform/src/storefront/openapi.yaml")),
    ("src/billing/openapi.yaml", include_str!("platform/src/billing/openapi.yaml")),
    ("src/entitlement/openapi.yaml", include_str!("platform/src/entitlement/openapi.yaml")),
    ("src/generation/openapi.yaml", include_str!("platform/src/generation/openapi.yaml")),
    ("../doubles/worker.openapi.yaml", include_str!("doubles/worker.openapi.yaml")),
    ("../doubles/flags.openapi.yaml", include_str!("doubles/flags.openapi.yaml")),
];

/// Returns the defects: those seeded in Atelier, and the faults of taps that act like one.
pub fn defects() -> Vec<Defect> {
    let seeded = atelier::DEFECTS.iter().map(|defect| Defect {
        id: defect.id,
        observed: defect.observed,
        rules: defect.rules.iter().map(|rule| rule.parse().expect("Atelier names rules by their ids")).collect(),
        hop: defect.hop,
        subtle: defect.subtle,
        // Only a browser comes across what is wrong with a page, and a page says to no service that it is broken.
        tag: defect.id.starts_with("ui.").then_some("@page"),
        how: How::Baggage,
    });
    seeded.chain(network()).collect()
}

/// The faults on edges that count as defects.
fn network() -> [Defect; 4] {
    [
        Defect {
            id: "net.reset-after-send",
            observed: "The purchase is made, and the connection breaks before the answer comes.",
            rules: vec![RuleId::M6],
            hop: ("storefront", "billing"),
            subtle: true,
            tag: None,
            how: How::Fault("storefront -> billing POST /v1/purchases: lose response once"),
        },
        Defect {
            id: "net.credential-lost",
            observed: "The proof of purchase gets lost on the way.",
            rules: vec![RuleId::S4],
            hop: ("storefront", "generation"),
            subtle: false,
            tag: None,
            how: How::Fault("storefront -> generation POST /v1/jobs: strip header Purchase-Credential"),
        },
        Defect {
            id: "net.truncated-json",
            observed: "The answer to a submit breaks off in the middle: nobody can read it.",
            rules: vec![RuleId::U1, RuleId::U4],
            hop: ("member", "storefront"),
            subtle: false,
            tag: None,
            how: How::Fault("member -> storefront POST /v1/jobs: respond with truncated json"),
        },
        Defect {
            id: "net.slow-drip",
            observed: "The worker answers drop by drop, and the job never comes to an end.",
            rules: vec![RuleId::E5],
            hop: ("generation", "worker"),
            subtle: false,
            tag: None,
            how: How::Fault("generation -> worker: drip over 60s"),
        },
    ]
}
