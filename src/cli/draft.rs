//! `paidpath draft`: writes the exchanges of a recorded run as scenarios, for a person to continue.
//!
//! It reads the events on the member's own edge and writes them in the sentences of the vocabulary. It expects that a refused
//! request is refused again. An event that no sentence can say becomes a comment, so that the result always passes
//! `paidpath check`. Members and model versions get new names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use super::Refusal;
use crate::model::{Event, EventKind, Exit, Fact};
use crate::report::{RunRecord, journal};
use crate::world::Right;

// The initials follow the alphabet, so that a reader finds the order in which the members appeared. Cora is left out: the steps
// give that name to owners.
const PEOPLE: [&str; 24] = [
    "Ann", "Ben", "Cleo", "Dan", "Eve", "Finn", "Gail", "Hugo", "Iris", "Jack", "Kate", "Leo", "Mia", "Noah", "Olga",
    "Paul", "Quinn", "Rosa", "Sam", "Tess", "Uma", "Vera", "Will", "Zoe",
];
const MODELS: [&str; 12] =
    ["Dusk", "Noon", "Rain", "Snow", "Fern", "Moss", "Dune", "Gale", "Haze", "Jade", "Lake", "Mist"];

/// The recorded run.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A journal, or the folder of one; recorded with `--record all`
    #[arg(value_name = "JOURNAL", default_value = "reports/session")]
    journal: PathBuf,
}

/// Prints a feature with a scenario for each that was recorded.
pub fn draft(arguments: &Arguments) -> Result<Exit, Refusal> {
    let file =
        if arguments.journal.is_dir() { arguments.journal.join(journal::FILE) } else { arguments.journal.clone() };
    let run = RunRecord::read(&file).map_err(|error| Refusal::Usage(error.to_string()))?;
    let mut scenarios = Vec::new();
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    for scenario in &run.scenarios {
        let trail = scenario.attempts.last().and_then(|attempt| attempt.trail.as_ref());
        let Some(trail) = trail else { continue };
        // The first edge is the member's.
        let own: Vec<&Event> =
            trail.events.iter().filter(|event| run.info.edges.first() == Some(&event.edge)).collect();
        let steps = Draft::new().steps(&own);
        if steps.is_empty() {
            continue;
        }
        // The rows of an outline share one name, and `check` wants each name once.
        let count = names.entry(scenario.name.clone()).or_default();
        *count += 1;
        let number = if *count == 1 { String::new() } else { format!(" ({count})") };
        scenarios.push(format!("  Scenario: {}, again{number}\n{}", scenario.name, steps.concat()));
    }
    if scenarios.is_empty() {
        let why = "nothing was done in it that a sentence says; was it recorded with --record all?";
        return Err(Refusal::Usage(format!("{}: {why}", file.display())));
    }
    say!("Feature: What was done by hand\n\n{}", scenarios.join("\n"));
    Ok(Exit::Passed)
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Line {
    Given(String),
    When(String),
    Then(String),
    /// An event that no sentence says.
    Comment(String),
}

/// The lines of one scenario.
#[derive(Debug)]
struct Draft {
    people: Names,
    models: Names,
    /// The members with a Given of their own.
    introduced: BTreeSet<String>,
    /// The model versions whose terms were seen.
    offered: BTreeSet<String>,
    /// The right and the version id of each quote, by quote id.
    quotes: BTreeMap<String, (Option<String>, Option<String>)>,
    lines: Vec<Line>,
    /// True if the platform did what the latest When asks for.
    last_accepted: bool,
}

impl Draft {
    fn new() -> Self {
        Self {
            people: Names::new(&PEOPLE, letters),
            models: Names::new(&MODELS, digits),
            introduced: BTreeSet::new(),
            offered: BTreeSet::new(),
            quotes: BTreeMap::new(),
            lines: Vec::new(),
            last_accepted: false,
        }
    }

    fn steps(mut self, events: &[&Event]) -> Vec<String> {
        events.iter().for_each(|event| self.tell(event));
        if !self.has_when() {
            return Vec::new();
        }
        if !self.lines.iter().any(|line| matches!(line, Line::Then(_))) {
            // A scenario needs a Then. Without a known answer only the ledger is sure.
            let sentence = if self.last_accepted { "that is accepted" } else { "no money was made or lost" };
            self.lines.push(Line::Then(sentence.into()));
        }
        self.introduce_the_rest();
        // Members and terms may show up late in a run, but a scenario begins with them. The sort is stable.
        self.lines.sort_by_key(|line| !matches!(line, Line::Given(_)));
        written(&self.lines)
    }

    fn has_when(&self) -> bool {
        self.lines.iter().any(|line| matches!(line, Line::When(_)))
    }

    /// Adds a Given for members without money of their own, and a comment for model versions whose terms were not seen.
    fn introduce_the_rest(&mut self) {
        let members = self.people.given().into_iter().filter(|name| !self.introduced.contains(name));
        let members: Vec<_> = members.map(|name| Line::Given(format!("{name} is a member"))).collect();
        let unseen = self.models.given().into_iter().filter(|name| !self.offered.contains(name));
        let unseen: Vec<_> = unseen
            .map(|name| {
                Line::Comment(format!("the terms of {name} were not seen: say what access costs, or that it is public"))
            })
            .collect();
        self.lines.extend(members);
        self.lines.splice(0..0, unseen);
    }

    fn tell(&mut self, event: &Event) {
        match (event.kind, event.done) {
            (EventKind::ToppedUp, Some(true)) => self.tell_top_up(event),
            (EventKind::Offered, Some(true)) => self.tell_offer(event),
            (EventKind::Quoted, done) => {
                if let Some(quote) = text(event, Fact::Quote) {
                    self.quotes.insert(quote, (text(event, Fact::Right), text(event, Fact::Version)));
                }
                if done == Some(false) {
                    let (right, version) = (text(event, Fact::Right), text(event, Fact::Version));
                    self.tell_request(event, right, version, "a price", |who, right, model| {
                        format!("{who} asks for the price of {right} access to {model}")
                    });
                }
            }
            (EventKind::Charged, _) => {
                // A refusal names neither right nor version, but the quote that was to be bought does.
                let quoted = text(event, Fact::Quote).and_then(|quote| self.quotes.get(&quote).cloned());
                let (quoted_right, quoted_version) = quoted.unwrap_or_default();
                let right = text(event, Fact::Right).or(quoted_right);
                let version = text(event, Fact::Version).or(quoted_version);
                self.tell_request(event, right, version, "a purchase", |who, right, model| {
                    format!("{who} buys {right} access to {model}")
                });
            }
            (EventKind::Submitted, _) => self.tell_submit(event),
            (EventKind::Delivered, Some(true)) if event.facts.contains_key(&Fact::Image) => {
                let is_of_one =
                    matches!(self.lines.last(), Some(Line::When(said)) if said.contains(" generates an image with "));
                if let (true, Some(who)) = (is_of_one, text(event, Fact::Who)) {
                    let who = self.people.of(&who);
                    self.lines.push(Line::Then(format!("{who} gets an image")));
                }
            }
            _ => {}
        }
    }

    fn tell_top_up(&mut self, event: &Event) {
        let (Some(who), Some(amount)) = (text(event, Fact::Who), number(event, Fact::Amount)) else {
            self.lines.push(Line::Comment("money was put into a wallet, and no sentence says how much".into()));
            return;
        };
        let who = self.people.of(&who);
        // The first money belongs to the beginning. A later payment is an action.
        if !self.has_when() && self.introduced.insert(who.clone()) {
            self.lines.push(Line::Given(format!("{who} has {amount} credits")));
        } else {
            self.lines.push(Line::When(format!("{who} tops up {amount} credits")));
            self.last_accepted = true;
        }
    }

    fn tell_offer(&mut self, event: &Event) {
        let terms = [(Fact::GenerationPrice, "generation"), (Fact::DownloadPrice, "download")];
        let terms =
            terms.into_iter().filter_map(|(fact, right)| Some(format!("{} credits for {right}", number(event, fact)?)));
        let terms: Vec<String> = terms.collect();
        let Some(version) = text(event, Fact::Version).filter(|_| !terms.is_empty()) else { return };
        let model = self.models.of(&version);
        // The terms are seen each time that the page is opened. The first ones are those at the beginning.
        if self.offered.insert(model.clone()) {
            self.lines.push(Line::Given(format!("early access to {model} costs {}", terms.join(" and "))));
        }
    }

    /// Writes a request about a right, and its refusal. `what` names the request in a comment.
    fn tell_request(
        &mut self,
        event: &Event,
        right: Option<String>,
        version: Option<String>,
        what: &str,
        sentence: impl FnOnce(&str, Right, &str) -> String,
    ) {
        let right = right.and_then(|right| right.parse::<Right>().ok());
        let (Some(who), Some(right), Some(version)) = (text(event, Fact::Who), right, version) else {
            self.comment_on(event, what);
            return;
        };
        let (who, model) = (self.people.of(&who), self.models.of(&version));
        self.act(event, sentence(&who, right, &model));
    }

    fn tell_submit(&mut self, event: &Event) {
        let (Some(who), Some(version)) = (text(event, Fact::Who), text(event, Fact::Version)) else {
            self.comment_on(event, "a generation");
            return;
        };
        let (who, model) = (self.people.of(&who), self.models.of(&version));
        let what = match (event.done, number(event, Fact::Quantity)) {
            (Some(true), None | Some(0 | 1)) => format!("generates an image with {model}"),
            (Some(true), Some(several)) => format!("generates {several} images with {model}"),
            (Some(false) | None, _) => format!("generates at once with {model}"),
        };
        self.act(event, format!("{who} {what}"));
    }

    fn act(&mut self, event: &Event, sentence: String) {
        self.lines.push(Line::When(sentence));
        self.last_accepted = event.done == Some(true);
        if let (Some(false), Some(code)) = (event.done, &event.code) {
            // Platforms may have codes that are no single word. A sentence cannot say those.
            let is_word = code.starts_with(|first: char| first.is_ascii_alphabetic())
                && code.ends_with(|last: char| last.is_ascii_alphanumeric())
                && code.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter));
            self.lines.push(if is_word {
                Line::Then(format!("that is refused with {code}"))
            } else {
                Line::Comment(format!("that was refused with {code}, which no sentence says"))
            });
        }
    }

    fn comment_on(&mut self, event: &Event, what: &str) {
        let outcome = match event.done {
            Some(true) => "was accepted",
            Some(false) => "was refused",
            None => "had no clear answer",
        };
        self.lines.push(Line::Comment(format!("{what} {outcome}, and no sentence says of what")));
    }
}

/// Writes lines with their keywords.
fn written(lines: &[Line]) -> Vec<String> {
    let mut before = "";
    let mut step = |keyword: &'static str, text: &str| {
        let shown = if before == keyword { "And" } else { keyword };
        before = keyword;
        format!("    {shown} {text}\n")
    };
    let line = |line: &Line| match line {
        Line::Given(text) => step("Given", text),
        Line::When(text) => step("When", text),
        Line::Then(text) => step("Then", text),
        Line::Comment(text) => format!("    # {text}\n"),
    };
    lines.iter().map(line).collect()
}

fn text(event: &Event, fact: Fact) -> Option<String> {
    event.facts.get(&fact).and_then(Value::as_str).map(str::to_owned)
}

fn number(event: &Event, fact: Fact) -> Option<i64> {
    event.facts.get(&fact).and_then(Value::as_i64)
}

/// New names for ids: the same name for the same id, and never one name for two.
#[derive(Debug)]
struct Names {
    list: &'static [&'static str],
    /// Makes a suffix for the names of a round, if the list is used up.
    suffix: fn(usize) -> String,
    ids: Vec<String>,
}

impl Names {
    fn new(list: &'static [&'static str], suffix: fn(usize) -> String) -> Self {
        Self { list, suffix, ids: Vec::new() }
    }

    fn of(&mut self, id: &str) -> String {
        let place = self.ids.iter().position(|known| known == id).unwrap_or_else(|| {
            self.ids.push(id.to_owned());
            self.ids.len() - 1
        });
        self.name(place)
    }

    fn name(&self, place: usize) -> String {
        let name = self.list[place % self.list.len()];
        match place / self.list.len() {
            0 => name.to_owned(),
            round => format!("{name}{}", (self.suffix)(round)),
        }
    }

    /// Returns the names that were given, in their order.
    fn given(&self) -> Vec<String> {
        (0..self.ids.len()).map(|place| self.name(place)).collect()
    }
}

/// Returns 1 as `A`, 26 as `Z`, and 27 as `AA`: the name of a member has no digits.
fn letters(mut number: usize) -> String {
    let mut letters = Vec::new();
    while number > 0 {
        number -= 1;
        letters.push(char::from(b'A' + u8::try_from(number % 26).unwrap_or_default()));
        number /= 26;
    }
    letters.into_iter().rev().collect()
}

fn digits(round: usize) -> String {
    (round + 1).to_string()
}
