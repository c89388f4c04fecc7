//! Stub files: answers that people write down in JSON, without a line of Rust.
//!
//! A stub says which requests it is for and what they are answered. The format is a subset of WireMock's mappings, so that what
//! people know, and files they have, can be used; `features/README.md` has the table. What stands outside the subset is refused
//! where it stands ([`elsewhere`](self) says what to do instead): a key that nobody looks at would be a promise that nobody keeps.
//!
//! Everything here is a pure function of the file and the request, and remembers nothing: [`StubFile::parse`] reads, [`choose`]
//! finds the stub that answers or the one that came nearest, with what differs, and [`Stub::answer`] makes the answer. Who
//! carries it out, delays and broken connections with it, is not here: that is a tap for one scenario, or a double for a run.

mod elsewhere;
mod file;
mod json;
mod matcher;
mod request;
mod response;
mod template;

#[cfg(test)]
mod tests;

pub use file::{Stub, StubFile, load};
pub use request::{Nearest, Request, choose};
pub use response::{Broken, Reply};

use http::HeaderName;

/// Names the stub that a double has answered from: its place, or [`NONE`].
pub const ANSWERED_FROM: HeaderName = HeaderName::from_static("x-paidpath-stub");

/// The answer of a double to a request that nothing in it is for; it says in `detail` what came nearest.
pub const NONE: &str = "none";
