//! The sentences that the steps define, and which of them a step of a scenario is.
//!
//! cucumber looks a step up by trying every definition; here one pass over a set of all patterns finds the candidates, so
//! that looking up does not grow with the vocabulary.

use std::fmt;

use cucumber::codegen::{StepConstructor, WorldInventory};
use regex::{Regex, RegexSet};

use super::world::World;
use crate::model::message::PickleStepType;

/// The function behind a sentence.
pub type StepFunction = cucumber::Step<World>;

/// One sentence of the vocabulary.
pub struct Definition {
    /// Whether it sets up, acts, or expects.
    pub kind: PickleStepType,
    /// What a step's text must match.
    pub pattern: Regex,
    /// The file it is written in.
    pub file: &'static str,
    /// The line of its attribute, counted from 1.
    pub line: u32,
    /// What it does.
    pub function: StepFunction,
}

/// All sentences.
pub struct Vocabulary {
    definitions: Vec<Definition>,
    patterns: RegexSet,
}

/// What a step's text turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// This sentence, by its place in the vocabulary.
    One(usize),
    /// No sentence; the nearest one of the right kind, if any is near.
    None {
        /// As a person would write it.
        nearest: Option<String>,
    },
    /// Several sentences.
    Several(Vec<usize>),
}

impl Vocabulary {
    /// Collects what the step attributes have registered.
    ///
    /// # Panics
    /// If two hundred patterns together are too large for one automaton, which they are far from.
    pub fn collect() -> Self {
        let mut definitions = Vec::new();
        let mut add = |kind, (location, pattern, function): (cucumber::step::Location, fn() -> Regex, StepFunction)| {
            definitions.push(Definition {
                kind,
                pattern: pattern(),
                file: location.path,
                line: location.line,
                function,
            });
        };
        for given in inventory::iter::<<World as WorldInventory>::Given> {
            add(PickleStepType::Context, given.inner());
        }
        for when in inventory::iter::<<World as WorldInventory>::When> {
            add(PickleStepType::Action, when.inner());
        }
        for then in inventory::iter::<<World as WorldInventory>::Then> {
            add(PickleStepType::Outcome, then.inner());
        }
        // The sentences that misbehave are for the tests of the runner only.
        if std::env::var_os("PAIDPATH_REHEARSAL").is_none() {
            definitions.retain(|definition| !definition.file.ends_with("rehearsal.rs"));
        }
        definitions.sort_by_key(|definition| (definition.file, definition.line));
        let patterns = RegexSet::new(definitions.iter().map(|definition| definition.pattern.as_str()))
            .expect("each pattern compiled by itself");
        Self { definitions, patterns }
    }

    /// All sentences, by file and line.
    pub fn definitions(&self) -> &[Definition] {
        &self.definitions
    }

    /// Which sentence a step is. A step whose kind is unknown (`*` before any other) may be any.
    pub fn find(&self, kind: PickleStepType, text: &str) -> Found {
        let right = |index: &usize| kind == PickleStepType::Unknown || self.definitions[*index].kind == kind;
        let candidates: Vec<usize> = self.patterns.matches(text).into_iter().filter(right).collect();
        match candidates.as_slice() {
            [] => Found::None { nearest: self.nearest(kind, text) },
            [one] => Found::One(*one),
            _ => Found::Several(candidates),
        }
    }

    fn nearest(&self, kind: PickleStepType, text: &str) -> Option<String> {
        let sentences = self
            .definitions
            .iter()
            .filter(|definition| kind == PickleStepType::Unknown || definition.kind == kind)
            .map(Definition::sentence);
        let near = |sentence: String| (difference(text, &sentence), sentence);
        let nearest = sentences.into_iter().map(near).min_by(|(a, _), (b, _)| a.total_cmp(b));
        nearest.filter(|(difference, _)| *difference <= 0.4).map(|(_, sentence)| sentence)
    }
}

/// How far a text is from a sentence, word by word: 0 is the same, 1 has nothing in common. A parameter (`…`) takes any
/// word, and up to two more at a small price.
fn difference(text: &str, sentence: &str) -> f64 {
    let (words, parts): (Vec<&str>, Vec<&str>) =
        (text.split_whitespace().collect(), sentence.split_whitespace().collect());
    let unlike = |word: &str, part: &str| match part.contains('…') {
        true => 0.0,
        false => 1.0 - strsim::normalized_damerau_levenshtein(&word.to_lowercase(), &part.to_lowercase()),
    };
    let mut row: Vec<f64> = (0..=parts.len()).map(|count| count as f64).collect();
    for word in &words {
        let mut next = vec![row[0] + 1.0];
        for (index, part) in parts.iter().enumerate() {
            let more_of_parameter = if part.contains('…') { 0.2 } else { 1.0 };
            let changed = row[index] + unlike(word, part);
            next.push(changed.min(row[index + 1] + more_of_parameter).min(next[index] + 1.0));
        }
        row = next;
    }
    row[parts.len()] / words.len().max(parts.len()).max(1) as f64
}

impl Definition {
    /// What cucumber's step functions take: the step, and what its text has in the places of the parameters.
    ///
    /// # Panics
    /// If the text does not match this sentence.
    pub fn context(&self, step: gherkin::Step) -> cucumber::step::Context {
        let captures = self.pattern.captures(&step.value).expect("the step was found by this pattern");
        let matches = self
            .pattern
            .capture_names()
            .zip(captures.iter())
            .map(|(name, capture)| (name.map(str::to_owned), capture.map_or("", |group| group.as_str()).to_owned()))
            .collect();
        cucumber::step::Context { step, matches }
    }

    /// The sentence roughly as a person writes it, its parameters as `…`.
    pub fn sentence(&self) -> String {
        let mut sentence = String::new();
        let mut depth = 0_u32;
        let mut characters = self.pattern.as_str().trim_start_matches('^').trim_end_matches('$').chars();
        while let Some(character) = characters.next() {
            match character {
                '(' => {
                    if depth == 0 {
                        sentence.push('…');
                    }
                    depth += 1;
                }
                ')' => depth = depth.saturating_sub(1),
                '\\' => {
                    let escaped = characters.next();
                    if depth == 0 {
                        sentence.extend(escaped);
                    }
                }
                other if depth == 0 => sentence.push(other),
                _ => {}
            }
        }
        sentence
    }
}

impl fmt::Debug for Vocabulary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vocabulary of {} sentences", self.definitions.len())
    }
}
