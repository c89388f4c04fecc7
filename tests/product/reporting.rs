//! What a run leaves behind: the same from the journal as live, whole or not at all, and merged from its parts.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use regex::Regex;
use serde_json::Value;

use crate::support::{Folder, Ran, journal};

/// One of every ending, and real requests to be shown.
const ENDINGS: &str = "\
Feature: endings

  Scenario: passes
    Given Ann has 500 credits
    And early access to Dusk costs 120 credits for generation
    When Ann buys generation access to Dusk
    Then Ann has 380 credits left

  Scenario: fails
    Given Ann has 500 credits
    Then something does not hold

  @retry(1)
  Scenario: is flaky
    Then something holds at the second attempt

  @skip(waits for ticket 12)
  Scenario: is skipped
    Then something holds

  @quarantine(until: 2999-01-01, ticket 13)
  Scenario: is excused
    Then something does not hold

  Scenario: is unknown
    When the environment breaks
    Then something holds
";

/// Every file below a folder, by its path there.
fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                files.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    files
}

#[test]
fn every_report_is_the_same_from_the_journal_as_from_the_live_run() {
    let folder = Folder::with("a.feature", ENDINGS);
    for record in ["failed", "all"] {
        folder
            .paidpath(&["run", "a.feature", "--report", "all", "--record", record])
            .expect(1, &["2 passed, 2 failed, 1 skipped"]);
        folder.paidpath(&["report", "reports", "--format", "all", "--out", "again"]).expect(0, &["again/index.html"]);
        let mut live = tree(&folder.reports());
        live.remove("journal.ndjson");
        live.remove("last-run.json");
        let mut again = tree(&folder.path().join("again"));
        again.remove("last-run.json");
        assert_eq!(live.keys().collect::<Vec<_>>(), again.keys().collect::<Vec<_>>());
        let differ: Vec<_> =
            live.iter().filter(|(name, bytes)| again[*name] != **bytes).map(|(name, _)| name).collect();
        assert!(differ.is_empty(), "not the same from the journal: {differ:?}");
        assert!(live.len() > 12, "{:?}", live.keys());
    }
}

/// What a reader of reports holds on to, of files that must be whole: the verdicts by scenario, from CTRF.
fn sound(reports: &Path) -> BTreeMap<String, String> {
    for (name, bytes) in tree(reports) {
        if name.ends_with("journal.ndjson") {
            continue; // Cut where it was cut: within a letter, too.
        }
        let text = String::from_utf8(bytes).unwrap_or_else(|_| panic!("{name} is not UTF-8"));
        assert!(!name.ends_with(".partial"), "{name} is left over");
        if name.ends_with(".json") || name.ends_with(".har") {
            serde_json::from_str::<Value>(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        if name.ends_with(".xml") {
            assert!(text.trim_end().ends_with("</testsuites>") || text.trim_end().ends_with("</testsuite>"), "{name}");
        }
        if name.ends_with(".html") {
            let data = text.split_once(r#"id="data">"#).unwrap().1.split_once("</script>").unwrap().0;
            serde_json::from_str::<Value>(data).unwrap();
            assert!(text.trim_end().ends_with("</html>"));
        }
    }
    xmllint(reports);
    let Ok(text) = fs::read(reports.join("ctrf.json")) else { return BTreeMap::new() };
    let ctrf: Value = serde_json::from_slice(&text).unwrap();
    let tests = ctrf["results"]["tests"].as_array().unwrap().iter();
    let told = |test: &Value, name: &str| test[name].as_str().unwrap_or_default().to_owned();
    tests.map(|test| (told(test, "name"), format!("{} {}", told(test, "status"), told(test, "message")))).collect()
}

/// XML is well formed, where there is something to tell with.
fn xmllint(reports: &Path) {
    let files: Vec<_> = tree(reports).into_keys().filter(|name| name.ends_with(".xml")).collect();
    if files.is_empty() {
        return;
    }
    let Ok(output) = Command::new("xmllint").arg("--noout").args(files).current_dir(reports).output() else { return };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A run that takes about a second: scenarios that end one after the other, and one that does not.
fn a_second_of_scenarios(folder: &Folder) {
    let block = |number: usize| {
        format!(
            "  Scenario: number {number}\n    Given Ann has 500 credits\n    And a step that blocks its thread for 30 milliseconds\n    Then something holds\n"
        )
    };
    let waits = "  Scenario: never ends\n    Given Ann has 500 credits\n    And a step that waits for ever\n    Then something holds\n";
    let scenarios: String = (0..40).map(block).collect();
    folder.write("a.feature", format!("Feature: f\n{waits}{scenarios}"));
}

fn send(signal: &str, process: u32) {
    // It may have ended by itself.
    let _ = Command::new("kill").args([signal, &process.to_string()]).stderr(Stdio::null()).status();
}

/// Interrupts one run at this moment, and holds what is left against the journal.
fn interrupted_at(signal: &str, moment: Duration) -> Result<usize, String> {
    let folder = Folder::new();
    a_second_of_scenarios(&folder);
    // Left over from an earlier run: nobody must take it for this one's.
    folder.write("reports/index.html", "from an earlier run");
    folder.write("reports/junit.xml", "from an earlier run");
    folder.write("reports/last-run.json", r#"{"scenarios": {}, "reports": ["index.html", "junit.xml"]}"#);
    let child = folder.start(&["run", "a.feature", "--jobs", "3", "--grace", "100ms", "--report", "all"]);
    let began = Instant::now();
    while began.elapsed() < moment {
        std::thread::park_timeout(moment - began.elapsed());
    }
    send(signal, child.id());
    let output = child.wait_with_output().unwrap();
    let (status, killed) = (output.status, output.status.signal().is_some());
    let ran = Ran::of(output, folder.reports());
    let at = |what: &str| Err(format!("{signal} after {moment:?}: {what}\n{status}\n{}\n{}", ran.out, ran.err));
    if ran.err.contains("panicked") {
        return at("a panic");
    }
    let begun = !journal(&folder.reports(), "testRunStarted").is_empty();
    if killed && !begun {
        return Ok(0); // Nothing had begun that could be reported.
    }
    if killed {
        if signal == "-TERM" && !journal(&folder.reports(), "testCaseStarted").is_empty() {
            return at("a run under way was ended and not wound up");
        }
        let left = tree(&folder.reports());
        if left.values().any(|bytes| bytes == b"from an earlier run") {
            return at("a report of an earlier run lies beside the journal of this one");
        }
        fs::remove_dir_all(folder.path().join("again")).ok();
        let rendered = folder.paidpath(&["report", "reports", "--format", "all", "--out", "again"]);
        if rendered.code != Some(0) {
            return at(&rendered.err);
        }
    }
    let told = sound(&if killed { folder.path().join("again") } else { folder.reports() });
    let names: BTreeMap<String, String> = journal(&folder.reports(), "pickle")
        .iter()
        .map(|pickle| (pickle["id"].as_str().unwrap().to_owned(), pickle["name"].as_str().unwrap().to_owned()))
        .collect();
    if told.len() != names.len() {
        return at(&format!("{} of {} scenarios are reported", told.len(), names.len()));
    }
    let cases: BTreeMap<String, String> = journal(&folder.reports(), "testCase")
        .iter()
        .map(|case| (case["id"].as_str().unwrap().to_owned(), names[case["pickleId"].as_str().unwrap()].clone()))
        .collect();
    let finished: Vec<&String> = journal(&folder.reports(), "testCaseFinished")
        .iter()
        .map(|end| &cases[end["testCaseStartedId"].as_str().unwrap().rsplit_once('-').unwrap().0])
        .collect();
    for (name, verdict) in &told {
        let ended = finished.contains(&name);
        let marked = verdict.contains("the run ended before it did");
        if ended == marked || (ended && !verdict.starts_with("passed")) {
            return at(&format!("{name} has {}ended and is reported as {verdict}", if ended { "" } else { "not " }));
        }
    }
    Ok(finished.len())
}

/// How long the run takes on this machine, busy as it may be.
fn until_all_but_one_have_ended() -> Duration {
    let folder = Folder::new();
    a_second_of_scenarios(&folder);
    let began = Instant::now();
    let child = folder.start(&["run", "a.feature", "--jobs", "3", "--report", "all"]);
    while journal(&folder.reports(), "testCaseFinished").len() < 40 {
        assert!(began.elapsed() < Duration::from_secs(60), "the run does not get on");
        std::thread::park_timeout(Duration::from_millis(10));
    }
    let took = began.elapsed();
    send("-KILL", child.id());
    folder.wait(child);
    took
}

/// So many moments, spread evenly and shaken; how many scenarios had ended at each.
fn interrupted(signal: &str, moments: u32) -> Vec<usize> {
    let span = until_all_but_one_have_ended().mul_f64(1.1);
    let shaken = |number: u32| {
        let step = span / moments;
        step * number + step.mul_f64(f64::from(std::process::id().wrapping_mul(number + 1) % 1_000) / 1_000.0)
    };
    (0..moments)
        .map(|number| interrupted_at(signal, shaken(number)).unwrap_or_else(|error| panic!("{error}")))
        .collect()
}

#[test]
fn a_run_that_is_terminated_at_any_moment_has_reported_what_ended_and_marked_the_rest() {
    let ended = interrupted("-TERM", 5);
    assert!(ended.iter().any(|count| *count > 0), "{ended:?}");
}

#[test]
fn the_journal_of_a_run_that_is_killed_at_any_moment_renders_what_ended_and_marks_the_rest() {
    let ended = interrupted("-KILL", 5);
    assert!(ended.iter().any(|count| *count > 0), "{ended:?}");
}

#[test]
#[ignore = "a soak: 50 moments of each signal, a minute or two"]
fn fifty_moments_of_each_signal() {
    for signal in ["-TERM", "-KILL", "-INT"] {
        let ended = interrupted(signal, 50);
        let all = ended.len();
        println!(
            "{signal}: {all} moments, {} before the first scenario ended; ended: {ended:?}",
            ended.iter().filter(|count| **count == 0).count()
        );
    }
}

#[test]
fn what_an_interrupted_scenario_had_asked_by_then_is_in_its_report() {
    let folder = Folder::new();
    a_second_of_scenarios(&folder);
    let child = folder.start(&["run", "a.feature:2", "--grace", "100ms", "--report", "har"]);
    let deadline = Instant::now() + Duration::from_secs(20);
    while journal(&folder.reports(), "testStepStarted").len() < 2 {
        assert!(Instant::now() < deadline, "the run does not get on");
        std::thread::park_timeout(Duration::from_millis(10));
    }
    send("-TERM", child.id());
    folder.wait(child).expect(143, &["1 scenarios were under way"]);
    let har = tree(&folder.reports().join("har"));
    assert!(har.values().any(|har| String::from_utf8_lossy(har).contains("/v1/")), "{:?}", har.keys());
}

#[test]
fn a_reader_that_goes_away_ends_the_output_quietly() {
    let folder = Folder::with("a.feature", ENDINGS);
    for arguments in [
        &["steps"][..],
        &["steps", "--format", "markdown"],
        &["checks"],
        &["faults"],
        &["doctor"],
        &["check", "a.feature"],
        &["check", "--list"],
        &["completions", "bash"],
        &["run", "a.feature", "--list"],
        &["--help"],
    ] {
        let mut child = folder.start(arguments);
        drop(child.stdout.take());
        let ran = folder.wait(child);
        assert!(!ran.err.contains("panicked"), "{arguments:?}: {}", ran.err);
        assert!(matches!(ran.code, Some(0..=2 | 64)), "{arguments:?}: {:?}", ran.code);
    }
}

#[test]
fn an_output_that_cannot_be_written_is_said() {
    if !Path::new("/dev/full").exists() {
        eprintln!("skipped: this system has no /dev/full");
        return;
    }
    let folder = Folder::with("a.feature", "Feature: f\n  Scenario: s\n    Then something holds\n");
    let full = || Stdio::from(fs::File::create("/dev/full").unwrap());
    let steps = folder.command(&["steps"]).stdout(full()).output().unwrap();
    Ran::of(steps, folder.reports()).expect(2, &["the output could not be written"]);
    let run = folder.command(&["run", "a.feature"]).stdout(full()).output().unwrap();
    Ran::of(run, folder.reports()).expect(2, &["the console could not be written"]);
    sound(&folder.reports());
    let mut child = folder.start(&["run", "a.feature"]);
    drop(child.stdout.take());
    folder.wait(child).expect(2, &["the console could not be written"]);
    assert!(folder.reports().join("index.html").exists(), "the reports do not need the console");
}

#[test]
fn a_report_that_does_not_fit_on_the_disk_is_said_and_the_others_are_whole() {
    let folder = Folder::with("a.feature", "Feature: f\n  Scenario: s\n    Then something holds\n");
    // Files may have 40 KiB: enough for the journal and JUnit, and not for the page.
    let script =
        format!("trap '' XFSZ; ulimit -f 80; exec {} run a.feature --record failed", env!("CARGO_BIN_EXE_paidpath"));
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(folder.path())
        .env("PAIDPATH_REHEARSAL", "1")
        .env_remove("CI")
        .output();
    let ran = Ran::of(output.unwrap(), folder.reports());
    ran.expect(2, &["index.html was not written", "1 passed"]);
    let left: Vec<String> = tree(&folder.reports()).into_keys().collect();
    assert_eq!(left, ["journal.ndjson", "junit.xml", "last-run.json"]);
    sound(&folder.reports());
}

#[test]
fn a_folder_that_cannot_be_written_is_said_for_each_report() {
    let folder = Folder::with("a.feature", "Feature: f\n  Scenario: s\n    Then something holds\n");
    folder
        .paidpath(&["run", "a.feature", "--reports", "/proc/nowhere"])
        .expect(64, &["/proc/nowhere/journal.ndjson cannot be created"]);
    folder.paidpath(&["run", "a.feature"]).expect(0, &["1 passed"]);
    let ran = folder.paidpath(&["report", "--out", "/proc/nowhere"]);
    ran.expect(2, &["/proc/nowhere/index.html was not written", "/proc/nowhere/junit.xml was not written"]);
}

/// Twelve scenarios in three files, some of which do not pass.
fn a_suite(folder: &Folder) {
    for name in ["z/first", "a/second", "third"] {
        let outline = "  Scenario Outline: row <n>\n    Then something <end>\n    Examples:\n      | n | end |\n      | 1 | holds |\n      | 2 | does not hold |\n";
        let text = format!(
            "Feature: {name}\n  Scenario: one\n    Given Ann has 500 credits\n    Then something holds\n  @quarantine(until: 2999-01-01, ticket 13)\n  Scenario: two\n    Then something does not hold\n{outline}"
        );
        folder.write(&format!("features/{name}.feature"), text);
    }
}

/// A report without what differs from run to run: times, addresses, and the names of runs.
fn normalised(text: &str) -> String {
    let rules = [
        (r#""(time|timestamp|start_timestamp|start|stop|duration|generatedBy|reportId)": ?("[^"]*"|\d+)"#, "\"$1\":0"),
        (r#" (time|timestamp|uuid)="[^"]*""#, ""),
        (r#"(paidpath\.(?:run|command)" value="|"run":")[^"]*"#, "$1"),
        (r"--shard \d/\d|--reports \S+", ""),
        (r"\d+ (µs|ms)|\d+\.\d+ s|\+\d\.\d{3} s|duration_ms: \S+", "0 s"),
        (r"[0-9a-f]{8}-[0-9a-f-]{27}|«secret [0-9a-f]+»", "id"),
    ];
    rules
        .iter()
        .fold(text.to_owned(), |text, (find, put)| Regex::new(find).unwrap().replace_all(&text, *put).into_owned())
}

fn read(folder: &Folder, name: &str) -> String {
    fs::read_to_string(folder.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn four_shards_merged_are_the_unsharded_run() {
    let folder = Folder::new();
    a_suite(&folder);
    let run = |more: &[&str]| folder.paidpath(&[&["run", "--seed", "7", "--report", "junit"], more].concat());
    run(&["--reports", "whole"]).expect(1, &["6 passed, 6 failed"]);
    for shard in 1..=4 {
        run(&["--shard", &format!("{shard}/4"), "--reports", &format!("parts/{shard}")]);
    }
    let merge =
        |from: &[&str], out: &str| folder.paidpath(&[&["report", "--format", "all", "--out", out], from].concat());
    merge(&["whole"], "one").expect(0, &[]);
    merge(&["parts"], "merged").expect(1, &["6 passed, 6 failed", "exit 1", "of 4 journals"]);
    for report in ["junit.xml", "ctrf.json", "cucumber.json", "results.tap", "summary.md", "annotations.txt"] {
        let (one, merged) = (
            normalised(&read(&folder, &format!("one/{report}"))),
            normalised(&read(&folder, &format!("merged/{report}"))),
        );
        let differs = one.lines().zip(merged.lines()).find(|(one, merged)| one != merged);
        assert!(one == merged, "{report}: {differs:?}");
    }
    let names = |reports: &str| tree(&folder.path().join(reports)).into_keys().collect::<Vec<_>>();
    assert_eq!(names("one").len(), names("merged").len());

    merge(&["parts/1", "parts/2", "parts/4"], "some")
        .expect(1, &["shard 3/4 is missing", "of 12 scenarios are in no journal"]);
    merge(&["parts/1"], "alone").expect(2, &["shard 2/4 is missing", "shard 3/4 is missing"]);
}

#[test]
fn a_missing_shard_makes_a_good_run_unknown() {
    let folder = Folder::with(
        "a.feature",
        "Feature: f\n  Scenario: a\n    Then something holds\n  Scenario: b\n    Then something holds\n  Scenario: c\n    Then something holds\n",
    );
    for shard in 1..=3 {
        folder
            .paidpath(&["run", "a.feature", "--shard", &format!("{shard}/3"), "--reports", &format!("s{shard}")])
            .expect(0, &[]);
    }
    folder.paidpath(&["report", "s1", "s2", "s3"]).expect(0, &["3 passed", "reports/merged/index.html"]);
    folder.paidpath(&["report", "s1", "s3"]).expect(2, &["shard 2/3 is missing", "1 of 3 scenarios are in no journal"]);
}

#[test]
fn a_second_try_decides_and_the_first_stays_visible() {
    let folder = Folder::with("a.feature", ENDINGS);
    let first = ["run", "a.feature", "--reports", "first"];
    folder.paidpath(&first).expect(1, &[]);
    fs::create_dir(folder.path().join("second")).unwrap();
    fs::copy(folder.path().join("first/last-run.json"), folder.path().join("second/last-run.json")).unwrap();
    folder.paidpath(&["run", "a.feature", "--last-failed", "--reports", "second"]).expect(1, &[]);
    let merged = folder.paidpath(&["report", "first", "second", "--format", "ctrf,html", "--out", "both"]);
    merged.expect(1, &["2 passed, 2 failed, 1 skipped", "of 2 journals"]);
    let ctrf: Value = serde_json::from_str(&read(&folder, "both/ctrf.json")).unwrap();
    let tests = ctrf["results"]["tests"].as_array().unwrap();
    let retries = |name: &str| {
        tests.iter().find(|test| test["name"].as_str().unwrap().contains(name)).unwrap()["retries"].as_u64()
    };
    assert_eq!((retries("fails"), retries("passes")), (Some(1), Some(0)));
}

#[test]
fn a_journal_whose_last_line_was_cut_is_rendered_and_every_reader_is_told() {
    let folder = Folder::with("a.feature", "Feature: f\n  Scenario: s\n    Then something holds\n");
    folder.paidpath(&["run", "a.feature", "--seed", "7"]).expect(0, &[]);
    let journal = folder.reports().join("journal.ndjson");
    let whole = fs::read(&journal).unwrap();
    fs::write(&journal, &whole[..whole.len() - 9]).unwrap();
    let said = format!("the journal is cut in line {}", whole.iter().filter(|byte| **byte == b'\n').count());
    folder.paidpath(&["report", "--format", "markdown,html"]).expect(0, &[&said]);
    assert!(read(&folder, "reports/summary.md").contains(&said));
    assert!(read(&folder, "reports/index.html").contains(&said));
}

#[test]
fn a_report_of_a_journal_without_a_scenario_is_not_green() {
    let folder = Folder::with("reports/journal.ndjson", "");
    folder.paidpath(&["report"]).expect(2, &["reports/journal.ndjson: no scenario is recorded in this journal"]);
    assert!(!folder.reports().join("junit.xml").exists());
}

#[test]
fn reports_of_an_earlier_run_do_not_lie_beside_the_journal_of_a_later_one() {
    let folder = Folder::with("a.feature", "Feature: f\n  Scenario: s\n    Then something holds\n");
    folder.write("reports/summary.md", "somebody's own");
    folder.write("reports/own.txt", "somebody's own");
    folder.paidpath(&["run", "a.feature", "--report", "html,har,junit"]).expect(0, &[]);
    assert_eq!(read(&folder, "reports/summary.md"), "somebody's own");
    folder.paidpath(&["run", "a.feature", "--report", "ctrf"]).expect(0, &[]);
    let left: Vec<String> = tree(&folder.reports()).into_keys().collect();
    assert_eq!(left, ["ctrf.json", "journal.ndjson", "last-run.json", "own.txt", "summary.md"]);
}

#[test]
fn files_that_no_run_has_written_are_neither_removed_nor_replaced() {
    let folder = Folder::with("a.feature", "Feature: f\n  Scenario: s\n    Then something holds\n");
    for own in ["har/own.txt", "index.html", "summary.md"] {
        folder.write(own, "somebody's own");
    }
    let run = |report| folder.paidpath(&["run", "a.feature", "--reports", ".", "--report", report]);
    run("junit").expect(0, &["1 passed"]);
    run("junit").expect(0, &["1 passed"]);
    for (report, file) in [("har", "har/"), ("html", "index.html"), ("markdown,junit", "summary.md")] {
        run(report).expect(64, &[file, "Move or remove it, or name another folder with --reports"]);
        folder.paidpath(&["report", ".", "--format", report]).expect(64, &[file, "another folder with --out"]);
    }
    for own in ["har/own.txt", "index.html", "summary.md"] {
        assert_eq!(read(&folder, own), "somebody's own");
    }
    // What `report` has written it may write again.
    std::fs::remove_file(folder.path().join("index.html")).unwrap();
    for _ in 0..2 {
        folder.paidpath(&["report", ".", "--format", "html"]).expect(0, &["index.html"]);
    }
    run("junit").expect(0, &[]);
    assert!(!folder.path().join("index.html").exists(), "it was of an earlier run");
}

#[test]
fn journals_of_different_runs_are_not_mixed_silently() {
    let folder = Folder::with("a.feature", "Feature: f\n  Scenario: a\n    Then something holds\n");
    let run = |name: &str, more: &[&str]| folder.paidpath(&[&["run", "a.feature", "--reports", name], more].concat());
    run("before", &[]).expect(0, &[]);
    folder.write(
        "a.feature",
        "Feature: f\n  Scenario: a\n    Then something holds\n  Scenario: b\n    Then something holds\n",
    );
    run("after", &[]).expect(0, &[]);
    run("disturbed", &["--fault", "member -> storefront: delay 1ms"]);
    folder.write("b.feature", "Feature: g\n  Scenario: c\n    Then something holds\n");
    folder.paidpath(&["run", "b.feature", "--reports", "other"]).expect(0, &[]);
    let refused = |from: &[&str], says: &[&str]| {
        folder
            .paidpath(&[&["report"], from].concat())
            .expect(64, &[&["these are journals of different runs", "--mix"], says].concat());
    };
    refused(&["before", "after"], &["the feature a.feature has changed"]);
    refused(&["after", "disturbed"], &["the faults of the whole run: none and member -> storefront: delay 1ms"]);
    refused(&["after", "other"], &["neither a CI build nor a shard says that they belong together"]);
    folder
        .paidpath(&["report", "before", "after", "--mix"])
        .expect(0, &["merged although different: the feature a.feature has changed"]);

    let built = |name: &str, file: &str, build: &str| {
        let output = folder.command(&["run", file, "--reports", name]).env("GITHUB_RUN_ID", build).output().unwrap();
        Ran::of(output, folder.reports()).expect(0, &[]);
    };
    built("one", "a.feature", "12");
    built("two", "b.feature", "12");
    built("three", "b.feature", "13");
    folder.paidpath(&["report", "one", "two"]).expect(0, &["3 passed"]);
    refused(&["one", "three"], &["the CI build: github 12 and github 13"]);
}

#[test]
fn earlier_runs_tell_the_trend_what_is_flaky_and_since_when_something_is_red() {
    let folder = Folder::new();
    let scenario = |end: &str| {
        format!(
            "Feature: f\n  @retry(1)\n  Scenario: shaky\n    Then something holds at the second attempt\n  Scenario: steady\n    Then something {end}\n"
        )
    };
    for (number, end) in ["holds", "does not hold", "holds", "does not hold", "does not hold"].iter().enumerate() {
        folder.write("a.feature", scenario(end));
        folder.paidpath(&["run", "a.feature", "--reports", &format!("night/{number}")]);
    }
    let ran = folder.paidpath(&["report", "night/4", "--history", "night", "--format", "html,markdown"]);
    ran.expect(0, &["trend", "red since", "slowest", "f › steady", "100 %", "5 of 5"]);
    let ids: Vec<String> = (0..5)
        .map(|number| {
            journal(&folder.path().join(format!("night/{number}")), "testRunStarted")[0]["id"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    let red = ran.out.lines().find(|line| line.contains("f › steady") && line.contains("UTC")).unwrap();
    assert!(red.contains(&ids[3]), "red since the fourth run {}: {red}", ids[3]);
    let page = read(&folder, "night/4/index.html");
    let data = page.split_once(r#"id="data">"#).unwrap().1.split_once("</script>").unwrap().0;
    let data: Value = serde_json::from_str(data).unwrap();
    assert_eq!(data["history"]["red"][0]["course"], "pfpff");
    assert_eq!(data["history"]["flaky"][0]["course"], "yyyyy");
    assert!(read(&folder, "night/4/summary.md").contains("## Earlier runs"));
    folder.paidpath(&["report", "night/4", "--history", "a.feature"]).expect(64, &["--history"]);
}

/// A topology with a secret from the environment, and a folder to run it in.
fn with_a_secret(feature: &str) -> Folder {
    let folder = Folder::with("a.feature", feature);
    folder.with_topology_secret("mine.toml", "PROBE");
    folder
}

const SECRET: &str = "a canary/in \"the\" mine+7";

fn run_with_the_secret(folder: &Folder, more: &[&str]) -> Ran {
    let arguments =
        [&["run", "a.feature", "--topology", "mine.toml", "--report", "all", "--record", "all"], more].concat();
    Ran::of(folder.command(&arguments).env("PROBE", SECRET).output().unwrap(), folder.reports())
}

#[test]
fn a_secret_in_anything_that_a_run_writes_fails_it_and_the_file_is_named() {
    let base64 = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let twice_escaped = SECRET.bytes().map(|byte| format!("%25{byte:02x}")).collect::<String>();
    let with_colons = SECRET.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":");
    for written in [SECRET.to_owned(), base64(&format!("so {SECRET}, that is")), twice_escaped, with_colons] {
        let folder = with_a_secret(&format!("Feature: f\n  Scenario: {written}\n    Then something holds\n"));
        let ran = run_with_the_secret(&folder, &[]);
        ran.expect(
            1,
            &[
                "1 passed",
                "a secret leaked: reports/journal.ndjson holds «secret ",
                "a secret leaked: what was printed",
            ],
        );
        for report in ["index.html", "junit.xml", "ctrf.json", "cucumber.json", "allure-results/", "surefire/"] {
            assert!(ran.err.contains(&format!("reports/{report}")), "{report}: {}", ran.err);
        }
        assert!(!ran.err.contains(&written) && !ran.err.contains(SECRET), "the secret itself is not said again");
    }
}

#[test]
fn a_secret_that_is_too_short_to_be_found_is_refused() {
    let folder = with_a_secret("Feature: f\n  Scenario: s\n    Then something holds\n");
    let ran =
        folder.command(&["run", "a.feature", "--topology", "mine.toml"]).env("PROBE", "7: ab cd").output().unwrap();
    Ran::of(ran, folder.reports()).expect(2, &["the secret `", "has 5 characters", "kept out of the reports"]);
}

#[test]
fn a_secret_that_a_service_echoes_or_a_fault_holds_is_in_nothing_that_a_run_writes() {
    let base64 = base64::engine::general_purpose::STANDARD.encode(format!("ann:{SECRET}"));
    let feature = "Feature: f\n  Scenario: s\n    Given Ann has 500 credits\n    Then Ann has 500 credits left\n";
    let folder = with_a_secret(feature);
    let echo = format!("member -> storefront GET /v1/wallet: respond with text \"you are {base64}\"");
    let never = format!("member -> storefront /nowhere: set header X-Note to \"{}\"", SECRET.replace('"', "\\\""));
    let ran = run_with_the_secret(&folder, &["--fault", &echo, "--fault", &never]);
    ran.expect(1, &["a fault never fired"]);
    assert!(!ran.err.contains("a secret leaked"), "{}", ran.err);
    let journal = read(&folder, "reports/journal.ndjson");
    assert!(journal.contains("you are ") && journal.contains("«secret "), "it was there to be replaced");
    assert!(!journal.contains(&base64[4..]), "and was");
}

#[test]
fn of_a_scenario_that_passed_only_heads_are_kept_unless_everything_is_asked_for() {
    let folder = Folder::with("a.feature", ENDINGS);
    let bodies = |record: &str| {
        let ran = folder.paidpath(&["run", "a.feature", "--record", record]);
        let exchanges = ran.journal("attachment").into_iter().filter_map(|attachment| {
            let is_exchange = attachment["mediaType"] == "application/vnd.paidpath.exchange+json";
            is_exchange.then(|| serde_json::from_str::<Value>(attachment["body"].as_str().unwrap()).unwrap())
        });
        // What fails makes fewer requests than what passes: the purchase is only in the latter.
        let (passed, failed): (Vec<_>, Vec<_>) = exchanges.partition(|exchange| {
            exchange["request"]["target"] == "/v1/purchases" || exchange["request"]["target"] == "/v1/quotes"
        });
        assert!(!passed.is_empty() && !failed.is_empty());
        let has_headers =
            |exchange: &Value| exchange["request"]["headers"].as_array().is_some_and(|all| !all.is_empty());
        (passed.iter().any(has_headers), failed.iter().any(has_headers))
    };
    assert_eq!(bodies("failed"), (false, true));
    assert_eq!(bodies("all"), (true, true));
}
