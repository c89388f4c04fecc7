//! GitHub workflow commands, which show failures beside the lines of feature files in a pull request.
//!
//! GitHub shows ten annotations of a kind per step. Scenarios that fail for the same cause therefore share one annotation, and
//! the most frequent cause comes first. GitHub reads the commands only from the standard output of a step.

use std::io::{self, Write};

use super::record::{RunRecord, ScenarioRecord};
use super::reporter::{ReportFile, Reporter};
use super::text;
use crate::model::Verdict;

/// The number of annotations of one kind that GitHub shows.
const MOST: usize = 10;

/// The reporter of `annotations.txt`.
pub const ANNOTATIONS: Reporter = Reporter { id: "annotations", file_name: "annotations.txt", files };

fn files(run: &RunRecord) -> Vec<ReportFile<'_>> {
    ReportFile::only(move |out| {
        let counted = |verdict| {
            let mut causes = run.causes(verdict);
            // A quarantined failure must not mark the pull request.
            causes.retain(|scenarios| scenarios.iter().all(|scenario| scenario.verdict.quarantine.is_none()));
            causes
        };
        kind(out, "error", &counted(Verdict::Failed), ScenarioRecord::why)?;
        kind(out, "warning", &counted(Verdict::Unknown), ScenarioRecord::why)?;
        let flaky: Vec<_> = run.scenarios.iter().filter(|one| one.verdict.flaky).map(|one| vec![one]).collect();
        Ok(kind(out, "notice", &flaky, |scenario| format!("flaky: it took {} attempts", scenario.attempts.len()))?)
    })
}

fn kind(
    out: &mut dyn Write,
    command: &str,
    causes: &[Vec<&ScenarioRecord>],
    says: impl Fn(&ScenarioRecord) -> String,
) -> io::Result<()> {
    let more = causes.len().saturating_sub(MOST);
    for (index, scenarios) in causes.iter().take(MOST).enumerate() {
        let Some(first) = scenarios.first() else { continue };
        let mut message = format!("{}\n{} › {}", says(first), first.feature, first.title());
        if scenarios.len() > 1 {
            message.push_str(&format!("\nand {} more for the same cause", scenarios.len() - 1));
        }
        if index + 1 == MOST && more > 0 {
            message.push_str(&format!("\nand {more} more causes that are not shown here: see the report"));
        }
        let step = first.last().and_then(|attempt| attempt.failed_step()).and_then(|step| step.line);
        // GitHub drops an annotation at line 0.
        let line = step.unwrap_or(first.line).max(1);
        let (file, title) = (property(&first.uri), property(&first.title()));
        writeln!(out, "::{command} file={file},line={line},title={title}::{}", escaped(&lines(&message)))?;
    }
    Ok(())
}

fn lines(message: &str) -> String {
    text::lines(message).collect::<Vec<_>>().join("\n")
}

fn escaped(message: &str) -> String {
    message.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(value: &str) -> String {
    escaped(&text::line(value)).replace(':', "%3A").replace(',', "%2C")
}
