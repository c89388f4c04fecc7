//! The doubles, and the reference platform, as providers of a topology. Handed to the runner from `main.rs`; nothing under
//! `src/` names them.
//!
//! - `platform/`: the crate `atelier`, supplied in this process by [`embedded`];
//! - `doubles/`: wiremock doubles, one file per service, supplied by [`doubles::Doubles`];
//! - `topologies/`: topology files over them, and `platform/target.toml`: how to speak to Atelier.

mod doubles;
mod embedded;

use std::sync::Arc;

use paidpath::topology::{Provider, UrlProvider};

/// Who can supply services.
pub fn providers() -> Vec<Arc<dyn Provider>> {
    vec![Arc::new(embedded::Embedded), Arc::new(doubles::Doubles), Arc::new(UrlProvider)]
}

/// The topologies that come with paidpath: name and text.
pub const TOPOLOGIES: &[(&str, &str)] = &[("embedded", include_str!("topologies/embedded.toml"))];

/// The targets that come with paidpath: name and text.
pub const TARGETS: &[(&str, &str)] = &[("atelier", include_str!("platform/target.toml"))];
