//! Shards: whatever each machine remembers of earlier runs, together they run every scenario once.

use std::collections::BTreeMap;
use std::fs;

use crate::support::{Folder, Ran, journal};

/// Three files with four scenarios each; those called `end` end so.
fn suite(end: &str) -> Folder {
    let folder = Folder::new();
    for name in ["a", "b", "c"] {
        let text = format!(
            "Feature: {name}\n  Scenario: one\n    Then something holds\n  Scenario: two\n    Then something {end}\n  Scenario: three\n    Then something {end}\n  Scenario: four\n    Then something holds\n"
        );
        folder.write(&format!("features/{name}.feature"), text);
    }
    folder
}

/// All places of the suite.
fn places() -> Vec<String> {
    let lines = [2, 4, 6, 8];
    ["a", "b", "c"].iter().flat_map(|name| lines.map(|line| format!("features/{name}.feature:{line}"))).collect()
}

/// What some run would have left, if its scenarios had taken so many seconds.
fn last_run(seconds: impl Fn(usize) -> usize) -> String {
    let ending = |(number, place): (usize, String)| {
        (place, serde_json::json!({"verdict": "passed", "took_micros": seconds(number) * 1_000_000}))
    };
    let scenarios: serde_json::Map<_, _> = places().into_iter().enumerate().map(ending).collect();
    serde_json::json!({ "scenarios": scenarios }).to_string()
}

/// Runs one part in a reports' folder of its own.
fn run(folder: &Folder, shard: &str, reports: &str, more: &[&str]) -> Ran {
    folder.paidpath(&[&["run", "--shard", shard, "--reports", reports, "--report", "junit"], more].concat())
}

/// The places of the scenarios that the journals hold.
fn ran(folder: &Folder, reports: &[&str]) -> Vec<String> {
    let of_one = |reports: &&str| {
        let pickles = journal(&folder.path().join(reports), "pickle").into_iter();
        pickles
            .map(|pickle| format!("{}:{}", pickle["uri"].as_str().unwrap(), pickle["location"]["line"]))
            .collect::<Vec<_>>()
    };
    let mut all: Vec<String> = reports.iter().flat_map(of_one).collect();
    all.sort();
    all
}

#[test]
fn machines_with_different_memories_run_every_scenario_exactly_once() {
    let folder = suite("holds");
    let machines = ["m/1", "m/2", "m/3", "m/4"];
    for (number, machine) in machines.iter().enumerate() {
        let seconds = |place: usize| (place + 1) * (number + 1) * 7_919 % 13;
        folder.write(&format!("{machine}/last-run.json"), last_run(seconds));
        run(&folder, &format!("{}/4", number + 1), machine, &[]).expect(0, &["3 passed, 0 failed"]);
    }
    assert_eq!(ran(&folder, &machines), places());
    folder.paidpath(&["report", "m"]).expect(0, &["12 passed, 0 failed", "of 4 journals"]);
}

#[test]
fn timings_that_all_machines_are_given_balance_the_shards() {
    let folder = suite("holds");
    // The sixth takes as long as all others together.
    folder.write("timings.json", last_run(|place| if place == 5 { 11 } else { 1 }));
    let listed = |shard: &str| {
        let listed = folder.paidpath(&["run", "--list", "--shard", shard, "--timings", "timings.json"]);
        let places = listed.out.lines().filter_map(|line| Some(line.split_once("  ")?.0.to_owned()));
        places.collect::<Vec<_>>()
    };
    let (one, other) = (listed("1/2"), listed("2/2"));
    assert_eq!((one.as_slice(), other.len()), (&["features/b.feature:4".to_owned()][..], 11));
}

#[test]
fn a_scenario_that_the_timings_do_not_know_counts_as_much_as_others_do() {
    let folder = suite("holds");
    let mut known: BTreeMap<String, serde_json::Value> = BTreeMap::new();
    for place in places().into_iter().take(4) {
        known.insert(place, serde_json::json!({"verdict": "passed", "took_micros": 2_000_000}));
    }
    folder.write("timings.json", serde_json::json!({ "scenarios": known }).to_string());
    for shard in ["1/3", "2/3", "3/3"] {
        let listed = folder.paidpath(&["run", "--list", "--shard", shard, "--timings", "timings.json"]);
        assert_eq!(listed.out.lines().count(), 4, "{shard}: {}", listed.out);
    }
}

#[test]
fn shards_of_different_timings_are_not_mixed_silently() {
    let folder = suite("holds");
    folder.write("old.json", last_run(|place| place));
    folder.write("new.json", last_run(|place| 12 - place));
    run(&folder, "1/2", "old", &["--timings", "old.json"]).expect(0, &[]);
    run(&folder, "2/2", "new", &["--timings", "new.json"]).expect(0, &[]);
    run(&folder, "2/2", "without", &[]).expect(0, &[]);
    run(&folder, "2/2", "same", &["--timings", "old.json"]).expect(0, &[]);
    for other in ["new", "without"] {
        let said = "the --timings that divided them into shards";
        folder.paidpath(&["report", "old", other]).expect(64, &["journals of different runs", said]);
    }
    folder.paidpath(&["report", "old", "same"]).expect(0, &["12 passed"]);
}

#[test]
fn timings_that_are_not_there_or_are_none_are_refused() {
    let folder = suite("holds");
    folder.write("none.json", "[]");
    run(&folder, "1/2", "r", &["--timings", "nowhere.json"]).expect(64, &["nowhere.json", "there is no such file"]);
    run(&folder, "1/2", "r", &["--timings", "none.json"])
        .expect(64, &["none.json", "is not the last-run.json of a run"]);
}

#[test]
fn a_shard_tries_all_again_that_it_has_seen_fail() {
    let folder = suite("does not hold");
    for shard in ["1", "2"] {
        run(&folder, &format!("{shard}/2"), shard, &[]).expect(1, &[]);
    }
    fs::create_dir(folder.path().join("again")).unwrap();
    fs::copy(folder.path().join("1/last-run.json"), folder.path().join("again/last-run.json")).unwrap();
    run(&folder, "1/2", "again", &["--last-failed"]).expect(1, &["0 passed, 3 failed"]);
    folder.paidpath(&["report", "1", "2", "again"]).expect(1, &["6 passed, 6 failed", "of 3 journals"]);
}

#[test]
fn a_part_may_be_empty_and_a_selection_may_not() {
    let folder = suite("holds");
    let only = ["--name", "^one$"];
    run(&folder, "3/4", "r", &only).expect(0, &["1 passed"]);
    run(&folder, "4/4", "r", &only).expect(0, &["shard 4/4 has no scenario"]);
    for shard in ["1/4", "4/4"] {
        run(&folder, shard, "r", &["--tags", "@nobody"]).expect(2, &["none of the 12 scenarios found was selected"]);
    }
}

#[test]
fn a_part_without_scenarios_is_a_part_of_the_whole() {
    let folder = suite("holds");
    for part in 1..=4 {
        let reports = format!("m/{part}");
        run(&folder, &format!("{part}/4"), &reports, &["--name", "^one$"]).expect(0, &["exit 0"]);
    }
    folder.paidpath(&["report", "m"]).expect(0, &["3 passed, 0 failed", "of 4 journals"]);
    std::fs::remove_dir_all(folder.path().join("m/1")).unwrap();
    folder.paidpath(&["report", "m"]).expect(2, &["shard 1/4 is missing"]);
}
