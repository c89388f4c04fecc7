//! `paidpath check`: finds mistakes without running anything. The rules and the output are `lint`'s; here the files are
//! found, fixed, and counted.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::documents::{self, Beside};
use super::names::names;
use super::{Composition, Refusal};
use crate::base::config::{ConfigError, read_text};
use crate::base::suggest::did_you_mean;
use crate::base::walk::{Walked, walk};
use crate::lint::{self, Charge, Finding, Kind, Linter, Names, RULES, Weight};
use crate::model::Exit;
use crate::model::message::Location;
use crate::run::{NO_FILE, near_miss, read_feature};
use crate::target::Target;
use crate::topology::Topology;
use crate::trail::Mapping;

/// Checks files and prints the mistakes in them.
///
/// Exits with 0 if there is no mistake, and with 1 if there is one.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Features, targets, topologies, stub files, or folders of them [default: this folder]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Correct a mistake in the file, where only one thing can have been meant
    #[arg(long, conflicts_with = "stdin")]
    fix: bool,
    /// The format of the output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Read the standard input instead, as if it were the one file that is named
    #[arg(long, requires = "paths")]
    stdin: bool,
    /// Switch a rule off
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    allow: Vec<String>,
    /// List the rules and check nothing
    #[arg(long)]
    rules: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// Place, line and caret, for people
    Text,
    /// SARIF 2.1.0, for code hosts
    Sarif,
    /// Annotations of GitHub Actions
    Github,
    /// A list of records, for programs
    Json,
}

/// The folders that hold no files of people.
const SKIPPED: [&str; 3] = ["target", "node_modules", "reports"];

/// Returns the sentences that the latest proof, if there is one, found to be decoration.
fn decoration() -> Vec<String> {
    let proof = super::prove::last_proof(Path::new(super::prove::REPORTS));
    let mutation = proof.and_then(|proof| proof.mutation);
    mutation.iter().flat_map(|mutation| mutation.decoration()).map(|sentence| sentence.of.clone()).collect()
}

pub fn check(composition: &Composition, arguments: &Arguments) -> Result<Exit, Refusal> {
    if arguments.rules {
        list_rules();
        return Ok(Exit::Passed);
    }
    if let Some(unknown) = arguments.allow.iter().find(|id| lint::rule(id).is_none()) {
        let hint = did_you_mean(unknown, RULES.iter().map(|rule| rule.id));
        return Err(Refusal::Usage(format!("--allow: there is no rule `{unknown}`: --rules lists them.{hint}")));
    }
    let mut check = Check::new(composition, arguments, names(composition, &arguments.paths));
    if arguments.stdin {
        let [file] = arguments.paths.as_slice() else {
            return Err(Refusal::Usage("--stdin: name the one file whose text comes".into()));
        };
        let mut bytes = Vec::new();
        let read = std::io::stdin().read_to_end(&mut bytes);
        read.map_err(|error| Refusal::Usage(format!("--stdin: cannot be read: {error}")))?;
        match String::from_utf8(bytes) {
            Ok(text) => check.text(file, &text, true),
            Err(_) => check.whole(file, "not-utf-8", "the input is not UTF-8"),
        }
    } else {
        check.paths(&arguments.paths)?;
    }
    check.finish(arguments.format)
}

/// A check of many files.
struct Check<'c> {
    composition: &'c Composition,
    allow: &'c [String],
    fix: bool,
    linter: Linter<'c>,
    charges: BTreeMap<PathBuf, Option<(PathBuf, Charge)>>,
    /// The tags in use, by the `check.toml` that declares them.
    used: BTreeMap<PathBuf, BTreeSet<String>>,
    findings: Vec<Finding>,
    files: usize,
    fixed: usize,
}

impl<'c> Check<'c> {
    fn new(composition: &'c Composition, arguments: &'c Arguments, names: Names) -> Self {
        let tags = composition.suite.requirements.iter().map(|requirement| requirement.tag).collect();
        let today = jiff::Zoned::now().date();
        Self {
            composition,
            allow: &arguments.allow,
            fix: arguments.fix,
            linter: Linter::new(&composition.suite.vocabulary, tags, today).minding(decoration()).naming(names),
            charges: BTreeMap::new(),
            used: BTreeMap::new(),
            findings: Vec::new(),
            files: 0,
            fixed: 0,
        }
    }

    fn paths(&mut self, paths: &[PathBuf]) -> Result<(), Refusal> {
        let here = [PathBuf::from(".")];
        for path in if paths.is_empty() { &here } else { paths } {
            if path.is_dir() {
                let before = self.files;
                files_in(path)?.iter().for_each(|file| self.file(file, false));
                self.near_misses(path)?;
                if self.files == before {
                    self.whole(path, "no-features", "the folder has no feature, target or topology");
                }
                self.unused_tags(path);
            } else if path.is_file() {
                self.file(path, true);
            } else {
                self.whole(path, "no-such-path", "there is no such file or folder");
            }
        }
        Ok(())
    }

    /// Reports files that a run does not read, although their names are nearly those of files that it reads.
    fn near_misses(&mut self, folder: &Path) -> Result<(), Refusal> {
        let walked = all_in(folder)?;
        for other in
            walked.others.iter().filter(|other| other.extension().is_some_and(|extension| extension == "feature"))
        {
            self.whole(other, "unreadable", NO_FILE);
        }
        for file in walked.files {
            if let Some(warning) = near_miss(&file) {
                self.whole(&file, "near-miss", &warning);
            }
        }
        for name in ["topology.toml", "target.toml"] {
            for warning in super::prepare::near_misses(folder, name) {
                self.whole(&folder.join(name), "near-miss", &warning);
            }
        }
        Ok(())
    }

    /// Checks a file. A file that was not named may belong to another program.
    fn file(&mut self, file: &Path, named: bool) {
        let feature = file.extension().is_some_and(|extension| extension == "feature");
        let text = if feature {
            read_feature(file).map_err(|problem| {
                let text = std::fs::read(file).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
                Finding::of_problem(problem, &text.unwrap_or_default().split('\n').collect::<Vec<_>>())
            })
        } else {
            read_text(file).map_err(|error| Finding::of_config("not-utf-8", error))
        };
        match text {
            Ok(text) => self.text(file, &text, named),
            Err(_) if !feature && !named => {}
            Err(finding) => {
                self.files += 1;
                self.findings.push(finding);
            }
        }
    }

    fn text(&mut self, file: &Path, text: &str, named: bool) {
        let name = name_of(file);
        if file.extension().is_some_and(|extension| extension == "feature") {
            self.feature(file, &name, text);
            return;
        }
        let kind = Kind::of(&name, text);
        match kind {
            Some(kind) => {
                self.files += 1;
                let vocabulary = &self.composition.suite.vocabulary;
                let found = lint::configuration(kind, &name, text, vocabulary);
                let found = found.or_else(|| match kind {
                    Kind::Target => documents_of(&name, text),
                    Kind::Topology => stubs_of(&name, text),
                    Kind::Catalogue | Kind::Charge | Kind::Stub => None,
                });
                // A stub file that a topology names may have been looked at already.
                self.findings.extend(found.filter(|found| !self.findings.contains(found)));
            }
            None if named => {
                self.whole(
                    file,
                    "unknown-file",
                    "this is neither a feature nor a target, topology, stub file or check.toml",
                );
            }
            None => {}
        }
    }

    fn feature(&mut self, file: &Path, name: &str, text: &str) {
        self.files += 1;
        let charge = self.charge_of(file);
        let mut linted = self.linter.feature(name, text, charge.as_ref().map(|(_, charge)| charge));
        let off = |finding: &Finding, allow: &[String]| {
            let here = charge.as_ref().is_some_and(|(_, charge)| charge.allow.contains(finding.rule));
            here || allow.iter().any(|id| id == finding.rule)
        };
        linted.findings.retain(|finding| !off(finding, self.allow));
        if self.fix {
            let (fixed, applied) = lint::fix_all(text, &linted.findings);
            if applied > 0 {
                match std::fs::write(file, &fixed) {
                    Ok(()) => {
                        self.fixed += applied;
                        linted = self.linter.feature(name, &fixed, charge.as_ref().map(|(_, charge)| charge));
                        linted.findings.retain(|finding| !off(finding, self.allow));
                    }
                    Err(error) => self.whole(file, "unreadable", &format!("cannot be written: {error}")),
                }
            }
        }
        if let Some((declared, _)) = charge {
            self.used.entry(declared).or_default().extend(linted.tags);
        }
        self.findings.extend(linted.findings);
    }

    /// Returns the nearest `check.toml` in the folder of a file or above it, up to the folder in which paidpath was started.
    fn charge_of(&mut self, file: &Path) -> Option<(PathBuf, Charge)> {
        let folder = file.parent().map(Path::to_owned).unwrap_or_default();
        if let Some(known) = self.charges.get(&folder) {
            return known.clone();
        }
        let mut charge = None;
        for above in folder.ancestors() {
            let candidate = above.join("check.toml");
            if candidate.is_file() {
                let text = std::fs::read_to_string(&candidate).unwrap_or_default();
                let vocabulary = &self.composition.suite.vocabulary;
                // A broken one is a finding of its own, where it is looked at.
                charge = Charge::parse(&name_of(&candidate), &text, vocabulary).ok().map(|charge| (candidate, charge));
                break;
            }
        }
        self.charges.insert(folder, charge.clone());
        charge
    }

    /// Reports declared tags that no feature uses. Only for a `check.toml` below which every feature was checked.
    fn unused_tags(&mut self, folder: &Path) {
        let charges: BTreeMap<PathBuf, Charge> = self.charges.values().flatten().cloned().collect();
        for (file, charge) in charges {
            if !file.starts_with(folder) && folder != Path::new(".") || charge.allow.contains("unused-tag") {
                continue;
            }
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            let used = self.used.get(&file).cloned().unwrap_or_default();
            for tag in charge.tags.keys().filter(|tag| !used.contains(*tag)) {
                let line =
                    text.lines().position(|line| line.trim_start().trim_start_matches('"').starts_with(tag.as_str()));
                let line = u32::try_from(line.unwrap_or_default() + 1).unwrap_or(1);
                let message = format!("no scenario has the tag `{tag}`");
                let location = Location { line, column: None };
                let finding = Finding::new("unused-tag", &name_of(&file), &text, location, message);
                if !self.findings.contains(&finding) {
                    self.findings.push(finding);
                }
            }
        }
    }

    /// Makes a finding about a whole file.
    fn whole(&mut self, file: &Path, rule: &'static str, message: &str) {
        self.files += 1;
        self.findings.push(Finding::new(rule, &name_of(file), "", Location { line: 1, column: Some(1) }, message));
    }

    fn finish(mut self, format: Format) -> Result<Exit, Refusal> {
        self.findings.retain(|finding| !self.allow.iter().any(|id| id == finding.rule));
        let findings = &self.findings;
        match format {
            Format::Text => {
                findings.iter().for_each(|finding| put!("{}", lint::text(finding)));
                say!("{}", self.summary());
            }
            Format::Github => findings.iter().for_each(|finding| put!("{}", lint::github(finding))),
            Format::Sarif => put!("{}", lint::sarif(findings)),
            Format::Json => put!("{}", lint::json(findings)),
        }
        Ok(if findings.is_empty() { Exit::Passed } else { Exit::Failed })
    }

    fn summary(&self) -> String {
        let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
        let files = counted(self.files, "file");
        let mut parts = Vec::new();
        if self.fixed > 0 {
            parts.push(format!("{} fixed", self.fixed));
        }
        let fixable = self.findings.iter().filter(|finding| finding.fix.is_some()).count();
        match self.findings.len() {
            0 => parts.push(format!("{files} looked at, nothing found")),
            count => parts.push(format!("{files} looked at, {}", counted(count, "finding"))),
        }
        if fixable > 0 {
            parts.push(format!("{fixable} of them can be fixed with --fix"));
        }
        parts.join("; ")
    }
}

/// Checks the files that a sound target names.
fn documents_of(file: &str, text: &str) -> Option<Finding> {
    let (target, mapping) = (Target::parse(file, text).ok()?, Mapping::parse(file, text).ok()?);
    let folder = documents::folder(file);
    let error = documents::rules(&target, mapping, &Beside::Folder(folder.clone())).err()?;
    let contracts = target.contracts.iter().map(|(service, path)| (vec!["contracts", service], path));
    let named = contracts.chain(target.catalogue.iter().map(|path| (vec!["catalogue"], path)));
    Some(Finding::of_config("target", where_it_is_named(error, file, text, &folder, named)))
}

/// Checks the stub files that a sound topology names.
fn stubs_of(file: &str, text: &str) -> Option<Finding> {
    let folder = documents::folder(file);
    let topology = Topology { folder: Some(folder.clone()), ..Topology::parse(file, text).ok()? };
    let error = super::prepare::stubs(&topology, topology.services.iter()).err()?;
    let paths: Vec<_> = topology
        .services
        .iter()
        .flat_map(|(service, spec)| spec.stubs.iter().map(move |path| (service, path.display().to_string())))
        .collect();
    let named = paths.iter().map(|(service, path)| (vec!["services", service, "stubs", path], path));
    Some(Finding::of_config("stub", where_it_is_named(error, file, text, &folder, named)))
}

/// Returns the place of a finding about a file that is missing: the line that names the file.
fn where_it_is_named<'n>(
    error: ConfigError,
    file: &str,
    text: &str,
    folder: &Path,
    mut named: impl Iterator<Item = (Vec<&'n str>, &'n String)>,
) -> ConfigError {
    let is_missing = |path: &String| error.place.is_none() && folder.join(path).display().to_string() == error.file;
    match named.find(|(_, path)| is_missing(path)) {
        Some((keys, path)) => ConfigError::under(file, text, &keys, format!("`{path}`: {}", error.message)),
        None => error,
    }
}

fn list_rules() {
    let width = RULES.iter().map(|rule| rule.id.len()).max().unwrap_or_default();
    for rule in RULES.iter() {
        let weight = match rule.weight {
            Weight::Refused => "a run refuses it",
            Weight::Minded => "a run does not mind",
        };
        say!("{:width$}  {} ({weight})", rule.id, rule.about);
    }
    say!("\nSwitch a rule off with --allow RULE, or for a folder in its check.toml: allow = [\"RULE\"].");
}

pub(super) fn name_of(file: &Path) -> String {
    file.display().to_string().replace('\\', "/").trim_start_matches("./").to_owned()
}

/// Returns the files in a folder that people may have written for paidpath, in order.
pub(super) fn files_in(folder: &Path) -> Result<Vec<PathBuf>, Refusal> {
    let mut files = all_in(folder)?.files;
    files.retain(|path| {
        path.extension().is_some_and(|extension| {
            let is_stub = extension == "json" && path.components().any(|part| part.as_os_str() == "stubs");
            extension == "feature" || extension == "toml" || is_stub
        })
    });
    Ok(files)
}

fn all_in(folder: &Path) -> Result<Walked, Refusal> {
    let walked = walk(folder, |name| !name.starts_with('.') && !SKIPPED.contains(&name));
    walked.map_err(|(at, error)| Refusal::Usage(format!("{}: {error}", at.display())))
}
