//! The terminal output of a run: one line per scenario as it ends, a block for each failure, and a summary.
//!
//! The console reads the same growing [`RunRecord`] from which the reports are made. The last line is `N passed, N failed` without
//! colours, with `, N skipped` where there are any, because pipelines read it.

use std::io::{self, Write};
use std::time::Duration;

use jiff::Timestamp;

use super::failure;
use super::record::{RunRecord, ScenarioRecord, StepRecord, between};
use super::reporter::WrittenReport;
use super::run_builder::RunUpdate;
use super::style::{Ink, Style};
use super::text;
use crate::model::message::Status;
use crate::model::{Cause, Exit, Verdict};

/// The shortest time between two drawings of the progress line.
const REDRAW: Duration = Duration::from_millis(100);

/// Shows a run while it goes on. After the first error nothing more is written, the run goes on, and [`Console::finish`]
/// returns the error.
#[derive(Debug)]
pub struct Console<W> {
    out: W,
    style: Style,
    /// Indices of the scenarios that are running, in the order in which they started.
    running: Vec<usize>,
    drawn: bool,
    drawn_at: Option<Timestamp>,
    failed: Option<io::Error>,
}

impl<W: Write> Console<W> {
    pub fn new(out: W, style: Style) -> Self {
        Self { out, style, running: Vec::new(), drawn: false, drawn_at: None, failed: None }
    }

    /// Shows what `update` says. `run` is everything known so far.
    pub fn on(&mut self, update: RunUpdate, run: &RunRecord) {
        match update {
            RunUpdate::RunStarted => self.show(|console| console.head(run)),
            RunUpdate::Started(scenario) => {
                // A retry starts the scenario again.
                if !self.running.contains(&scenario) {
                    self.running.push(scenario);
                }
            }
            RunUpdate::Ended(scenario) => {
                self.running.retain(|running| *running != scenario);
                // The line of the scenario replaced the progress line, which is therefore due at once.
                self.drawn_at = None;
                self.show(|console| console.scenario(run, scenario));
            }
            RunUpdate::None | RunUpdate::RunEnded => {}
        }
        if self.is_due(run) {
            self.show(|console| console.progress(run));
        }
    }

    /// Writes the summary, once the reports are written, and returns the first error that writing met since the start.
    pub fn finish(mut self, run: &RunRecord, reports: &[WrittenReport]) -> io::Result<W> {
        self.running.clear();
        self.show(|console| end(&mut console.out, run, reports, &console.style));
        match self.failed {
            Some(error) => Err(error),
            None => Ok(self.out),
        }
    }

    /// Replaces the progress line by what `write` writes, unless writing has failed before.
    fn show(&mut self, write: impl FnOnce(&mut Self) -> io::Result<()>) {
        if self.failed.is_some() {
            return;
        }
        // The progress line has no line break, so whatever comes next has to erase it first.
        let cleared = if std::mem::take(&mut self.drawn) { self.out.write_all(b"\r\x1b[2K") } else { Ok(()) };
        self.failed = cleared.and_then(|()| write(self)).and_then(|()| self.out.flush()).err();
    }

    fn head(&mut self, run: &RunRecord) -> io::Result<()> {
        let info = &run.info;
        let name = self.style.paint(Ink::Strong, &text::line(format!("paidpath {}", info.version).trim_end()));
        let scenarios = text::count(info.selected, "scenario", "scenarios");
        writeln!(self.out, "{name}  {scenarios}, {} at once, seed {}", info.jobs.max(1), info.seed)?;
        let up = info.up_micros.map(|up| format!(", up in {:.1} s", up as f64 / 1e6)).unwrap_or_default();
        let topology = text::line(&format!("{}{up}", info.against()));
        let services = text::line(&info.stands_on());
        for line in [topology, services].iter().filter(|line| !line.trim().is_empty() && *line != " on ") {
            writeln!(self.out, "{}", self.style.paint(Ink::Faint, &self.style.fit(0, line)))?;
        }
        for fault in &info.faults {
            writeln!(self.out, "{}", self.style.paint(Ink::Doubt, &text::line(&format!("fault: {fault}"))))?;
        }
        writeln!(self.out)
    }

    fn scenario(&mut self, run: &RunRecord, index: usize) -> io::Result<()> {
        let (scenario, style) = (&run.scenarios[index], &self.style);
        let (mark, ink) = mark(scenario);
        let took = format!("{:.2} s", scenario.took().as_secs_f64());
        let name = text::line(&format!("{} › {}", scenario.feature, scenario.title()));
        let aside = text::line(&aside(scenario));
        let name = style.fit(aside.chars().count() + 14, &name);
        writeln!(self.out, "{} {took:>7}  {name}{}", style.paint(ink, mark), style.paint(Ink::Faint, &aside))?;
        let bad = matches!(scenario.verdict.verdict, Verdict::Failed | Verdict::Unknown);
        if style.verbose {
            for step in scenario.last().iter().flat_map(|attempt| &attempt.steps) {
                write_step(&mut self.out, step, style)?;
            }
        }
        if bad {
            failure::write(&mut self.out, scenario, run.info.seed, style)?;
            writeln!(self.out)?;
        }
        Ok(())
    }

    fn is_due(&self, run: &RunRecord) -> bool {
        // The messages carry the time, so that the console needs no clock of its own.
        let now = run.last_seen;
        let rested = match (self.drawn_at, now) {
            (Some(before), Some(now)) => between(before, now) >= REDRAW,
            (Some(_), None) => false,
            (None, _) => true,
        };
        self.style.tty && rested && !self.running.is_empty()
    }

    fn progress(&mut self, run: &RunRecord) -> io::Result<()> {
        let totals = run.totals();
        let pending = self.running.len();
        let unfinished = run.scenarios.iter().filter(|scenario| is_unfinished(scenario)).count();
        let done = run.scenarios.len() - unfinished;
        let all = run.info.selected.max(run.scenarios.len());
        let failed = if totals.failed > 0 { format!("  ✗ {}", totals.failed) } else { String::new() };
        // The scenario that has been running longest is the one that a waiting person asks about.
        let oldest = self.running.first().map(|index| text::line(&run.scenarios[*index].title())).unwrap_or_default();
        let line = format!("  {done}/{all}  ✓ {}{failed}  … {pending} running: {oldest}", totals.passed);
        // A line of the full width would make some terminals wrap, and then it could not be erased.
        let line = super::style::fit(&line, self.style.width.saturating_sub(1));
        write!(self.out, "{}", self.style.paint(Ink::Faint, &line))?;
        self.drawn = true;
        self.drawn_at = run.last_seen;
        Ok(())
    }
}

/// Returns the summary that ends the console output, for a run that was not followed live.
pub fn summary(run: &RunRecord, style: &Style) -> String {
    let mut said = Vec::new();
    end(&mut said, run, &[], style).expect("writing to memory does not fail");
    String::from_utf8_lossy(&said).into_owned()
}

fn end(out: &mut dyn Write, run: &RunRecord, reports: &[WrittenReport], style: &Style) -> io::Result<()> {
    let totals = run.totals();
    // The block of a single scenario is still in sight.
    if run.scenarios.len() > 1 {
        recap(out, run, Verdict::Failed, "failed scenarios", style)?;
        recap(out, run, Verdict::Unknown, "unknown scenarios", style)?;
    }
    section(out, "notes", &run.notes(), style)?;
    let written: Vec<String> = reports.iter().map(WrittenReport::line).collect();
    section(out, "reports", &written, style)?;

    let took = text::duration(run.took());
    let exit = run.exit();
    let ink = if exit == Exit::Passed { Ink::Good } else { Ink::Bad };
    let scenarios = text::count(totals.all(), "scenario", "scenarios");
    writeln!(out)?;
    match run.parts.len() {
        0 => writeln!(out, "{scenarios} in {took}, seed {}", run.info.seed)?,
        parts => writeln!(out, "{scenarios} in {took}, of {parts} journals")?,
    }
    writeln!(out, "{}", style.paint(ink, &format!("exit {}: {}", exit.code(), run.meaning())))?;
    let aside = [(totals.unknown, "unknown"), (totals.flaky, "flaky"), (totals.quarantined, "quarantined")];
    for (number, what) in aside.into_iter().filter(|(number, _)| *number > 0) {
        writeln!(out, "{number} {what}")?;
    }
    let skipped = if totals.skipped > 0 { format!(", {} skipped", totals.skipped) } else { String::new() };
    writeln!(out, "{} passed, {} failed{skipped}", totals.passed, totals.failed)
}

/// Says whether a scenario has not ended. While a run goes on, that is true of all unknown scenarios without a verdict.
fn is_unfinished(scenario: &ScenarioRecord) -> bool {
    scenario.verdict.cause == Some(Cause::Unfinished)
}

fn mark(scenario: &ScenarioRecord) -> (&'static str, Ink) {
    match scenario.verdict.verdict {
        Verdict::Passed => ("✓", Ink::Good),
        Verdict::Skipped => ("-", Ink::Faint),
        Verdict::Unknown => ("?", Ink::Doubt),
        Verdict::Failed => ("✗", Ink::Bad),
    }
}

/// Returns the remark in brackets behind the name.
fn aside(scenario: &ScenarioRecord) -> String {
    let verdict = &scenario.verdict;
    let mut said = Vec::new();
    if verdict.flaky {
        said.push(format!("flaky: attempt {}", scenario.attempts.len()));
    }
    if let Some(reason) = &verdict.quarantine {
        said.push(format!("quarantined: {reason}"));
    }
    if verdict.verdict == Verdict::Skipped && !verdict.reason.is_empty() {
        said.push(verdict.reason.clone());
    }
    if said.is_empty() { String::new() } else { format!("  ({})", said.join("; ")) }
}

fn write_step(out: &mut dyn Write, step: &StepRecord, style: &Style) -> io::Result<()> {
    let (mark, ink) = match step.status {
        Status::Passed => ("✓", Ink::Good),
        Status::Skipped | Status::Unknown => ("-", Ink::Faint),
        Status::Failed | Status::Undefined | Status::Ambiguous | Status::Pending => ("✗", Ink::Bad),
    };
    let said = text::line(format!("{} {}", step.keyword, step.text).trim());
    let took = style.paint(Ink::Faint, &text::duration(step.took));
    writeln!(out, "    {} {}  {took}", style.paint(ink, mark), style.fit(18, &said))
}

/// Lists the failed scenarios again for readers who see only the end of the output. Scenarios with the same cause share its
/// line.
fn recap(out: &mut dyn Write, run: &RunRecord, verdict: Verdict, title: &str, style: &Style) -> io::Result<()> {
    let causes = run.causes(verdict);
    if causes.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", style.paint(Ink::Strong, title))?;
    for scenarios in &causes {
        let why = scenarios.first().map(|scenario| scenario.why()).unwrap_or_default();
        writeln!(out, "  {}", style.fit(2, &text::line(&why)))?;
        for scenario in scenarios.iter().take(10) {
            let (mark, ink) = mark(scenario);
            let line = style.fit(6, &text::line(&format!("{}  {}", scenario.place(), scenario.title())));
            writeln!(out, "    {} {line}", style.paint(ink, mark))?;
        }
        if scenarios.len() > 10 {
            writeln!(out, "    … and {} more", scenarios.len() - 10)?;
        }
    }
    Ok(())
}

fn section(out: &mut dyn Write, title: &str, lines: &[String], style: &Style) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", style.paint(Ink::Strong, title))?;
    for line in lines {
        writeln!(out, "  {}", text::line(line))?;
    }
    Ok(())
}
