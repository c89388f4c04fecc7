//! A runner that cannot lie: what has not been tested is never green.

use crate::support::Folder;

/// A feature whose text is given, run alone; the exit code and what is said.
#[track_caller]
fn run(feature: &str, code: i32, says: &[&str]) {
    Folder::with("a.feature", feature).paidpath(&["run", "a.feature"]).expect(code, says);
}

#[test]
fn an_undefined_step_is_refused_with_its_place_and_the_nearest_sentence() {
    run(
        "Feature: f\n  Scenario: s\n    Given Ann haz 500 credits\n    Then something holds\n",
        64,
        &[
            "a.feature:3:5",
            "no sentence of the vocabulary says `Given Ann haz 500 credits`",
            "undefined-step",
            "Did you mean",
        ],
    );
}

#[test]
fn a_code_that_no_refusal_has_is_the_scenarios_own_mistake() {
    run(
        "Feature: f\n  Scenario: s\n    Given Ann has 5 credits\n    And early access to Dusk costs 120 credits for generation\n    When Ann buys generation access to Dusk\n    Then that is refused with insufficient-fund\n",
        2,
        &["the catalogue of refusals has no `insufficient-fund`. Did you mean `insufficient-funds`?", "1 unknown"],
    );
}

#[test]
fn an_ambiguous_step_is_refused_with_both_sentences() {
    run(
        "Feature: f\n  Scenario: s\n    Given an ambiguous step\n    Then something holds\n",
        64,
        &["a.feature:3:5", "could be several sentences", "rehearsal.rs:"],
    );
}

#[test]
fn a_folder_without_features_is_refused() {
    let folder = Folder::with("empty/readme.txt", "nothing here");
    folder.paidpath(&["run", "empty"]).expect(64, &["empty", "has no feature file"]);
}

#[test]
fn a_link_to_a_folder_is_followed_once() {
    let folder = Folder::with("e/sub/a.feature", "Feature: f\n  Scenario: s\n    Then something holds\n");
    folder.write("beside/b.feature", "Feature: g\n  Scenario: t\n    Then something holds\n");
    for (to, link) in [(".", "e/l1"), (".", "e/l2"), ("..", "e/sub/up"), ("..", "e/out"), ("../beside", "e/more")] {
        std::os::unix::fs::symlink(to, folder.path().join(link)).unwrap();
    }
    let ran = folder.paidpath(&["run", "e", "--list"]);
    ran.expect(0, &["e/sub/a.feature:2", "e/more/b.feature:2"]);
    assert_eq!(ran.out.lines().count(), 2, "{}", ran.out);
    assert!(folder.paidpath(&["check", "e"]).out.contains("2 files looked at"));
}

#[test]
fn pipes_and_devices_are_not_read() {
    let folder = Folder::with("e/a.feature", "Feature: f\n  Scenario: s\n    Then something holds\n");
    assert!(std::process::Command::new("mkfifo").arg(folder.path().join("e/b.feature")).status().unwrap().success());
    std::os::unix::fs::symlink("/dev/zero", folder.path().join("e/c.feature")).unwrap();
    let says = ["e/b.feature: is neither a file nor a folder", "e/c.feature: is neither a file nor a folder"];
    folder.paidpath(&["run", "e"]).expect(64, &says);
    folder.paidpath(&["run", "e/b.feature"]).expect(64, &says[..1]);
    folder.paidpath(&["check", "e"]).expect(1, &["e/b.feature", "e/c.feature", "is neither a file nor a folder"]);
}

#[test]
fn a_file_that_was_probably_meant_and_is_not_read_is_told() {
    let feature = "Feature: f\n  Scenario: s\n    Then something holds\n";
    let folder = Folder::with("features/a.feature", feature);
    for near in ["features/b.FEATURE", "features/c.feature.txt", "features/d.featuer", "topology.tml", "Target.toml"] {
        folder.write(near, feature);
    }
    folder.write("features/notes.md", "no feature");
    let says = ["b.FEATURE is not read", "c.feature.txt is not read", "d.featuer is not read"];
    let files = [
        "topology.tml is not read. Did you mean `topology.toml`?",
        "Target.toml is not read. Did you mean `target.toml`?",
    ];
    let ran = folder.paidpath(&["run", "--report", "markdown"]);
    ran.expect(0, &says).expect(0, &files);
    assert!(!ran.out.contains("notes.md"), "{}", ran.out);
    let summary = std::fs::read_to_string(folder.reports().join("summary.md")).unwrap();
    assert!(summary.contains("is not read"), "{summary}");
    folder.paidpath(&["run", "--dry-run"]).expect(0, &says);
    folder.paidpath(&["check"]).expect(1, &says).expect(1, &files).expect(1, &["[near-miss]"]);
}

#[test]
fn a_folder_without_features_is_refused_and_told_what_comes_with_paidpath() {
    let folder = Folder::new();
    let says = ["there are no features to run", "`paidpath init`", "`paidpath demo`"];
    folder.paidpath(&["run"]).expect(64, &says);
    folder.paidpath(&["--tags", "not @page"]).expect(64, &says);
    assert!(!folder.reports().exists());
    let demo = folder.paidpath(&["demo", "features/money", "--list"]);
    demo.expect(0, &["features/money/refund.feature:"]);
    assert!(demo.out.lines().all(|line| line.starts_with("features/money/")), "{}", demo.out);
    folder.paidpath(&["demo", "features/mony"]).expect(64, &["no such feature comes with paidpath"]);
}

#[test]
fn a_run_in_a_folder_of_a_project_is_a_run_of_the_project() {
    let folder = Folder::with(
        "features/a/a.feature",
        "Feature: f
  Scenario: s
    Then something holds
",
    );
    folder.write(
        "features/b.feature",
        "Feature: g
  Scenario: t
    Then something holds
",
    );
    folder.with_topology_secret("topology.toml", "PATH");
    let inside = |arguments: &[&str]| {
        let output = folder.command(arguments).current_dir(folder.path().join("features/a")).output().unwrap();
        crate::support::Ran::of(output, folder.reports())
    };
    inside(&["run"]).expect(0, &["2 passed", "(topology.toml)", "(comes with paidpath)"]);
    assert!(folder.reports().join("junit.xml").exists());
    inside(&["run", "a.feature:2", "--list"]).expect(0, &["features/a/a.feature:2  s"]);
    inside(&["run", "../b.feature", "--list"]).expect(0, &["features/b.feature:2  t"]);
    inside(&["run", ".", "--reports", "here"]).expect(0, &["1 passed"]);
    assert!(folder.path().join("features/a/here/junit.xml").exists());
}

#[test]
fn every_report_says_whether_topology_and_target_came_from_files() {
    let folder = Folder::with(
        "features/a.feature",
        "Feature: f
  Scenario: s
    Then something holds
",
    );
    folder.with_topology_secret("topology.toml", "PATH");
    let ran = folder.paidpath(&["run", "--report", "markdown,junit,html"]);
    ran.expect(0, &["Atelier (comes with paidpath) on embedded (topology.toml)"]);
    for name in ["summary.md", "junit.xml", "index.html", "last-run.json"] {
        let report = std::fs::read_to_string(folder.reports().join(name)).unwrap();
        let (file, shipped) = if name == "last-run.json" {
            ("topology.toml", "\"paidpath\"")
        } else {
            ("topology.toml", "comes with paidpath")
        };
        assert!(report.contains(file) && report.contains(shipped), "{name}");
    }
}

#[test]
fn a_feature_without_scenarios_is_refused() {
    run("Feature: f\n", 64, &["a.feature:1", "no-scenarios"]);
}

#[test]
fn an_outline_without_rows_is_refused() {
    run(
        "Feature: f\n  Scenario Outline: s\n    Then something <x>\n    Examples:\n      | x |\n",
        64,
        &["a.feature:", "no-rows"],
    );
}

#[test]
fn a_scenario_without_steps_is_refused() {
    run("Feature: f\n  Scenario: s\n", 64, &["a.feature:2", "no-steps"]);
}

#[test]
fn a_mistyped_keyword_is_refused_and_not_taken_for_prose() {
    run(
        "Feature: f\n  Scenario: s\n    Gievn Ann has 5 credits\n    Then something holds\n",
        64,
        &["a.feature:3", "Given"],
    );
}

#[test]
fn a_scenario_without_a_then_is_refused() {
    run("Feature: f\n  Scenario: s\n    Given Ann has 5 credits\n", 64, &["a.feature:2", "no-outcome"]);
}

#[test]
fn two_scenarios_of_one_name_are_refused() {
    let scenario = "  Scenario: s\n    Then something holds\n";
    run(&format!("Feature: f\n{scenario}{scenario}"), 64, &["a.feature:4", "duplicate-name"]);
}

#[test]
fn a_selection_that_selects_nothing_is_not_green() {
    let folder = Folder::with("a.feature", "Feature: f\n  Scenario: s\n    Then something holds\n");
    folder
        .paidpath(&["run", "a.feature", "--tags", "@nothing"])
        .expect(2, &["none of the 1 scenarios found was selected"]);
}

/// What has not begun when the run ends.
const NEVER_BEGUN: &str = "  Scenario: never begun\n    Then something does not hold\n";

#[test]
fn a_run_whose_time_is_up_before_a_scenario_began_is_unknown_in_every_report() {
    let first = "Given a step that blocks its thread for 500 milliseconds\n    Then something holds\n";
    let folder = Folder::with("a.feature", &format!("Feature: f\n  Scenario: s\n    {first}{NEVER_BEGUN}"));
    let ran = folder.paidpath(&["run", "a.feature", "--jobs", "1", "--run-timeout", "100ms", "--report", "all"]);
    ran.expect(2, &["1 scenarios were not begun", "exit 2: nothing failed, but something could not be judged"]);
    ran.expect(2, &["1 unknown", "1 passed, 0 failed"]);
    let report = |name: &str| std::fs::read_to_string(folder.reports().join(name)).unwrap();
    assert!(report("summary.md").starts_with("# ⚠️"), "{}", report("summary.md"));
    assert!(report("junit.xml").contains("tests=\"2\" failures=\"0\" errors=\"1\""), "{}", report("junit.xml"));
    assert_eq!(ran.journal("testRunFinished")[0]["success"], false);
    folder.paidpath(&["run", "a.feature", "--last-failed"]).expect(1, &["0 passed, 1 failed"]);
}

#[test]
fn what_never_began_is_among_what_did_not_pass_in_the_last_run() {
    let folder = Folder::with(
        "a.feature",
        &format!("Feature: f\n  Scenario: s\n    Then something does not hold\n{NEVER_BEGUN}"),
    );
    folder.paidpath(&["run", "a.feature", "--jobs", "1", "--fail-fast"]).expect(1, &["1 scenarios were not begun"]);
    folder.write("a.feature", format!("Feature: f\n  Scenario: s\n    Then something holds\n{NEVER_BEGUN}"));
    folder.paidpath(&["run", "a.feature", "--last-failed"]).expect(1, &["1 passed, 1 failed"]);
}

#[test]
fn a_repetition_that_failed_is_not_forgotten_because_a_later_one_passed() {
    let folder =
        Folder::with("a.feature", "Feature: f\n  Scenario: s\n    Then something holds at the second attempt\n");
    folder.paidpath(&["run", "a.feature", "--jobs", "1", "--repeat", "2"]).expect(1, &["1 passed, 1 failed"]);
    folder.paidpath(&["run", "a.feature", "--last-failed", "--list"]).expect(0, &["a.feature:2"]);
}

#[test]
fn a_run_in_which_all_passed_says_so_and_one_in_which_something_was_skipped_does_not() {
    let holds = "  Scenario: t\n    Then something holds\n";
    run(&format!("Feature: f\n{holds}"), 0, &["exit 0: everything passed\n"]);
    run(
        &format!("Feature: f\n  @skip(later)\n  Scenario: s\n    Then something holds\n{holds}"),
        0,
        &["everything that ran passed"],
    );
}

#[test]
fn a_then_that_asserts_nothing_proves_nothing() {
    run("Feature: f\n  Scenario: s\n    Then nothing is asserted\n", 2, &["this Then asserted nothing"]);
}

#[test]
fn a_fault_that_never_fired_makes_the_verdict_unknown() {
    run(
        "Feature: f\n  Scenario: s\n    Given the fault \"storefront -> generation: drop\"\n    Then something holds\n",
        2,
        &["a fault never fired: storefront -> generation: drop"],
    );
}

#[test]
fn a_fault_on_the_command_line_that_never_fired_makes_the_run_unknown() {
    let folder = Folder::with("a.feature", "Feature: f\n  Scenario: s\n    Then something holds\n");
    let ran = folder.paidpath(&["run", "a.feature", "--fault", "storefront -> generation: drop"]);
    ran.expect(2, &["a fault never fired: storefront -> generation: drop"]);
}

/// What one service tells another comes when it comes: a scenario that is over sooner is not over for its faults.
#[test]
fn a_fault_may_fire_after_the_last_step() {
    let folder = Folder::with(
        "a.feature",
        "Feature: a
  Scenario: over before the event is told
    Given Ann has 500 credits
    And early access to Dusk costs 120 credits for generation
    And the fault \"billing -> entitlement POST /v1/events: delay 300ms\"
    And the fault \"entitlement -> generation POST /v1/events: drop once\"
    When Ann buys generation access to Dusk
    Then that is accepted
",
    );
    folder.paidpath(&["run", "a.feature"]).expect(0, &["1 passed"]);
}

#[test]
fn a_failure_fails_the_run_and_names_the_sentence_and_its_place() {
    run(
        "Feature: f\n  Scenario: s\n    Then something does not hold\n",
        1,
        &["a.feature:3", "the rehearsed failure", "Then something does not hold", "--seed", "0 passed, 1 failed"],
    );
}

#[test]
fn a_broken_environment_is_unknown_and_not_failed() {
    run(
        "Feature: f\n  Scenario: s\n    When the environment breaks\n    Then something holds\n",
        2,
        &["the rehearsed outage", "could not be judged"],
    );
}

#[test]
fn a_known_failure_wins_over_unknown() {
    run(
        "Feature: f\n  Scenario: a\n    When the environment breaks\n    Then something holds\n  Scenario: b\n    Then something does not hold\n",
        1,
        &["the rehearsed failure"],
    );
}

#[test]
fn a_panic_keeps_its_message_file_and_line() {
    run(
        "Feature: f\n  Scenario: s\n    When a step panics\n    Then something holds\n",
        1,
        &["the rehearsed panic", "rehearsal.rs:"],
    );
}

#[test]
fn a_scenario_that_passes_on_a_retry_is_flaky_and_fails_the_run_where_asked() {
    let feature = "Feature: f\n  @retry(1)\n  Scenario: s\n    Then something holds at the second attempt\n";
    let folder = Folder::with("a.feature", feature);
    folder.paidpath(&["run", "a.feature", "--flaky", "fail"]).expect(1, &["flaky"]);
    let ran = folder.paidpath(&["run", "a.feature", "--flaky", "warn"]);
    ran.expect(0, &["flaky"]);
    assert_eq!(ran.journal("testCaseStarted").len(), 2, "each attempt is kept");
}

#[test]
fn a_quarantine_spares_the_run_until_its_day() {
    let feature = |day: &str| {
        format!(
            "Feature: f\n  @quarantine(until: {day}, ticket 12)\n  Scenario: s\n    Then something does not hold\n  Scenario: t\n    Then something holds\n"
        )
    };
    let folder = Folder::with("a.feature", &feature("2999-01-01"));
    folder.paidpath(&["run", "a.feature"]).expect(0, &["in quarantine until 2999-01-01: ticket 12"]);
    folder.write("a.feature", feature("2020-01-01"));
    folder.paidpath(&["run", "a.feature"]).expect(1, &["its quarantine ended on 2020-01-01: ticket 12"]);
}

#[test]
fn a_skipped_scenario_says_why_and_is_not_counted_as_passed() {
    let feature = "Feature: f\n  @skip(waits for ticket 12)\n  Scenario: s\n    Then something holds\n  Scenario: t\n    Then something holds\n";
    run(feature, 0, &["waits for ticket 12", "1 passed, 0 failed, 1 skipped"]);
    run("Feature: f\n  @skip(waits)\n  Scenario: s\n    Then something holds\n", 2, &["0 passed, 0 failed, 1 skipped"]);
}

#[test]
fn a_report_that_cannot_be_written_is_named_and_the_run_is_not_green() {
    let folder = Folder::with("a.feature", "Feature: f\n  Scenario: s\n    Then something holds\n");
    folder.paidpath(&["run", "a.feature", "--report", "junit"]).expect(0, &[]);
    std::fs::remove_file(folder.reports().join("junit.xml")).unwrap();
    folder.write("reports/junit.xml/in-the-way", "a folder where the file should be");
    folder.paidpath(&["run", "a.feature", "--report", "junit"]).expect(2, &["junit.xml was not written"]);
}
