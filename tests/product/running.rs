//! Workers, deadlines, selection, signals: how a run goes.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use serde_json::Value;

use crate::support::{Folder, journal, until};

fn scenario(name: &str, steps: &str) -> String {
    let steps: String = steps.split(';').map(|step| format!("    {}\n", step.trim())).collect();
    format!("  Scenario: {name}\n{steps}")
}

fn feature(scenarios: &[String]) -> String {
    format!("Feature: f\n{}", scenarios.concat())
}

fn nanos(timestamp: &Value) -> i64 {
    timestamp["seconds"].as_i64().unwrap() * 1_000_000_000 + timestamp["nanos"].as_i64().unwrap()
}

/// Start and end of each test case, by its id.
fn spans(reports: &Path) -> Vec<(String, i64, i64)> {
    let ends = journal(reports, "testCaseFinished");
    let span = |started: &Value| {
        let id = started["id"].as_str().unwrap().to_owned();
        let end = ends.iter().find(|end| end["testCaseStartedId"] == id.as_str()).unwrap();
        (id, nanos(&started["timestamp"]), nanos(&end["timestamp"]))
    };
    journal(reports, "testCaseStarted").iter().map(span).collect()
}

#[test]
fn a_step_that_blocks_its_thread_delays_only_its_own_worker() {
    let blocking =
        |name: &str| scenario(name, "Given a step that blocks its thread for 500 milliseconds; Then something holds");
    let folder =
        Folder::with("a.feature", &feature(&[blocking("a"), blocking("b"), scenario("c", "Then something holds")]));
    folder.paidpath(&["run", "a.feature", "--jobs", "3"]).expect(0, &["3 passed"]);
    let spans = spans(&folder.reports());
    let (long, short): (Vec<_>, Vec<_>) = spans.iter().partition(|(_, from, to)| to - from >= 500_000_000);
    assert_eq!((long.len(), short.len()), (2, 1), "the third scenario's time is its own: {spans:?}");
    assert!(long[0].1 < long[1].2 && long[1].1 < long[0].2, "the two that block run at the same time: {spans:?}");
}

#[test]
fn a_step_that_waits_for_ever_ends_at_its_deadline() {
    let folder = Folder::with(
        "a.feature",
        &feature(&[
            scenario("a", "Given a step that waits for ever; Then something holds"),
            scenario("b", "Then something holds"),
        ]),
    );
    let ran = folder.paidpath(&["run", "a.feature", "--step-timeout", "200ms", "--jobs", "1"]);
    ran.expect(1, &["the step did not end within 200", "1 passed, 1 failed"]);
}

#[test]
fn a_step_that_never_returns_costs_one_worker_and_not_the_run() {
    let folder = Folder::with(
        "a.feature",
        &feature(&[
            scenario("a", "Given a step that blocks its thread for 1 hour; Then something holds"),
            scenario("b", "Then something holds"),
        ]),
    );
    let ran = folder.paidpath(&["run", "a.feature", "--step-timeout", "200ms", "--jobs", "1"]);
    ran.expect(1, &["the step never returned: given up", "1 passed, 1 failed"]);
}

#[test]
fn a_run_that_takes_too_long_is_ended_and_reported() {
    let folder =
        Folder::with("a.feature", &feature(&[scenario("a", "Given a step that waits for ever; Then something holds")]));
    let ran = folder.paidpath(&["run", "a.feature", "--run-timeout", "300ms", "--grace", "100ms", "--report", "junit"]);
    assert_ne!(ran.code, Some(0));
    ran.expect(ran.code.unwrap(), &["its time was up"]);
    assert!(folder.reports().join("junit.xml").exists());
}

#[test]
fn scenarios_that_hold_the_same_lock_run_one_after_the_other() {
    let held = |name: &str| {
        format!(
            "  @lock(x)\n{}",
            scenario(name, "Given a step that blocks its thread for 100 milliseconds; Then something holds")
        )
    };
    let folder = Folder::with("a.feature", &feature(&[held("a"), held("b"), held("c")]));
    folder.paidpath(&["run", "a.feature", "--jobs", "3"]).expect(0, &["3 passed"]);
    let mut spans = spans(&folder.reports());
    spans.sort_by_key(|(_, from, _)| *from);
    assert!(spans.windows(2).all(|pair| pair[0].2 <= pair[1].1), "{spans:?}");
}

#[test]
fn paths_lines_names_tags_and_shards_select() {
    let folder = Folder::with(
        "a.feature",
        "Feature: f\n  @one\n  Scenario: first\n    Then something holds\n\n  Rule: r\n    Scenario: second\n      Then something holds\n\n    Scenario Outline: third <x>\n      Then something <x>\n      Examples:\n        | x     |\n        | holds |\n        | does not hold |\n",
    );
    let listed = |arguments: &[&str]| {
        let ran = folder.paidpath(&[&["run", "--list"], arguments].concat());
        ran.out.lines().filter_map(|line| line.split_once("  ").map(|(_, name)| name.to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(listed(&["a.feature"]).len(), 4);
    assert_eq!(listed(&["a.feature:4"]), ["first"]);
    assert_eq!(listed(&["a.feature:6"]).len(), 3, "the rule's line selects all in it");
    assert_eq!(listed(&["a.feature:14"]), ["third holds"]);
    assert_eq!(listed(&["a.feature:3:14"]), ["first", "third holds"]);
    assert_eq!(listed(&["a.feature", "--name", "^sec"]), ["second"]);
    assert_eq!(listed(&["a.feature", "--tags", "@one"]), ["first"]);
    let shards: Vec<String> =
        (1..=3).flat_map(|part| listed(&["a.feature", "--shard", &format!("{part}/3")])).collect();
    assert_eq!(shards.len(), 4, "the parts together are the whole, and share nothing: {shards:?}");
    folder.paidpath(&["run", "a.feature"]).expect(1, &["3 passed, 1 failed"]);
    assert_eq!(listed(&["a.feature", "--last-failed"]), ["third does not hold"]);
}

#[test]
fn a_dry_run_resolves_every_step_and_contacts_nothing() {
    let folder = Folder::with("a.feature", &feature(&[scenario("a", "Given Ann has 5 credits; Then something holds")]));
    folder.paidpath(&["run", "a.feature", "--dry-run"]).expect(0, &["1 scenarios would run"]);
    assert!(!folder.reports().exists(), "a dry run leaves nothing behind");
}

#[test]
fn a_thousand_scenarios_in_one_feature_and_an_outline_of_5000_rows_are_planned_at_once() {
    let many: Vec<String> = (0..1_000)
        .map(|number| scenario(&format!("number {number}"), "Given Ann has 5 credits; Then something holds"))
        .collect();
    let rows: String = (0..5_000).map(|row| format!("      | {row} |\n")).collect();
    let outline = format!(
        "  Scenario Outline: row <n>\n    Given Ann has <n> credits\n    Then something holds\n    Examples:\n      | n |\n{rows}"
    );
    let folder = Folder::with("a.feature", &feature(&[many.concat(), outline]));
    folder.paidpath(&["run", "a.feature", "--dry-run"]).expect(0, &["6000 scenarios would run"]);
}

/// Waits until the journal has so many finished scenarios.
fn until_finished(folder: &Folder, count: usize) {
    until("so many have ended", || journal(&folder.reports(), "testCaseFinished").len() >= count);
}

fn send(signal: &str, child: &Child) {
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
}

fn a_run_with_one_that_waits() -> (Folder, Child) {
    let waiting = scenario("waits", "Given a step that waits for ever; Then something holds");
    let folder = Folder::with("a.feature", &feature(&[scenario("done", "Then something holds"), waiting]));
    let child = folder.start(&["run", "a.feature", "--grace", "200ms", "--report", "junit"]);
    until_finished(&folder, 1);
    (folder, child)
}

#[test]
fn sigterm_and_sigint_end_the_run_with_full_reports_and_the_unfinished_marked() {
    for (signal, code) in [("-TERM", 143), ("-INT", 130)] {
        let (folder, child) = a_run_with_one_that_waits();
        send(signal, &child);
        let ran = folder.wait(child);
        ran.expect(code, &["1 scenarios were under way when the run ended"]);
        let junit = std::fs::read_to_string(folder.reports().join("junit.xml")).unwrap();
        assert!(
            junit.contains("done") && junit.contains("waits") && junit.trim_end().ends_with("</testsuites>"),
            "{junit}"
        );
        assert_eq!(ran.journal("testRunFinished").len(), 1);
    }
}

#[test]
fn a_second_signal_ends_at_once() {
    let waiting = scenario("waits", "Given a step that waits for ever; Then something holds");
    let folder = Folder::with("a.feature", &feature(&[scenario("done", "Then something holds"), waiting]));
    let mut child = folder.start(&["run", "a.feature", "--grace", "1h"]);
    until_finished(&folder, 1);
    send("-INT", &child);
    std::thread::park_timeout(Duration::from_millis(200));
    send("-INT", &child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
}

#[test]
fn sigkill_leaves_every_finished_scenario_in_the_journal_and_reports_are_made_from_it() {
    let (folder, mut child) = a_run_with_one_that_waits();
    send("-KILL", &child);
    child.wait().unwrap();
    assert_eq!(journal(&folder.reports(), "testCaseFinished").len(), 1);
    assert!(journal(&folder.reports(), "testRunFinished").is_empty());
    folder.paidpath(&["report", "reports"]).expect(0, &["reports/index.html", "reports/junit.xml"]);
    let junit = std::fs::read_to_string(folder.reports().join("junit.xml")).unwrap();
    assert!(junit.contains("done") && junit.contains("the run ended before it did"), "{junit}");
    folder.paidpath(&["report", "nowhere"]).expect(64, &["nowhere"]);
}

#[test]
fn one_run_at_a_time_writes_into_a_folder() {
    let (folder, mut child) = a_run_with_one_that_waits();
    let second = folder.paidpath(&["run", "a.feature"]);
    second.expect(2, &["another run writes to reports now", &format!("process {}", child.id()), "--reports"]);
    assert_eq!(journal(&folder.reports(), "testCaseFinished").len(), 1, "the journal is still the first one's");
    folder.paidpath(&["run", "a.feature:2", "--reports", "elsewhere"]).expect(0, &["1 passed"]);
    send("-KILL", &child);
    child.wait().unwrap();
    folder.paidpath(&["run", "a.feature:2"]).expect(0, &["1 passed"]);
}

#[test]
fn a_run_that_was_killed_leaves_what_has_not_passed_to_the_next_one() {
    let (folder, mut child) = a_run_with_one_that_waits();
    send("-KILL", &child);
    child.wait().unwrap();
    folder.paidpath(&["run", "a.feature", "--last-failed", "--list"]).expect(0, &["waits"]);
}

#[test]
fn every_exchange_of_every_edge_is_in_the_journal_with_its_own_scenario_when_16_run_at_once() {
    let steps = "Given Ann has 500 credits; And early access to Dusk costs 120 credits for generation; When Ann buys generation access to Dusk; And Ann generates an image with Dusk; Then Ann gets an image";
    let folder = Folder::with(
        "a.feature",
        &feature(&(0..16).map(|number| scenario(&format!("n{number}"), steps)).collect::<Vec<_>>()),
    );
    let ran = folder.paidpath(&["run", "a.feature", "--jobs", "16", "--record", "all"]);
    ran.expect(0, &["16 passed"]);
    let exchanges: Vec<(String, Value)> = ran
        .journal("attachment")
        .into_iter()
        .filter(|attachment| attachment["mediaType"] == "application/vnd.paidpath.exchange+json")
        .map(|attachment| {
            let owner = attachment["testCaseStartedId"].as_str().unwrap().to_owned();
            (owner, serde_json::from_str(attachment["body"].as_str().unwrap()).unwrap())
        })
        .collect();
    let edges = [
        "member → storefront",
        "storefront → flags",
        "storefront → billing",
        "storefront → entitlement",
        "storefront → generation",
        "billing → entitlement",
        "entitlement → generation",
        "generation → entitlement",
        "generation → billing",
        "generation → worker",
    ];
    for edge in edges {
        let on_it: Vec<_> = exchanges.iter().filter(|(_, exchange)| exchange["edge"] == edge).collect();
        assert!(on_it.len() >= 16, "{edge}: {}", on_it.len());
        let told =
            |exchange: &Value| exchange["outcome"]["answered"]["status"].is_u64() && exchange["at_micros"].is_u64();
        assert!(on_it.iter().all(|(_, exchange)| told(exchange)), "{edge}");
    }
    let mut owners: Vec<(String, String)> = exchanges
        .iter()
        .map(|(owner, exchange)| (exchange["trace"].as_str().unwrap().to_owned(), owner.clone()))
        .collect();
    owners.sort();
    owners.dedup();
    assert_eq!(owners.len(), 16, "each scenario has one trace, and each trace one scenario");
}
