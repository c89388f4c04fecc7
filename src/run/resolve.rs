//! What each step of a scenario is, and what is wrong with it.
//!
//! `paidpath check` and `paidpath run` both ask here, so that they say the same of a line.

use std::collections::{HashMap, HashSet};

use super::extents::Extents;
use super::plan::{Document, Problem, problem};
use super::under;
use super::vocabulary::{Found, Vocabulary};
use crate::catalogue::Entry;
use crate::gherkin::{self, Fix};
use crate::model::message::{Pickle, PickleStepType, Step};
use crate::world::{NoStub, StubIndex, Stubs, named};

/// A resolver of steps, which looks up each text once.
#[derive(Debug)]
pub(super) struct Resolver<'v> {
    vocabulary: &'v Vocabulary,
    /// The sentences by language, kind and text.
    known: HashMap<(String, PickleStepType, String), Option<usize>>,
    /// The written steps under which nothing more is to be looked for.
    looked_under: HashSet<String>,
    shelf: StubIndex,
}

/// What is wrong with a step: the rule, the message and the help, and what to write instead.
struct Wrong {
    id: &'static str,
    message: String,
    help: Option<String>,
    fix: Option<Fix>,
}

impl<'v> Resolver<'v> {
    pub(super) fn new(vocabulary: &'v Vocabulary, shelf: StubIndex) -> Self {
        Self { vocabulary, known: HashMap::new(), looked_under: HashSet::new(), shelf }
    }

    /// Begins a file whose mistakes are told apart from those of the files before: an unknown step is said once for each file.
    pub(super) fn begin_file(&mut self) {
        self.known.retain(|_, known| known.is_some());
    }

    pub(super) fn stubs(
        &mut self,
        pickle: &Pickle,
        sentences: &[usize],
        extents: &Extents<'_>,
        problems: &mut Vec<Problem>,
    ) -> Stubs {
        let mut stubs = Stubs::new();
        // An unknown step has no sentence, so the two lists would not match. The plan is refused anyway.
        if pickle.steps.len() != sentences.len() {
            return stubs;
        }
        for (step, sentence) in pickle.steps.iter().zip(sentences) {
            let english = &self.vocabulary.definitions()[self.vocabulary.definitions()[*sentence].place].sentence;
            let Some(key) = named(english, || self.vocabulary.arguments(*sentence, &step.text)) else { continue };
            let (id, message, help) = match self.shelf.find(&pickle.uri, &key.0, &key.1) {
                Ok(file) => {
                    stubs.insert(key, file);
                    continue;
                }
                Err(NoStub::Missing(message, help)) => ("no-stub", message, Some(help)),
                Err(NoStub::Unsound(error)) => {
                    let error = error.to_string();
                    let first = error.lines().next().unwrap_or_default();
                    ("stub", format!("the stub file cannot be used: {first}"), None)
                }
            };
            let written = step.ast_node_ids.first().and_then(|id| extents.steps.get(id.as_str()));
            let wrong = problem(pickle, written.map(|step| step.location), id, message, help);
            // A background is said in every scenario.
            if !problems.contains(&wrong) {
                problems.push(wrong);
            }
        }
        stubs
    }

    pub(super) fn resolve(
        &mut self,
        pickle: &Pickle,
        extents: &Extents<'_>,
        problems: &mut Vec<Problem>,
    ) -> Vec<usize> {
        let mut sentences = Vec::with_capacity(pickle.steps.len());
        for step in &pickle.steps {
            let kind = step.kind.unwrap_or_default();
            let written = step.ast_node_ids.first().and_then(|id| extents.steps.get(id.as_str())).copied();
            let said = (pickle.language.clone(), kind, step.text.clone());
            let sentence = match self.known.get(&said) {
                Some(Some(sentence)) => Ok(*sentence),
                // A mistake that is repeated in many scenarios is told once.
                Some(None) => continue,
                None => self.sentence(kind, pickle, &step.text, written),
            };
            match sentence {
                Ok(sentence) => {
                    self.known.insert(said, Some(sentence));
                    sentences.push(sentence);
                    if let Some(written) = written.filter(|written| self.looked_under.insert(written.id.clone())) {
                        let found = under::wrong_under(self.vocabulary, sentence, written, &pickle.language);
                        problems.extend(
                            found.map(|found| {
                                problem(pickle, Some(found.location), found.id, found.message, found.help)
                            }),
                        );
                    }
                }
                Err(None) => {}
                Err(Some(Wrong { id, message, help, fix })) => {
                    self.known.insert(said, None);
                    let location = written.map(|step| step.location);
                    problems.push(Problem { fix, ..problem(pickle, location, id, message, help) });
                }
            }
        }
        sentences
    }

    /// Returns the sentences in the descriptions of a file: a step whose first word is no keyword is description, and nothing
    /// runs it. The first of each description is told.
    pub(super) fn swallowed(&self, document: &Document) -> Vec<Problem> {
        let language = document.tree.feature.as_ref().map_or("en", |feature| feature.language.as_str());
        let is_sentence =
            |text: &str| !matches!(self.vocabulary.find(PickleStepType::Unknown, language, text), Found::None);
        let mut problems = Vec::new();
        for lines in gherkin::descriptions(&document.tree, &document.text) {
            let swallowed = lines.into_iter().find(|(_, line)| readings(line).any(is_sentence));
            problems.extend(swallowed.map(|(location, line)| Problem {
                file: document.uri.clone(),
                location: Some(location),
                id: "swallowed-step",
                message: format!(
                    "`{line}` is a sentence of the vocabulary, and is taken as description: nothing runs it"
                ),
                help: Some("A step begins with its keyword, below the title of a scenario or a background.".to_owned()),
                fix: None,
            }));
        }
        problems
    }

    /// Returns the sentence of a step, or what is wrong with it. Nothing is wrong with a step that the placeholders make no
    /// sentence: they are told as what they are.
    fn sentence(
        &self,
        kind: PickleStepType,
        pickle: &Pickle,
        text: &str,
        written: Option<&Step>,
    ) -> Result<usize, Option<Wrong>> {
        let language = pickle.language.as_str();
        let wrong = |id, message, help| Wrong { id, message, help, fix: None };
        match self.vocabulary.find(kind, language, text) {
            Found::One(sentence) => match self.vocabulary.unreadable(sentence, text) {
                None => Ok(sentence),
                Some(reason) => {
                    let unreadable = wrong("unreadable-word", reason, None);
                    Err(Some(self.odd_character(kind, language, text, written).unwrap_or(unreadable)))
                }
            },
            Found::Several(candidates) => {
                let definitions = self.vocabulary.definitions();
                let named = candidates.iter().map(|index| {
                    let definition = &definitions[*index];
                    format!("`{}` ({}:{})", definition.sentence, definition.file, definition.line)
                });
                let named = named.collect::<Vec<_>>().join(", ");
                Err(Some(wrong("ambiguous-step", format!("`{text}` could be several sentences"), Some(named))))
            }
            Found::None if pickle.ast_node_ids.len() > 1 && has_placeholder(text) => Err(None),
            Found::None => Err(Some(if let Some(odd) = self.odd_character(kind, language, text, written) {
                odd
            } else if let Found::One(other) = self.vocabulary.find(PickleStepType::Unknown, language, text) {
                let definition = &self.vocabulary.definitions()[other];
                let (is, here) = (Entry::keyword_of(definition.kind), Entry::keyword_of(kind));
                let message = format!("`{text}` is a {is} sentence, and stands here as a {here}");
                let help = "A Given sets up, a When acts, a Then expects; And and But go on with what came before.";
                wrong("wrong-keyword", message, Some(help.to_owned()))
            } else {
                let keyword = written.map_or("", |step| step.keyword.trim());
                let message = format!("no sentence of the vocabulary says `{keyword} {text}`");
                let nearest = self.vocabulary.nearest(kind, language, text);
                let help = nearest.map_or_else(
                    || "`paidpath steps WORDS` finds the sentences that there are.".to_owned(),
                    |sentence| format!("Did you mean `{sentence}`?"),
                );
                wrong("undefined-step", message, Some(help))
            })),
        }
    }

    /// Returns what is wrong with a step that is a sentence once characters that look like others are replaced.
    fn odd_character(&self, kind: PickleStepType, language: &str, text: &str, written: Option<&Step>) -> Option<Wrong> {
        let meant = plain(text);
        let found = (meant != text).then(|| self.vocabulary.find(kind, language, &meant))?;
        let Found::One(sentence) = found else { return None };
        if self.vocabulary.unreadable(sentence, &meant).is_some() {
            return None;
        }
        let message = "a character in this step looks like another one, or there is one too many".to_owned();
        let keyword = written.map_or("", |step| step.keyword.as_str());
        let help = Some(format!("Write `{keyword}{meant}`."));
        // In an outline the character may stand in the examples.
        let fix = written.filter(|step| plain(&step.text) != step.text).map(|step| Fix {
            written: format!("{keyword}{}", step.text),
            meant: format!("{keyword}{}", plain(&step.text)),
        });
        Some(Wrong { id: "odd-character", message, help, fix })
    }
}

/// Returns what a line may say: all of it, and what follows the mark of a list, a keyword or another first word.
fn readings(line: &str) -> impl Iterator<Item = &str> {
    let unmarked = line.trim_start_matches(|each: char| {
        "-*>•#·.)、，,：:".contains(each) || each.is_ascii_digit() || each.is_whitespace()
    });
    let second = unmarked.split_once(char::is_whitespace).map(|(_, rest)| rest.trim_start());
    // A script without spaces has its keywords in front of the sentence: of one letter, or of two.
    let letters = |count: usize| {
        unmarked.char_indices().nth(count).map(|(at, _)| unmarked[at..].trim_start_matches(['，', '：', ',', ':', ' ']))
    };
    let is_spaced = unmarked.is_ascii();
    let unspaced = [1, 2].into_iter().filter(move |_| !is_spaced).filter_map(letters);
    std::iter::once(unmarked).chain(second).chain(unspaced)
}

/// Returns whether a placeholder `<…>` is left in the text of an outline's step.
fn has_placeholder(text: &str) -> bool {
    text.split_once('<').is_some_and(|(_, rest)| rest.contains('>'))
}

/// The text with plain spaces and quotes, each space once, and without a full stop at its end.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' => {}
            '“' | '”' | '„' | '«' | '»' => plain.push('"'),
            '‘' | '’' => plain.push('\''),
            other if other.is_whitespace() => {
                if !plain.ends_with(' ') {
                    plain.push(' ');
                }
            }
            '\u{ff10}'..='\u{ff19}' => {
                plain.push(char::from_u32(character as u32 - 0xff10 + u32::from(b'0')).unwrap_or(character));
            }
            '‐' | '‑' | '–' | '—' => plain.push('-'),
            other => plain.push(other),
        }
    }
    plain.trim().trim_end_matches(['.', '。', ';', ',']).to_owned()
}
