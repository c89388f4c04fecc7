//! What the language swallows without a word, although nobody can have meant it.
//!
//! A mistyped `Scenario:` is description to Gherkin, and so is everything up to the next title; an outline without rows
//! runs nothing; a placeholder without a column stays as it is. All of these are green, and none of them tests anything.
//! Prose is free, though: what may be ordinary text is not suspected.
//!
//! Add another one: write `fn name(&Reading<'_>) -> Vec<Mistake>` beside those of its kind, give it a line in
//! [`SUSPICIONS`], and a text that it must find and one that it must not to the tests.

mod descriptions;
mod placeholders;
mod shape;

use super::dialect::{self, Dialect, Title};
use super::pickles::{Placed, placed};
use super::{Mistake, line::Line};
use crate::model::message::{Background, Feature, GherkinDocument, KeywordType, Location, Rule, Scenario, TableRow};

/// Something that can be suspected.
#[derive(Debug)]
pub struct Suspicion {
    /// Its stable name.
    pub id: &'static str,
    /// What it finds, in a sentence.
    pub about: &'static str,
    find: fn(&Reading<'_>) -> Vec<Mistake>,
}

/// Everything that is looked for.
pub static SUSPICIONS: &[Suspicion] = &[
    Suspicion {
        id: "mistyped-keyword",
        about: "A description holds what reads like a title or a step.",
        find: descriptions::mistyped_keyword,
    },
    Suspicion { id: "no-scenarios", about: "A file, feature or rule has no scenario.", find: shape::no_scenarios },
    Suspicion { id: "no-steps", about: "A scenario or background has no steps.", find: shape::no_steps },
    Suspicion { id: "no-rows", about: "An outline has no examples, or examples have no rows.", find: shape::no_rows },
    Suspicion {
        id: "no-outcome",
        about: "A scenario has steps, but none that begins with Then.",
        find: shape::no_outcome,
    },
    Suspicion { id: "unjudged-action", about: "A scenario acts after its last Then.", find: shape::unjudged_action },
    Suspicion {
        id: "duplicate-name",
        about: "Two scenarios of a feature have the same name.",
        find: shape::duplicate_name,
    },
    Suspicion {
        id: "lost-cell",
        about: "A table row has text after its last `|`, which the language drops.",
        find: shape::lost_cell,
    },
    Suspicion {
        id: "unknown-placeholder",
        about: "A `<placeholder>` has no column and stays as it is.",
        find: placeholders::unknown_placeholder,
    },
    Suspicion {
        id: "unused-column",
        about: "A column of examples is used by no placeholder.",
        find: placeholders::unused_column,
    },
];

/// Something suspected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspect {
    /// The [`Suspicion::id`].
    pub id: &'static str,
    /// Where it is and what is odd about it.
    pub mistake: Mistake,
}

/// What is to be suspected in a document that was read from `text`, in the order of the text.
pub fn suspects(document: &GherkinDocument, text: &str) -> Vec<Suspect> {
    let reading = Reading::new(document, text);
    let found = SUSPICIONS.iter().flat_map(|suspicion| {
        (suspicion.find)(&reading).into_iter().map(|mistake| Suspect { id: suspicion.id, mistake })
    });
    let mut found: Vec<Suspect> = found.collect();
    found.sort_by_key(|suspect| suspect.mistake.location);
    found
}

/// The descriptions of a document, each with its lines and where they begin. Only those in which nothing is to be suspected
/// for its keywords are here.
pub fn descriptions<'a>(document: &'a GherkinDocument, text: &'a str) -> Vec<Vec<(Location, &'a str)>> {
    descriptions::unsuspected(&Reading::new(document, text))
}

/// A document beside its text.
struct Reading<'a> {
    feature: Option<&'a Feature>,
    dialect: &'static Dialect,
    lines: Vec<Line<'a>>,
}

impl<'a> Reading<'a> {
    fn new(document: &'a GherkinDocument, text: &'a str) -> Self {
        let feature = document.feature.as_ref();
        let dialect = feature.and_then(|feature| Dialect::of(&feature.language));
        Self {
            feature,
            dialect: dialect.or_else(|| Dialect::of(dialect::DEFAULT)).expect("the list of languages has the default"),
            lines: (1..).zip(text.split('\n')).map(|(number, text)| Line::new(number, text)).collect(),
        }
    }

    /// The line with this number, counted from 1.
    fn line(&self, number: u32) -> Option<&Line<'a>> {
        self.lines.get((number as usize).checked_sub(1)?)
    }

    /// The next line after this number that is neither blank nor a comment.
    fn next_line(&self, number: u32) -> Option<&Line<'a>> {
        let after = self.lines.iter().skip(number as usize);
        after.into_iter().find(|line| !line.content.is_empty() && !line.content.starts_with('#'))
    }

    /// All scenarios, those of rules too, with what they inherit.
    fn placed(&self) -> impl Iterator<Item = Placed<'a>> {
        self.feature.into_iter().flat_map(placed)
    }

    fn scenarios(&self) -> impl Iterator<Item = &'a Scenario> {
        self.placed().map(|placed| placed.scenario)
    }

    fn rules(&self) -> impl Iterator<Item = &'a Rule> {
        self.feature.into_iter().flat_map(|feature| &feature.children).filter_map(|child| child.rule.as_ref())
    }

    fn backgrounds(&self) -> impl Iterator<Item = &'a Background> {
        let outer = self.feature.into_iter().flat_map(|feature| &feature.children);
        let inner = self.rules().flat_map(|rule| &rule.children);
        outer.filter_map(|child| child.background.as_ref()).chain(inner.filter_map(|child| child.background.as_ref()))
    }

    /// All rows of all tables.
    fn rows(&self) -> impl Iterator<Item = &'a TableRow> {
        let steps = self.backgrounds().flat_map(|background| &background.steps);
        let steps = steps.chain(self.scenarios().flat_map(|scenario| &scenario.steps));
        let tables = steps.filter_map(|step| step.data_table.as_ref()).flat_map(|table| &table.rows);
        let examples = self.scenarios().flat_map(|scenario| &scenario.examples);
        tables.chain(examples.flat_map(|examples| examples.table_header.iter().chain(&examples.table_body)))
    }

    /// The language's first keyword for a title.
    fn title_keyword(&self, title: Title) -> &'static str {
        let found = self.dialect.titles.iter().find(|(_, opens)| *opens == title);
        found.map_or("", |(keyword, _)| keyword)
    }

    /// The language's first keyword for a kind of step.
    fn step_keyword(&self, meaning: KeywordType) -> &'static str {
        let found = self.dialect.steps.iter().rfind(|(_, means)| *means == meaning);
        found.map_or("", |(keyword, _)| keyword.trim_end())
    }
}
