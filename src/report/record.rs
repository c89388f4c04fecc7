//! A run as every reporter reads it: scenarios with their attempts, steps and evidence, and how it all ended.
//!
//! These are plain records; [`run_builder`](super::run_builder) gathers them from a journal.

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
    Diagnosis, Edge, Exchange, Exit, Finding, HopState, Proof, RunEnd, RunInfo, ScenarioVerdict, Shard, Trail, Verdict,
};

/// One run, or as much of it as was recorded.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RunRecord {
    /// What it was asked to do.
    pub info: RunInfo,
    /// When its first scenario could begin.
    pub started: Option<Timestamp>,
    /// When it ended; `None` where the run was killed.
    pub finished: Option<Timestamp>,
    /// The last moment that was recorded.
    pub last_seen: Option<Timestamp>,
    /// The selected scenarios, in the order of the files.
    pub scenarios: Vec<ScenarioRecord>,
    /// Feature files that could not be read.
    pub unreadable: Vec<ParseError>,
    /// How it ended, where it got that far.
    pub end: Option<RunEnd>,
    /// What was proved about these scenarios.
    pub proof: Option<Proof>,
    /// What the journal should hold and does not, one sentence each.
    pub damage: Vec<String>,
    /// The journals it was merged from, in the order in which they began; empty for a run that has one.
    pub parts: Vec<MergedJournal>,
    /// What earlier runs tell, where they were asked.
    pub history: Option<RunHistory>,
}

/// One of the journals that a run was merged from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MergedJournal {
    /// Of the run that wrote it.
    pub id: String,
    /// Where it was read.
    pub journal: String,
    /// Which part of the selection it had.
    pub shard: Option<Shard>,
    /// Its own seed.
    pub seed: u64,
    /// By its machine's clock.
    pub started: Timestamp,
    /// How many scenarios it had.
    pub scenarios: usize,
    /// How it ended by itself.
    pub exit: Exit,
}

/// One scenario, or one row of an outline.
#[derive(Debug, Clone, PartialEq)]
pub struct ScenarioRecord {
    /// The feature's name.
    pub feature: String,
    /// What the feature says about itself.
    pub feature_description: String,
    /// The rule's name, where it stands under one.
    pub rule: Option<String>,
    /// Its name, the placeholders of an outline replaced.
    pub name: String,
    /// Which row of an outline: `2.1` is the first row of the second table.
    pub row: Option<String>,
    /// The keyword, as written in the file's language.
    pub keyword: String,
    /// The feature file.
    pub uri: String,
    /// The line of the scenario, or of the outline's row; 0 where it is unknown.
    pub line: u32,
    /// With their `@`, inherited ones first.
    pub tags: Vec<String>,
    /// In order; empty where the run ended before its turn.
    pub attempts: Vec<AttemptRecord>,
    /// How it ended.
    pub verdict: ScenarioVerdict,
}

/// One try at a scenario.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AttemptRecord {
    /// When it began.
    pub started: Timestamp,
    /// How long it took; up to the last sign of life where it did not end.
    pub took: Duration,
    /// Whether its end was recorded.
    pub ended: bool,
    /// The thread that ran it.
    pub worker: Option<String>,
    /// In order; the checks at the end are the last one.
    pub steps: Vec<StepRecord>,
    /// What the taps saw, in order of arrival.
    pub exchanges: Vec<Exchange>,
    /// What it meant.
    pub trail: Option<Trail>,
    /// What the checks found.
    pub findings: Vec<Finding>,
    /// The rules that had something to judge, where all evidence is recorded.
    pub judged: Vec<String>,
    /// Why it failed.
    pub diagnosis: Option<Diagnosis>,
    /// Pictures and logs.
    pub artifacts: Vec<ArtifactRecord>,
}

/// One step of an attempt.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StepRecord {
    /// The keyword as written, without the space after it; empty for a hook.
    pub keyword: String,
    /// The sentence, or the hook's name.
    pub text: String,
    /// Its line in the feature file.
    pub line: Option<u32>,
    /// Whether it is a hook: the always-on checks.
    pub hook: bool,
    /// How it ended; unknown where it did not.
    pub status: Status,
    /// How long it took.
    pub took: Duration,
    /// Why it did not pass.
    pub message: Option<String>,
}

/// A picture or a log that was kept with an attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct ArtifactRecord {
    /// The attachment as it was recorded.
    pub attachment: Attachment,
}

/// How many scenarios ended how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    pub passed: usize,
    pub skipped: usize,
    pub unknown: usize,
    pub failed: usize,
    pub flaky: usize,
    /// Failed or unknown ones that a quarantine excuses.
    pub quarantined: usize,
}

/// The reason of every scenario that has no ending.
pub const UNFINISHED: &str = "the run ended before it did";

impl RunRecord {
    /// Gathers a run from its messages.
    pub fn from_envelopes<'a>(envelopes: impl IntoIterator<Item = &'a Envelope>) -> Self {
        let mut digest = RunBuilder::default();
        for envelope in envelopes {
            digest.add(envelope);
        }
        digest.into_run()
    }

    /// Gathers a run from its journal.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, JournalError> {
        let journal = journal::read(path)?;
        let mut run = Self::from_envelopes(&journal.envelopes);
        if let Some(line) = journal.truncated_line {
            run.damage.push(format!("the journal is cut in line {line}: the run was killed while it wrote"));
        }
        if journal.unknown > 0 {
            run.damage.push(format!("the journal holds {} messages of a newer kind, not shown", journal.unknown));
        }
        Ok(run)
    }

    /// The same without what makes it large: exchanges, trails, pictures and logs.
    pub fn without_evidence(mut self) -> Self {
        for attempt in self.scenarios.iter_mut().flat_map(|one| &mut one.attempts) {
            attempt.forget_evidence();
        }
        self
    }

    /// Scenarios by verdict.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for scenario in &self.scenarios {
            totals.count(&scenario.verdict);
        }
        totals
    }

    /// How the process ended, or would have: a run without an end is judged by its scenarios.
    pub fn exit(&self) -> Exit {
        match &self.end {
            Some(end) => end.exit,
            None if self.finished.is_none() && self.judged() == Exit::Passed => Exit::Unknown,
            None => self.judged(),
        }
    }

    /// What the scenarios alone come to.
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

    /// From the start to the end, or to the last sign of life.
    pub fn took(&self) -> Duration {
        match (self.started, self.finished.or(self.last_seen)) {
            (Some(from), Some(to)) => between(from, to),
            (Some(_) | None, None) | (None, Some(_)) => Duration::ZERO,
        }
    }

    /// Everything a reader must know beside the verdicts: the run's own notes, and what the journal lacks.
    pub fn notes(&self) -> Vec<String> {
        let mut notes: Vec<String> = self.end.iter().flat_map(|end| end.notes.iter().cloned()).collect();
        notes.extend(self.parting());
        for scenario in &self.scenarios {
            let verdict = &scenario.verdict;
            if verdict.flaky {
                notes.push(format!("flaky: {} passed only on a retry", scenario.place()));
            }
            if let (Some(why), Verdict::Failed | Verdict::Unknown) = (&verdict.quarantine, verdict.verdict) {
                notes.push(format!("{} {}, in quarantine {why}", scenario.place(), verdict.verdict));
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
                notes.push(format!("broken, but lifted by @allow: {}", lifted.join(", ")));
            }
        }
        if self.finished.is_none() {
            notes.push("the run was stopped before it could end in order".into());
        }
        notes.extend(self.damage.iter().cloned());
        notes.extend(self.unreadable.iter().map(|error| {
            let uri = error.source.uri.as_deref().unwrap_or("a feature file");
            let line = error.source.location.map(|at| format!(":{}", at.line)).unwrap_or_default();
            format!("{uri}{line} could not be read: {}", error.message)
        }));
        notes
    }

    /// What a part of a run that is reported by itself says about the others.
    fn parting(&self) -> Option<String> {
        let shard = self.info.identity.shard.filter(|shard| shard.count > 1 && self.parts.is_empty())?;
        let all = self.info.identity.scenarios;
        Some(format!("this is shard {shard} alone: {} of {all} scenarios", self.scenarios.len()))
    }

    /// The scenarios of each feature file, in order.
    pub fn by_file(&self) -> Vec<Vec<&ScenarioRecord>> {
        grouped(&self.scenarios, |scenario| scenario.uri.clone())
    }

    /// The scenarios with one ending by cause; the cause with the most of them first. Quarantined ones come under causes
    /// of their own.
    pub fn causes(&self, verdict: Verdict) -> Vec<Vec<&ScenarioRecord>> {
        let key = |scenario: &ScenarioRecord| (scenario.cause(), scenario.verdict.quarantine.is_some());
        let mut causes = grouped(self.ended(verdict), key);
        causes.sort_by_key(|scenarios| std::cmp::Reverse(scenarios.len()));
        causes
    }

    /// Those with one ending, in the order of the files.
    pub fn ended(&self, verdict: Verdict) -> impl Iterator<Item = &ScenarioRecord> {
        self.scenarios.iter().filter(move |scenario| scenario.verdict.verdict == verdict)
    }
}

impl Totals {
    /// Counts one more.
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

    /// How many ended in this way.
    pub fn of(&self, verdict: Verdict) -> usize {
        match verdict {
            Verdict::Passed => self.passed,
            Verdict::Skipped => self.skipped,
            Verdict::Unknown => self.unknown,
            Verdict::Failed => self.failed,
        }
    }

    /// All of them.
    pub fn all(&self) -> usize {
        self.passed + self.skipped + self.unknown + self.failed
    }
}

impl ScenarioRecord {
    /// Its name, unique within its feature unless two scenarios were given the same one.
    pub fn title(&self) -> String {
        let name = if self.name.trim().is_empty() { "(unnamed)" } else { self.name.trim() };
        match &self.row {
            Some(row) => format!("{name} #{row}"),
            None => name.to_owned(),
        }
    }

    /// `features/buying.feature:12`, which also selects it.
    pub fn place(&self) -> String {
        format!("{}:{}", self.uri, self.line)
    }

    /// The attempt that counts.
    pub fn last(&self) -> Option<&AttemptRecord> {
        self.attempts.last()
    }

    /// Over all attempts.
    pub fn took(&self) -> Duration {
        self.attempts.iter().map(|attempt| attempt.took).sum()
    }

    /// Why it did not pass, in one line: the diagnosis, else the reason, else what the failed step said.
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

    /// The reason under which failures are counted as one: where, and what kind; else the one line. A page has one edge for
    /// everything that it shows, so what it does not show is told apart by the line, but for its numbers.
    pub fn cause(&self) -> String {
        match self.last().and_then(|attempt| attempt.diagnosis.as_ref()) {
            Some(Diagnosis { class, edge: Some(edge), sentence, .. })
                if edge.from == Edge::MEMBER && ["not shown", "never sent"].contains(&class.as_str()) =>
            {
                without_numbers(sentence)
            }
            Some(Diagnosis { class, edge: Some(edge), .. }) => format!("{class} at {edge}"),
            Some(_) | None => self.why(),
        }
    }
}

impl AttemptRecord {
    /// The first step that did not pass and says so.
    pub fn failed_step(&self) -> Option<&StepRecord> {
        self.steps.iter().find(|step| step.is_bad())
    }

    /// Lets go of what makes it large; why it ended as it did stays.
    pub fn forget_evidence(&mut self) {
        (self.exchanges, self.artifacts, self.trail) = (Vec::new(), Vec::new(), None);
    }

    /// The diagnosis in one line.
    pub fn sentence(&self) -> Option<&str> {
        self.diagnosis.as_ref().map(|diagnosis| diagnosis.sentence.as_str()).filter(|sentence| !sentence.is_empty())
    }

    /// Whether this exchange shows what went wrong: a broken hop or a finding names it.
    pub fn is_broken(&self, exchange: u64) -> bool {
        let hops = self.diagnosis.iter().flat_map(|diagnosis| &diagnosis.hops);
        let mut broken = hops.filter(|hop| hop.state == HopState::Broken).flat_map(|hop| &hop.exchanges);
        broken.any(|id| *id == exchange) || self.findings.iter().any(|finding| finding.exchange == Some(exchange))
    }
}

impl ArtifactRecord {
    /// The content itself; nothing where it is not the base64 that it claims to be.
    pub fn bytes(&self) -> Vec<u8> {
        match self.attachment.content_encoding {
            ContentEncoding::Identity => self.attachment.body.clone().into_bytes(),
            ContentEncoding::Base64 => STANDARD.decode(&self.attachment.body).unwrap_or_default(),
        }
    }

    /// The content in base64.
    pub fn base64(&self) -> String {
        STANDARD.encode(self.bytes())
    }
}

impl StepRecord {
    /// Whether it ended in a way that fails a scenario.
    pub fn is_bad(&self) -> bool {
        match self.status {
            Status::Failed | Status::Undefined | Status::Ambiguous | Status::Pending => true,
            Status::Passed | Status::Skipped | Status::Unknown => false,
        }
    }
}

/// The text with a mark in place of every word that has a digit: ids, amounts, and how long something took.
fn without_numbers(text: &str) -> String {
    let has_digit = |word: &str| word.contains(|letter: char| letter.is_ascii_digit());
    let words = text.split(' ').map(|word| if has_digit(word) { "#" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

/// Groups of those with the same key, each in order, in the order of their first.
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

/// The time from one moment to a later one; none where the clock went back.
pub fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}
