use super::story::{Told, failed, flaky, passed, skipped, tell, unknown};
use crate::model::message::Envelope;
use crate::model::{Exit, Shard, Verdict};
use crate::report::merge::{DifferentRuns, JournalRun, merge, missing};
use crate::report::{RunRecord, history::RunHistory};

/// A run of its own, begun so many minutes after the first.
fn run(id: &str, minutes: i64, told: &[Told]) -> RunRecord {
    named(id, minutes, RunRecord::from_envelopes(&tell(told)))
}

fn named(id: &str, minutes: i64, mut run: RunRecord) -> RunRecord {
    run.info.id = id.into();
    run.info.started = jiff::Timestamp::from_second(1_767_225_600 + 60 * minutes).unwrap();
    run.started = Some(run.info.started);
    run
}

fn part(mut run: RunRecord, index: usize, count: usize, scenarios: usize) -> RunRecord {
    run.info.identity.shard = Some(Shard { index, count });
    run.info.identity.scenarios = scenarios;
    run
}

fn merged(runs: Vec<RunRecord>) -> Result<RunRecord, DifferentRuns> {
    let read = |run: RunRecord| JournalRun { journal: format!("{}/journal.ndjson", run.info.id), run };
    merge(runs.into_iter().map(read).collect(), false)
}

/// Two scenarios in two files, of which the second is this one.
fn with(second: Told) -> Vec<Told> {
    vec![passed("a", "One"), second]
}

#[test]
fn the_last_try_decides_whatever_the_order_of_the_journals() {
    let (first, second) = (run("first", 0, &with(failed("b", "Two"))), run("second", 9, &[passed("b", "Two")]));
    let whole = merged(vec![second, first]).unwrap();
    assert_eq!(whole.exit(), Exit::Passed, "{:?}", whole.notes());
    let two = &whole.scenarios[1];
    assert_eq!((two.verdict.verdict, two.verdict.flaky, two.attempts.len()), (Verdict::Passed, true, 2));
    assert!(two.attempts[0].findings.len() == 2 && two.attempts[1].findings.is_empty(), "the first try stays visible");
    assert_eq!(whole.parts.iter().map(|part| part.id.as_str()).collect::<Vec<_>>(), ["first", "second"]);
}

#[test]
fn what_passed_and_then_failed_has_failed_and_a_note_says_so() {
    let (first, second) = (run("first", 0, &with(passed("b", "Two"))), run("second", 9, &[failed("b", "Two")]));
    let whole = merged(vec![first, second]).unwrap();
    assert_eq!((whole.exit(), whole.totals().failed), (Exit::Failed, 1));
    assert!(whole.notes().iter().any(|note| note.contains("had passed before, but failed in the run second")));
}

#[test]
fn a_try_that_came_to_nothing_decides_nothing() {
    let first = run("first", 0, &with(failed("b", "Two")));
    let skipping = run("second", 9, &[skipped("b", "Two", "no browser")]);
    assert_eq!(merged(vec![first.clone(), skipping]).unwrap().totals().failed, 1);
    let mut never_begun = run("second", 9, &[passed("b", "Two")]);
    never_begun.scenarios[0].attempts.clear();
    assert_eq!(merged(vec![first, never_begun]).unwrap().totals().failed, 1);
}

#[test]
fn a_flaky_scenario_fails_the_whole_where_it_failed_its_part() {
    let mut first = run("first", 0, &with(flaky("b", "Two")));
    let other = run("second", 9, &[passed("a", "One")]);
    assert_eq!(merged(vec![first.clone(), other.clone()]).unwrap().exit(), Exit::Passed);
    first.info.flaky_fails = true;
    assert_eq!(merged(vec![first, other]).unwrap().exit(), Exit::Failed);
}

#[test]
fn a_part_that_could_not_be_judged_leaves_the_whole_unknown() {
    let shard = |index: usize, told: &[Told]| part(run(&index.to_string(), 0, told), index, 2, 2);
    let (one, mut two) = (shard(1, &[passed("a", "One")]), shard(2, &[passed("b", "Two")]));
    assert_eq!(merged(vec![one.clone(), two.clone()]).unwrap().exit(), Exit::Passed);
    two.end.as_mut().unwrap().exit = Exit::Unknown;
    assert_eq!(merged(vec![one.clone(), two]).unwrap().exit(), Exit::Unknown);
    let whole = merged(vec![one, shard(2, &[unknown("b", "Two", "the worker is slow")])]).unwrap();
    assert_eq!(whole.exit(), Exit::Unknown);
}

#[test]
fn a_shard_that_was_killed_is_named_and_can_be_tried_again() {
    let envelopes = tell(&[passed("b", "Two"), passed("c", "Three")]);
    let ended = envelopes.iter().position(|one| matches!(one, Envelope::TestCaseFinished(_))).unwrap();
    let killed = part(named("2", 1, RunRecord::from_envelopes(&envelopes[..=ended])), 2, 2, 3);
    let one = part(run("1", 0, &[passed("a", "One")]), 1, 2, 3);
    let whole = merged(vec![one.clone(), killed.clone()]).unwrap();
    assert_eq!(whole.exit(), Exit::Unknown);
    let said = "shard 2/2 was stopped before its end: 1 scenario has no result";
    assert!(whole.notes().iter().any(|note| note == said), "{:?}", whole.notes());
    let again = run("again", 9, &[passed("b", "Two"), passed("c", "Three")]);
    let whole = merged(vec![one, killed, again]).unwrap();
    assert_eq!((whole.exit(), whole.totals().passed), (Exit::Passed, 3), "{:?}", whole.notes());
}

#[test]
fn shards_that_are_missing_are_counted_and_an_empty_one_is_not() {
    let shard = |index: usize, told: &[Told], all| part(run(&index.to_string(), 0, told), index, 4, all);
    let (one, two) = ([passed("a", "One")], [failed("b", "Two")]);
    let whole = merged(vec![shard(1, &one, 3), shard(2, &two, 3)]).unwrap();
    assert_eq!(missing(&whole), ["shard 3/4 is missing", "shard 4/4 is missing", "1 of 3 scenarios are in no journal"]);
    assert_eq!(whole.exit(), Exit::Failed, "a known failure wins");
    assert!(missing(&merged(vec![shard(1, &one, 2), shard(2, &two, 2)]).unwrap()).is_empty());
    let (three, four) = (shard(3, &[passed("c", "Three")], 5), shard(4, &[passed("d", "Four")], 5));
    let whole = merged(vec![shard(1, &one, 5), shard(2, &two, 5), three, four]).unwrap();
    assert!(missing(&whole)[0].contains("divided differently"), "{:?}", missing(&whole));
}

#[test]
fn everything_that_differs_is_said_at_once() {
    let one = part(run("one", 0, &[passed("a", "One")]), 1, 2, 2);
    let mut other = part(run("other", 0, &[passed("b", "Two")]), 2, 3, 2);
    other.info.target = "mine".into();
    other.info.version = "9".into();
    other.info.services[1].provider = "container".into();
    other.info.identity.build = Some("github 2".into());
    let said = merged(vec![one, other]).unwrap_err().to_string();
    for what in
        ["paidpath: 0.1.0 and 9", "the target: atelier and mine", "billing container", "the shards: 1/2 and 2/3"]
    {
        assert!(said.contains(what), "{what}: {said}");
    }
    assert!(!said.contains("the CI build"), "one that says nothing does not contradict: {said}");
}

#[test]
fn one_journal_and_the_same_one_twice_are_one_run() {
    let only = run("one", 0, &with(failed("b", "Two")));
    assert_eq!(merged(vec![only.clone(), only.clone()]).unwrap(), only);
}

#[test]
fn a_history_knows_since_when_and_how_often() {
    let night = |number: i64, second: Told| run(&number.to_string(), number, &with(second));
    let nights = [night(0, failed("b", "Two")), night(1, passed("b", "Two")), night(2, failed("b", "Two"))];
    let earlier: Vec<RunRecord> =
        nights.into_iter().chain([night(3, unknown("b", "Two", "?")), night(4, flaky("a", "Other"))]).collect();
    let history = RunHistory::of(&earlier, &night(5, failed("b", "Two")));
    let (red, since) = history.red()[0];
    assert_eq!((red.name.title.as_str(), since.id.as_str()), ("Two", "2"), "neither unknown nor absent is green");
    assert_eq!(history.red().len(), 1);
    let flaky = history.flaky();
    assert_eq!((flaky.len(), flaky[0].flaky(), flaky[0].ran()), (1, 1, 1));
    assert_eq!(history.runs.len(), 6);
    let own = RunHistory::of(&earlier, &earlier[1]);
    assert_eq!((own.runs.len(), own.red().len()), (5, 0), "a run is not its own past");
}
