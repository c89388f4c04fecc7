//! The scenarios on the healthy platform, twice: what they have to look like before anything is broken.

use std::fmt;
use std::time::Duration;

use super::stand::{Broken, Stand};
use crate::model::message::Envelope;
use crate::model::proof::Place;
use crate::model::{Exchange, Verdict};
use crate::report::{Run, Scenario, Step};
use crate::run::{Options, Plan, Planned};

/// How often each scenario has to be green.
const ROUNDS: usize = 2;

/// What the healthy platform showed.
#[derive(Debug)]
pub struct Baseline {
    /// The scenarios that were green.
    pub seen: Vec<Seen>,
    /// The scenarios that did not run, each with its reason.
    pub skipped: Vec<(Place, String)>,
    /// The run of both rounds, for reports.
    pub run: Run,
}

/// A scenario that was green.
#[derive(Debug)]
pub struct Seen {
    /// What it says.
    pub planned: Planned,
    /// Its name and place.
    pub place: Place,
    /// Its steps, as they went the first time.
    pub steps: Vec<Step>,
    /// What the taps saw the first time.
    pub exchanges: Vec<Exchange>,
    /// How long it took the first time.
    pub took: Duration,
}

/// Why nothing can be concluded from these scenarios.
#[derive(Debug, Default)]
pub struct NotJudged {
    /// Scenarios that were never green, each with its reason.
    pub red: Vec<(Place, String)>,
    /// Scenarios that were green once and not again, each with what it said when it was not.
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
    /// Runs the plan on the healthy platform. `message` sees what goes into a journal.
    ///
    /// # Errors
    /// The outer one if the platform does not come up; the inner one if a scenario is not green each time.
    pub fn take(
        stand: &Stand<'_>,
        plan: Plan,
        mut message: impl FnMut(&Envelope),
    ) -> Result<Result<Self, NotJudged>, Broken> {
        let scenarios = plan.scenarios.clone();
        let options = Options { repeat: ROUNDS, ..stand.options.clone() };
        let digest = stand.run(plan, options, |envelope, _, _| message(envelope))?;
        Ok(Self::of(scenarios, digest.into_run()))
    }

    fn of(scenarios: Vec<Planned>, run: Run) -> Result<Self, NotJudged> {
        let mut not_judged = NotJudged::default();
        let mut baseline = Self { seen: Vec::new(), skipped: Vec::new(), run: Run::default() };
        let count = scenarios.len();
        for (index, planned) in scenarios.into_iter().enumerate() {
            let rounds: Vec<&Scenario> =
                (0..ROUNDS).filter_map(|round| run.scenarios.get(round * count + index)).collect();
            let Some(first) = rounds.first() else { continue };
            let place = place(first);
            let bad = rounds.iter().find(|round| !is_green(round) && round.verdict.verdict != Verdict::Skipped);
            if let Some(bad) = bad {
                let list = match rounds.iter().any(|round| round.verdict.verdict == Verdict::Passed) {
                    true => &mut not_judged.flaky,
                    false => &mut not_judged.red,
                };
                list.push((place, bad.why()));
                continue;
            }
            match first.last() {
                Some(attempt) if first.verdict.verdict == Verdict::Passed => baseline.seen.push(Seen {
                    planned,
                    place,
                    steps: attempt.steps.clone(),
                    exchanges: attempt.exchanges.clone(),
                    took: attempt.took,
                }),
                Some(_) | None => baseline.skipped.push((place, first.verdict.reason.clone())),
            }
        }
        if !not_judged.red.is_empty() || !not_judged.flaky.is_empty() {
            return Err(not_judged);
        }
        baseline.run = run;
        Ok(baseline)
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

fn place(scenario: &Scenario) -> Place {
    Place { at: scenario.place(), feature: scenario.feature.clone(), name: scenario.title() }
}
