//! `paidpath steps`: the sentences that features are written in.

use std::collections::HashMap;

use clap::{Args, ValueEnum};

use super::{Composition, Refusal};
use crate::base::suggest::did_you_mean;
use crate::catalogue::{self, Entry, Example, Word};
use crate::model::Exit;
use crate::model::message::{GherkinDocument, PickleStepType, Step};
use crate::run::Inspector;
use crate::run::vocabulary::{Definition, Vocabulary};
use crate::world::Embedded;

/// The sentences to list, and the format.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Only sentences that have all these words in their text or in their explanation
    words: Vec<String>,
    /// The format of the output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// The language: en, or one with a translation, such as zh-CN
    #[arg(long, value_name = "CODE", default_value = "en")]
    language: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Markdown,
    Json,
    Html,
}

/// Returns the page that stands beside features: all sentences, in English.
pub fn page(composition: &Composition) -> String {
    catalogue::markdown(&entries(composition, "en"))
}

pub fn steps(composition: &Composition, arguments: &Arguments) -> Result<Exit, Refusal> {
    let vocabulary = &composition.suite.vocabulary;
    let known = || vocabulary.languages().iter().map(|language| language.code.as_str()).chain(["en"]);
    if !known().any(|code| code == arguments.language) {
        let (wanted, list) = (&arguments.language, known().collect::<Vec<_>>().join(", "));
        let hint = did_you_mean(wanted, known());
        return Err(Refusal::Usage(format!("--language: the sentences are not in `{wanted}`, but in {list}.{hint}")));
    }
    let words: Vec<String> = arguments.words.iter().map(|word| word.to_lowercase()).collect();
    let mut entries = entries(composition, &arguments.language);
    entries.retain(|entry| {
        let text = format!("{} {} {} {}", entry.keyword, entry.sentence, entry.about, entry.noun).to_lowercase();
        words.iter().all(|word| text.contains(word.as_str()))
    });
    if entries.is_empty() {
        let words = arguments.words.join(" ");
        return Err(Refusal::Usage(format!(
            "no sentence has all of these words: {words}. `paidpath steps` lists all."
        )));
    }
    put!(
        "{}",
        match arguments.format {
            Format::Text => catalogue::text(&entries),
            Format::Markdown => catalogue::markdown(&entries),
            Format::Json => catalogue::json(&entries),
            Format::Html => catalogue::html(&entries),
        }
    );
    Ok(Exit::Passed)
}

fn entries(composition: &Composition, language: &str) -> Vec<Entry> {
    let vocabulary = &composition.suite.vocabulary;
    let examples = examples(vocabulary, &composition.features, language);
    let definitions = vocabulary.definitions_in(language).iter();
    definitions.map(|definition| entry(vocabulary, definition, language, &examples)).collect()
}

fn entry(
    vocabulary: &Vocabulary,
    definition: &Definition,
    language: &str,
    examples: &HashMap<usize, Example>,
) -> Entry {
    let catalogue = vocabulary.catalogue();
    let sentence = &catalogue.sentences[definition.place];
    let spoken = vocabulary.languages().iter().find(|spoken| spoken.code == language);
    let mut words: Vec<Word> = Vec::new();
    for name in definition.sentence.split('{').skip(1).filter_map(|part| Some(part.split_once('}')?.0)) {
        let own = spoken.and_then(|language| language.word(name));
        let english = || catalogue.parameter(name).map(|known| (known.about.as_str(), known.example.as_str()));
        let (about, example) = own.or_else(english).unwrap_or_default();
        if !words.iter().any(|word| word.name == name) {
            words.push(Word { name: name.to_owned(), about: about.to_owned(), example: example.to_owned() });
        }
    }
    let noun = catalogue.nouns.iter().find(|(file, _)| *file == sentence.file);
    Entry {
        keyword: Entry::keyword_of(definition.kind),
        sentence: definition.sentence.clone(),
        about: sentence.about.clone(),
        words,
        example: examples.get(&definition.place).cloned(),
        file: sentence.file.clone(),
        line: sentence.line,
        noun: noun.map(|(_, about)| about.clone()).unwrap_or_default(),
    }
}

/// Returns an example of each sentence: the first step in a feature of this language.
fn examples(vocabulary: &Vocabulary, features: &[Embedded], language: &str) -> HashMap<usize, Example> {
    let mut examples = HashMap::new();
    // The embedded features: examples on the page must not depend on the current folder.
    let mut inspector = Inspector::new(vocabulary);
    for feature in features.iter().filter(|file| file.uri.ends_with(".feature")) {
        let inspected = inspector.inspect(&feature.uri, feature.text);
        let Some(document) = &inspected.document else { continue };
        let written = steps_of(&document.tree);
        for scenario in inspected.scenarios.iter().filter(|scenario| scenario.pickle.language == language) {
            for (step, sentence) in scenario.pickle.steps.iter().zip(&scenario.sentences) {
                let Some(written) = step.ast_node_ids.first().and_then(|id| written.get(id.as_str())) else { continue };
                let place = vocabulary.definitions()[*sentence].place;
                examples.entry(place).or_insert_with(|| {
                    let keyword = keyword(language, step.kind.unwrap_or_default(), &written.keyword);
                    let mut lines = vec![format!("{keyword}{}", step.text)];
                    lines.extend(under(written));
                    Example { lines, at: format!("{}:{}", document.uri, written.location.line) }
                });
            }
        }
    }
    examples
}

/// Returns the keyword of an example. `And` says nothing without the step before it, so an English example begins with the kind
/// of the step.
fn keyword(language: &str, kind: PickleStepType, written: &str) -> String {
    if language == "en" { format!("{} ", Entry::keyword_of(kind)) } else { written.to_owned() }
}

fn steps_of(tree: &GherkinDocument) -> HashMap<&str, &Step> {
    let children = tree.feature.iter().flat_map(|feature| &feature.children);
    let mut steps = HashMap::new();
    for child in children {
        let inner = child.rule.iter().flat_map(|rule| &rule.children);
        let inner = inner.flat_map(|child| {
            [child.background.as_ref().map(|it| &it.steps), child.scenario.as_ref().map(|it| &it.steps)]
        });
        let own = [child.background.as_ref().map(|it| &it.steps), child.scenario.as_ref().map(|it| &it.steps)];
        steps.extend(own.into_iter().chain(inner).flatten().flatten().map(|step| (step.id.as_str(), step)));
    }
    steps
}

/// Returns the table or the text of a step, with its columns aligned.
fn under(step: &Step) -> Vec<String> {
    if let Some(text) = &step.doc_string {
        let content = text.content.lines().map(|line| format!("  {line}"));
        let fence = || std::iter::once("  \"\"\"".to_owned());
        return fence().chain(content).chain(fence()).collect();
    }
    let rows = step.data_table.iter().flat_map(|table| &table.rows);
    let width = |column: usize| {
        let cells = rows.clone().filter_map(|row| row.cells.get(column));
        cells.map(|cell| cell.value.chars().count()).max().unwrap_or_default()
    };
    let line = rows.clone().map(|row| {
        let cells = row
            .cells
            .iter()
            .enumerate()
            .map(|(column, cell)| format!(" {:width$} |", cell.value, width = width(column)));
        format!("  |{}", cells.collect::<String>())
    });
    line.collect()
}
