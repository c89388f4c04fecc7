//! What will run: feature files read, scenarios selected, every step resolved. What cannot be judged honestly is refused
//! here, with file and line, before anything is contacted.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::{Path, PathBuf};

use super::schedule::Alone;
use super::select::{Extent, PathSpec, Selection};
use super::settings::Settings;
use super::vocabulary::{Found, Vocabulary};
use crate::base::suggest::did_you_mean;
use crate::gherkin::{self, Ids, MAX_BYTES};
use crate::model::message::{
    Background, Examples, Feature, GherkinDocument, Location, Pickle, PickleStepType, Rule, Scenario, Source, Step,
};

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
#[derive(Debug, Clone)]
pub struct Planned {
    /// What it says.
    pub pickle: Pickle,
    /// The sentence of each of its steps, by place in the vocabulary.
    pub sentences: Vec<usize>,
    /// What its tags ask of the runner.
    pub settings: Settings,
}

impl Planned {
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

/// A feature file that does not lie on disk but in the binary.
#[derive(Debug, Clone, Copy)]
pub struct Embedded {
    /// Its path in the source tree.
    pub uri: &'static str,
    /// Its text.
    pub text: &'static str,
}

impl Plan {
    /// Reads the features, selects scenarios, resolves their steps.
    ///
    /// # Errors
    /// All problems found: missing paths, folders without features, what the language refuses, what it swallows silently
    /// although nobody can have meant it, undefined and ambiguous steps, unknown or malformed tags of ours.
    pub fn make(
        selection: &Selection,
        embedded: &[Embedded],
        vocabulary: &Vocabulary,
        weight: impl Fn(&str) -> u64,
    ) -> Result<Self, Refused> {
        let mut ids = Ids::default();
        let mut problems = Vec::new();
        let mut plan = Self::default();
        let mut resolver = Resolver { vocabulary, known: HashMap::new() };
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
                Err(mistakes) => problems.extend(mistakes.into_iter().map(|mistake| Problem {
                    file: uri.clone(),
                    location: Some(mistake.location),
                    id: "syntax",
                    message: mistake.message,
                    help: mistake.help,
                })),
            }
        }
        if !problems.is_empty() {
            return Err(Refused { problems });
        }
        if let Some(shard) = selection.shard {
            let weights: Vec<u64> = plan.scenarios.iter().map(|planned| weight(&planned.key())).collect();
            let mine = shard.pick(&weights);
            let mut place = 0..;
            plan.scenarios.retain(|_| mine.contains(&place.next().expect("counting does not end")));
        }
        let used: HashSet<&str> = plan.scenarios.iter().map(|planned| planned.pickle.uri.as_str()).collect();
        plan.documents.retain(|document| used.contains(document.uri.as_str()));
        Ok(plan)
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
            if !selection.takes(&pickle, &key(&pickle)) {
                continue;
            }
            let settings = match Settings::read(&pickle) {
                Ok(settings) => settings,
                Err((message, help)) => {
                    problems.push(problem(&pickle, pickle.location, "tag", message, help));
                    continue;
                }
            };
            let sentences = resolver.resolve(&pickle, &extents, problems);
            self.scenarios.push(Planned { pickle, sentences, settings });
        }
        if !lines.is_empty() && !hit {
            let said = lines.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
            problems.push(Problem {
                file: document.uri.clone(),
                location: None,
                id: "no-such-line",
                message: format!("no scenario, outline row or rule is on line {said}"),
                help: None,
            });
        }
        if self.scenarios.len() > before || lines.is_empty() {
            problems.extend(gherkin::suspects(&document.tree, &document.text).into_iter().map(|suspect| Problem {
                file: document.uri.clone(),
                location: Some(suspect.mistake.location),
                id: suspect.id,
                message: suspect.mistake.message,
                help: suspect.mistake.help,
            }));
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
    Problem { file: pickle.uri.clone(), location, id, message, help }
}

/// Resolves steps, each text once.
struct Resolver<'v> {
    vocabulary: &'v Vocabulary,
    known: HashMap<(PickleStepType, String), Option<usize>>,
}

impl Resolver<'_> {
    fn resolve(&mut self, pickle: &Pickle, extents: &Extents<'_>, problems: &mut Vec<Problem>) -> Vec<usize> {
        let mut sentences = Vec::with_capacity(pickle.steps.len());
        for step in &pickle.steps {
            let kind = step.kind.unwrap_or_default();
            if let Some(Some(known)) = self.known.get(&(kind, step.text.clone())) {
                sentences.push(*known);
                continue;
            }
            let written = step.ast_node_ids.first().and_then(|id| extents.steps.get(id.as_str()));
            let location = written.map(|step| step.location);
            let (id, message, help) = match self.vocabulary.find(kind, &step.text) {
                Found::One(sentence) => {
                    self.known.insert((kind, step.text.clone()), Some(sentence));
                    sentences.push(sentence);
                    continue;
                }
                Found::None { nearest } => {
                    let keyword = written.map_or("", |step| step.keyword.trim());
                    let message = format!("no sentence of the vocabulary says `{keyword} {}`", step.text);
                    ("undefined-step", message, nearest.map(|sentence| format!("Did you mean `{sentence}`?")))
                }
                Found::Several(candidates) => {
                    let definitions = self.vocabulary.definitions();
                    let named = candidates.iter().map(|index| {
                        let definition = &definitions[*index];
                        format!("`{}` ({}:{})", definition.sentence(), definition.file, definition.line)
                    });
                    let named = named.collect::<Vec<_>>().join(", ");
                    ("ambiguous-step", format!("`{}` could be several sentences", step.text), Some(named))
                }
            };
            if self.known.insert((kind, step.text.clone()), None).is_none() {
                problems.push(problem(pickle, location, id, message, help));
            }
        }
        sentences
    }
}

/// Where things are in a file.
struct Extents<'t> {
    scenarios: HashMap<&'t str, ScenarioExtent<'t>>,
    steps: HashMap<&'t str, &'t Step>,
}

struct ScenarioExtent<'t> {
    extent: Extent,
    rows: HashMap<&'t str, Location>,
    row_lines: Vec<u32>,
}

impl<'t> Extents<'t> {
    fn of(tree: &'t GherkinDocument) -> Self {
        let mut extents = Self { scenarios: HashMap::new(), steps: HashMap::new() };
        let Some(feature) = &tree.feature else { return extents };
        let header = header_of(feature);
        for child in &feature.children {
            extents.add_background(child.background.as_ref());
            if let Some(scenario) = &child.scenario {
                extents.add(scenario, vec![header.clone()]);
            }
            if let Some(rule) = &child.rule {
                let headers = vec![header.clone(), header_of_rule(rule)];
                for child in &rule.children {
                    extents.add_background(child.background.as_ref());
                    if let Some(scenario) = &child.scenario {
                        extents.add(scenario, headers.clone());
                    }
                }
            }
        }
        extents
    }

    fn add_background(&mut self, background: Option<&'t Background>) {
        for step in background.into_iter().flat_map(|background| &background.steps) {
            self.steps.insert(&step.id, step);
        }
    }

    fn add(&mut self, scenario: &'t Scenario, headers: Vec<std::ops::RangeInclusive<u32>>) {
        self.steps.extend(scenario.steps.iter().map(|step| (step.id.as_str(), step)));
        let first = scenario.tags.first().map_or(scenario.location.line, |tag| tag.location.line);
        let rows: HashMap<&str, Location> = scenario
            .examples
            .iter()
            .flat_map(|examples| &examples.table_body)
            .map(|row| (row.id.as_str(), row.location))
            .collect();
        let row_lines: Vec<u32> = rows.values().map(|location| location.line).collect();
        let extent = Extent { lines: first..=last_line(scenario), row: None, headers };
        self.scenarios.insert(&scenario.id, ScenarioExtent { extent, rows, row_lines });
    }

    fn selected(&self, pickle: &Pickle, lines: &[u32]) -> bool {
        let mut ids = pickle.ast_node_ids.iter();
        let Some(scenario) = ids.next().and_then(|id| self.scenarios.get(id.as_str())) else { return false };
        let row = ids.next().and_then(|id| scenario.rows.get(id.as_str())).copied();
        Extent { row, ..scenario.extent.clone() }.selected_by(lines, &scenario.row_lines)
    }
}

fn header_of(feature: &Feature) -> std::ops::RangeInclusive<u32> {
    feature.tags.first().map_or(feature.location.line, |tag| tag.location.line)..=feature.location.line
}

fn header_of_rule(rule: &Rule) -> std::ops::RangeInclusive<u32> {
    rule.tags.first().map_or(rule.location.line, |tag| tag.location.line)..=rule.location.line
}

fn last_line(scenario: &Scenario) -> u32 {
    let steps = scenario.steps.iter().map(|step| {
        let table = step.data_table.as_ref().and_then(|table| table.rows.last()).map_or(0, |row| row.location.line);
        let text = step.doc_string.as_ref().map_or(0, |text| {
            text.location.line + u32::try_from(text.content.lines().count()).unwrap_or(u32::MAX).saturating_add(1)
        });
        step.location.line.max(table).max(text)
    });
    let examples = scenario.examples.iter().map(|examples: &Examples| {
        let header = examples.table_header.as_ref().map_or(examples.location.line, |row| row.location.line);
        examples.table_body.last().map_or(header, |row| row.location.line)
    });
    steps.chain(examples).max().unwrap_or(scenario.location.line)
}

type Read = (String, String, Vec<u32>);

/// The texts of all feature files that the paths name; without a path, `features/` here, or else what is in the binary.
fn read_all(selection: &Selection, embedded: &[Embedded], problems: &mut Vec<Problem>) -> Vec<Read> {
    let here = PathSpec { path: "features".into(), lines: Vec::new() };
    let paths = match selection.paths.as_slice() {
        [] if !selection.embedded_only && here.path.is_dir() => std::slice::from_ref(&here),
        [] => return embedded.iter().map(|file| (file.uri.to_owned(), file.text.to_owned(), Vec::new())).collect(),
        paths => paths,
    };
    let mut wrong = |path: &Path, id, message: String, help: Option<String>| {
        problems.push(Problem { file: path.display().to_string(), location: None, id, message, help });
    };
    let mut files: Vec<(PathBuf, Vec<u32>)> = Vec::new();
    for spec in paths {
        if spec.path.is_dir() {
            let mut found = Vec::new();
            if let Err((at, error)) = walk(&spec.path, &mut found) {
                wrong(&at, "unreadable", format!("cannot be read: {error}"), None);
            }
            found.sort();
            if found.is_empty() {
                wrong(&spec.path, "no-features", "the folder has no feature file (*.feature)".into(), None);
            }
            files.extend(found.into_iter().map(|file| (file, spec.lines.clone())));
        } else if spec.path.is_file() {
            files.push((spec.path.clone(), spec.lines.clone()));
        } else {
            let missing = spec.path.display().to_string();
            let beside = beside(&spec.path);
            let hint = did_you_mean(&missing, beside.iter().map(String::as_str));
            wrong(
                &spec.path,
                "no-such-path",
                "there is no such file or folder".into(),
                Some(hint.trim().to_owned()).filter(|hint| !hint.is_empty()),
            );
        }
    }
    let mut merged: Vec<(PathBuf, Vec<u32>)> = Vec::new();
    for (file, lines) in files {
        match merged.iter_mut().find(|(known, _)| *known == file) {
            Some((_, known)) if known.is_empty() || lines.is_empty() => known.clear(),
            Some((_, known)) => known.extend(lines),
            None => merged.push((file, lines)),
        }
    }
    let mut texts = Vec::with_capacity(merged.len());
    for (file, lines) in merged {
        match std::fs::metadata(&file).map(|meta| meta.len()) {
            Ok(length) if length > MAX_BYTES as u64 => {
                wrong(&file, "too-large", format!("the file has {length} bytes; at most {MAX_BYTES} are read"), None);
                continue;
            }
            Ok(_) | Err(_) => {}
        }
        match std::fs::read(&file).map(String::from_utf8) {
            Ok(Ok(text)) => texts.push((uri(&file), text, lines)),
            Ok(Err(error)) => {
                let good = error.utf8_error().valid_up_to();
                let line = error.as_bytes()[..good].iter().filter(|byte| **byte == b'\n').count() + 1;
                wrong(
                    &file,
                    "not-utf-8",
                    format!("line {line}: the file is not UTF-8"),
                    Some("Save it as UTF-8.".into()),
                );
            }
            Err(error) => wrong(&file, "unreadable", format!("cannot be read: {error}"), None),
        }
    }
    texts
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), (PathBuf, std::io::Error)> {
    let at = |error| (folder.to_owned(), error);
    for entry in std::fs::read_dir(folder).map_err(at)? {
        let path = entry.map_err(at)?.path();
        if path.is_dir() {
            walk(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "feature") {
            found.push(path);
        }
    }
    Ok(())
}

fn beside(path: &Path) -> Vec<String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path().display().to_string().trim_start_matches("./").to_owned()).collect()
}

fn uri(file: &Path) -> String {
    file.display().to_string().replace('\\', "/").trim_start_matches("./").to_owned()
}

impl Document {
    /// The file as the journal keeps it.
    pub fn source(&self) -> Source {
        Source { uri: self.uri.clone(), data: self.text.clone(), media_type: "text/x.cucumber.gherkin+plain".into() }
    }
}

impl Planned {
    /// What it may not run beside.
    pub fn alone(&self) -> Alone {
        self.settings.alone.clone()
    }
}
