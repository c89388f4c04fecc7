//! The platform, driven from outside: four services on loopback, with a worker and a flag provider of the test's own.

#![expect(clippy::unwrap_used, reason = "the helpers of a test fail it by panicking")]

mod access;
mod database;
mod jobs;
mod money;
mod page;
mod path;
mod refusals;
#[cfg(feature = "postgres")]
mod survival;
mod travel;
mod world;
