//! TAP 14, the Test Anything Protocol: one line per scenario, for Perl's `prove` and other readers of plain text.
//!
//! The protocol has nothing to do with the taps on edges. A quarantined failure is a `TODO`, which harnesses do not count. Unknown
//! is `not ok`, with the verdict in the diagnostics.

use std::io::{self, Write};

use super::record::{RunRecord, ScenarioRecord};
use super::reporter::{ReportFile, Reporter};
use super::{failure, text};
use crate::model::Verdict;

/// The reporter of `results.tap`.
pub const TAP_PROTOCOL: Reporter = Reporter { id: "tap", file_name: "results.tap", files };

fn files(run: &RunRecord) -> Vec<ReportFile<'_>> {
    ReportFile::only(move |out| {
        writeln!(out, "TAP version 14")?;
        writeln!(out, "1..{}", run.scenarios.len())?;
        for (index, scenario) in run.scenarios.iter().enumerate() {
            line(out, index + 1, scenario, run.info.seed)?;
        }
        for note in run.notes() {
            writeln!(out, "# {}", text::line(&note))?;
        }
        Ok(())
    })
}

fn line(out: &mut dyn Write, number: usize, scenario: &ScenarioRecord, seed: u64) -> io::Result<()> {
    let verdict = &scenario.verdict;
    let (ok, directive) = match (verdict.verdict, &verdict.quarantine) {
        (Verdict::Passed, _) => ("ok", String::new()),
        (Verdict::Skipped, _) => ("ok", format!(" # SKIP {}", escaped(&verdict.reason))),
        (Verdict::Unknown | Verdict::Failed, Some(reason)) => ("not ok", format!(" # TODO {}", escaped(reason))),
        (Verdict::Unknown | Verdict::Failed, None) => ("not ok", String::new()),
    };
    let name = escaped(&format!("{} › {}", scenario.feature, scenario.title()));
    writeln!(out, "{ok} {number} - {name}{directive}")?;
    if matches!(verdict.verdict, Verdict::Passed | Verdict::Skipped) && !verdict.flaky {
        return Ok(());
    }
    // YAML takes JSON strings as they are, which leaves nothing to escape by hand.
    let field = |name: &str, value: &str| {
        let value = serde_json::to_string(value).expect("text serialises to JSON");
        format!("  {name}: {value}\n")
    };
    write!(out, "  ---\n{}", field("verdict", verdict.verdict.word()))?;
    write!(out, "{}", field("at", &text::line(&scenario.place())))?;
    if verdict.flaky {
        writeln!(out, "  attempts: {}", scenario.attempts.len())?;
    }
    if verdict.verdict != Verdict::Passed {
        write!(out, "{}", field("message", &text::line(&scenario.why())))?;
        write!(out, "{}", field("detail", &failure::plain(scenario, seed)))?;
    }
    writeln!(out, "  ...")
}

/// Escapes `#`, which begins a directive, and `\`, which escapes.
fn escaped(words: &str) -> String {
    text::line(words).replace('\\', "\\\\").replace('#', "\\#")
}
