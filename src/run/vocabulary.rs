//! The sentences that the steps define, and which of them a step of a scenario is.
//!
//! cucumber looks a step up by trying every definition; here one pass over a set of all patterns finds the candidates, so
//! that looking up does not grow with the vocabulary. The patterns of another language are compiled when its first step is
//! looked up: runs without it pay nothing for it.

use std::fmt;
use std::ops::Range;
use std::sync::{LazyLock, OnceLock};

use cucumber::codegen::{StepConstructor, WorldInventory};
use regex::{Regex, RegexSet};

use super::world::World;
use crate::base::config::ConfigError;
use crate::catalogue::{Catalogue, Language, Translated};
use crate::model::message::PickleStepType;

/// The function behind a sentence.
pub type StepFunction = cucumber::Step<World>;

/// One sentence of the vocabulary.
pub struct Definition {
    /// Whether it sets up, acts, or expects.
    pub kind: PickleStepType,
    /// The sentence as it was written, a cucumber expression.
    pub sentence: String,
    /// What a step's text must match, as a regular expression.
    pub source: String,
    /// The file it is written in.
    pub file: String,
    /// The line of its attribute, counted from 1.
    pub line: u32,
    /// What it does.
    pub function: StepFunction,
    /// The place of the English sentence in the catalogue.
    pub place: usize,
    compiled: OnceLock<Regex>,
    /// With the place of its language.
    translated: Option<(usize, Translated)>,
}

/// All sentences.
pub struct Vocabulary {
    catalogue: Catalogue,
    languages: Vec<Language>,
    definitions: Vec<Definition>,
    tongues: Vec<Tongue>,
}

/// The sentences of one language.
struct Tongue {
    /// `None` for English, which every feature may speak.
    language: Option<String>,
    places: Range<usize>,
    patterns: OnceLock<RegexSet>,
}

/// A catalogue that lists other sentences than there are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the catalogue and the step functions disagree: {}", .0.join(", "))]
pub struct Disagreement(Vec<String>);

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
    /// Collects what the step attributes have registered in the files of the catalogue. What stands in other files is not
    /// part of the vocabulary.
    ///
    /// # Errors
    /// If the catalogue does not list exactly the sentences of these files.
    pub fn collect(catalogue: Catalogue) -> Result<Self, Disagreement> {
        let mut definitions = Vec::new();
        let mut add = |kind, (location, pattern, function): (cucumber::step::Location, fn() -> Regex, StepFunction)| {
            let file = location.path.rsplit("../").next().unwrap_or(location.path).replace('\\', "/");
            if catalogue.nouns.iter().any(|(noun, _)| *noun == file) {
                definitions.push((file, location.line, kind, pattern(), function));
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
                source: pattern.as_str().to_owned(),
                file,
                line,
                function,
                place,
                compiled: OnceLock::from(pattern),
                translated: None,
            })
            .collect();
        let english = Tongue { language: None, places: 0..definitions.len(), patterns: OnceLock::new() };
        Ok(Self { catalogue, languages: Vec::new(), definitions, tongues: vec![english] })
    }

    /// Adds the sentences of another language from the text of its file.
    ///
    /// # Errors
    /// With the file's line, if it says other sentences than there are.
    pub fn speak(&mut self, file: &str, text: &str) -> Result<(), ConfigError> {
        let language = Language::parse(file, text)?;
        let first = self.definitions.len();
        for translated in language.sentences(&self.catalogue, file, text)? {
            let english = &self.definitions[translated.of];
            self.definitions.push(Definition {
                kind: english.kind,
                sentence: translated.expression.clone(),
                source: translated.pattern.clone(),
                file: file.to_owned(),
                line: translated.line,
                function: english.function,
                place: translated.of,
                compiled: OnceLock::new(),
                translated: Some((self.languages.len(), translated)),
            });
        }
        self.tongues.push(Tongue {
            language: Some(language.code.clone()),
            places: first..self.definitions.len(),
            patterns: OnceLock::new(),
        });
        self.languages.push(language);
        Ok(())
    }

    /// All sentences: the English ones by file and line, then those of each language in the same order.
    pub fn definitions(&self) -> &[Definition] {
        &self.definitions
    }

    /// The sentences of a language, or the English ones where it has none.
    pub fn definitions_in(&self, language: &str) -> &[Definition] {
        let own = self.tongues.iter().find(|tongue| tongue.language.as_deref() == Some(language));
        own.or(self.tongues.first()).map_or(&[], |tongue| &self.definitions[tongue.places.clone()])
    }

    /// What the sentences say of themselves.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The languages besides English.
    pub fn languages(&self) -> &[Language] {
        &self.languages
    }

    /// Which sentence a step is, in a feature of this language; English is understood everywhere. A step whose kind is
    /// unknown (`*` before any other) may be any.
    pub fn find(&self, kind: PickleStepType, language: &str, text: &str) -> Found {
        let right = |index: &usize| kind == PickleStepType::Unknown || self.definitions[*index].kind == kind;
        let spoken = |tongue: &&Tongue| tongue.language.as_deref().is_none_or(|own| own == language);
        let candidates: Vec<usize> = self
            .tongues
            .iter()
            .filter(spoken)
            .flat_map(|tongue| {
                let first = tongue.places.start;
                let set = tongue.patterns.get_or_init(|| self.patterns(tongue));
                set.matches(text).into_iter().map(move |place| first + place)
            })
            .filter(right)
            .collect();
        match candidates.as_slice() {
            [] => Found::None { nearest: self.nearest(kind, language, text) },
            [one] => Found::One(*one),
            _ => Found::Several(candidates),
        }
    }

    /// What the function of a sentence takes for a step that was found to be this sentence.
    ///
    /// # Panics
    /// If the text does not match it.
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

    fn patterns(&self, tongue: &Tongue) -> RegexSet {
        let sources = self.definitions[tongue.places.clone()].iter().map(|definition| definition.source.as_str());
        RegexSet::new(sources).expect("each pattern compiles by itself, and a few hundred are far from too many")
    }

    fn nearest(&self, kind: PickleStepType, language: &str, text: &str) -> Option<String> {
        let right = |definition: &&Definition| kind == PickleStepType::Unknown || definition.kind == kind;
        let sentences = self.definitions_in(language).iter().filter(right).map(|each| each.sentence.as_str());
        let words = words(text);
        let near = |sentence| (difference(&words, &self::words(sentence)), sentence);
        let nearest = sentences.map(near).min_by(|(a, _), (b, _)| a.total_cmp(b));
        nearest.filter(|(difference, _)| *difference <= 0.5).map(|(_, sentence)| sentence.to_owned())
    }
}

/// The words of a text or a sentence; where a script has no spaces, its letters. A parameter is one word.
fn words(text: &str) -> Vec<&str> {
    static WORD: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\{[^}]*\}|\p{Lo}|[^\s{\p{Lo}]+").expect("an expression that is a constant"));
    WORD.find_iter(text).map(|word| word.as_str()).collect()
}

/// How far a text is from a sentence, word by word: 0 is the same. A parameter takes any word, and more of them at a small
/// price.
fn difference(words: &[&str], parts: &[&str]) -> f64 {
    let parameter = |part: &str| part.starts_with('{');
    let unlike = |word: &str, part: &str| match parameter(part) {
        true => 0.0,
        false => 1.0 - strsim::normalized_damerau_levenshtein(&word.to_lowercase(), &part.to_lowercase()),
    };
    let mut row: Vec<f64> = (0..=parts.len()).map(|count| count as f64).collect();
    for word in words {
        let mut next = vec![row[0] + 1.0];
        for (index, part) in parts.iter().enumerate() {
            let more_of_parameter = if parameter(part) { 0.2 } else { 1.0 };
            let changed = row[index] + unlike(word, part);
            next.push(changed.min(row[index + 1] + more_of_parameter).min(next[index] + 1.0));
        }
        row = next;
    }
    // What a parameter takes says little about whether the sentence was meant.
    let weight: f64 = parts.iter().map(|part| if parameter(part) { 0.5 } else { 1.0 }).sum();
    row[parts.len()] / weight.max(1.0)
}

impl Definition {
    /// What a step's text must match.
    pub fn pattern(&self) -> &Regex {
        self.compiled.get_or_init(|| Regex::new(&self.source).expect("a pattern that was put together of sound ones"))
    }

    /// What cucumber's step functions take: the step, and what its text has in the places of the parameters.
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

/// A step in English, with the table under it.
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

#[cfg(test)]
mod tests {
    use super::{difference, words};

    #[test]
    fn parameters_are_one_word_and_letters_of_scripts_without_spaces_are_words() {
        assert_eq!(
            words("{member} asks what {int} image(s) cost"),
            ["{member}", "asks", "what", "{int}", "image(s)", "cost"]
        );
        assert_eq!(words("{member}购买{model}的权限"), ["{member}", "购", "买", "{model}", "的", "权", "限"]);
        assert_eq!(words("Ann 购买"), ["Ann", "购", "买"]);
    }

    #[test]
    fn a_slip_is_near_and_another_matter_is_not() {
        let near = |text: &str, sentence: &str| difference(&words(text), &words(sentence)) <= 0.6;
        assert!(near("Ann byus generation access to Dusk", "{member} buys {right} access to {model}"));
        assert!(near("ann has 5 coins", "{member} has {money}"));
        assert!(near("小安购买了《黄昏》的生成权限", "{member}购买{model}的{right}权限"));
        assert!(!near("the moon eclipses the sun entirely tonight", "{member} opens {model}"));
    }
}
