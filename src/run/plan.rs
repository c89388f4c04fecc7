//! What will run: feature files read, scenarios selected, every step resolved. What cannot be judged honestly is refused
//! here, with file and line, before anything is contacted.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use super::extents::Extents;
use super::files::{are_embedded, read_all};
use super::history::History;
use super::schedule::Alone;
use super::select::Selection;
use super::settings::{Settings, WrongTag};
use super::vocabulary::{Found, Vocabulary};
use crate::base::fingerprint::fingerprint;
use crate::gherkin::{self, Fix, Ids, Mistake};
use crate::model::message::{GherkinDocument, Location, Pickle, PickleStepType, Source};
use crate::model::{FeatureFile, Identity};
use crate::world::{Embedded, NoStub, StubIndex, Stubs, Trial, named};

/// A feature file as read.
#[derive(Debug)]
pub struct Document {
    /// How people and reports name it: the path as given, with `/`.
    pub uri: String,
    /// Its text.
    pub text: String,
    /// Its syntax tree.
    pub tree: GherkinDocument,
}

/// A scenario that will run.
#[derive(Debug, Clone, Default)]
pub struct Planned {
    /// What it says.
    pub pickle: Pickle,
    /// The sentence of each of its steps, by place in the vocabulary.
    pub sentences: Vec<usize>,
    /// What its tags ask of the runner.
    pub settings: Settings,
    /// The stub files that its steps name.
    pub stubs: Stubs,
    /// What is broken for it on purpose.
    pub trial: Option<Arc<Trial>>,
}

impl Planned {
    /// The same scenario once more, as a test case of its own; `mark` tells it from the others.
    pub fn again(&self, mark: &str) -> Self {
        let mut again = self.clone();
        again.pickle.id.push_str(&format!("-again-{mark}"));
        for step in &mut again.pickle.steps {
            step.id.push_str(&format!("-again-{mark}"));
        }
        again
    }

    /// `file:line`, which also names it on the command line.
    pub fn key(&self) -> String {
        key(&self.pickle)
    }
}

fn key(pickle: &Pickle) -> String {
    format!("{}:{}", pickle.uri, pickle.location.map_or(0, |location| location.line))
}

/// Everything that will run.
#[derive(Debug, Default)]
pub struct Plan {
    /// The files that have a selected scenario.
    pub documents: Vec<Document>,
    /// The selected scenarios, in the order of their files.
    pub scenarios: Vec<Planned>,
    /// How many scenarios there are in all, selected or not.
    pub found: usize,
    /// The part that the plans of all shards have in common.
    pub identity: Identity,
    /// The durations of scenarios in an earlier run: the longest begin first.
    pub history: History,
}

/// One thing wrong with a feature file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub file: String,
    /// Where in it, where a place can be named.
    pub location: Option<Location>,
    /// A stable id for the kind of problem.
    pub id: &'static str,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
    /// What to write instead, where only one thing can have been meant.
    pub fix: Option<Fix>,
}

impl Problem {
    fn mistake(file: &str, id: &'static str, mistake: Mistake) -> Self {
        let Mistake { location, message, help, fix } = mistake;
        Self { file: file.to_owned(), location: Some(location), id, message, help, fix }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(location) = self.location {
            write!(f, ":{}", location.line)?;
            if let Some(column) = location.column {
                write!(f, ":{column}")?;
            }
        }
        write!(f, ": {} [{}]", self.message, self.id)?;
        if let Some(help) = &self.help {
            write!(f, "\n    {help}")?;
        }
        Ok(())
    }
}

/// A plan that cannot be run: all that is wrong, not only the first.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}", .problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Refused {
    /// In the order of files and lines.
    pub problems: Vec<Problem>,
}

impl Plan {
    /// Reads the features, selects scenarios, resolves their steps.
    ///
    /// # Errors
    /// All problems found: missing paths, folders without features, what the language refuses, what it swallows silently
    /// although nobody can have meant it, undefined and ambiguous steps, stub files that are not there or not sound, unknown or
    /// malformed tags of ours.
    pub fn make(selection: &Selection, embedded: &[Embedded], vocabulary: &Vocabulary) -> Result<Self, Refused> {
        let mut ids = Ids::default();
        let mut problems = Vec::new();
        let mut plan = Self::default();
        let shelf = if are_embedded(selection) { StubIndex::embedded(embedded) } else { StubIndex::on_disk() };
        let mut resolver = Resolver::new(vocabulary, shelf);
        for (uri, text, lines) in read_all(selection, embedded, &mut problems) {
            match gherkin::parse(&uri, &text, &mut ids) {
                Ok(tree) => {
                    let document = Document { uri, text, tree };
                    let before = problems.len();
                    let taken = plan.take(&document, &lines, selection, &mut ids, &mut resolver, &mut problems);
                    if taken > 0 || problems.len() > before {
                        plan.documents.push(document);
                    }
                }
                Err(mistakes) => {
                    problems.extend(mistakes.into_iter().map(|mistake| Problem::mistake(&uri, "syntax", mistake)));
                }
            }
        }
        if !problems.is_empty() {
            return Err(Refused { problems });
        }
        plan.identity = plan.identity_of(selection);
        if let Some(shard) = selection.shard {
            let timings = selection.timings.as_ref();
            let weight = |planned: &Planned| timings.map_or(1, |timings| timings.weight(&planned.key()));
            let mine = shard.pick(&plan.scenarios.iter().map(weight).collect::<Vec<_>>());
            let mut place = 0..;
            plan.scenarios.retain(|_| mine.contains(&place.next().expect("counting does not end")));
        }
        if let Some(only) = &selection.only {
            plan.scenarios.retain(|planned| only.contains(&planned.key()));
        }
        let used: HashSet<&str> = plan.scenarios.iter().map(|planned| planned.pickle.uri.as_str()).collect();
        plan.documents.retain(|document| used.contains(document.uri.as_str()));
        Ok(plan)
    }

    /// What the plan is before it is divided.
    fn identity_of(&self, selection: &Selection) -> Identity {
        let used: HashSet<&str> = self.scenarios.iter().map(|planned| planned.pickle.uri.as_str()).collect();
        let features = self.documents.iter().filter(|document| used.contains(document.uri.as_str()));
        let features = features
            .map(|document| FeatureFile { uri: document.uri.clone(), fingerprint: fingerprint([&document.text]) });
        // A stub file is a part of what a scenario says.
        let stubs = self.scenarios.iter().flat_map(|planned| planned.stubs.values());
        let stubs: BTreeMap<&str, &str> = stubs.map(|stub| (stub.file.as_str(), stub.fingerprint.as_str())).collect();
        let stubs = stubs.into_iter().map(|(uri, print)| FeatureFile { uri: uri.into(), fingerprint: print.into() });
        Identity {
            features: features.chain(stubs).collect(),
            selection: fingerprint(self.scenarios.iter().map(Planned::key)),
            scenarios: self.scenarios.len(),
            shard: selection.shard,
            timings: selection.shard.and(selection.timings.as_ref()).map(|timings| timings.fingerprint.clone()),
            ..Identity::default()
        }
    }

    /// Adds the selected scenarios of a file; says how many there were.
    fn take(
        &mut self,
        document: &Document,
        lines: &[u32],
        selection: &Selection,
        ids: &mut Ids,
        resolver: &mut Resolver<'_>,
        problems: &mut Vec<Problem>,
    ) -> usize {
        let extents = Extents::of(&document.tree);
        let before = self.scenarios.len();
        let mut hit = false;
        for pickle in gherkin::pickles(&document.tree, ids) {
            self.found += 1;
            if !lines.is_empty() && !extents.selected(&pickle, lines) {
                continue;
            }
            hit = true;
            if !selection.takes(&pickle) {
                continue;
            }
            let settings = match Settings::read(&pickle) {
                Ok(settings) => settings,
                Err(WrongTag { node, message, help }) => {
                    let location = extents.tags.get(node.as_str()).copied().or(pickle.location);
                    let wrong = problem(&pickle, location, "tag", message, help);
                    // Each row of an outline has the outline's tags.
                    if problems.last() != Some(&wrong) {
                        problems.push(wrong);
                    }
                    continue;
                }
            };
            let sentences = resolver.resolve(&pickle, &extents, problems);
            let stubs = resolver.stubs(&pickle, &sentences, &extents, problems);
            self.scenarios.push(Planned { pickle, sentences, settings, stubs, trial: None });
        }
        if !lines.is_empty() && !hit {
            let said = lines.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
            problems.push(Problem {
                file: document.uri.clone(),
                location: None,
                id: "no-such-line",
                message: format!("no scenario, outline row or rule is on line {said}"),
                help: None,
                fix: None,
            });
        }
        if self.scenarios.len() > before || lines.is_empty() {
            let suspects = gherkin::suspects(&document.tree, &document.text).into_iter();
            problems.extend(suspects.map(|suspect| Problem::mistake(&document.uri, suspect.id, suspect.mistake)));
        }
        self.scenarios.len() - before
    }
}

fn problem(
    pickle: &Pickle,
    location: Option<Location>,
    id: &'static str,
    message: String,
    help: Option<String>,
) -> Problem {
    Problem { file: pickle.uri.clone(), location, id, message, help, fix: None }
}

/// Looks at feature files one by one, as a run does before it begins: for whoever wants to know what is wrong, and to run
/// nothing.
#[derive(Debug)]
pub struct Inspector<'v> {
    resolver: Resolver<'v>,
    ids: Ids,
}

/// What was found in a file.
#[derive(Debug, Default)]
pub struct Inspected {
    /// The file, if the language does not refuse it.
    pub document: Option<Document>,
    /// Its scenarios, those with unreadable tags or unknown steps left out.
    pub scenarios: Vec<Planned>,
    /// Everything for which a run would refuse it.
    pub problems: Vec<Problem>,
}

impl<'v> Inspector<'v> {
    /// Looks with this vocabulary.
    pub fn new(vocabulary: &'v Vocabulary) -> Self {
        Self { resolver: Resolver::new(vocabulary, StubIndex::on_disk()), ids: Ids::default() }
    }

    /// Looks at one file.
    pub fn inspect(&mut self, uri: &str, text: &str) -> Inspected {
        let mut problems = Vec::new();
        // An unknown step is said once for each file, not once for all of them.
        self.resolver.known.retain(|_, known| known.is_some());
        let tree = match gherkin::parse(uri, text, &mut self.ids) {
            Ok(tree) => tree,
            Err(mistakes) => {
                problems.extend(mistakes.into_iter().map(|mistake| Problem::mistake(uri, "syntax", mistake)));
                return Inspected { problems, ..Inspected::default() };
            }
        };
        let mut plan = Plan::default();
        let document = Document { uri: uri.to_owned(), text: text.to_owned(), tree };
        plan.take(&document, &[], &Selection::default(), &mut self.ids, &mut self.resolver, &mut problems);
        plan.scenarios.retain(|planned| planned.sentences.len() == planned.pickle.steps.len());
        Inspected { document: Some(document), scenarios: plan.scenarios, problems }
    }
}

/// Resolves steps, each text once.
#[derive(Debug)]
struct Resolver<'v> {
    vocabulary: &'v Vocabulary,
    /// By language, kind and text.
    known: HashMap<(String, PickleStepType, String), Option<usize>>,
    shelf: StubIndex,
}

impl<'v> Resolver<'v> {
    fn new(vocabulary: &'v Vocabulary, shelf: StubIndex) -> Self {
        Self { vocabulary, known: HashMap::new(), shelf }
    }

    /// The stub files that the steps of a scenario name.
    fn stubs(
        &mut self,
        pickle: &Pickle,
        sentences: &[usize],
        extents: &Extents<'_>,
        problems: &mut Vec<Problem>,
    ) -> Stubs {
        let mut stubs = Stubs::new();
        // With a step that no sentence says there is nothing to run, and sentences and steps are no pairs.
        let pairs = pickle.steps.iter().zip(sentences).filter(|_| pickle.steps.len() == sentences.len());
        for (step, sentence) in pairs {
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

    fn resolve(&mut self, pickle: &Pickle, extents: &Extents<'_>, problems: &mut Vec<Problem>) -> Vec<usize> {
        let mut sentences = Vec::with_capacity(pickle.steps.len());
        for step in &pickle.steps {
            let kind = step.kind.unwrap_or_default();
            let said = (pickle.language.clone(), kind, step.text.clone());
            if let Some(Some(known)) = self.known.get(&said) {
                sentences.push(*known);
                continue;
            }
            let written = step.ast_node_ids.first().and_then(|id| extents.steps.get(id.as_str()));
            let location = written.map(|step| step.location);
            let (id, message, help) = match self.vocabulary.find(kind, &pickle.language, &step.text) {
                Found::One(sentence) => {
                    self.known.insert(said, Some(sentence));
                    sentences.push(sentence);
                    continue;
                }
                // A placeholder that no column fills is told as what it is, and once.
                Found::None { .. } if pickle.ast_node_ids.len() > 1 && has_placeholder(&step.text) => continue,
                Found::None { nearest } => {
                    let keyword = written.map_or("", |step| step.keyword.trim());
                    let message = format!("no sentence of the vocabulary says `{keyword} {}`", step.text);
                    ("undefined-step", message, nearest.map(|sentence| format!("Did you mean `{sentence}`?")))
                }
                Found::Several(candidates) => {
                    let definitions = self.vocabulary.definitions();
                    let named = candidates.iter().map(|index| {
                        let definition = &definitions[*index];
                        format!("`{}` ({}:{})", definition.sentence, definition.file, definition.line)
                    });
                    let named = named.collect::<Vec<_>>().join(", ");
                    ("ambiguous-step", format!("`{}` could be several sentences", step.text), Some(named))
                }
            };
            if self.known.insert(said, None).is_none() {
                problems.push(problem(pickle, location, id, message, help));
            }
        }
        sentences
    }
}

/// Whether there is a `<…>` left in the text of an outline's step.
fn has_placeholder(text: &str) -> bool {
    text.split_once('<').is_some_and(|(_, rest)| rest.contains('>'))
}

impl Document {
    /// The file as the journal keeps it.
    pub fn into_messages(self) -> (Source, GherkinDocument) {
        (Source { uri: self.uri, data: self.text, media_type: "text/x.cucumber.gherkin+plain".into() }, self.tree)
    }
}

impl Planned {
    /// What it may not run beside.
    pub fn alone(&self) -> Alone {
        self.settings.alone.clone()
    }
}
