//! The services of a platform, the provider of each, and the calls between them.
//!
//! A topology is a TOML file ([`Topology`]). A [`Provider`] starts one service of it and gives its address; [`container`] is
//! the largest of them. Taps are not here: `run` opens one for every edge, and gives their addresses to the providers as the
//! addresses of the neighbours.
//!
//! # Add another provider
//!
//! 1. Write a file here (or under `mocks/`, if it needs a double) with a type that implements [`Provider`]. The trait also
//!    carries what the machine needs to have, the host names that its services use among themselves, and the removal of what
//!    an earlier run left behind; all of these have defaults.
//! 2. Give it a variant in [`ProviderKind`], with its name in `ProviderKind::ALL`. If it has settings of its own, add a field
//!    to [`ServiceSpec`].
//! 3. Add it to the list in `providers()` in `mocks/mod.rs`.
//! 4. Add a topology file that uses it, and a test that starts it, stops it, and sees it fail to start.

pub mod container;
mod file;
mod provider;
mod ready;
mod url;

use std::io::Write;

pub use file::{ImageSpec, ProviderKind, Secret, ServiceSpec, Topology};
pub use provider::{
    HostAddress, Leftover, MachineRequirement, Outage, Provider, RunLabel, Running, StartError, StartRequest,
};
pub use ready::{Ready, until_ready};
pub use url::UrlProvider;

/// Tells the person at the terminal what takes long while services start.
fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
