//! JUnit XML, in the two dialects that its readers understand.
//!
//! - [`Junit`], `junit.xml`: one file as Jenkins' schema has it. GitLab, GitHub, Azure and Buildkite read it too.
//! - [`Surefire`], `surefire/TEST-….xml`: one file per feature as Maven Surefire's schema has it, with the attempts of flaky
//!   and of failed scenarios (`flakyFailure`, `rerunFailure`), which Jenkins' schema does not know.
//!
//! A scenario is one test case and a feature file is one suite. Failed is `failure`, unknown is `error`, and a failure that a
//! quarantine excuses is `skipped` with the reason, because it must not turn a pipeline red.

use std::collections::HashSet;
use std::time::Duration;

use super::record::{AttemptRecord, RunRecord, ScenarioRecord};
use super::reporter::{ReportFile, Reporter};
use super::xml::Element;
use super::{failure, text};
use crate::model::Verdict;

/// The reporter of `junit.xml`.
pub const JUNIT: Reporter = Reporter { id: "junit", file_name: "junit.xml", files: junit_files };

/// The reporter of the folder `surefire/`.
pub const SUREFIRE: Reporter = Reporter { id: "surefire", file_name: "surefire/", files: surefire_files };

fn junit_files(run: &RunRecord) -> Vec<ReportFile<'_>> {
    ReportFile::only(move |out| {
        let counts = Counts::of(&run.scenarios);
        // Jenkins' schema has no attribute `skipped` on the root.
        let root = Element::new("testsuites")
            .attribute("name", "paidpath")
            .attribute("tests", counts.tests.to_string())
            .attribute("failures", counts.failures.to_string())
            .attribute("errors", counts.errors.to_string())
            .attribute("time", seconds(run.took()))
            .children(run.by_file().iter().map(|feature| suite(run, feature, Dialect::Jenkins)));
        Ok(out.write_all(root.document().as_bytes())?)
    })
}

fn surefire_files<'r>(run: &'r RunRecord) -> Vec<ReportFile<'r>> {
    let mut names = text::UniqueNames::default();
    let file = |feature: Vec<&'r ScenarioRecord>| {
        let uri = feature.first().map(|scenario| scenario.uri.as_str()).unwrap_or_default();
        let name = format!("TEST-{}.xml", names.slug(uri.trim_end_matches(".feature")));
        ReportFile::named(name, move |out| {
            Ok(out.write_all(suite(run, &feature, Dialect::Surefire).document().as_bytes())?)
        })
    };
    run.by_file().into_iter().map(file).collect()
}

/// A schema, named by the reader that wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    /// The dialect in which suites have a time of day.
    Jenkins,
    /// The dialect in which test cases have earlier attempts.
    Surefire,
}

/// The result of a test case, as JUnit tells results apart.
enum CaseResult {
    Success,
    /// A skipped case, with its reason.
    Skipped(String),
    Failure,
    Error,
}

impl CaseResult {
    fn of(scenario: &ScenarioRecord) -> Self {
        let verdict = &scenario.verdict;
        match (verdict.verdict, &verdict.quarantine) {
            (Verdict::Passed, _) => Self::Success,
            (Verdict::Skipped, _) => Self::Skipped(verdict.reason.clone()),
            (Verdict::Unknown | Verdict::Failed, Some(reason)) => {
                Self::Skipped(format!("quarantined: {reason}; it {}: {}", verdict.verdict, scenario.why()))
            }
            (Verdict::Unknown, None) => Self::Error,
            (Verdict::Failed, None) => Self::Failure,
        }
    }
}

#[derive(Default)]
struct Counts {
    tests: usize,
    skipped: usize,
    errors: usize,
    failures: usize,
}

impl Counts {
    fn of<'r>(scenarios: impl IntoIterator<Item = &'r ScenarioRecord>) -> Self {
        let mut counts = Self::default();
        for scenario in scenarios {
            counts.tests += 1;
            match CaseResult::of(scenario) {
                CaseResult::Success => {}
                CaseResult::Skipped(_) => counts.skipped += 1,
                CaseResult::Error => counts.errors += 1,
                CaseResult::Failure => counts.failures += 1,
            }
        }
        counts
    }
}

fn suite(run: &RunRecord, feature: &[&ScenarioRecord], dialect: Dialect) -> Element {
    let counts = Counts::of(feature.iter().copied());
    let mut suite = Element::new("testsuite")
        .attribute("name", feature.first().map_or("", |scenario| &scenario.feature))
        .attribute("tests", counts.tests.to_string())
        .attribute("skipped", counts.skipped.to_string())
        .attribute("errors", counts.errors.to_string())
        .attribute("failures", counts.failures.to_string())
        .attribute("time", seconds(feature.iter().map(|scenario| scenario.took()).sum()));
    if let (Dialect::Jenkins, Some(started)) = (dialect, run.started) {
        suite = suite.attribute("timestamp", started.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string());
    }
    let info = &run.info;
    let properties = [
        ("paidpath.version", info.version.clone()),
        ("paidpath.run", info.id.clone()),
        ("paidpath.seed", info.seed.to_string()),
        ("paidpath.topology", format!("{}{}", info.topology, info.origins.topology)),
        ("paidpath.stands-on", info.stands_on()),
        ("paidpath.target", format!("{}{}", info.target, info.origins.target)),
        ("paidpath.command", info.command.join(" ")),
    ];
    let property = |(name, value)| Element::new("property").attribute("name", name).attribute("value", value);
    suite = suite.child(Element::new("properties").children(properties.map(property)));
    let mut names = HashSet::new();
    for scenario in feature {
        let mut name = scenario.title();
        // Readers take two cases of one name for two runs of the same test.
        if !names.insert(name.clone()) {
            name = format!("{name} (line {})", scenario.line);
        }
        suite = suite.child(case(scenario, &name, info.seed, dialect));
    }
    suite
}

fn case(scenario: &ScenarioRecord, name: &str, seed: u64, dialect: Dialect) -> Element {
    let case = Element::new("testcase")
        .attribute("name", name)
        .attribute("classname", scenario.uri.trim_end_matches(".feature").replace('/', "."))
        .attribute("time", seconds(scenario.took()));
    let earlier = |name| if dialect == Dialect::Surefire { earlier_attempts(scenario, name) } else { Vec::new() };
    let mut case = match CaseResult::of(scenario) {
        CaseResult::Success => case.children(earlier("flakyFailure")),
        // The reason stands as text: Jenkins' schema has no attribute for it.
        CaseResult::Skipped(reason) => case.child(Element::new("skipped").text(&text::line(&reason))),
        // Surefire's schema wants earlier attempts behind a failure and before an error.
        CaseResult::Failure => case.child(problem(scenario, "failure")).children(earlier("rerunFailure")),
        CaseResult::Error => case.children(earlier("rerunFailure")).child(problem(scenario, "error")),
    };
    let mut output = String::new();
    if scenario.verdict.flaky {
        output.push_str(&format!("flaky: it took {} attempts\n", scenario.attempts.len()));
    }
    if matches!(scenario.verdict.verdict, Verdict::Failed | Verdict::Unknown) {
        output.push_str(&failure::plain(scenario, seed));
    }
    if !output.is_empty() {
        case = case.child(Element::new("system-out").text(&output));
    }
    case
}

/// Returns the `failure` or `error` of a scenario.
fn problem(scenario: &ScenarioRecord, name: &'static str) -> Element {
    let why = scenario.why();
    let class = scenario.last().and_then(|attempt| attempt.diagnosis.as_ref()).map(|diagnosis| diagnosis.class.word());
    let description = match scenario.last() {
        Some(attempt) => description(attempt, &scenario.verdict.reason),
        None => text::line(&why),
    };
    Element::new(name)
        .attribute("message", &why)
        .attribute("type", class.unwrap_or(scenario.verdict.verdict.word()))
        .text(&description)
}

/// Returns an element for each attempt before the one that counts.
fn earlier_attempts(scenario: &ScenarioRecord, name: &'static str) -> Vec<Element> {
    let attempts = scenario.attempts.split_last().map(|(_, earlier)| earlier).unwrap_or_default();
    let element = |attempt: &AttemptRecord| {
        let description = description(attempt, "");
        let message = attempt.sentence().or(description.lines().next()).unwrap_or_default();
        Element::new(name).attribute("message", message).child(Element::new("stackTrace").text(&description))
    };
    attempts.iter().map(element).collect()
}

/// Returns the failed step with its message; the reason where no step has one.
fn description(attempt: &AttemptRecord, reason: &str) -> String {
    let step = attempt.failed_step();
    let message = step.and_then(|step| step.message.as_deref()).unwrap_or(reason);
    let sentence = step.map(|step| format!("{} {}", step.keyword, step.text)).unwrap_or_default();
    let lines: Vec<String> = text::lines(sentence.trim()).chain(text::lines(message)).collect();
    lines.join("\n")
}

fn seconds(took: Duration) -> String {
    format!("{:.3}", took.as_secs_f64())
}
