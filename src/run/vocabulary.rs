//! The sentences that the steps define, and which of them a step of a scenario is.
//!
//! cucumber looks a step up by trying every definition. Here one pass over its text finds the sentences whose literal words
//! stand in it, so that looking up does not grow with the vocabulary; and only the patterns of these few are compiled, since
//! compiling them all would take longer than a short run.

use std::fmt;
use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::AhoCorasick;
use cucumber::codegen::{StepConstructor, WorldInventory};
use regex::Regex;

use super::hints::Hints;
use crate::base::config::ConfigError;
use crate::catalogue::{Catalogue, Expression, Language, Translated};
use crate::model::message::PickleStepType;
use crate::world::World;

/// The function behind a sentence.
pub type StepFunction = cucumber::Step<World>;

/// A sentence of the vocabulary.
pub struct Definition {
    /// The kind of step: context, action or outcome.
    pub kind: PickleStepType,
    /// The sentence as a cucumber expression.
    pub sentence: String,
    pub file: String,
    pub line: u32,
    pub function: StepFunction,
    /// The place of the English sentence in the catalogue.
    pub place: usize,
    /// Makes the pattern of an English sentence. A translation has a pattern of its own.
    registered: fn() -> Regex,
    compiled: OnceLock<Regex>,
    /// The translation, with the place of its language.
    translated: Option<(usize, Translated)>,
}

/// The sentences in all languages.
pub struct Vocabulary {
    catalogue: Catalogue,
    languages: Vec<Language>,
    definitions: Vec<Definition>,
    tongues: Vec<Tongue>,
    unreadable: Unreadable,
}

/// Says why a word in the place of a parameter cannot be read although it matches the parameter's pattern.
pub type Unreadable = fn(parameter: &str, word: &str) -> Option<String>;

/// The sentences of one language.
struct Tongue {
    /// The code of the language; `None` for English, which every feature may use.
    language: Option<String>,
    places: Range<usize>,
    index: OnceLock<Index>,
    hints: OnceLock<Hints>,
}

/// An index that finds the sentences that a text may be.
struct Index {
    /// The automaton for the longest literal of each sentence.
    automaton: AhoCorasick,
    /// The place and the literals of each sentence, one for each pattern of the automaton. A step has the literals in this
    /// order.
    sentences: Vec<(usize, Vec<String>)>,
}

/// A catalogue that does not list the sentences of the step functions.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the catalogue and the step functions disagree: {}", .0.join(", "))]
pub struct Disagreement(Vec<String>);

/// The result of looking up a step.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// Exactly one sentence, as a place in the vocabulary.
    One(usize),
    /// No sentence.
    None,
    /// Several sentences.
    Several(Vec<usize>),
}

impl Vocabulary {
    /// Collects the step functions in the files of the catalogue. Step functions in other files are not part of the vocabulary.
    pub fn collect(catalogue: Catalogue) -> Result<Self, Disagreement> {
        let mut definitions = Vec::new();
        let mut add = |kind, (location, pattern, function): (cucumber::step::Location, fn() -> Regex, StepFunction)| {
            let file = location.path.rsplit("../").next().unwrap_or(location.path).replace('\\', "/");
            if catalogue.nouns.iter().any(|(noun, _)| *noun == file) {
                definitions.push((file, location.line, kind, pattern, function));
            }
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
        // `inventory` yields in the order of the linker, which differs between builds.
        definitions.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
        let registered: Vec<_> = definitions.iter().map(|each| (each.0.as_str(), each.1, each.2)).collect();
        let listed: Vec<_> =
            catalogue.sentences.iter().map(|each| (each.file.as_str(), each.line, each.kind)).collect();
        if registered != listed {
            let only_one = registered.iter().filter(|each| !listed.contains(each));
            let only_one = only_one.chain(listed.iter().filter(|each| !registered.contains(each)));
            return Err(Disagreement(only_one.map(|(file, line, _)| format!("{file}:{line}")).collect()));
        }
        let definitions: Vec<Definition> = definitions
            .into_iter()
            .enumerate()
            .map(|(place, (file, line, kind, pattern, function))| Definition {
                kind,
                sentence: catalogue.sentences[place].expression.clone(),
                file,
                line,
                function,
                place,
                registered: pattern,
                compiled: OnceLock::new(),
                translated: None,
            })
            .collect();
        let english =
            Tongue { language: None, places: 0..definitions.len(), index: OnceLock::new(), hints: OnceLock::new() };
        Ok(Self { catalogue, languages: Vec::new(), definitions, tongues: vec![english], unreadable: |_, _| None })
    }

    /// Holds the words of steps against what reads them.
    #[must_use]
    pub fn reading(self, unreadable: Unreadable) -> Self {
        Self { unreadable, ..self }
    }

    /// Adds the sentences of another language. Each English sentence needs a translation.
    pub fn speak(&mut self, file: &str, text: &str) -> Result<(), ConfigError> {
        let language = Language::parse(file, text)?;
        let first = self.definitions.len();
        for translated in language.sentences(&self.catalogue, file, text)? {
            let english = &self.definitions[translated.of];
            self.definitions.push(Definition {
                kind: english.kind,
                sentence: translated.expression.clone(),
                file: file.to_owned(),
                line: translated.line,
                function: english.function,
                place: translated.of,
                registered: english.registered,
                compiled: OnceLock::new(),
                translated: Some((self.languages.len(), translated)),
            });
        }
        self.tongues.push(Tongue {
            language: Some(language.code.clone()),
            places: first..self.definitions.len(),
            index: OnceLock::new(),
            hints: OnceLock::new(),
        });
        self.languages.push(language);
        Ok(())
    }

    /// Returns all sentences: the English ones by file and line, then those of each language in the same order.
    pub fn definitions(&self) -> &[Definition] {
        &self.definitions
    }

    /// Returns the sentences of a language, or the English ones if there is no translation.
    pub fn definitions_in(&self, language: &str) -> &[Definition] {
        &self.definitions[self.tongue(language).places.clone()]
    }

    /// Returns the list of the English sentences.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Returns the languages besides English.
    pub fn languages(&self) -> &[Language] {
        &self.languages
    }

    /// Looks up a step of a feature in this language. English sentences are valid in every language. A step of unknown kind
    /// (`*` before any other) may be any sentence.
    pub fn find(&self, kind: PickleStepType, language: &str, text: &str) -> Found {
        let right = |index: &usize| kind == PickleStepType::Unknown || self.definitions[*index].kind == kind;
        let spoken = |tongue: &&Tongue| tongue.language.as_deref().is_none_or(|own| own == language);
        let candidates: Vec<usize> = self
            .tongues
            .iter()
            .filter(spoken)
            .flat_map(|tongue| {
                let index = tongue.index.get_or_init(|| Index::of(&self.definitions, tongue.places.clone()));
                index.candidates(text)
            })
            // The pattern decides. The index only keeps most patterns from being compiled.
            .filter(right)
            .filter(|index| self.says(&self.definitions[*index], text))
            .collect();
        match candidates.as_slice() {
            [] => Found::None,
            [one] => Found::One(*one),
            _ => Found::Several(candidates),
        }
    }

    /// Returns whether a text is this sentence. A translation must also lead to an English sentence: its words may match more.
    fn says(&self, definition: &Definition, text: &str) -> bool {
        match &definition.translated {
            None => definition.pattern().is_match(text),
            Some((_, translated)) => translated
                .english(definition.pattern(), text)
                .is_some_and(|english| self.definitions[definition.place].pattern().is_match(&english)),
        }
    }

    /// Returns why a word of a step that [`Vocabulary::find`] has found to be this sentence cannot be read.
    pub fn unreadable(&self, sentence: usize, text: &str) -> Option<String> {
        let known = &self.catalogue.sentences[self.definitions[sentence].place];
        let expression = Expression::parse(&known.expression).ok()?;
        let words = self.arguments(sentence, text);
        let mut words = expression.parameters().into_iter().zip(&words);
        words.find_map(|(parameter, word)| (self.unreadable)(parameter, word))
    }

    /// Makes the argument of a step function for a step that [`Vocabulary::find`] has found to be this sentence.
    pub fn context(&self, sentence: usize, step: gherkin::Step) -> cucumber::step::Context {
        let definition = &self.definitions[sentence];
        match &definition.translated {
            None => definition.context(step),
            Some((language, translated)) => {
                let step = in_english(translated, &self.languages[*language], definition.pattern(), step);
                self.definitions[definition.place].context(step)
            }
        }
    }

    /// Returns the arguments of a step that [`Vocabulary::find`] has found to be this sentence, in English and in the order of
    /// the English sentence.
    pub fn arguments(&self, sentence: usize, text: &str) -> Vec<String> {
        let definition = &self.definitions[sentence];
        let translated = definition.translated.as_ref();
        let english = translated.map(|(_, translated)| {
            translated.english(definition.pattern(), text).expect("the step was found by this pattern")
        });
        let pattern = self.definitions[definition.place].pattern();
        let captures =
            pattern.captures(english.as_deref().unwrap_or(text)).expect("the step was found by this pattern");
        captures.iter().skip(1).flatten().map(|capture| capture.as_str().to_owned()).collect()
    }

    /// Returns the most similar sentence of a kind in this language, if one is similar enough.
    pub fn nearest(&self, kind: PickleStepType, language: &str, text: &str) -> Option<&str> {
        let tongue = self.tongue(language);
        let definitions = &self.definitions[tongue.places.clone()];
        let hints = tongue.hints.get_or_init(|| Hints::of(definitions.iter().map(|each| each.sentence.as_str())));
        let right = |place: usize| kind == PickleStepType::Unknown || definitions[place].kind == kind;
        hints.nearest(text, right).map(|place| definitions[place].sentence.as_str())
    }

    /// Returns the sentences of a language, or the English ones if there is no translation.
    fn tongue(&self, language: &str) -> &Tongue {
        let own = self.tongues.iter().find(|tongue| tongue.language.as_deref() == Some(language));
        own.unwrap_or(&self.tongues[0])
    }
}

impl Index {
    fn of(definitions: &[Definition], places: Range<usize>) -> Self {
        let sentences: Vec<_> = places.map(|place| (place, literals(&definitions[place].sentence))).collect();
        // Of a sentence without any the pattern is empty, and found everywhere.
        let longest = sentences
            .iter()
            .map(|(_, literals)| literals.iter().max_by_key(|literal| literal.len()).map_or("", String::as_str));
        let automaton =
            AhoCorasick::new(longest).expect("invariant: the sentences of a vocabulary fit into an automaton");
        Self { automaton, sentences }
    }

    /// Returns the places of the sentences whose literals a text has, in their order.
    fn candidates(&self, text: &str) -> Vec<usize> {
        let found = self.automaton.find_overlapping_iter(text).map(|found| &self.sentences[found.pattern().as_usize()]);
        let mut places: Vec<_> =
            found.filter(|(_, literals)| has_in_order(text, literals)).map(|(place, _)| *place).collect();
        places.sort_unstable();
        places.dedup();
        places
    }
}

/// Returns the literals of a sentence; none for a sentence that is no expression. Its pattern then decides alone.
fn literals(sentence: &str) -> Vec<String> {
    Expression::parse(sentence).map(|expression| expression.literals()).unwrap_or_default()
}

fn has_in_order(text: &str, literals: &[String]) -> bool {
    literals.iter().try_fold(text, |rest, literal| rest.split_once(literal.as_str()).map(|(_, rest)| rest)).is_some()
}

impl Definition {
    pub fn pattern(&self) -> &Regex {
        self.compiled.get_or_init(|| match &self.translated {
            None => (self.registered)(),
            Some((_, translated)) => {
                Regex::new(&translated.pattern).expect("a pattern that was put together of sound ones")
            }
        })
    }

    /// Makes the argument of cucumber's step function: the step, with the texts that its parameters match.
    fn context(&self, step: gherkin::Step) -> cucumber::step::Context {
        let captures = self.pattern().captures(&step.value).expect("the step was found by this pattern");
        let matches = self
            .pattern()
            .capture_names()
            .zip(captures.iter())
            .map(|(name, capture)| (name.map(str::to_owned), capture.map_or("", |group| group.as_str()).to_owned()))
            .collect();
        cucumber::step::Context { step, matches }
    }
}

/// Translates a step and the table under it into English.
fn in_english(translated: &Translated, language: &Language, pattern: &Regex, mut step: gherkin::Step) -> gherkin::Step {
    step.value = translated.english(pattern, &step.value).expect("the step was found by this pattern");
    for row in step.table.iter_mut().flat_map(|table| &mut table.rows) {
        if let Some(head) = row.first_mut()
            && let Some(english) = language.row(head)
        {
            english.clone_into(head);
        }
        row.iter_mut().skip(1).for_each(|cell| *cell = language.cell(cell));
    }
    step
}

impl fmt::Debug for Vocabulary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vocabulary of {} sentences", self.catalogue.sentences.len())
    }
}
