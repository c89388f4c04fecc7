//! The scenarios on the healthy platform: what they have to look like before anything is broken.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::judge::named_in;
use super::stand::{Broken, Stand};
use crate::model::message::Envelope;
use crate::model::proof::Place;
use crate::model::{Exchange, RuleId, Verdict};
use crate::report::{Run, Scenario};
use crate::run::{Options, Plan, Planned};
use crate::world::Trial;

/// What the healthy platform showed.
#[derive(Debug)]
pub struct Baseline {
    /// The scenarios that were green.
    pub seen: Vec<Seen>,
    /// The scenarios that did not run, each with its reason.
    pub skipped: Vec<(Place, String)>,
    /// The run, for reports.
    pub run: Run,
}

/// A scenario that was green.
#[derive(Debug)]
pub struct Seen {
    /// What it says.
    pub planned: Planned,
    /// Its name and place.
    pub place: Place,
    /// What the taps saw.
    pub exchanges: Vec<Exchange>,
    /// The defects whose place it came across, by id; empty where the platform does not tell.
    pub places: BTreeSet<String>,
    /// The rules that had something to judge in it.
    pub judged: Vec<RuleId>,
    /// How long it took.
    pub took: Duration,
}

impl Seen {
    /// Whether a rule had something to judge in it.
    pub fn judges(&self, rule: RuleId) -> bool {
        self.judged.contains(&rule)
    }
}

/// Why nothing can be concluded from these scenarios.
#[derive(Debug, Default)]
pub struct NotJudged {
    /// Scenarios that were never green, each with its reason.
    pub red: Vec<(Place, String)>,
    /// Scenarios that were not green and then were, each with what it said when it was not.
    pub flaky: Vec<(Place, String)>,
}

impl fmt::Display for NotJudged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not judged: on the healthy platform the scenarios are not green, so a red one proves nothing")?;
        let mut list = |title: &str, scenarios: &[(Place, String)]| {
            scenarios.iter().try_for_each(|(place, why)| {
                write!(f, "\n  {title}  {} › {}\n         {}  {why}", place.feature, place.name, place.at)
            })
        };
        list("red  ", &self.red)?;
        list("flaky", &self.flaky)
    }
}

impl Baseline {
    /// Runs the plan on the healthy platform. What is not green is run once more, to tell what is red from what is flaky.
    /// `message` sees what goes into a journal.
    ///
    /// # Errors
    /// The outer one if the platform does not come up; the inner one if a scenario is not green.
    pub fn take(
        stand: &Stand<'_>,
        mut plan: Plan,
        mut message: impl FnMut(&Envelope),
    ) -> Result<Result<Self, NotJudged>, Broken> {
        let scenarios = plan.scenarios.clone();
        let (target, _) = (stand.target)();
        let tells = target.baggage.fired.as_deref();
        if let (Some(_), Some(places)) = (tells, &target.baggage.places) {
            let trial = Arc::new(Trial::defect(places));
            plan.scenarios.iter_mut().for_each(|planned| planned.trial = Some(Arc::clone(&trial)));
        }
        let options = Options { repeat: 1, ..stand.options.clone() };
        let run = stand.run(plan, options, |envelope, _, _| message(envelope))?.into_run();
        let not_green: Vec<_> =
            run.scenarios.iter().zip(&scenarios).filter(|(scenario, _)| !is_green(scenario) && ran(scenario)).collect();
        if !not_green.is_empty() {
            let again = not_green.iter().map(|(_, planned)| (*planned).clone()).collect();
            let again = stand.play(Plan { scenarios: again, ..Plan::default() })?;
            let mut not_judged = NotJudged::default();
            for ((scenario, _), again) in not_green.into_iter().zip(&again.scenarios) {
                let list = if is_green(again) { &mut not_judged.flaky } else { &mut not_judged.red };
                list.push((place(scenario), scenario.why()));
            }
            return Ok(Err(not_judged));
        }
        let mut baseline = Self { seen: Vec::new(), skipped: Vec::new(), run: Run::default() };
        for (scenario, planned) in run.scenarios.iter().zip(scenarios) {
            let place = place(scenario);
            match scenario.last().filter(|_| ran(scenario)) {
                Some(attempt) => baseline.seen.push(Seen {
                    planned,
                    place,
                    exchanges: attempt.exchanges.clone(),
                    places: tells.map(|header| named(&attempt.exchanges, header)).unwrap_or_default(),
                    judged: attempt.judged.clone(),
                    took: attempt.took,
                }),
                None => baseline.skipped.push((place, scenario.verdict.reason.clone())),
            }
        }
        baseline.run = run;
        Ok(Ok(baseline))
    }

    /// The scenarios as a proof names them, by their place in [`Self::seen`].
    pub fn places(&self) -> Vec<Place> {
        self.seen.iter().map(|seen| seen.place.clone()).collect()
    }
}

/// Green at once, and not spared by a quarantine.
fn is_green(scenario: &Scenario) -> bool {
    scenario.verdict.verdict == Verdict::Passed && !scenario.verdict.flaky
}

fn ran(scenario: &Scenario) -> bool {
    scenario.verdict.verdict != Verdict::Skipped
}

fn named(exchanges: &[Exchange], header: &str) -> BTreeSet<String> {
    exchanges.iter().flat_map(|exchange| named_in(exchange, header)).map(str::to_owned).collect()
}

fn place(scenario: &Scenario) -> Place {
    Place { at: scenario.place(), feature: scenario.feature.clone(), name: scenario.title() }
}
