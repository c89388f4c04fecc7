//! Merging the journals of one run: its shards, and second runs of scenarios that failed.
//!
//! Each journal names the run that it is a part of ([`Identity`]). Parts of different runs are merged only on request (`--mix`), and
//! a missing part makes the whole run unknown. The last run of a scenario decides its verdict; earlier runs that did not pass stay
//! as attempts.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::record::{MergedJournal, RunRecord, ScenarioRecord};
use super::text;
use crate::model::{Cause, Exit, Identity, RunEnd, RunInfo, Verdict};

/// A run with the name of the journal that it was read from.
#[derive(Debug)]
pub struct JournalRun {
    pub journal: String,
    pub run: RunRecord,
}

/// The error for journals that belong to different runs.
#[derive(Debug, thiserror::Error)]
#[error("these are journals of different runs:\n{}", .0.iter().map(|one| format!("  {one}\n")).collect::<String>())]
pub struct DifferentRuns(pub Vec<String>);

/// The identity of a scenario among all parts: file, line, and number among its repetitions (`--repeat`).
type ScenarioKey = (String, u32, usize);

/// Merges the parts of one run. A single part is returned unchanged. Parts of different runs are an error that names every
/// difference, unless `mix` turns the differences into notes.
pub fn merge(mut parts: Vec<JournalRun>, mix: bool) -> Result<RunRecord, DifferentRuns> {
    parts.sort_by_key(|part| part.run.info.started);
    // The same journal given twice is one journal.
    let mut known = HashSet::new();
    parts.retain(|part| known.insert(part.run.info.id.clone()));
    if parts.len() < 2 {
        return Ok(parts.pop().map(|part| part.run).unwrap_or_default());
    }
    let differences = differences(&parts);
    if !differences.is_empty() && !mix {
        return Err(DifferentRuns(differences));
    }
    Ok(join(parts, differences))
}

/// Returns a sentence for each part of the selection that is missing, also for a run that was never merged.
pub fn missing(run: &RunRecord) -> Vec<String> {
    let alone = [(run.info.identity.shard, run.scenarios.len())];
    let parts: Vec<_> = match run.parts.as_slice() {
        [] => alone.to_vec(),
        parts => parts.iter().map(|part| (part.shard, part.scenarios)).collect(),
    };
    let Some(count) = parts.iter().find_map(|(shard, _)| shard.map(|shard| shard.count)) else { return Vec::new() };
    let here: HashSet<(&str, u32)> = run.scenarios.iter().map(|one| (one.uri.as_str(), one.line)).collect();
    let all = run.info.identity.scenarios;
    let left = all.saturating_sub(here.len());
    if left == 0 {
        return Vec::new();
    }
    let present: BTreeSet<usize> = parts.iter().filter_map(|(shard, _)| shard.map(|shard| shard.index)).collect();
    let absent = (1..=count).filter(|index| !present.contains(index));
    let mut said: Vec<String> = absent.map(|index| format!("shard {index}/{count} is missing")).collect();
    if said.is_empty() {
        said.push(
            "every shard is here, but one was stopped before it had recorded its scenarios, or they were divided differently"
                .into(),
        );
    }
    said.push(format!("{left} of {all} scenarios are in no journal"));
    said
}

/// Returns a sentence for each reason why the parts are not one run.
fn differences(parts: &[JournalRun]) -> Vec<String> {
    let mut found = Vec::new();
    // A shard without scenarios needed no services, and adds nothing that could differ.
    let parts: Vec<&JournalRun> = parts.iter().filter(|part| !part.run.scenarios.is_empty()).collect();
    let Some((first, others)) = parts.split_first() else { return found };
    for other in others {
        let between = format!("{} and {}", first.journal, other.journal);
        let of_both = identity_differences(&first.run.info, &other.run.info);
        found.extend(of_both.into_iter().map(|what| format!("{what} ({between})")));
    }
    let keys: Vec<HashSet<ScenarioKey>> = parts.iter().map(|part| keys(&part.run).into_iter().collect()).collect();
    for (place, part) in parts.iter().enumerate() {
        let identity = &part.run.info.identity;
        let together = identity.build.is_some() && identity.build == first.run.info.identity.build;
        if identity.shard.is_some() || together {
            continue;
        }
        let others = keys.iter().enumerate().filter(|(other, _)| *other != place);
        let others: HashSet<&ScenarioKey> = others.flat_map(|(_, keys)| keys).collect();
        let tried_again = keys[place].iter().all(|key| others.contains(key));
        let was_tried_again = others.iter().all(|key| keys[place].contains(*key));
        if !tried_again && !was_tried_again {
            let journal = &part.journal;
            found.push(format!(
                "the scenarios: {journal} has others than the rest, and neither a CI build nor a shard says that they \
                 belong together"
            ));
            break;
        }
    }
    found
}

/// Returns what differs between two journals although parts of one run have it in common.
fn identity_differences(one: &RunInfo, other: &RunInfo) -> Vec<String> {
    let (ours, theirs) = (&one.identity, &other.identity);
    let mut found = Vec::new();
    let mut differ = |what: &str, one: &str, other: &str| {
        if one != other {
            found.push(format!("{what}: {one} and {other}"));
        }
    };
    differ("paidpath", &one.version, &other.version);
    if let (Some(one), Some(other)) = (&ours.build, &theirs.build) {
        differ("the CI build", one, other);
    }
    differ("the target", &one.target, &other.target);
    differ("the topology", &one.topology, &other.topology);
    let services = |info: &RunInfo| {
        let services = info.services.iter().map(|service| format!("{} {}", service.name, service.provider));
        services.collect::<Vec<_>>().join(", ")
    };
    differ("the services", &services(one), &services(other));
    let faults = |info: &RunInfo| if info.faults.is_empty() { "none".to_owned() } else { info.faults.join(", ") };
    differ("the faults of the whole run", &faults(one), &faults(other));
    let defects = |info: &RunInfo| if info.defects.is_empty() { "none".to_owned() } else { info.defects.join(", ") };
    differ("the seeded defects", &defects(one), &defects(other));
    if one.target == other.target && ours.target != theirs.target {
        found.push(format!("the target's file: {} has changed", one.target));
    }
    if one.edges != other.edges {
        found.push("the edges of the topology".into());
    }
    let print = |uri: &str| theirs.features.iter().find(|file| file.uri == uri).map(|file| &file.fingerprint);
    let changed = ours.features.iter().filter(|file| print(&file.uri).is_some_and(|print| *print != file.fingerprint));
    found.extend(changed.map(|file| format!("the feature {} has changed", file.uri)));
    if let (Some(one), Some(other)) = (ours.shard, theirs.shard) {
        if one.count != other.count {
            found.push(format!("the shards: {one} and {other}"));
        } else if ours.timings != theirs.timings {
            let said = |identity: &Identity| identity.timings.clone().unwrap_or_else(|| "none".into());
            let (one, other) = (said(ours), said(theirs));
            found.push(format!("the --timings that divided them into shards: {one} and {other}"));
        } else if ours.selection != theirs.selection {
            let (one, other) = (ours.scenarios, theirs.scenarios);
            found.push(format!("what was divided into shards: {one} scenarios, and {other} that are not all the same"));
        }
    }
    found
}

fn keys(run: &RunRecord) -> Vec<ScenarioKey> {
    let mut seen: HashMap<(&str, u32), usize> = HashMap::new();
    run.scenarios
        .iter()
        .map(|scenario| {
            let times = seen.entry((&scenario.uri, scenario.line)).or_default();
            *times += 1;
            (scenario.uri.clone(), scenario.line, *times)
        })
        .collect()
}

/// A scenario with its verdict after the parts that were merged so far.
struct MergedScenario {
    key: ScenarioKey,
    scenario: ScenarioRecord,
    /// The part that decided the verdict.
    by: usize,
    /// True where the scenario passed in a later run, and not in a later attempt of the same run.
    over_runs: bool,
}

fn join(parts: Vec<JournalRun>, differences: Vec<String>) -> RunRecord {
    let mut whole = RunRecord { parts: parts.iter().map(part_of).collect(), ..RunRecord::default() };
    let infos: Vec<RunInfo> = parts.iter().map(|part| part.run.info.clone()).collect();
    let stopped: Vec<bool> = parts.iter().map(|part| part.run.finished.is_none()).collect();
    let mixed = differences.iter().map(|difference| format!("merged although different: {difference}"));
    let mut end = RunEnd { notes: mixed.collect(), ..RunEnd::of(Exit::Passed) };
    let mut decided: Vec<MergedScenario> = Vec::new();
    let mut places: HashMap<ScenarioKey, usize> = HashMap::new();
    let mut unjudged = false;
    for (by, JournalRun { journal, mut run }) in parts.into_iter().enumerate() {
        whole.started = earliest(whole.started, run.started);
        whole.last_seen = whole.last_seen.max(run.finished).max(run.last_seen);
        add_new(&mut whole.unreadable, std::mem::take(&mut run.unreadable));
        whole.damage.extend(run.damage.iter().map(|damage| format!("{journal}: {damage}")));
        if let Some(ended) = run.end.take() {
            // Another part may decide its scenarios. Any other reason for an unknown run stays.
            unjudged |= ended.exit == Exit::Unknown && run.judged() == Exit::Passed;
            add_up(&mut end, ended);
        }
        for (key, scenario) in keys(&run).into_iter().zip(run.scenarios) {
            match places.get(&key) {
                Some(place) => merge_later_run(&mut decided[*place], scenario, by, &infos[by].id, &mut end.notes),
                None => {
                    places.insert(key.clone(), decided.len());
                    decided.push(MergedScenario { key, scenario, by, over_runs: false });
                }
            }
        }
    }
    end.lifted.sort_by_key(|lifted| lifted.rule);
    let fails = |one: &MergedScenario| one.scenario.verdict.flaky && !one.over_runs && infos[one.by].flaky_fails;
    let flaky_fails = decided.iter().any(fails);
    for (by, info) in infos.iter().enumerate().filter(|(by, _)| stopped[*by]) {
        let open = decided.iter().filter(|one| one.by == by && is_unfinished(&one.scenario)).count();
        if open > 0 {
            let name = info.identity.shard.map_or_else(|| format!("run {}", info.id), |shard| format!("shard {shard}"));
            let left = text::count(open, "scenario has no result", "scenarios have no result");
            whole.damage.push(format!("{name} was stopped before its end: {left}"));
        }
    }
    whole.info = info_of(infos);
    let features = &whole.info.identity.features;
    let file = |uri: &str| features.iter().position(|file| file.uri == uri).unwrap_or(usize::MAX);
    // Repetitions come behind all first runs, as in the journal of one run.
    decided
        .sort_by_cached_key(|MergedScenario { key: (uri, line, times), .. }| (*times, file(uri), uri.clone(), *line));
    whole.scenarios = decided.into_iter().map(|one| one.scenario).collect();
    whole.info.selected = whole.scenarios.len();
    whole.finished = whole.last_seen;
    let absent = missing(&whole);
    end.exit = match whole.judged() {
        Exit::Passed if flaky_fails => Exit::Failed,
        Exit::Passed if unjudged || !absent.is_empty() => Exit::Unknown,
        exit => exit,
    };
    end.notes.extend(absent);
    whole.end = Some(end);
    whole
}

fn part_of(part: &JournalRun) -> MergedJournal {
    let info = &part.run.info;
    MergedJournal {
        id: info.id.clone(),
        journal: part.journal.clone(),
        shard: info.identity.shard,
        seed: info.seed,
        started: info.started,
        scenarios: part.run.scenarios.len(),
        exit: part.run.exit(),
    }
}

/// Returns the information about the merged run. The first part with scenarios speaks for the rest.
fn info_of(infos: Vec<RunInfo>) -> RunInfo {
    let id = infos.iter().map(|info| info.id.as_str()).collect::<Vec<_>>().join("+");
    // A second run may have been asked for fewer scenarios; only a shard knows how many the whole selection has.
    let divided = infos.iter().find(|info| info.identity.shard.is_some()).or(infos.first());
    let mut identity = divided.map(|info| info.identity.clone()).unwrap_or_default();
    // The merged run is the whole selection and no shard of it.
    (identity.shard, identity.timings) = (None, None);
    for info in &infos {
        add_new(&mut identity.features, info.identity.features.clone());
    }
    let place = infos.iter().position(|info| info.selected > 0).unwrap_or_default();
    RunInfo { id, identity, ..infos.into_iter().nth(place).unwrap_or_default() }
}

/// Lets a later run of a scenario decide, unless it came to no verdict.
fn merge_later_run(
    decided: &mut MergedScenario,
    mut later: ScenarioRecord,
    by: usize,
    id: &str,
    notes: &mut Vec<String>,
) {
    let earlier = &mut decided.scenario;
    let (before, now) = (earlier.verdict.verdict, later.verdict.verdict);
    if later.attempts.is_empty() || (now == Verdict::Skipped && before != Verdict::Skipped) {
        return;
    }
    let mut attempts = std::mem::take(&mut earlier.attempts);
    decided.over_runs = false;
    match before {
        Verdict::Failed | Verdict::Unknown => {
            if now == Verdict::Passed && !later.verdict.flaky && !attempts.is_empty() {
                // A pass after a failure is flaky, in another run just as in another attempt.
                (later.verdict.flaky, decided.over_runs) = (true, true);
            }
        }
        Verdict::Passed => {
            // Attempts show how a scenario failed; one that passed would hide that the last one counts.
            attempts.pop();
            if now != Verdict::Passed {
                notes.push(format!("{} had passed before, but {now} in the run {id}", earlier.place()));
            }
        }
        Verdict::Skipped => attempts.clear(),
    }
    attempts.append(&mut later.attempts);
    later.attempts = attempts;
    (decided.scenario, decided.by) = (later, by);
}

fn is_unfinished(scenario: &ScenarioRecord) -> bool {
    scenario.verdict.cause == Some(Cause::Unfinished)
}

/// Adds the counts of one more part.
fn add_up(end: &mut RunEnd, more: RunEnd) {
    end.strays += more.strays;
    add_new(&mut end.notes, more.notes);
    for judged in more.checks {
        match end.checks.iter_mut().find(|known| known.rule == judged.rule) {
            Some(known) => known.scenarios += judged.scenarios,
            None => end.checks.push(judged),
        }
    }
    for lifted in more.lifted {
        match end.lifted.iter_mut().find(|known| known.rule == lifted.rule) {
            Some(known) => known.times += lifted.times,
            None => end.lifted.push(lifted),
        }
    }
}

/// Adds the elements that are not there yet.
fn add_new<T: PartialEq>(all: &mut Vec<T>, more: Vec<T>) {
    for one in more {
        if !all.contains(&one) {
            all.push(one);
        }
    }
}

fn earliest<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
