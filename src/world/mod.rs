//! The world of one attempt at one scenario: what its steps act through.
//!
//! It holds handles (members, model versions, what was last answered), not a bag of loose values. Steps are one sentence
//! long and call a method of it; the methods are grouped by what a person does: [`buying`], [`generating`], [`money`],
//! several of these at the same moment ([`racing`]), what nobody should try ([`cheating`]), what goes wrong on the way
//! ([`disturbing`], [`telling`], [`stubbing`]) and in the machine room ([`machines`]), what time it is ([`timing`]), and what
//! they expect: [`expecting`]. What
//! they do and see in a browser: [`page`] and [`seeing`].

mod asking;
mod browsing;
mod buying;
mod cheating;
mod context;
mod disturbing;
mod expecting;
mod generating;
mod handover;
mod machines;
mod money;
mod page;
mod probing;
mod racing;
mod requesting;
mod rules;
mod seeing;
mod services;
mod step_error;
mod stub_index;
mod stubbing;
mod telling;
mod timing;
mod trial;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::rngs::StdRng;

use crate::base::trace::Baggage;
use crate::model::{Finding, RuleId, TraceId};
use crate::tap::FaultOutcome;
use crate::target::PlatformAnswer;

pub use browsing::Browsing;
pub use buying::{Right, Terms};
pub use cheating::Claim;
pub use context::RunContext;
pub use generating::Job;
pub(crate) use page::Artifact;
use page::Screen;
pub use rules::Rules;
pub use services::{Services, StartedService};
pub use step_error::{StepError, StepErrorKind, StepResult};
pub(crate) use stub_index::{NoStub, StubIndex, Stubs, named};
pub use telling::ServiceEvent;
pub use trial::Trial;

/// A file of `features/` that lies in the binary instead of on disk.
#[derive(Debug, Clone)]
pub struct Embedded {
    /// The path in the source tree.
    pub uri: String,
    /// The content of the file.
    pub text: &'static str,
}

/// A person in the scenario.
#[derive(Debug, Clone, Default)]
pub struct Member {
    /// The platform's id for them.
    pub id: String,
    /// What they are signed in with; `None` when signed out.
    pub token: Option<String>,
    /// What they were given when they joined, signed in or not.
    pub session: Option<String>,
    /// Whether they keep order on the platform.
    pub moderator: bool,
    /// The purchase credential they hold, by model version id.
    pub credentials: BTreeMap<String, String>,
    /// Their purchases, oldest first.
    pub purchases: Vec<Purchase>,
    /// What they had in their wallet when the scenario began for them.
    pub opening_balance: i64,
}

impl Member {
    /// The platform's id of the latest purchase that it accepted.
    fn bought(&self) -> Option<String> {
        self.purchases.iter().rev().find_map(|purchase| purchase.id.clone())
    }
}

/// One attempt to buy.
#[derive(Debug, Clone)]
pub struct Purchase {
    /// The platform's id for it, once it was accepted.
    pub id: Option<String>,
    /// The key it was sent with.
    pub key: String,
    /// The quote it was made from, where the platform has quotes.
    pub quote: Option<String>,
    /// The model version, by its name in the scenario.
    pub model: String,
    /// The platform's id for that.
    pub version: String,
    /// What access is for.
    pub right: Right,
    /// The amount of the quote, or the price that was set.
    pub amount: i64,
}

/// A model version in the scenario.
#[derive(Debug, Clone)]
pub struct ModelVersion {
    /// The platform's id for it.
    pub id: String,
    /// Who owns it, by name in the scenario.
    pub owner: String,
    /// The terms it is sold on.
    pub terms: Terms,
    /// When early access ends, if it is in early access.
    pub ends_at: Option<jiff::Timestamp>,
}

/// The world of one attempt.
#[derive(Debug, cucumber::World)]
#[world(init = Self::only_the_runner_makes_worlds)]
pub struct World {
    context: Arc<RunContext>,
    client: reqwest::Client,
    trace: TraceId,
    baggage: Arc<Mutex<Baggage>>,
    rng: StdRng,
    clock_ahead: Duration,
    members: BTreeMap<String, Member>,
    models: BTreeMap<String, ModelVersion>,
    /// The answer that Then-sentences speak of.
    last: Option<PlatformAnswer>,
    /// All answers of an action that was done several times at once.
    at_once: Vec<PlatformAnswer>,
    jobs: Vec<Job>,
    /// What members have before them in a browser, by name in the scenario.
    screens: BTreeMap<String, Screen>,
    /// Who did something on a page last.
    looking: Option<String>,
    /// The last exchange before the last press.
    marked_exchange: u64,
    page_findings: Vec<Finding>,
    /// The rules of pages that had something to judge.
    page_rules: BTreeSet<RuleId>,
    /// The stub files that its sentences name.
    stubs: Stubs,
    /// Sessions that the platform gave nobody.
    forged: Vec<String>,
    /// How many things were judged: a Then that judges nothing proves nothing.
    judged: u64,
    /// Whether no other scenario runs at the same time.
    alone: bool,
    /// Faults that ended before the scenario did.
    lifted: Vec<FaultOutcome>,
}

impl World {
    /// A world for one attempt, alone on the context or not. `client` belongs to the worker's runtime.
    pub fn new(context: Arc<RunContext>, client: reqwest::Client, trace: TraceId, rng: StdRng, alone: bool) -> Self {
        let mut baggage = Baggage::default();
        if let (Some(name), false) = (&context.target.baggage.defect, context.defects.is_empty()) {
            baggage.set(name, context.defects.join("+"));
        }
        Self {
            context,
            client,
            trace,
            baggage: Arc::new(Mutex::new(baggage)),
            rng,
            clock_ahead: Duration::ZERO,
            members: BTreeMap::new(),
            models: BTreeMap::new(),
            last: None,
            at_once: Vec::new(),
            jobs: Vec::new(),
            screens: BTreeMap::new(),
            looking: None,
            marked_exchange: 0,
            page_findings: Vec::new(),
            page_rules: BTreeSet::new(),
            stubs: Stubs::new(),
            forged: Vec::new(),
            judged: 0,
            alone,
            lifted: Vec::new(),
        }
    }

    /// Breaks for this attempt what the trial says. A target that names no baggage for defects has none to switch on.
    pub(crate) fn undergo(&mut self, trial: &Trial) {
        if let (Some(name), Some(defect)) = (&self.context.target.baggage.defect, &trial.defect) {
            self.baggage.lock().expect("nothing panics while it holds this lock").set(name, defect.as_str());
        }
        for fault in &trial.faults {
            self.context.faults.arm(Some(self.trace), fault.clone());
        }
    }

    fn only_the_runner_makes_worlds() -> Result<Self, StepError> {
        Err(StepError::scenario("worlds are made by the runner: they need a platform to act on"))
    }

    /// How many things have been judged so far.
    pub fn judged(&self) -> u64 {
        self.judged
    }

    /// The member of this name.
    ///
    /// # Errors
    /// If no sentence has introduced them.
    pub fn member(&self, name: &str) -> Result<&Member, StepError> {
        self.members.get(name).ok_or_else(|| {
            StepError::scenario(format!("nobody is called {name} yet: begin with “Given {name} has 500 credits”"))
        })
    }

    /// The model version of this name.
    ///
    /// # Errors
    /// If no sentence has introduced it.
    pub fn model(&self, name: &str) -> Result<&ModelVersion, StepError> {
        self.models.get(name).ok_or_else(|| {
            StepError::scenario(format!(
                "no model version is called {name} yet: begin with “Given early access to {name} costs 100 credits for generation”"
            ))
        })
    }

    fn member_mut(&mut self, name: &str) -> Result<&mut Member, StepError> {
        self.member(name)?;
        Ok(self.members.get_mut(name).expect("it was there a line above"))
    }
}
