//! The world of a scenario: what its steps can do and expect.
//!
//! A step is one sentence long. It calls a method of the [`World`], or of one of its parts:
//!
//! | part | what it keeps | files |
//! |---|---|---|
//! | [`Members`], [`Models`], jobs | names in the scenario and ids of the platform | `members.rs`, `models.rs`, `jobs.rs` |
//! | [`Answers`] | the latest answers, for Then-sentences | `answers.rs` |
//! | [`TestClock`] | the offset of the scenario's clock | `clock.rs` |
//! | [`Faults`] | the faults of the taps, also on events, and stub files | `faults.rs`, `events.rs`, `stubbing.rs` |
//! | [`Machines`] | outages of services | `machines.rs` |
//! | [`Pages`] | browsers, and the findings about pages | `pages.rs`, `seeing.rs` |
//! | [`Assertions`] | how many judgements were made | `assertions.rs` |
//!
//! The other files have the methods of the world that need several parts, grouped by what a person does: `buying.rs`,
//! `generating.rs`, `money.rs`, requests at the same moment (`racing.rs`), requests that an honest client does not send
//! (`cheating.rs`), written requests (`requesting.rs`), and a person at the browser (`handover.rs`).
//!
//! All worlds of a run share a [`RunContext`]: the platform that is up, its [`Services`], the [browser](Browsing), the
//! [rules about single exchanges](Rules) and the [`Options`] of the run. Selecting, scheduling, judging and recording are in the
//! room `run` above.

mod answers;
mod assertions;
mod browsing;
mod buying;
mod cheating;
mod client;
mod clock;
mod context;
mod events;
mod expecting;
mod faults;
mod generating;
mod handover;
mod jobs;
mod machines;
mod members;
mod models;
mod money;
mod options;
mod pages;
mod participants;
mod racing;
mod requesting;
mod rules;
mod seeing;
mod services;
mod step_error;
mod stub_index;
mod stubbing;
mod trial;
// The room is named after its main type, which has a file of its own.
#[expect(clippy::module_inception, reason = "the type World is the centre of the room world")]
mod world;

pub use answers::Answers;
pub use assertions::Assertions;
pub use browsing::Browsing;
pub use cheating::Claim;
pub use clock::TestClock;
pub use context::RunContext;
pub use events::ServiceEvent;
pub use faults::Faults;
pub use machines::Machines;
pub use members::Members;
pub use models::{Models, Right, Terms};
pub use options::{Deadlines, FlakyPolicy, Options, RecordLevel};
pub(crate) use pages::Artifact;
pub use pages::Pages;
pub use rules::Rules;
pub use services::{Services, StartedService};
pub use step_error::{StepError, StepErrorKind, StepResult};
pub(crate) use stub_index::{NoStub, StubIndex, Stubs, named};
pub use trial::Trial;
pub(crate) use world::Attempted;
pub use world::World;

/// A file of `features/` that lies in the binary instead of on disk.
#[derive(Debug, Clone)]
pub struct Embedded {
    /// The path in the source tree.
    pub uri: String,
    /// The content of the file.
    pub text: &'static str,
}
