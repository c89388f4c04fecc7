//! The runner: selects scenarios, brings the platform up, runs steps on worker threads, judges, and records it all.
//!
//! It is the only room that knows cucumber's types, and the place where the rooms below meet: taps stand on the edges of a
//! topology, worlds speak through a target. It emits [Cucumber Messages](crate::model::message); the journal and every
//! report are somebody else's.
//!
//! How one run goes: [`Plan::make`] reads and refuses, [`Platform::start`](platform::Platform::start) brings the services
//! up, [`workers`] run [`attempt`]s off the [`schedule`], and the [`supervisor`] watches deadlines and signals.

mod attempt;
mod emit;
mod evidence;
mod extents;
mod files;
pub mod history;
mod judging;
mod live;
mod panics;
pub mod plan;
pub mod platform;
mod schedule;
pub mod select;
mod settings;
mod signals;
mod suite;
mod supervisor;
pub mod vocabulary;
mod workers;

pub use files::read_feature;
pub use live::{Records, records};
pub use plan::{Inspector, Plan, Planned, Problem};
pub use select::{PathSpec, Selection};
pub use settings::TAGS;
pub use suite::{Needs, Requirement, Suite};
pub use supervisor::{RunRequest, run};
pub use vocabulary::Vocabulary;
