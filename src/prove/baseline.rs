//! The baseline: every selected scenario on the healthy platform, before anything is broken.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::defect::named_in;
use super::plan_runner::{PlanRunner, ProofError};
use crate::model::message::Envelope;
use crate::model::proof::ScenarioPlace;
use crate::model::{Exchange, RuleId, Verdict};
use crate::report::{RunRecord, ScenarioRecord};
use crate::run::{Plan, Planned};
use crate::world::Trial;

/// A run on the healthy platform in which every scenario passed or was skipped.
#[derive(Debug)]
pub struct Baseline {
    /// The scenarios that passed at once.
    pub scenarios: Vec<BaselineScenario>,
    /// The scenarios that did not run, each with its reason.
    pub skipped: Vec<(ScenarioPlace, String)>,
    /// The run, for reports.
    pub run: RunRecord,
}

/// A scenario that passed on the healthy platform.
#[derive(Debug)]
pub struct BaselineScenario {
    pub planned: Planned,
    pub place: ScenarioPlace,
    pub exchanges: Vec<Exchange>,
    /// The ids of the defects whose place in the platform this scenario reached; empty where the platform does not tell.
    pub places: BTreeSet<String>,
    /// The rules that had something to judge in this scenario.
    pub judged: Vec<RuleId>,
    pub took: Duration,
}

impl BaselineScenario {
    /// Says whether a rule had something to judge in this scenario.
    pub fn judges(&self, rule: RuleId) -> bool {
        self.judged.contains(&rule)
    }
}

/// The scenarios that keep a run from being a baseline: a failure that occurs without a defect proves nothing.
#[derive(Debug, Default)]
pub struct NotGreen {
    /// Scenarios that failed twice, each with its reason.
    pub red: Vec<(ScenarioPlace, String)>,
    /// Scenarios that failed and then passed, each with the reason of the failure.
    pub flaky: Vec<(ScenarioPlace, String)>,
}

impl fmt::Display for NotGreen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("these scenarios do not pass on the healthy platform, so a failure would prove nothing")?;
        let mut list = |title: &str, scenarios: &[(ScenarioPlace, String)]| {
            scenarios.iter().try_for_each(|(place, why)| {
                write!(f, "\n  {title}  {} › {}\n         {}  {why}", place.feature, place.name, place.at)
            })
        };
        list("red  ", &self.red)?;
        list("flaky", &self.flaky)
    }
}

/// The result of running the plan on the healthy platform.
#[derive(Debug)]
pub enum BaselineOutcome {
    Green(Box<Baseline>),
    NotGreen(NotGreen),
}

impl Baseline {
    /// Runs the plan on the healthy platform. Scenarios that do not pass are run once more, to tell red from flaky.
    /// `message` receives every message that belongs into a journal.
    pub fn take(
        runner: &PlanRunner<'_>,
        mut plan: Plan,
        mut message: impl FnMut(&Envelope),
    ) -> Result<BaselineOutcome, ProofError> {
        let scenarios = plan.scenarios.clone();
        let (target, _) = (runner.target)();
        let tells = target.baggage.fired.as_deref();
        if let (Some(_), Some(places)) = (tells, &target.baggage.places) {
            let trial = Arc::new(Trial::defect(places));
            // A platform that names places does so only for scenarios that ask for it in their baggage.
            plan.scenarios.iter_mut().for_each(|planned| planned.trial = Some(Arc::clone(&trial)));
        }
        let run = runner.run_following(plan, |envelope, _, _| message(envelope))?.into_run();
        let not_passed: Vec<_> =
            run.scenarios.iter().zip(&scenarios).filter(|(scenario, _)| !is_green(scenario) && ran(scenario)).collect();
        if !not_passed.is_empty() {
            // Red and flaky scenarios need different repairs, so the user has to know which they are.
            let again = not_passed.iter().map(|(_, planned)| (*planned).clone()).collect();
            let again = runner.run(Plan { scenarios: again, ..Plan::default() })?;
            let mut not_green = NotGreen::default();
            for ((scenario, _), again) in not_passed.into_iter().zip(&again.scenarios) {
                let list = if is_green(again) { &mut not_green.flaky } else { &mut not_green.red };
                list.push((place(scenario), scenario.why()));
            }
            return Ok(BaselineOutcome::NotGreen(not_green));
        }
        let mut baseline = Self { scenarios: Vec::new(), skipped: Vec::new(), run: RunRecord::default() };
        for (scenario, planned) in run.scenarios.iter().zip(scenarios) {
            let place = place(scenario);
            match scenario.last() {
                Some(attempt) if ran(scenario) => baseline.scenarios.push(BaselineScenario {
                    planned,
                    place,
                    exchanges: attempt.exchanges.clone(),
                    places: tells.map(|header| named(&attempt.exchanges, header)).unwrap_or_default(),
                    judged: attempt.judged.clone(),
                    took: attempt.took,
                }),
                Some(_) | None => baseline.skipped.push((place, scenario.verdict.reason.clone())),
            }
        }
        baseline.run = run;
        Ok(BaselineOutcome::Green(Box::new(baseline)))
    }

    /// Returns the scenarios as a proof names them, in the order of [`Self::scenarios`].
    pub fn places(&self) -> Vec<ScenarioPlace> {
        self.scenarios.iter().map(|seen| seen.place.clone()).collect()
    }
}

/// Says whether a scenario passed at its first attempt.
fn is_green(scenario: &ScenarioRecord) -> bool {
    scenario.verdict.verdict == Verdict::Passed && !scenario.verdict.flaky
}

fn ran(scenario: &ScenarioRecord) -> bool {
    scenario.verdict.verdict != Verdict::Skipped
}

fn named(exchanges: &[Exchange], header: &str) -> BTreeSet<String> {
    exchanges.iter().flat_map(|exchange| named_in(exchange, header)).map(str::to_owned).collect()
}

fn place(scenario: &ScenarioRecord) -> ScenarioPlace {
    ScenarioPlace { at: scenario.place(), feature: scenario.feature.clone(), name: scenario.title() }
}
