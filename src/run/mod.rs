//! The runner: selects scenarios, starts the platform, runs attempts on worker threads, judges them, and records everything.
//!
//! A run goes through these steps. [`Plan::make`] reads the features and refuses what could not be judged.
//! [`Platform::start`](platform::Platform::start) opens the taps and starts the services. The [`workers`] take attempts from the
//! [`schedule`]; an [`attempt`] runs its steps and is then [judged](judging). The [`supervisor`] watches deadlines and signals.
//!
//! Neighbours: the steps act through the room `world` below, which also holds the [options](crate::world::Options) of a run. The
//! runner emits [Cucumber Messages](crate::model::message); the journal and the reports are in the room `report`. Only `run` and
//! `world` know cucumber's types.

mod attempt;
mod emit;
mod evidence;
mod extents;
mod files;
mod hints;
pub mod history;
mod judging;
mod live;
mod panics;
pub mod plan;
pub mod platform;
mod resolve;
mod schedule;
pub mod select;
mod settings;
mod signals;
mod suite;
mod supervisor;
mod under;
pub mod vocabulary;
mod workers;

pub use files::{NO_FILE, near_miss, read_feature};
pub use live::{Records, records};
pub use plan::{Inspector, Plan, Planned, Problem};
pub use select::{PathSpec, Selection};
pub use settings::TAGS;
pub use suite::{Needs, Requirement, Suite};
pub use supervisor::{RunRequest, run};
pub use vocabulary::Vocabulary;
