//! Features: what a run would refuse them for, and what readers mind.

use std::cell::OnceCell;
use std::collections::HashMap;

use super::charge::Charge;
use super::finding::Finding;
use super::names::Names;
use super::tags;
use crate::catalogue::{Expression, Snippets};
use crate::gherkin::meaning;
use crate::gherkin::tags::split;
use crate::model::message::{Background, Feature, Location, PickleStepType, Scenario, Step};
use crate::run::vocabulary::Vocabulary;
use crate::run::{Inspector, Planned};
use crate::tap::Disturbance;

/// The sentence whose quoted words are those of a fault.
const FAULT: &str = "the fault {string}";

/// Looks at features one by one.
pub struct Linter<'v> {
    vocabulary: &'v Vocabulary,
    inspector: Inspector<'v>,
    /// Made for the first step that no sentence says.
    snippets: OnceCell<Snippets>,
    /// Tags that mean something beside the runner's own.
    tags: Vec<&'v str>,
    today: jiff::civil::Date,
    /// The sentences that a proof found to be decoration.
    decoration: Vec<String>,
    /// What the platform's files name.
    names: Names,
}

/// What was found in a feature.
#[derive(Debug, Default)]
pub struct Linted {
    /// In the order of the text.
    pub findings: Vec<Finding>,
    /// The tags it uses, without their arguments.
    pub tags: Vec<String>,
}

impl<'v> Linter<'v> {
    /// Looks with this vocabulary; `tags` have a meaning, and need no declaration.
    pub fn new(vocabulary: &'v Vocabulary, tags: Vec<&'v str>, today: jiff::civil::Date) -> Self {
        Self {
            vocabulary,
            inspector: Inspector::new(vocabulary),
            snippets: OnceCell::new(),
            tags,
            today,
            decoration: Vec::new(),
            names: Names::default(),
        }
    }

    /// Holds what sentences name against these names.
    pub fn naming(self, names: Names) -> Self {
        Self { names, ..self }
    }

    /// Minds these sentences, too: a proof has put them to the test, and nothing turned them red.
    pub fn minding(self, decoration: Vec<String>) -> Self {
        Self { decoration, ..self }
    }

    /// Looks at one feature. Without a `check.toml` nothing is said about tags and weak outcomes.
    pub fn feature(&mut self, file: &str, text: &str, charge: Option<&Charge>) -> Linted {
        let inspected = self.inspector.inspect(file, text);
        let feature = inspected.document.as_ref().and_then(|document| document.tree.feature.as_ref());
        let language = feature.map_or("en", |feature| feature.language.as_str());
        let mut steps = feature.map(steps_with_kinds).unwrap_or_default();
        steps.sort_by_key(|(_, step)| step.location);
        let mut findings: Vec<Finding> = Vec::new();
        let lines: Vec<&str> = text.split('\n').collect();
        let written: HashMap<Location, &(PickleStepType, &Step)> =
            steps.iter().map(|step| (step.1.location, step)).collect();
        for problem in inspected.problems {
            let finding = Finding::of_problem(problem, &lines);
            let at = written.get(&finding.location);
            findings.push(match (finding.rule, at) {
                ("undefined-step", Some((kind, step))) => self.with_snippet(finding, *kind, step, language),
                _ => finding,
            });
        }
        let Some(feature) = feature else { return Linted { findings, tags: Vec::new() } };
        let resolved = resolved(&inspected.scenarios);
        for (_, step) in &steps {
            if let Some(sentence) = resolved.get(step.id.as_str()) {
                findings.extend(self.minded(*sentence, step, file, text));
            }
        }
        findings.extend(self.unknown_names(&inspected.scenarios, &steps, file, text));
        let written = tags::written(feature);
        findings.extend(tags::expired(&written, self.today, file, text));
        if let Some(charge) = charge {
            findings.extend(tags::unknown(&written, charge, &self.tags, file, text));
            findings.extend(self.weak(&inspected.scenarios, charge, file, text));
        }
        if let Some(spoken) = self.vocabulary.languages().iter().find(|spoken| spoken.code == language) {
            for finding in &mut findings {
                if let Some(says) = spoken.rule(finding.rule) {
                    finding.message = format!("{says} ({})", finding.message);
                }
            }
        }
        findings.sort_by_key(|finding| finding.location);
        findings.dedup();
        let tags = written.iter().map(|tag| split(&tag.name).0.to_owned()).collect();
        Linted { findings, tags }
    }

    /// Says of a step that no sentence says it how it could come to be one.
    fn with_snippet(&self, finding: Finding, kind: PickleStepType, step: &Step, language: &str) -> Finding {
        let snippets = || self.snippets.get_or_init(|| Snippets::new(self.vocabulary.catalogue()));
        let snippet = (language == "en").then(|| snippets().of(kind, &step.text));
        Finding { snippet, ..finding }
    }

    /// What a run does not look at before it begins: the words of a fault, and whether anything can turn the sentence red.
    fn minded(&self, sentence: usize, step: &Step, file: &str, text: &str) -> Vec<Finding> {
        let place = self.vocabulary.definitions()[sentence].place;
        let known = &self.vocabulary.catalogue().sentences[place];
        let found = |rule, location: Location, message: String| Finding::new(rule, file, text, location, message);
        let mut findings = Vec::new();
        if known.expression == FAULT {
            let quoted = |text: &str| text.chars().next().filter(|quote| matches!(quote, '"' | '\''));
            let words = step.text.find(['"', '\'']).map(|at| &step.text[at..]);
            let words = words.and_then(|text| text[1..].rsplit_once(quoted(text)?)).map(|(words, _)| words);
            // A placeholder of an outline is filled in later.
            let words = words.filter(|words| !words.contains('<'));
            match words.map(str::parse::<Disturbance>) {
                Some(Err(error)) => findings.push(found("wrong-fault", step.location, error.to_string())),
                Some(Ok(fault)) => findings.extend(
                    self.names.object_to_edge(&fault).map(|message| found("unknown-name", step.location, message)),
                ),
                None => {}
            }
        }
        if self.decoration.contains(&known.expression) {
            let message =
                format!("`{}` was put to the test by changed answers, and none turned it red", known.expression);
            let help = "Expect what the scenario is about; `paidpath prove --mutate` shows what nobody notices.";
            findings.push(found("decoration", step.location, message).help(help.to_owned()));
        }
        findings
    }

    /// What steps name that the platform's files do not: at the word, or at the row of the examples that has it.
    fn unknown_names(
        &self,
        scenarios: &[Planned],
        written: &[(PickleStepType, &Step)],
        file: &str,
        text: &str,
    ) -> Vec<Finding> {
        let mut findings = Vec::new();
        for scenario in scenarios {
            for (step, sentence) in scenario.pickle.steps.iter().zip(&scenario.sentences) {
                let place = self.vocabulary.definitions()[*sentence].place;
                let known = &self.vocabulary.catalogue().sentences[place];
                let Ok(expression) = Expression::parse(&known.expression) else { continue };
                let words = self.vocabulary.arguments(*sentence, &step.text);
                let words = words.iter().map(|word| word.trim_matches(['"', '\'']));
                for (parameter, word) in expression.parameters().into_iter().zip(words) {
                    // What is set up may be a code that nobody knows yet.
                    if parameter == "code" && known.kind == PickleStepType::Context {
                        continue;
                    }
                    let Some(message) = self.names.object(parameter, word) else { continue };
                    let own = |(_, written): &&(PickleStepType, &Step)| step.ast_node_ids.first() == Some(&written.id);
                    let written = written.iter().find(own).map(|(_, written)| *written);
                    let location =
                        written.and_then(|written| place_of(word, written, text)).or(scenario.pickle.location);
                    findings.push(Finding::new("unknown-name", file, text, location.unwrap_or_default(), message));
                }
            }
        }
        findings
    }

    /// Scenarios all of whose outcomes prove little.
    fn weak(&self, scenarios: &[Planned], charge: &Charge, file: &str, text: &str) -> Vec<Finding> {
        let sentences = &self.vocabulary.catalogue().sentences;
        let weak = scenarios.iter().filter_map(|scenario| {
            let outcomes = scenario.pickle.steps.iter().zip(&scenario.sentences);
            let outcomes = outcomes.filter(|(step, _)| step.kind == Some(PickleStepType::Outcome));
            let mut leaves_open = None;
            for (_, sentence) in outcomes {
                let place = self.vocabulary.definitions().get(*sentence)?.place;
                leaves_open = Some(charge.weak.get(&sentences[place].expression)?);
            }
            let message = format!("the scenario expects little: {}", leaves_open?);
            let finding = Finding::new("weak-outcome", file, text, scenario.pickle.location?, message);
            Some(finding.help("Expect what the member has in the end: their money, their permission, their image."))
        });
        weak.collect()
    }
}

/// Where a word stands in the line of a step; `None` where the examples of an outline say it.
fn place_of(word: &str, step: &Step, text: &str) -> Option<Location> {
    let line = text.split('\n').nth(step.location.line as usize - 1)?;
    let column = line[..line.rfind(word)?].chars().count() + 1;
    Some(Location { line: step.location.line, column: u32::try_from(column).ok() })
}

/// The sentences of the written steps, by the steps' ids.
fn resolved(scenarios: &[Planned]) -> HashMap<&str, usize> {
    let steps = scenarios.iter().flat_map(|scenario| scenario.pickle.steps.iter().zip(&scenario.sentences));
    steps.filter_map(|(step, sentence)| Some((step.ast_node_ids.first()?.as_str(), *sentence))).collect()
}

/// Every written step with what it is.
fn steps_with_kinds(feature: &Feature) -> Vec<(PickleStepType, &Step)> {
    let rules = feature.children.iter().filter_map(|child| child.rule.as_ref()).flat_map(|rule| &rule.children);
    let ruled = rules.flat_map(|child| [steps_of_background(&child.background), steps_of_scenario(&child.scenario)]);
    let own = feature.children.iter();
    let own = own.flat_map(|child| [steps_of_background(&child.background), steps_of_scenario(&child.scenario)]);
    own.chain(ruled)
        .flat_map(|block| {
            block.iter().scan(PickleStepType::Unknown, |before, step| {
                *before = meaning(step.keyword_type, *before);
                Some((*before, step))
            })
        })
        .collect()
}

fn steps_of_background(background: &Option<Background>) -> &[Step] {
    background.as_ref().map_or(&[], |background| &background.steps)
}

fn steps_of_scenario(scenario: &Option<Scenario>) -> &[Step] {
    scenario.as_ref().map_or(&[], |scenario| &scenario.steps)
}
