//! Markdown for GitHub's step summary: failures first, everything else folded.
//!
//! GitHub refuses a summary of more than 1 MiB as a whole, so the summary ends before that size and says how much is missing.
//! Names and messages are escaped: they make no headings, links, pictures or mentions.

use std::io::Write;

use super::record::{RunRecord, ScenarioRecord};
use super::reporter::{ReportError, ReportFile, Reporter};
use super::{failure, history_tables, text};
use crate::model::{Exit, Verdict};

/// The largest summary that GitHub takes, in bytes.
pub const MOST: usize = 1024 * 1024;

/// The bytes that are reserved for the sections at the end.
const END: usize = 8 * 1024;

/// The reporter of `summary.md`.
pub const MARKDOWN: Reporter = Reporter { id: "markdown", file_name: "summary.md", files };

fn files(run: &RunRecord) -> Vec<ReportFile<'_>> {
    ReportFile::only(move |out| write(run, out))
}

fn write(run: &RunRecord, out: &mut dyn Write) -> Result<(), ReportError> {
    let mut page = head(run);
    let mut missing = 0;
    for (verdict, title) in [(Verdict::Failed, "Failed"), (Verdict::Unknown, "Unknown")] {
        let causes = run.causes(verdict);
        if !causes.is_empty() {
            page.push_str(&format!("\n## {title}\n"));
        }
        for scenarios in &causes {
            let section = cause(run, scenarios);
            // Sections are left out as a whole: half a code block would swallow the rest of the page.
            if page.len() + section.len() > MOST - END {
                missing += scenarios.len();
            } else {
                page.push_str(&section);
            }
        }
    }
    if missing > 0 {
        page.push_str(&format!("\n… and {missing} more that do not fit here: see the HTML report.\n"));
    }
    for section in [
        table(run, "Flaky", |scenario| scenario.verdict.flaky.then(|| format!("{} attempts", scenario.attempts.len()))),
        table(run, "Quarantined", |scenario| scenario.verdict.quarantine.clone()),
        table(run, "Skipped", |scenario| {
            (scenario.verdict.verdict == Verdict::Skipped).then(|| scenario.verdict.reason.clone())
        }),
        notes(run),
        history(run),
    ] {
        if page.len() + section.len() <= MOST {
            page.push_str(&section);
        }
    }
    Ok(out.write_all(page.as_bytes())?)
}

fn head(run: &RunRecord) -> String {
    let totals = run.totals();
    let exit = run.exit();
    let mark = match exit {
        Exit::Passed => "✅",
        Exit::Failed => "❌",
        Exit::Unknown | Exit::Usage | Exit::Interrupted | Exit::Terminated => "⚠️",
    };
    let mut head = format!("# {mark} paidpath: {}\n\n", run.meaning());
    let words: Vec<&str> = Verdict::ALL.iter().map(|verdict| verdict.word()).collect();
    let numbers: Vec<String> = Verdict::ALL.iter().map(|verdict| totals.of(*verdict).to_string()).collect();
    head.push_str(&format!("| {} |\n|{}\n", words.join(" | "), "--:|".repeat(words.len())));
    head.push_str(&format!("| {} |\n\n", numbers.join(" | ")));
    let info = &run.info;
    let facts = format!("{} in {}, seed {}", info.against(), text::duration(run.took()), info.seed);
    head.push_str(&inline(&facts));
    head.push('\n');
    if !info.services.is_empty() {
        head.push_str(&format!("\nServices: {}\n", inline(&info.stands_on())));
    }
    head
}

/// Returns one cause: its line, the first scenario in full, the others by name.
fn cause(run: &RunRecord, scenarios: &[&ScenarioRecord]) -> String {
    let Some((first, others)) = scenarios.split_first() else { return String::new() };
    let mut section = format!("\n### {}\n\n", inline(&text::cut(&first.why(), 300)));
    section.push_str(&format!("{} {}\n", name(first), code(&first.place())));
    let block = failure::plain(first, run.info.seed);
    section.push_str(&format!("\n<details><summary>evidence</summary>\n\n{}\n</details>\n", fenced(&block)));
    if !others.is_empty() {
        section.push_str(&format!("\n<details><summary>{} more for the same cause</summary>\n\n", others.len()));
        section.extend(
            others.iter().take(200).map(|scenario| format!("- {} {}\n", name(scenario), code(&scenario.place()))),
        );
        section.push_str("\n</details>\n");
    }
    section
}

fn table(run: &RunRecord, title: &str, why: impl Fn(&ScenarioRecord) -> Option<String>) -> String {
    let rows: Vec<(&ScenarioRecord, String)> =
        run.scenarios.iter().filter_map(|scenario| why(scenario).map(|why| (scenario, why))).collect();
    if rows.is_empty() {
        return String::new();
    }
    let mut table = format!("\n<details><summary>{title}: {}</summary>\n\n| scenario | |\n|---|---|\n", rows.len());
    let lines = rows
        .iter()
        .take(200)
        .map(|(scenario, why)| format!("| {} | {} |\n", name(scenario), inline(&text::cut(why, 300))));
    table.extend(lines);
    table.push_str("\n</details>\n");
    table
}

fn history(run: &RunRecord) -> String {
    let Some(history) = &run.history else { return String::new() };
    let mut section = "\n## Earlier runs\n".to_owned();
    let line = |cells: &mut dyn Iterator<Item = String>| format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "));
    for history_tables::HistoryTable { title, heads, rows, more } in history_tables::tables(history) {
        section.push_str(&format!("\n<details><summary>{title}</summary>\n\n"));
        section.push_str(&line(&mut heads.iter().map(|head| (*head).to_owned())));
        section.push_str(&line(&mut heads.iter().map(|_| "---".to_owned())));
        section.extend(rows.iter().map(|row| line(&mut row.iter().map(|cell| inline(&text::cut(cell, 200))))));
        if more > 0 {
            section.push_str(&format!("\n… and {more} more\n"));
        }
        section.push_str("\n</details>\n");
    }
    section
}

fn notes(run: &RunRecord) -> String {
    let notes = run.notes();
    if notes.is_empty() {
        return String::new();
    }
    let mut section = "\n## Notes\n\n".to_owned();
    section.extend(notes.iter().take(50).map(|note| format!("- {}\n", inline(&text::cut(note, 300)))));
    section
}

fn name(scenario: &ScenarioRecord) -> String {
    format!("**{}**", inline(&text::cut(&format!("{} › {}", scenario.feature, scenario.title()), 300)))
}

/// Escapes text within a line: it makes no markup, HTML, links or mentions.
fn inline(words: &str) -> String {
    let mut safe = String::new();
    for char in text::line(words).chars() {
        match char {
            '&' | '<' | '>' | '@' | ':' | '|' | '`' | '*' | '_' | '[' | ']' | '#' | '~' | '\\' | '!' | '$' => {
                safe.push_str(&format!("&#{};", char as u32));
            }
            _ => safe.push(char),
        }
    }
    safe.trim().to_owned()
}

/// Returns code within a line. Backslashes do not escape there, so the fence has to be longer than any run of backticks
/// inside.
fn code(words: &str) -> String {
    // A bar ends the cell of a table, even within code.
    let words = text::line(words).replace('|', "¦");
    let fence = "`".repeat(longest_run(&words) + 1);
    format!("{fence} {} {fence}", words.trim())
}

fn fenced(block: &str) -> String {
    let fence = "`".repeat(longest_run(block).max(2) + 1);
    format!("{fence}text\n{block}{fence}\n")
}

fn longest_run(text: &str) -> usize {
    text.split(|char| char != '`').map(str::len).max().unwrap_or_default()
}
