//! Which provider each service of a platform has, and which service calls which.
//!
//! A topology is a TOML file ([`Topology`]). A [`Provider`] starts one service of it and gives its address; [`container`] is
//! the largest of them. Taps are not here: `run` opens one for every edge and hands their addresses to the providers as the
//! addresses of the neighbours.
//!
//! # Add another provider
//!
//! 1. Write a file here (or, if it needs a double, under `mocks/`) with a type that implements [`Provider`].
//! 2. Give it a variant in [`ProviderKind`] and, if it has settings of its own, a field in [`ServiceSpec`].
//! 3. Hand it to the runner where the others are: in `src/main.rs`.
//! 4. Add a topology file that uses it and a test that starts it, stops it, and sees it fail to start.

pub mod container;
mod file;
mod provider;
mod ready;
mod url;

use std::io::Write;

pub use file::{ImageSpec, ProviderKind, Secret, ServiceSpec, Topology};
pub use provider::{Doorstep, Mark, Mishap, Order, Provider, Running, StartError};
pub use ready::{Ready, until_ready};
pub use url::UrlProvider;

/// Says what takes long while services start. Nobody may be listening.
fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
