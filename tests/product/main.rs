//! The product, driven from outside: the built binary with files and signals, and the shape of the source tree.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails its test")]

mod answers;
mod browser;
mod documents;
mod floors;
mod honesty;
mod mistakes;
mod qa;
mod refusals;
mod running;
mod support;
