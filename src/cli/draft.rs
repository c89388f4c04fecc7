//! `paidpath draft`: writes down what was done in a run as a scenario, for a person to go on with.
//!
//! It reads what the members' own edge meant, and says it in the sentences of the vocabulary. What has no sentence is left
//! out; what was refused is expected to be refused again. People and model versions get names of their own.

use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use super::Refusal;
use crate::model::{Event, EventKind, Exit, Fact};
use crate::report::{RunRecord, journal};

const PEOPLE: [&str; 6] = ["Ann", "Ben", "Cleo", "Dan", "Eve", "Finn"];
const MODELS: [&str; 6] = ["Dusk", "Noon", "Rain", "Snow", "Fern", "Moss"];

/// What to draft from.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A journal, or the folder of one; recorded with `--record all`
    #[arg(value_name = "JOURNAL", default_value = "reports/session")]
    journal: PathBuf,
}

/// Prints a feature with a scenario for each that was recorded.
pub fn draft(arguments: &Arguments) -> Result<Exit, Refusal> {
    let file = match arguments.journal.is_dir() {
        true => arguments.journal.join(journal::FILE),
        false => arguments.journal.clone(),
    };
    let run = RunRecord::read(&file).map_err(|error| Refusal::Usage(error.to_string()))?;
    let mut scenarios = Vec::new();
    for scenario in &run.scenarios {
        let trail = scenario.attempts.last().and_then(|attempt| attempt.trail.as_ref());
        let Some(trail) = trail else { continue };
        // The first edge is the member's.
        let own: Vec<&Event> =
            trail.events.iter().filter(|event| run.info.edges.first() == Some(&event.edge)).collect();
        let steps = Draft::new().steps(&own);
        if !steps.is_empty() {
            scenarios.push(format!("  Scenario: {}, again\n{}", scenario.name, steps.concat()));
        }
    }
    if scenarios.is_empty() {
        let why = "nothing was done in it that a sentence says; was it recorded with --record all?";
        return Err(Refusal::Usage(format!("{}: {why}", file.display())));
    }
    say!("Feature: What was done by hand\n\n{}", scenarios.join("\n"));
    Ok(Exit::Passed)
}

/// A sentence's place in a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Given,
    When,
    Then,
}

#[derive(Debug)]
struct Draft {
    people: Names,
    models: Names,
    said: Vec<(Kind, String)>,
}

impl Draft {
    fn new() -> Self {
        let names = |given| Names { given, known: Vec::new() };
        Self { people: names(PEOPLE), models: names(MODELS), said: Vec::new() }
    }

    fn steps(mut self, events: &[&Event]) -> Vec<String> {
        events.iter().for_each(|event| self.tell(event));
        // What the scenario begins with, then what happens.
        self.said.sort_by_key(|(kind, _)| *kind != Kind::Given);
        if !self.said.iter().any(|(kind, _)| *kind == Kind::When) {
            return Vec::new();
        }
        if !self.said.iter().any(|(kind, _)| *kind == Kind::Then) {
            self.said.push((Kind::Then, "that is accepted".into()));
        }
        let mut before = None;
        let line = |(kind, text): &(Kind, String)| {
            let keyword = match kind {
                _ if before == Some(*kind) => "And",
                Kind::Given => "Given",
                Kind::When => "When",
                Kind::Then => "Then",
            };
            before = Some(*kind);
            format!("    {keyword} {text}\n")
        };
        self.said.iter().map(line).collect()
    }

    fn tell(&mut self, event: &Event) {
        let text = |fact: Fact| event.facts.get(&fact).and_then(Value::as_str).unwrap_or_default().to_owned();
        let number = |fact: Fact| event.facts.get(&fact).and_then(Value::as_i64).unwrap_or_default();
        let begun = self.said.iter().any(|(kind, _)| *kind == Kind::When);
        match (event.kind, event.done) {
            (EventKind::ToppedUp, Some(true)) => {
                let who = self.people.of(&text(Fact::Who));
                match begun {
                    false => self.say(Kind::Given, format!("{who} has {} credits", number(Fact::Amount))),
                    true => self.say(Kind::When, format!("{who} tops up {} credits", number(Fact::Amount))),
                }
            }
            (EventKind::Offered, Some(true)) if event.facts.contains_key(&Fact::GenerationPrice) => {
                let model = self.models.of(&text(Fact::Version));
                let mut terms = vec![format!("{} credits for generation", number(Fact::GenerationPrice))];
                if event.facts.contains_key(&Fact::DownloadPrice) {
                    terms.push(format!("{} credits for download", number(Fact::DownloadPrice)));
                }
                let sentence = format!("early access to {model} costs {}", terms.join(" and "));
                // The terms are seen as often as the page is opened.
                if !self.said.iter().any(|(_, said)| *said == sentence) {
                    self.say(Kind::Given, sentence);
                }
            }
            (EventKind::Quoted, Some(false)) => {
                let (who, model) = (self.people.of(&text(Fact::Who)), self.models.of(&text(Fact::Version)));
                self.say(Kind::When, format!("{who} asks for the price of {} access to {model}", text(Fact::Right)));
                self.refused(event);
            }
            (EventKind::Charged, _) => {
                let (who, model) = (self.people.of(&text(Fact::Who)), self.models.of(&text(Fact::Version)));
                self.say(Kind::When, format!("{who} buys {} access to {model}", text(Fact::Right)));
                self.refused(event);
            }
            (EventKind::Submitted, done) => {
                let (who, model) = (self.people.of(&text(Fact::Who)), self.models.of(&text(Fact::Version)));
                let what = match (done, number(Fact::Quantity)) {
                    (Some(true), 0 | 1) => format!("generates an image with {model}"),
                    (Some(true), several) => format!("generates {several} images with {model}"),
                    (Some(false) | None, _) => format!("generates at once with {model}"),
                };
                self.say(Kind::When, format!("{who} {what}"));
                self.refused(event);
            }
            (EventKind::Delivered, Some(true)) if event.facts.contains_key(&Fact::Image) => {
                let who = self.people.of(&text(Fact::Who));
                let sentence = format!("{who} gets an image");
                let is_of_one = self.said.last().is_some_and(|(_, said)| said.contains("generates an image"));
                if is_of_one {
                    self.say(Kind::Then, sentence);
                }
            }
            _ => {}
        }
    }

    fn refused(&mut self, event: &Event) {
        if let (Some(false), Some(code)) = (event.done, &event.code) {
            self.say(Kind::Then, format!("that is refused with {code}"));
        }
    }

    fn say(&mut self, kind: Kind, sentence: String) {
        self.said.push((kind, sentence));
    }
}

/// Names for what has none: the same for the same id.
#[derive(Debug)]
struct Names {
    given: [&'static str; 6],
    known: Vec<String>,
}

impl Names {
    fn of(&mut self, id: &str) -> &'static str {
        let place = self.known.iter().position(|known| known == id).unwrap_or_else(|| {
            self.known.push(id.to_owned());
            self.known.len() - 1
        });
        self.given[place % self.given.len()]
    }
}
