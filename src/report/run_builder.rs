//! Building a [`RunRecord`] from messages, one at a time, so that the console shows a run from the same record as the reports.
//!
//! Any message may be missing. A record without its last message keeps its starting value, which is unknown for a scenario.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::record::{AttemptRecord, RunRecord, ScenarioRecord, StepRecord, UNFINISHED, between};
use crate::model::message::{
    Attachment, Envelope, Feature, GherkinDocument, Pickle, TestCase, TestCaseFinished, TestCaseStarted,
    TestStepFinished, Timestamp as MessageTimestamp, media,
};
use crate::model::{Blame, Cause, ScenarioVerdict, Verdict};

/// A change of the run that one message caused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunUpdate {
    /// A message that changes nothing that is shown.
    None,
    /// The first scenario can begin.
    RunStarted,
    /// An attempt at this scenario began. The number is an index into [`RunRecord::scenarios`].
    Started(usize),
    /// This scenario ended, and there is no further attempt.
    Ended(usize),
    /// The run ended, and no message follows.
    RunEnded,
}

/// Builds a [`RunRecord`] from messages.
#[derive(Debug, Default)]
pub struct RunBuilder {
    run: RunRecord,
    /// The nodes of the syntax trees, by id.
    nodes: HashMap<String, SyntaxNode>,
    features: Vec<FeatureName>,
    hooks: HashMap<String, String>,
    /// The pickles that have no test case yet, by id.
    pickles: HashMap<String, PendingPickle>,
    cases: HashMap<String, PlannedCase>,
    /// The attempts that have not ended, by id.
    open: HashMap<String, OpenAttempt>,
}

/// A node of a syntax tree that pickles point at.
#[derive(Debug)]
enum SyntaxNode {
    Scenario { feature: usize, rule: Option<String>, keyword: String, line: u32 },
    Row { place: String, line: u32 },
    Step { keyword: String, line: u32 },
}

#[derive(Debug)]
struct FeatureName {
    name: String,
    description: String,
}

#[derive(Debug)]
struct PendingPickle {
    scenario: usize,
    steps: Vec<(String, StepRecord)>,
}

#[derive(Debug)]
struct PlannedCase {
    scenario: usize,
    /// The ids of the test steps, with the steps before they ran.
    steps: Vec<(String, StepRecord)>,
}

#[derive(Debug)]
struct OpenAttempt {
    case: String,
    scenario: usize,
    attempt: usize,
    steps: HashMap<String, usize>,
}

impl RunBuilder {
    /// Returns the run as far as it is known.
    pub fn run(&self) -> &RunRecord {
        &self.run
    }

    pub fn into_run(self) -> RunRecord {
        self.run
    }

    /// Drops what makes a scenario large, for a follower that has shown it. The reasons stay.
    pub fn forget_evidence(&mut self, scenario: usize) {
        for attempt in self.run.scenarios.get_mut(scenario).into_iter().flat_map(|one| &mut one.attempts) {
            attempt.forget_evidence();
        }
    }

    /// Adds one message.
    pub fn add(&mut self, envelope: &Envelope) -> RunUpdate {
        match envelope {
            Envelope::GherkinDocument(document) => self.document(document),
            Envelope::Pickle(pickle) => self.pickle(pickle),
            Envelope::Hook(hook) => {
                self.hooks.insert(hook.id.clone(), hook.name.clone().unwrap_or_else(|| "hook".into()));
            }
            Envelope::ParseError(error) => self.run.unreadable.push(error.clone()),
            Envelope::TestRunStarted(started) => {
                self.run.started = self.moment(started.timestamp);
                return RunUpdate::RunStarted;
            }
            Envelope::TestCase(case) => self.case(case),
            Envelope::TestCaseStarted(started) => return self.started(started),
            Envelope::TestStepStarted(started) => {
                self.moment(started.timestamp);
            }
            Envelope::TestStepFinished(finished) => self.step(finished),
            Envelope::Attachment(attachment) => self.attachment(attachment),
            Envelope::TestCaseFinished(finished) => return self.finished(finished),
            Envelope::TestRunFinished(finished) => {
                self.run.finished = self.moment(finished.timestamp);
                return RunUpdate::RunEnded;
            }
            Envelope::Meta(_) | Envelope::Source(_) | Envelope::StepDefinition(_) => {}
        }
        RunUpdate::None
    }

    fn document(&mut self, document: &GherkinDocument) {
        let Some(feature) = &document.feature else { return };
        let index = self.features.len();
        self.features
            .push(FeatureName { name: feature.name.trim().into(), description: feature.description.trim().into() });
        for (id, node) in nodes_of(feature, index) {
            self.nodes.insert(id, node);
        }
    }

    fn pickle(&mut self, pickle: &Pickle) {
        let mut scenario = ScenarioRecord {
            feature: String::new(),
            feature_description: String::new(),
            rule: None,
            name: pickle.name.clone(),
            row: None,
            keyword: String::new(),
            uri: pickle.uri.clone(),
            line: pickle.location.map_or(0, |location| location.line),
            tags: pickle.tags.iter().map(|tag| tag.name.clone()).collect(),
            attempts: Vec::new(),
            verdict: ScenarioVerdict {
                verdict: Verdict::Unknown,
                reason: UNFINISHED.into(),
                blame: None,
                cause: Some(Cause::Unfinished),
                flaky: false,
                quarantine: None,
                repeat: String::new(),
            },
        };
        // The row of an outline comes behind its scenario, so the line of the row wins.
        for node in pickle.ast_node_ids.iter().filter_map(|id| self.nodes.get(id)) {
            match node {
                SyntaxNode::Scenario { feature, rule, keyword, line } => {
                    scenario.feature.clone_from(&self.features[*feature].name);
                    scenario.feature_description.clone_from(&self.features[*feature].description);
                    scenario.rule.clone_from(rule);
                    scenario.keyword.clone_from(keyword);
                    scenario.line = *line;
                }
                SyntaxNode::Row { place, line } => (scenario.row, scenario.line) = (Some(place.clone()), *line),
                SyntaxNode::Step { .. } => {}
            }
        }
        let steps = pickle.steps.iter().map(|step| {
            let written = step.ast_node_ids.iter().find_map(|id| match self.nodes.get(id) {
                Some(SyntaxNode::Step { keyword, line }) => Some((keyword.clone(), *line)),
                Some(SyntaxNode::Scenario { .. } | SyntaxNode::Row { .. }) | None => None,
            });
            let (keyword, line) = written.map_or((String::new(), None), |(keyword, line)| (keyword, Some(line)));
            (step.id.clone(), StepRecord { keyword, text: step.text.clone(), line, ..StepRecord::default() })
        });
        let head = PendingPickle { scenario: self.run.scenarios.len(), steps: steps.collect() };
        self.pickles.insert(pickle.id.clone(), head);
        self.run.scenarios.push(scenario);
    }

    fn case(&mut self, case: &TestCase) {
        // A pickle has one test case, and its steps are needed no longer.
        let Some(pickle) = self.pickles.remove(&case.pickle_id) else {
            self.run.damage.push(format!("a test case was recorded for the unknown scenario {}", case.pickle_id));
            return;
        };
        let step_of = |id: Option<&String>| {
            id.and_then(|id| {
                let found = pickle.steps.iter().find(|(own, _)| own == id);
                found.map(|(_, step)| step.clone())
            })
        };
        let steps = case.test_steps.iter().map(|step| {
            let ready = step_of(step.pickle_step_id.as_ref()).unwrap_or_else(|| {
                let name = step.hook_id.as_ref().and_then(|id| self.hooks.get(id));
                StepRecord { text: name.map_or("hook", String::as_str).into(), hook: true, ..StepRecord::default() }
            });
            (step.id.clone(), ready)
        });
        let case_of = PlannedCase { scenario: pickle.scenario, steps: steps.collect() };
        self.cases.insert(case.id.clone(), case_of);
    }

    fn started(&mut self, started: &TestCaseStarted) -> RunUpdate {
        let moment = self.moment(started.timestamp);
        let Some(case) = self.cases.get(&started.test_case_id) else { return RunUpdate::None };
        let scenario = &mut self.run.scenarios[case.scenario];
        let open = OpenAttempt {
            case: started.test_case_id.clone(),
            scenario: case.scenario,
            attempt: scenario.attempts.len(),
            steps: case.steps.iter().enumerate().map(|(index, (id, _))| (id.clone(), index)).collect(),
        };
        self.open.insert(started.id.clone(), open);
        // Nearly every scenario has one attempt, and attempts are large.
        scenario.attempts.reserve_exact(1);
        scenario.attempts.push(AttemptRecord {
            started: moment.unwrap_or_default(),
            worker: started.worker_id.clone(),
            steps: case.steps.iter().map(|(_, step)| step.clone()).collect(),
            ..AttemptRecord::default()
        });
        RunUpdate::Started(case.scenario)
    }

    fn step(&mut self, finished: &TestStepFinished) {
        let moment = self.moment(finished.timestamp);
        let Some(open) = self.open.get(&finished.test_case_started_id) else { return };
        let attempt = &mut self.run.scenarios[open.scenario].attempts[open.attempt];
        attempt.lived_until(moment);
        let Some(step) = open.steps.get(&finished.test_step_id).map(|index| &mut attempt.steps[*index]) else { return };
        step.status = finished.test_step_result.status;
        step.took = finished.test_step_result.duration.into();
        step.message.clone_from(&finished.test_step_result.message);
    }

    fn finished(&mut self, finished: &TestCaseFinished) -> RunUpdate {
        let moment = self.moment(finished.timestamp);
        let Some(open) = self.open.remove(&finished.test_case_started_id) else { return RunUpdate::None };
        let scenario = &mut self.run.scenarios[open.scenario];
        let attempt = &mut scenario.attempts[open.attempt];
        attempt.lived_until(moment);
        attempt.ended = true;
        if finished.will_be_retried {
            return RunUpdate::None;
        }
        self.cases.remove(&open.case);
        // A verdict is recorded just before this message. Without it, a failed step still fails the scenario, and everything else
        // stays unknown: steps that passed say nothing about the always-on checks.
        if scenario.verdict.cause == Some(Cause::Unfinished) {
            scenario.verdict.cause = None;
            scenario.verdict.reason = "its verdict was not recorded".into();
            if let Some(step) = attempt.failed_step() {
                scenario.verdict.verdict = Verdict::Failed;
                scenario.verdict.blame = Some(Blame::Platform);
                scenario.verdict.reason = step.message.clone().unwrap_or_else(|| format!("failed at: {}", step.text));
            }
        }
        RunUpdate::Ended(open.scenario)
    }

    fn attachment(&mut self, attachment: &Attachment) {
        let Some(id) = &attachment.test_case_started_id else {
            match attachment.media_type.as_str() {
                media::RUN => read_into(attachment, &mut self.run.damage, |info| self.run.info = info),
                media::RUN_END => read_into(attachment, &mut self.run.damage, |end| self.run.end = Some(end)),
                media::PROOF => read_into(attachment, &mut self.run.damage, |proof| self.run.proof = Some(proof)),
                _ => {}
            }
            return;
        };
        let Some(open) = self.open.get(id) else { return };
        let scenario = &mut self.run.scenarios[open.scenario];
        let attempt = &mut scenario.attempts[open.attempt];
        let damage = &mut self.run.damage;
        match attachment.media_type.as_str() {
            media::EXCHANGE => read_into(attachment, damage, |exchange| attempt.exchanges.push(exchange)),
            media::TRAIL => read_into(attachment, damage, |trail| attempt.trail = Some(trail)),
            media::FINDINGS => read_into(attachment, damage, |found: Vec<_>| attempt.findings.extend(found)),
            media::JUDGED => read_into(attachment, damage, |judged| attempt.judged = judged),
            media::DIAGNOSIS => read_into(attachment, damage, |diagnosis| attempt.diagnosis = Some(diagnosis)),
            media::VERDICT => read_into(attachment, damage, |verdict| scenario.verdict = verdict),
            // Types of a newer version are shown as artifacts and not lost.
            _ => attempt.artifacts.push(attachment.clone()),
        }
    }

    /// Converts a recorded time, and remembers the latest one.
    fn moment(&mut self, recorded: MessageTimestamp) -> Option<Timestamp> {
        let nanos = i32::try_from(recorded.nanos).ok()?;
        let moment = Timestamp::new(recorded.seconds, nanos).ok();
        self.run.last_seen = self.run.last_seen.max(moment);
        moment
    }
}

impl AttemptRecord {
    fn lived_until(&mut self, moment: Option<Timestamp>) {
        if let Some(moment) = moment {
            self.took = between(self.started, moment);
        }
    }
}

/// Reads one of paidpath's own records out of an attachment and hands it on. A record that cannot be read is noted as
/// damage.
fn read_into<'a, T: Deserialize<'a>>(attachment: &'a Attachment, damage: &mut Vec<String>, take: impl FnOnce(T)) {
    match attachment.read() {
        Ok(record) => take(record),
        Err(error) => damage.push(format!("a record of type {} cannot be read: {error}", attachment.media_type)),
    }
}

/// Returns every node of a feature that a pickle can point at.
fn nodes_of(feature: &Feature, index: usize) -> Vec<(String, SyntaxNode)> {
    let mut nodes = Vec::new();
    let mut step = |step: &crate::model::message::Step| {
        let keyword = step.keyword.trim().to_owned();
        nodes.push((step.id.clone(), SyntaxNode::Step { keyword, line: step.location.line }));
    };
    let ruled = feature.children.iter().filter_map(|child| child.rule.as_ref());
    let ruled = ruled.flat_map(|rule| rule.children.iter().map(move |child| (Some(rule), child)));
    let backgrounds = feature.children.iter().filter_map(|child| child.background.as_ref());
    let backgrounds = backgrounds.chain(ruled.clone().filter_map(|(_, child)| child.background.as_ref()));
    backgrounds.flat_map(|background| &background.steps).for_each(&mut step);

    let plain = feature.children.iter().filter_map(|child| child.scenario.as_ref()).map(|scenario| (None, scenario));
    let ruled = ruled.filter_map(|(rule, child)| Some((rule, child.scenario.as_ref()?)));
    let scenarios: Vec<_> = plain.chain(ruled).collect();
    scenarios.iter().flat_map(|(_, scenario)| &scenario.steps).for_each(&mut step);

    for (rule, scenario) in scenarios {
        nodes.push((
            scenario.id.clone(),
            SyntaxNode::Scenario {
                feature: index,
                rule: rule.map(|rule| rule.name.trim().to_owned()),
                keyword: scenario.keyword.trim().into(),
                line: scenario.location.line,
            },
        ));
        for (table, examples) in scenario.examples.iter().enumerate() {
            for (row, node) in examples.table_body.iter().enumerate() {
                let place = format!("{}.{}", table + 1, row + 1);
                nodes.push((node.id.clone(), SyntaxNode::Row { place, line: node.location.line }));
            }
        }
    }
    nodes
}
