//! The platform, driven from outside: four services on loopback, with a worker and a flag provider of the test's own.

mod access;
mod jobs;
mod money;
mod path;
mod refusals;
mod world;
