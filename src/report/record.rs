//! The run as every reporter reads it: scenarios with their attempts, steps and evidence, and the end of the run.
//!
//! These are plain records. [`run_builder`](super::run_builder) builds them from messages.

use std::collections::HashMap;
use std::hash::Hash;
use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use serde::Serialize;

use super::history::RunHistory;
use super::journal::{self, JournalError};
use super::run_builder::RunBuilder;
use super::text;
use crate::model::message::{Attachment, ContentEncoding, Envelope, ParseError, Status};
use crate::model::{
    Class, Diagnosis, Edge, Exchange, Exit, Finding, HopState, Proof, RuleId, RunEnd, RunInfo, ScenarioVerdict, Shard,
    Trail, Verdict,
};

/// A run, as far as it was recorded.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RunRecord {
    pub info: RunInfo,
    /// The moment when the first scenario could begin.
    pub started: Option<Timestamp>,
    /// The end of the run; `None` where the run was killed.
    pub finished: Option<Timestamp>,
    /// The last recorded moment.
    pub last_seen: Option<Timestamp>,
    /// The selected scenarios, in the order of the files.
    pub scenarios: Vec<ScenarioRecord>,
    pub unreadable: Vec<ParseError>,
    /// The end of a run, where the run got that far.
    pub end: Option<RunEnd>,
    /// The proof that was made with these scenarios.
    pub proof: Option<Proof>,
    /// A sentence for each record that the journal lacks or that cannot be read.
    pub damage: Vec<String>,
    /// The journals that the run was merged from, in the order in which they began; empty for a run with one journal.
    pub parts: Vec<MergedJournal>,
    /// The history of earlier runs, where one was asked for.
    pub history: Option<RunHistory>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MergedJournal {
    /// The id of the run that wrote the journal.
    pub id: String,
    /// The path of the journal.
    pub journal: String,
    /// The part of the selection that this run had.
    pub shard: Option<Shard>,
    pub seed: u64,
    /// The start by the clock of the run's machine.
    pub started: Timestamp,
    /// The number of scenarios in the journal.
    pub scenarios: usize,
    /// The exit of this run alone.
    pub exit: Exit,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ScenarioRecord {
    pub feature: String,
    pub feature_description: String,
    /// The name of the Gherkin rule around the scenario.
    pub rule: Option<String>,
    /// The name, with the placeholders of an outline replaced.
    pub name: String,
    /// The row of an outline: `2.1` is the first row of the second table.
    pub row: Option<String>,
    pub keyword: String,
    pub uri: String,
    /// The line of the scenario, or of the outline's row; 0 where it is unknown.
    pub line: u32,
    /// The tags with their `@`, inherited ones first.
    pub tags: Vec<String>,
    /// The attempts in order; empty where the run ended before the scenario's turn.
    pub attempts: Vec<AttemptRecord>,
    pub verdict: ScenarioVerdict,
}

/// One attempt at a scenario.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AttemptRecord {
    pub started: Timestamp,
    /// The duration; up to the last message where the end was not recorded.
    pub took: Duration,
    /// True where the end was recorded.
    pub ended: bool,
    pub worker: Option<String>,
    /// The steps in order; the always-on checks are the last one.
    pub steps: Vec<StepRecord>,
    /// The exchanges in the order in which they began.
    pub exchanges: Vec<Exchange>,
    pub trail: Option<Trail>,
    pub findings: Vec<Finding>,
    /// The rules that had something to judge, where all evidence is recorded.
    pub judged: Vec<RuleId>,
    pub diagnosis: Option<Diagnosis>,
    pub artifacts: Vec<Attachment>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct StepRecord {
    /// The keyword as written, without the space after it; empty for a hook.
    pub keyword: String,
    pub text: String,
    /// The line in the feature file.
    pub line: Option<u32>,
    /// True for the hook of the always-on checks.
    pub hook: bool,
    /// The status; unknown where the step did not end.
    pub status: Status,
    pub took: Duration,
    /// The reason of a step that did not pass.
    pub message: Option<String>,
}

/// The number of scenarios by verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    pub passed: usize,
    pub skipped: usize,
    pub unknown: usize,
    pub failed: usize,
    pub flaky: usize,
    /// The number of failed or unknown scenarios that a quarantine excuses.
    pub quarantined: usize,
}

/// The sentence for a scenario that has no ending.
pub(super) const UNFINISHED: &str = "the run ended before it did";

impl RunRecord {
    pub fn from_envelopes<'a>(envelopes: impl IntoIterator<Item = &'a Envelope>) -> Self {
        let mut digest = RunBuilder::default();
        for envelope in envelopes {
            digest.add(envelope);
        }
        digest.into_run()
    }

    /// Reads a run from its journal.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, JournalError> {
        let journal = journal::read(path)?;
        let mut run = Self::from_envelopes(&journal.envelopes);
        if let Some(line) = journal.truncated_line {
            run.damage.push(format!("the journal is cut in line {line}: the run was killed while writing it"));
        }
        if journal.unknown > 0 {
            run.damage.push(format!("the journal has {} messages that this version does not know", journal.unknown));
        }
        Ok(run)
    }

    /// Returns the run without exchanges, trails and artifacts, which make it large.
    pub fn without_evidence(mut self) -> Self {
        for attempt in self.scenarios.iter_mut().flat_map(|one| &mut one.attempts) {
            attempt.forget_evidence();
        }
        self
    }

    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for scenario in &self.scenarios {
            totals.count(&scenario.verdict);
        }
        totals
    }

    /// Returns the exit code of the run. A run without an end is judged by its scenarios.
    pub fn exit(&self) -> Exit {
        match &self.end {
            // However the run ended, what has no verdict is not green. A shard may have no scenario.
            Some(RunEnd { exit: Exit::Passed, .. }) if !self.scenarios.is_empty() => self.judged(),
            Some(end) => end.exit,
            // A run that was killed may have been about to fail.
            None if self.finished.is_none() && self.judged() == Exit::Passed => Exit::Unknown,
            None => self.judged(),
        }
    }

    /// Returns the meaning of the exit code, for readers who do not know the numbers.
    pub fn meaning(&self) -> &'static str {
        let (exit, totals) = (self.exit(), self.totals());
        match exit {
            Exit::Passed if totals.all() == 0 => return "this shard has no scenario",
            Exit::Passed if totals.passed == totals.all() => return "everything passed",
            Exit::Passed if totals.quarantined > 0 => return "everything passed but what is in quarantine",
            _ => {}
        }
        Exit::TABLE.iter().find(|(other, _)| *other == exit).map_or("", |(_, meaning)| meaning)
    }

    /// Returns the exit code by the scenarios alone.
    pub(super) fn judged(&self) -> Exit {
        let counts = |verdict| {
            self.scenarios.iter().any(|one| one.verdict.verdict == verdict && one.verdict.quarantine.is_none())
        };
        if counts(Verdict::Failed) {
            Exit::Failed
        } else if counts(Verdict::Unknown) || !counts(Verdict::Passed) {
            Exit::Unknown
        } else {
            Exit::Passed
        }
    }

    /// Returns the time from the start to the end, or to the last message.
    pub fn took(&self) -> Duration {
        match (self.started, self.finished.or(self.last_seen)) {
            (Some(from), Some(to)) => between(from, to),
            (Some(_) | None, None) | (None, Some(_)) => Duration::ZERO,
        }
    }

    /// Returns everything a reader must know beside the verdicts: the run's own notes, and what the journal lacks.
    pub fn notes(&self) -> Vec<String> {
        let mut notes: Vec<String> = self.end.iter().flat_map(|end| end.notes.iter().cloned()).collect();
        notes.extend(self.shard_note());
        for scenario in &self.scenarios {
            let verdict = &scenario.verdict;
            if verdict.flaky {
                notes.push(format!("flaky: {} passed only on a retry", scenario.place()));
            }
            if let (Some(why), Verdict::Failed | Verdict::Unknown) = (&verdict.quarantine, verdict.verdict) {
                notes.push(format!("{} {}, but is in quarantine {why}", scenario.place(), verdict.verdict));
            }
        }
        if let Some(end) = &self.end {
            if end.strays > 0 {
                notes.push(format!(
                    "{} belonged to no scenario",
                    text::count(usize::try_from(end.strays).unwrap_or(usize::MAX), "exchange", "exchanges")
                ));
            }
            if !end.lifted.is_empty() {
                let lifted: Vec<_> = end.lifted.iter().map(|one| format!("{} ({})", one.rule, one.times)).collect();
                notes.push(format!("rules that were broken where @allow permits it: {}", lifted.join(", ")));
            }
        }
        if self.finished.is_none() {
            notes.push("the run was stopped before its end".into());
        }
        notes.extend(self.damage.iter().cloned());
        notes.extend(self.unreadable.iter().map(|error| {
            let uri = error.source.uri.as_deref().unwrap_or("a feature file");
            let line = error.source.location.map(|at| format!(":{}", at.line)).unwrap_or_default();
            format!("{uri}{line} could not be read: {}", error.message)
        }));
        notes
    }

    /// Returns a note for a shard that is reported by itself.
    fn shard_note(&self) -> Option<String> {
        let shard = self.info.identity.shard.filter(|shard| shard.count > 1 && self.parts.is_empty())?;
        let all = self.info.identity.scenarios;
        Some(format!("only shard {shard} is reported here: {} of {all} scenarios", self.scenarios.len()))
    }

    /// Returns the scenarios of each feature file, in order.
    pub fn by_file(&self) -> Vec<Vec<&ScenarioRecord>> {
        grouped(&self.scenarios, |scenario| scenario.uri.clone())
    }

    /// Returns the scenarios with this verdict grouped by cause, the most frequent cause first. Quarantined scenarios form
    /// groups of their own.
    pub fn causes(&self, verdict: Verdict) -> Vec<Vec<&ScenarioRecord>> {
        let key = |scenario: &ScenarioRecord| (scenario.cause(), scenario.verdict.quarantine.is_some());
        let mut causes = grouped(self.ended(verdict), key);
        causes.sort_by_key(|scenarios| std::cmp::Reverse(scenarios.len()));
        causes
    }

    /// Returns the scenarios with this verdict, in the order of the files.
    pub fn ended(&self, verdict: Verdict) -> impl Iterator<Item = &ScenarioRecord> {
        self.scenarios.iter().filter(move |scenario| scenario.verdict.verdict == verdict)
    }
}

impl Totals {
    /// Counts one more scenario.
    pub fn count(&mut self, ended: &ScenarioVerdict) {
        match ended.verdict {
            Verdict::Passed => self.passed += 1,
            Verdict::Skipped => self.skipped += 1,
            Verdict::Unknown => self.unknown += 1,
            Verdict::Failed => self.failed += 1,
        }
        if ended.flaky {
            self.flaky += 1;
        }
        if ended.quarantine.is_some() && matches!(ended.verdict, Verdict::Unknown | Verdict::Failed) {
            self.quarantined += 1;
        }
    }

    /// Returns the number of scenarios with this verdict.
    pub fn of(&self, verdict: Verdict) -> usize {
        match verdict {
            Verdict::Passed => self.passed,
            Verdict::Skipped => self.skipped,
            Verdict::Unknown => self.unknown,
            Verdict::Failed => self.failed,
        }
    }

    pub fn all(&self) -> usize {
        self.passed + self.skipped + self.unknown + self.failed
    }
}

impl ScenarioRecord {
    /// Returns the name with the row of an outline; a name for a scenario without one.
    pub fn title(&self) -> String {
        let name = if self.name.trim().is_empty() { "(unnamed)" } else { self.name.trim() };
        match &self.row {
            Some(row) => format!("{name} #{row}"),
            None => name.to_owned(),
        }
    }

    /// Returns the place as `features/buying.feature:12`, which also selects the scenario.
    pub fn place(&self) -> String {
        format!("{}:{}", self.uri, self.line)
    }

    /// Returns the attempt that counts.
    pub fn last(&self) -> Option<&AttemptRecord> {
        self.attempts.last()
    }

    /// Returns the time that all attempts took.
    pub fn took(&self) -> Duration {
        self.attempts.iter().map(|attempt| attempt.took).sum()
    }

    /// Returns one line about why the scenario did not pass: the diagnosis, else the reason, else the message of the failed
    /// step.
    pub fn why(&self) -> String {
        let diagnosed = self.last().and_then(AttemptRecord::sentence);
        let said = || {
            let message = self.last().and_then(AttemptRecord::failed_step).and_then(|step| step.message.as_deref());
            message.unwrap_or_default()
        };
        let text = match (diagnosed, self.verdict.reason.as_str()) {
            (Some(sentence), _) => sentence,
            (None, "") => said(),
            (None, reason) => reason,
        };
        text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim().to_owned()
    }

    /// Returns the key under which failures are counted as one: the class and the edge, else the one line. All that a page
    /// shows lies on one edge, so failures of a page are told apart by the line without its numbers.
    pub fn cause(&self) -> String {
        match self.last().and_then(|attempt| attempt.diagnosis.as_ref()) {
            Some(Diagnosis { class, edge: Some(edge), sentence, .. })
                if edge.from == Edge::MEMBER && matches!(class, Class::NotShown | Class::NeverSent) =>
            {
                without_numbers(sentence)
            }
            Some(Diagnosis { class, edge: Some(edge), .. }) => format!("{class} at {edge}"),
            Some(_) | None => self.why(),
        }
    }
}

impl AttemptRecord {
    /// Returns the first step that did not pass.
    pub fn failed_step(&self) -> Option<&StepRecord> {
        self.steps.iter().find(|step| step.is_bad())
    }

    /// Drops exchanges, trail and artifacts, which make an attempt large. The reasons stay.
    pub fn forget_evidence(&mut self) {
        (self.exchanges, self.artifacts, self.trail) = (Vec::new(), Vec::new(), None);
    }

    /// Returns the diagnosis in one line.
    pub fn sentence(&self) -> Option<&str> {
        self.diagnosis.as_ref().map(|diagnosis| diagnosis.sentence.as_str()).filter(|sentence| !sentence.is_empty())
    }

    /// Says whether this exchange shows the failure: a broken hop or a finding names it.
    pub fn is_broken(&self, exchange: u64) -> bool {
        let hops = self.diagnosis.iter().flat_map(|diagnosis| &diagnosis.hops);
        let mut broken = hops.filter(|hop| hop.state == HopState::Broken).flat_map(|hop| &hop.exchanges);
        broken.any(|id| *id == exchange) || self.findings.iter().any(|finding| finding.exchange == Some(exchange))
    }
}

impl StepRecord {
    /// Says whether the step ended in a way that fails a scenario.
    pub fn is_bad(&self) -> bool {
        match self.status {
            Status::Failed | Status::Undefined | Status::Ambiguous | Status::Pending => true,
            Status::Passed | Status::Skipped | Status::Unknown => false,
        }
    }
}

/// Returns the content of an artifact; nothing where it is not the base64 that it claims to be.
pub fn bytes_of(artifact: &Attachment) -> Vec<u8> {
    match artifact.content_encoding {
        ContentEncoding::Identity => artifact.body.clone().into_bytes(),
        ContentEncoding::Base64 => STANDARD.decode(&artifact.body).unwrap_or_default(),
    }
}

/// Returns the content of an artifact in base64.
pub fn base64_of(artifact: &Attachment) -> String {
    STANDARD.encode(bytes_of(artifact))
}

/// Replaces every word that has a digit by a mark: ids, amounts and durations.
fn without_numbers(text: &str) -> String {
    let has_digit = |word: &str| word.contains(|letter: char| letter.is_ascii_digit());
    let words = text.split(' ').map(|word| if has_digit(word) { "#" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

/// Groups scenarios by key. Groups and their members keep the order of the scenarios.
fn grouped<'r, K: Hash + Eq>(
    scenarios: impl IntoIterator<Item = &'r ScenarioRecord>,
    key: impl Fn(&ScenarioRecord) -> K,
) -> Vec<Vec<&'r ScenarioRecord>> {
    let mut groups: Vec<Vec<&ScenarioRecord>> = Vec::new();
    let mut places = HashMap::new();
    for scenario in scenarios {
        let place = *places.entry(key(scenario)).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.push(scenario),
            None => groups.push(vec![scenario]),
        }
    }
    groups
}

/// Returns the time from one moment to a later one; zero where the clock went back.
pub fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}
