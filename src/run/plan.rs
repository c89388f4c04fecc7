//! What will run: feature files read, scenarios selected, every step resolved. What cannot be judged honestly is refused
//! here, with file and line, before anything is contacted.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::Arc;

use super::extents::Extents;
use super::files::{are_embedded, read_all};
use super::history::History;
use super::resolve::Resolver;
use super::schedule::Alone;
use super::select::Selection;
use super::settings::{Settings, WrongTag};
use super::vocabulary::Vocabulary;
use crate::base::fingerprint::fingerprint;
use crate::gherkin::{self, Fix, Ids, Mistake};
use crate::model::message::{GherkinDocument, Location, Pickle, Source};
use crate::model::{FeatureFile, Identity, Origins};
use crate::world::{Embedded, StubIndex, Stubs, Trial};

/// A feature file as read.
#[derive(Debug)]
pub struct Document {
    /// The name for people and reports: the path as given, with `/`.
    pub uri: String,
    pub text: String,
    pub tree: GherkinDocument,
}

/// A scenario that will run.
#[derive(Debug, Clone, Default)]
pub struct Planned {
    pub pickle: Pickle,
    /// The sentence of each step, as a place in the vocabulary.
    pub sentences: Vec<usize>,
    pub settings: Settings,
    pub stubs: Stubs,
    /// The defect or the faults that are caused for the scenario.
    pub trial: Option<Arc<Trial>>,
}

impl Planned {
    /// Copies a scenario as a test case of its own. `mark` distinguishes the copies.
    pub fn again(&self, mark: &str) -> Self {
        let mut again = self.clone();
        again.pickle.id.push_str(&format!("-again-{mark}"));
        for step in &mut again.pickle.steps {
            step.id.push_str(&format!("-again-{mark}"));
        }
        again
    }

    /// Returns `file:line`, which also selects the scenario on the command line.
    pub fn key(&self) -> String {
        key(&self.pickle)
    }
}

fn key(pickle: &Pickle) -> String {
    format!("{}:{}", pickle.uri, pickle.location.map_or(0, |location| location.line))
}

/// The scenarios that will run.
#[derive(Debug, Default)]
pub struct Plan {
    /// The files that have a selected scenario.
    pub documents: Vec<Document>,
    /// The selected scenarios, in the order of their files.
    pub scenarios: Vec<Planned>,
    /// The number of scenarios in all files, selected or not.
    pub found: usize,
    /// The part that the plans of all shards have in common.
    pub identity: Identity,
    /// The durations of scenarios in an earlier run: the longest begin first.
    pub history: History,
    /// Where the topology and the target came from.
    pub origins: Origins,
    /// What a reader of the results must know, one sentence each.
    pub warnings: Vec<String>,
}

/// A mistake in a feature file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub file: String,
    pub location: Option<Location>,
    /// A stable id for the kind of problem.
    pub id: &'static str,
    pub message: String,
    /// A hint at what would be right.
    pub help: Option<String>,
    /// The replacement, if only one thing can have been meant.
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

/// A plan that cannot run, with all mistakes and not only the first.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}", .problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Refused {
    pub problems: Vec<Problem>,
}

impl Plan {
    /// Reads the features, selects scenarios and resolves their steps. It refuses everything that could not be judged honestly:
    /// text that Gherkin ignores although nobody can have meant it, undefined and ambiguous steps, missing stub files, unknown
    /// tags.
    pub fn make(selection: &Selection, embedded: &[Embedded], vocabulary: &Vocabulary) -> Result<Self, Refused> {
        let mut ids = Ids::default();
        let mut problems = Vec::new();
        let mut plan = Self::default();
        let shelf = if are_embedded(selection) { StubIndex::embedded(embedded) } else { StubIndex::on_disk() };
        let mut resolver = Resolver::new(vocabulary, shelf);
        for (uri, text, lines) in read_all(selection, embedded, &mut problems, &mut plan.warnings) {
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
        // The identity comes before the division: it is what the shards of one run have in common.
        plan.identity = plan.identity_of(selection);
        if let Some(shard) = selection.shard {
            let timings = selection.timings.as_ref();
            let weight = |planned: &Planned| timings.map_or(1, |timings| timings.weight(&planned.key()));
            let mine = shard.pick(&plan.scenarios.iter().map(weight).collect::<Vec<_>>());
            let all = std::mem::take(&mut plan.scenarios).into_iter().enumerate();
            plan.scenarios = all.filter(|(place, _)| mine.contains(place)).map(|(_, planned)| planned).collect();
        }
        if let Some(only) = &selection.only {
            plan.scenarios.retain(|planned| only.contains(&planned.key()));
        }
        // A report of this shard shows no features of the others.
        let used: HashSet<&str> = plan.scenarios.iter().map(|planned| planned.pickle.uri.as_str()).collect();
        plan.documents.retain(|document| used.contains(document.uri.as_str()));
        Ok(plan)
    }

    /// Describes the plan before it is divided into shards.
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

    /// Adds the selected scenarios of a file and returns their number.
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
            // A line that names a scenario is right, even if tags exclude that scenario.
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
        // Somebody who runs one line of a file does not want to hear about the rest of it, unless it runs.
        if self.scenarios.len() > before || lines.is_empty() {
            let suspects = gherkin::suspects(&document.tree, &document.text).into_iter();
            problems.extend(suspects.map(|suspect| Problem::mistake(&document.uri, suspect.id, suspect.mistake)));
            problems.extend(resolver.swallowed(document));
        }
        self.scenarios.len() - before
    }
}

pub(super) fn problem(
    pickle: &Pickle,
    location: Option<Location>,
    id: &'static str,
    message: String,
    help: Option<String>,
) -> Problem {
    Problem { file: pickle.uri.clone(), location, id, message, help, fix: None }
}

/// Inspects feature files one by one as a run does, for a caller that runs nothing.
#[derive(Debug)]
pub struct Inspector<'v> {
    resolver: Resolver<'v>,
    ids: Ids,
}

/// The result of an inspection.
#[derive(Debug, Default)]
pub struct Inspected {
    /// The file, unless its syntax is wrong.
    pub document: Option<Document>,
    /// The scenarios without unreadable tags and unknown steps.
    pub scenarios: Vec<Planned>,
    /// The mistakes for which a run would refuse the file.
    pub problems: Vec<Problem>,
}

impl<'v> Inspector<'v> {
    pub fn new(vocabulary: &'v Vocabulary) -> Self {
        Self { resolver: Resolver::new(vocabulary, StubIndex::on_disk()), ids: Ids::default() }
    }

    pub fn inspect(&mut self, uri: &str, text: &str) -> Inspected {
        let mut problems = Vec::new();
        self.resolver.begin_file();
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

impl Document {
    /// Converts the file into the messages of the journal.
    pub fn into_messages(self) -> (Source, GherkinDocument) {
        (Source { uri: self.uri, data: self.text, media_type: "text/x.cucumber.gherkin+plain".into() }, self.tree)
    }
}

impl Planned {
    pub fn alone(&self) -> Alone {
        self.settings.alone.clone()
    }
}
