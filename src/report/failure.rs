//! A scenario that did not pass, as a block of text: for the console, and for report files whose readers see nothing else.

use std::io::{self, Write};
use std::time::Duration;

use super::record::{AttemptRecord, ScenarioRecord};
use super::style::{Ink, Style, pad};
use super::text;
use crate::model::{Exchange, HopState, Outcome};

/// The number of exchanges that are listed; the HTML report has the rest.
const EXCHANGES: usize = 30;

/// Writes the block, each line indented by two spaces: the failed sentence, the diagnosis with its hops, the exchanges, the
/// findings, and the command that repeats the scenario.
pub fn write(out: &mut dyn Write, scenario: &ScenarioRecord, seed: u64, style: &Style) -> io::Result<()> {
    writeln!(out, "  {}", style.paint(Ink::Faint, &text::line(&scenario.place())))?;
    let Some(attempt) = scenario.last() else {
        return writeln!(out, "  {}", text::line(&scenario.why()));
    };
    sentence(out, scenario, attempt, style)?;
    hops(out, attempt, style)?;
    exchanges(out, attempt, style)?;
    for finding in &attempt.findings {
        let place = finding.edge.as_ref().map(|edge| format!("{edge}: ")).unwrap_or_default();
        let at = finding.at.as_ref().map(|at| format!("  at {at}")).unwrap_or_default();
        let text = text::line(&format!("{place}{}{at}", finding.message));
        writeln!(out, "  {} {text}", style.paint(Ink::Bad, finding.rule.word()))?;
    }
    if scenario.attempts.len() > 1 {
        writeln!(out, "  the last of {} attempts", scenario.attempts.len())?;
    }
    if !scenario.verdict.repeat.is_empty() {
        let command = text::line(&scenario.verdict.repeat);
        let command = if command.contains("seed") { command } else { format!("{command}   (seed {seed})") };
        writeln!(out, "  {} {command}", style.paint(Ink::Faint, "again:"))?;
    }
    Ok(())
}

/// Returns the same block as plain text.
pub fn plain(scenario: &ScenarioRecord, seed: u64) -> String {
    let mut block = Vec::new();
    write(&mut block, scenario, seed, &Style::PLAIN).expect("writing to memory does not fail");
    String::from_utf8_lossy(&block).into_owned()
}

fn sentence(out: &mut dyn Write, scenario: &ScenarioRecord, attempt: &AttemptRecord, style: &Style) -> io::Result<()> {
    let step = attempt.failed_step();
    if let Some(step) = step {
        let place = step.line.map(|line| format!("  {}:{line}", scenario.uri)).unwrap_or_default();
        let said = text::line(format!("{} {}", step.keyword, step.text).trim());
        writeln!(out, "  {} {said}{}", style.paint(Ink::Bad, "✗"), style.paint(Ink::Faint, &text::line(&place)))?;
        for line in text::lines(step.message.as_deref().unwrap_or_default()) {
            writeln!(out, "      {line}")?;
        }
    }
    // The reason often repeats the message of the step, which stands above.
    let said = step.and_then(|step| step.message.as_deref()).unwrap_or_default();
    if !scenario.verdict.reason.is_empty() && !said.contains(&scenario.verdict.reason) {
        for line in text::lines(&scenario.verdict.reason) {
            writeln!(out, "  {line}")?;
        }
    }
    match attempt.sentence() {
        Some(sentence) if sentence != scenario.verdict.reason => {
            writeln!(out, "  {}", style.paint(Ink::Strong, &text::line(sentence)))
        }
        Some(_) | None => Ok(()),
    }
}

fn hops(out: &mut dyn Write, attempt: &AttemptRecord, style: &Style) -> io::Result<()> {
    let hops = attempt.diagnosis.as_ref().map(|diagnosis| diagnosis.hops.as_slice()).unwrap_or_default();
    let name_width = hops.iter().map(|hop| hop.name.chars().count()).max().unwrap_or_default();
    let edge_width = hops.iter().map(|hop| hop.edge.to_string().chars().count()).max().unwrap_or_default();
    for hop in hops {
        let (mark, ink) = match hop.state {
            HopState::Kept => ("✓", Ink::Good),
            HopState::Broken => ("✗", Ink::Bad),
            HopState::Absent => ("·", Ink::Faint),
        };
        let name = pad(&text::line(&hop.name), name_width);
        let edge = pad(&text::line(&hop.edge.to_string()), edge_width);
        let note = style.fit(name_width + edge_width + 10, &text::line(&hop.note));
        writeln!(out, "    {} {name}  {edge}  {note}", style.paint(ink, mark))?;
    }
    Ok(())
}

fn exchanges(out: &mut dyn Write, attempt: &AttemptRecord, style: &Style) -> io::Result<()> {
    let all = &attempt.exchanges;
    let Some(first) = all.iter().map(|exchange| exchange.at_micros).min() else { return Ok(()) };
    // Exchanges that show something are never left out; the others get the room that is left.
    let mut room = EXCHANGES.saturating_sub(all.iter().filter(|one| is_telling(attempt, one)).count());
    let mut hidden = 0;
    let edge_width = all.iter().map(|one| one.edge.to_string().chars().count()).max().unwrap_or_default();
    for exchange in all {
        if !is_telling(attempt, exchange) {
            if room == 0 {
                hidden += 1;
                continue;
            }
            room -= 1;
        }
        let broken = attempt.is_broken(exchange.id);
        let mark = if broken { style.paint(Ink::Bad, "▶") } else { " ".into() };
        let offset = exchange.at_micros.saturating_sub(first) as f64 / 1e6;
        let edge = pad(&text::line(&exchange.edge.to_string()), edge_width);
        let (ended, ink) = outcome(exchange);
        let ended = if broken { style.paint(Ink::Bad, &ended) } else { style.paint(ink, &ended) };
        let took = text::duration(Duration::from_micros(exchange.took_micros));
        let asked = text::line(&format!("{} {}", exchange.request.method, exchange.request.target));
        let asked = style.fit(edge_width + 36, &asked);
        let faults: String =
            exchange.faults.iter().map(|fault| format!("  {}", style.paint(Ink::Doubt, &text::line(fault)))).collect();
        writeln!(out, "  {mark} +{offset:.3} s  {edge}  {ended}  {took:>7}  {asked}{faults}")?;
    }
    if hidden > 0 {
        writeln!(out, "    … and {}", text::count(hidden, "more exchange", "more exchanges"))?;
    }
    Ok(())
}

/// Says whether an exchange is always listed: it shows the failure, met a fault, was refused, or changed something.
fn is_telling(attempt: &AttemptRecord, exchange: &Exchange) -> bool {
    attempt.is_broken(exchange.id)
        || !exchange.faults.is_empty()
        || !exchange.status().is_some_and(|status| (200..300).contains(&status))
        || !matches!(exchange.request.method.as_str(), "GET" | "HEAD" | "OPTIONS")
}

/// Returns the status, or the reason why there is none.
fn outcome(exchange: &Exchange) -> (String, Ink) {
    match &exchange.outcome {
        Outcome::Answered(response) => {
            let ink = if response.status < 400 { Ink::Good } else { Ink::Doubt };
            (format!("{:<4}", response.status), ink)
        }
        Outcome::Unreachable { reason } => (text::line(&format!("unreachable: {reason}")), Ink::Bad),
        Outcome::Broken { reason } => (text::line(&format!("broken: {reason}")), Ink::Bad),
        Outcome::Open => ("open".into(), Ink::Doubt),
    }
}
