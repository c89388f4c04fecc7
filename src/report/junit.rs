//! JUnit XML, in the two dialects that readers of it hold to.
//!
//! - [`Junit`], `junit.xml`: one file as Jenkins' schema has it. GitLab, GitHub, Azure and Buildkite read it too.
//! - [`Surefire`], `surefire/TEST-….xml`: one file per feature as Maven Surefire's schema has it, with the attempts of flaky
//!   and of failed scenarios (`flakyFailure`, `rerunFailure`), which Jenkins' schema does not know.
//!
//! A scenario is one test case and a feature one suite. Failed is `failure`, unknown is `error`, and what a quarantine
//! excuses is `skipped` with the reason, as it must not turn a pipeline red. What was rendered is parsed again before it is
//! handed out: a file that no reader can open is an error here and not there.

use std::collections::HashSet;

use quick_junit::{FlakyOrRerun, NonSuccessKind, Report, TestCase, TestCaseStatus, TestRerun, TestSuite, XmlString};

use super::record::{Attempt, Run, Scenario};
use super::reporter::{Part, ReportError, Reporter};
use super::{failure, text};
use crate::model::Verdict;

/// `junit.xml`.
#[derive(Debug)]
pub struct Junit;

/// `surefire/`.
#[derive(Debug)]
pub struct Surefire;

impl Reporter for Junit {
    fn id(&self) -> &'static str {
        "junit"
    }

    fn file_name(&self) -> &'static str {
        "junit.xml"
    }

    fn parts<'r>(&self, run: &'r Run) -> Vec<Part<'r>> {
        Part::only(move |out| {
            let mut report = Report::new("paidpath");
            report.set_time(run.took());
            report.add_test_suites(run.files().into_iter().map(|feature| suite(run, &feature, Dialect::Jenkins)));
            let document = checked(&report)?;
            // The schema has no such attribute on the root; the first one in the document is that of the root.
            let attribute = format!(" skipped=\"{}\"", report.skipped);
            Ok(out.write_all(document.replacen(&attribute, "", 1).as_bytes())?)
        })
    }
}

impl Reporter for Surefire {
    fn id(&self) -> &'static str {
        "surefire"
    }

    fn file_name(&self) -> &'static str {
        "surefire/"
    }

    fn parts<'r>(&self, run: &'r Run) -> Vec<Part<'r>> {
        let mut names = text::Unique::default();
        let part = |feature: Vec<&'r Scenario>| {
            let uri = feature.first().map(|scenario| scenario.uri.as_str()).unwrap_or_default();
            let name = format!("TEST-{}.xml", names.slug(uri.trim_end_matches(".feature")));
            Part::named(name, move |out| {
                let mut report = Report::new("paidpath");
                report.add_test_suite(suite(run, &feature, Dialect::Surefire));
                let document = checked(&report)?;
                let suite = document.find("<testsuite ").zip(document.rfind("</testsuites>"));
                let (from, to) = suite.ok_or_else(|| ReportError::Invalid("no suite was rendered".into()))?;
                out.write_all(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")?;
                Ok(writeln!(out, "{}", document[from..to].trim_end())?)
            })
        };
        run.files().into_iter().map(part).collect()
    }
}

/// What a schema allows beyond what both do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    /// A time of day for a suite.
    Jenkins,
    /// Attempts.
    Surefire,
}

fn suite(run: &Run, feature: &[&Scenario], dialect: Dialect) -> TestSuite {
    let mut suite = TestSuite::new(safe(feature.first().map_or("", |scenario| &scenario.feature)));
    suite.set_time(feature.iter().map(|scenario| scenario.took()).sum());
    if let (Dialect::Jenkins, Some(started)) = (dialect, run.started) {
        suite.extra.insert("timestamp".into(), started.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string().into());
    }
    let info = &run.info;
    for (name, value) in [
        ("paidpath.version", info.version.clone()),
        ("paidpath.run", info.id.clone()),
        ("paidpath.seed", info.seed.to_string()),
        ("paidpath.topology", info.topology.clone()),
        ("paidpath.stands-on", info.stands_on()),
        ("paidpath.target", info.target.clone()),
        ("paidpath.command", info.command.join(" ")),
    ] {
        suite.add_property((safe(name), safe(&value)));
    }
    let mut names = HashSet::new();
    for scenario in feature {
        let mut name = scenario.title();
        if !names.insert(name.clone()) {
            name = format!("{name} (line {})", scenario.line);
        }
        suite.add_test_case(case(scenario, &name, run.info.seed, dialect));
    }
    suite
}

fn case(scenario: &Scenario, name: &str, seed: u64, dialect: Dialect) -> TestCase {
    let mut case = TestCase::new(safe(name), status(scenario, dialect));
    case.set_classname(safe(&scenario.uri.trim_end_matches(".feature").replace('/', ".")));
    case.set_time(scenario.took());
    let mut said = String::new();
    if scenario.verdict.flaky {
        said.push_str(&format!("flaky: it took {} attempts\n", scenario.attempts.len()));
    }
    if matches!(scenario.verdict.verdict, Verdict::Failed | Verdict::Unknown) {
        said.push_str(&failure::plain(scenario, seed));
    }
    if !said.is_empty() {
        case.set_system_out(text::xml(&said));
    }
    case
}

fn status(scenario: &Scenario, dialect: Dialect) -> TestCaseStatus {
    let kind = match scenario.verdict.verdict {
        Verdict::Passed => {
            let mut passed = TestCaseStatus::success();
            if dialect == Dialect::Surefire {
                passed.add_reruns(earlier(scenario));
            }
            return passed;
        }
        Verdict::Skipped => return skipped(&scenario.verdict.reason),
        Verdict::Unknown => NonSuccessKind::Error,
        Verdict::Failed => NonSuccessKind::Failure,
    };
    let why = scenario.why();
    if let Some(reason) = &scenario.verdict.quarantine {
        return skipped(&format!("quarantined: {reason}; it {}: {why}", scenario.verdict.verdict));
    }
    let mut status = TestCaseStatus::non_success(kind);
    let class = scenario.last().and_then(|attempt| attempt.diagnosis.as_ref()).map(|diagnosis| diagnosis.class.word());
    status.set_type(safe(class.unwrap_or(scenario.verdict.verdict.word())));
    status.set_message(safe(&why));
    status
        .set_description(scenario.last().map_or_else(|| safe(&why), |attempt| said(attempt, &scenario.verdict.reason)));
    if dialect == Dialect::Surefire {
        status.set_rerun_kind(FlakyOrRerun::Rerun);
        status.add_reruns(earlier(scenario));
    }
    status
}

/// The reason stands as text: Jenkins' schema has no attribute for it.
fn skipped(reason: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_description(safe(reason));
    status
}

/// The attempts before the one that counts.
fn earlier(scenario: &Scenario) -> Vec<TestRerun> {
    let attempts = scenario.attempts.split_last().map(|(_, earlier)| earlier).unwrap_or_default();
    let rerun = |attempt: &Attempt| {
        let mut rerun = TestRerun::new(NonSuccessKind::Failure);
        let message = said(attempt, "");
        rerun.set_message(safe(attempt.sentence().unwrap_or(message.lines().next().unwrap_or_default())));
        rerun.set_stack_trace(message);
        rerun
    };
    attempts.iter().map(rerun).collect()
}

/// What the failed step said, or else the reason.
fn said(attempt: &Attempt, reason: &str) -> XmlString {
    let step = attempt.failed_step();
    let message = step.and_then(|step| step.message.as_deref()).unwrap_or(reason);
    let sentence = step.map(|step| format!("{} {}", step.keyword, step.text)).unwrap_or_default();
    let lines: Vec<String> = text::lines(sentence.trim()).chain(text::lines(message)).collect();
    XmlString::new(text::xml(&lines.join("\n")))
}

/// Text for an attribute: on one line, and nothing that XML forbids.
fn safe(line: &str) -> XmlString {
    XmlString::new(text::xml(&text::line(line)))
}

/// The document, if it can be read back with as many test cases in it.
fn checked(report: &Report) -> Result<String, ReportError> {
    let invalid = |error: &dyn std::fmt::Display| ReportError::Invalid(error.to_string());
    let document = report.to_string().map_err(|error| invalid(&error))?;
    let read = Report::deserialize_from_str(&document).map_err(|error| invalid(&error))?;
    let cases = |report: &Report| report.test_suites.iter().map(|suite| suite.test_cases.len()).sum::<usize>();
    if cases(&read) != cases(report) {
        return Err(invalid(&"test cases were lost"));
    }
    Ok(document)
}
