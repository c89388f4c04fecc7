//! A proof as text for a terminal and as Markdown. Defects that were not caught come first, with the rules to assert.

use std::fmt;
use std::time::Duration;

use super::style::{Ink, Style, fit, pad};
use super::text;
use crate::model::proof::{Detection, MutantOutcome, Mutation, Row, Score, Standing};
use crate::model::{Proof, RuleId};

/// Returns a proof for a terminal.
pub fn text(proof: &Proof, style: &Style) -> String {
    let mut page = String::new();
    for standing in Standing::ALL.into_iter().filter(|standing| *standing != Standing::Caught) {
        let rows: Vec<&Row> = proof.defects.iter().filter(|row| row.standing == standing).collect();
        if rows.is_empty() {
            continue;
        }
        page.push_str(&format!("\n{}\n", style.paint(ink(standing), standing.words())));
        for row in rows {
            page.push_str(&format!("  {}  {}\n", style.paint(Ink::Strong, &row.id), text::line(&row.observed)));
            page.push_str(
                &advice(row).into_iter().map(|line| format!("      {}\n", text::line(&line))).collect::<String>(),
            );
        }
    }
    let caught: Vec<&Row> = proof.defects.iter().filter(|row| row.standing == Standing::Caught).collect();
    if !caught.is_empty() {
        let wide = |column: fn(&Row) -> String| caught.iter().map(|row| column(row).chars().count()).max().unwrap_or(0);
        let (ids, told) = (wide(|row| row.id.clone()), wide(noticed_by));
        page.push_str(&format!("\n{}\n", style.paint(Ink::Good, "caught")));
        for row in caught {
            let line = format!(
                "  {}  {}  {}  {}  {}",
                pad(&row.id, ids),
                pad(&noticed_by(row), told),
                if row.subtle { "★" } else { " " },
                pad(&took(row), 7),
                text::line(&format!("{}  {}", hop(row), place(proof, row)))
            );
            page.push_str(&format!("{}\n", fit(&line, style.width)));
        }
    }
    if let Some(mutation) = &proof.mutation {
        page.push_str(
            &mutants(mutation).into_iter().map(|line| format!("{}\n", text::line(&line))).collect::<String>(),
        );
    }
    for note in &proof.notes {
        page.push_str(&format!("\n{}", text::line(note)));
    }
    page.push_str(&format!("\n{}\n", summary(proof)));
    page
}

/// Returns the results of changed answers, line by line.
fn mutants(mutation: &Mutation) -> Vec<String> {
    let mut lines = Vec::new();
    let survivors = mutation.mutants.iter().filter(|mutant| mutant.fate == MutantOutcome::Survived);
    lines.push(String::new());
    lines.push("survived".into());
    lines.extend(survivors.map(|mutant| format!("  {} at {}: {}", mutant.what, mutant.at, mutant.why)));
    for (title, scores) in [("features", &mutation.features), ("sentences", &mutation.sentences)] {
        lines.push(String::new());
        lines.push(title.into());
        lines.extend(scores.iter().map(score));
    }
    let decoration: Vec<String> = mutation.decoration().map(|sentence| format!("  {}", sentence.of)).collect();
    if !decoration.is_empty() {
        lines.push(String::new());
        lines.push("decoration: these Thens never failed under a mutant".into());
        lines.extend(decoration);
    }
    lines
}

fn score(score: &Score) -> String {
    let unnoticed = match score.unnoticed.first() {
        Some(first) => format!("; not noticed: {first}"),
        None => String::new(),
    };
    format!("  {} of {} mutants caught: {}{unnoticed}", score.killed, score.counted, score.of)
}

/// Returns one line: how many changes were noticed.
fn mutation_summary(mutation: &Mutation) -> String {
    format!(
        "kill score {:.0} %: {} of {} mutants that could be noticed; {} changed nothing observable, {} never fired; {} of {} possible changes were tried",
        mutation.score(),
        mutation.count(MutantOutcome::Killed),
        mutation.count(MutantOutcome::Killed) + mutation.count(MutantOutcome::Survived),
        mutation.count(MutantOutcome::Equivalent),
        mutation.count(MutantOutcome::NeverFired),
        mutation.mutants.len(),
        mutation.possible,
    )
}

/// Returns a proof as Markdown.
pub fn markdown(proof: &Proof) -> String {
    let mut page = format!(
        "# {}\n\n{}\n",
        if proof.count(Standing::Caught) == proof.defects.len() {
            "Every defect is caught"
        } else {
            "Not every defect is caught"
        },
        summary(proof)
    );
    page.push_str("\n| defect | effect | rules | result | noticed by | hop | took |\n|---|---|---|---|---|---|---|\n");
    for row in &proof.defects {
        let cells = [
            format!("`{}`{}", row.id, if row.subtle { " ★" } else { "" }),
            row.observed.clone(),
            RuleId::list(&row.rules),
            row.standing.words().to_owned(),
            match row.standing {
                Standing::Caught => format!("{} in {}", noticed_by(row), place(proof, row)),
                Standing::Survived | Standing::ByAccident | Standing::NeverFired | Standing::NotReached => {
                    advice(row).join(" ")
                }
            },
            hop(row),
            took(row),
        ];
        let cells = cells.map(|cell| text::line(&cell).replace('|', "\\|"));
        page.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    if let Some(mutation) = &proof.mutation {
        let lines = mutants(mutation).into_iter().map(|line| text::line(&line)).collect::<Vec<_>>().join("\n");
        page.push_str(&format!("\n## Changed answers\n\n```text{lines}\n```\n"));
    }
    for note in &proof.notes {
        page.push_str(&format!("\n{}\n", text::line(note)));
    }
    page
}

/// Returns two lines: how many defects were caught, how, and how often the right hop was named.
pub fn summary(proof: &Proof) -> String {
    let by = |notice: Detection| {
        let caught = proof.defects.iter().filter(|row| row.standing == Standing::Caught);
        caught.filter(|row| row.best().is_some_and(|cell| cell.notice == notice)).count()
    };
    let others =
        Standing::ALL.into_iter().filter(|standing| *standing != Standing::Caught && proof.count(*standing) > 0);
    let others: String = others.map(|standing| format!(", {} {}", proof.count(standing), standing.words())).collect();
    let caught = proof.count(Standing::Caught);
    let right = proof.defects.iter().filter(|row| row.names_its_hop()).count();
    let (cells_right, cells) =
        proof.defects.iter().fold((0, 0), |(right, all), row| (right + row.hops().0, all + row.hops().1));
    let runs: usize = proof.defects.iter().map(|row| row.cells.len()).sum();
    let mut parts = Vec::new();
    if !proof.defects.is_empty() {
        parts.push(format!(
        "{caught} of {} defects caught ({} by one of their rules, {} by a Then){others}\nthe right hop was named for {right} of {caught} ({cells_right} of {cells} scenarios that noticed); {runs} trials of {} scenarios in {}, seed {}",
        proof.defects.len(),
        by(Detection::Rule),
        by(Detection::Then),
        proof.scenarios.len(),
        text::duration(Duration::from_micros(proof.took_micros)),
        proof.seed,
    ));
    }
    parts.extend(proof.mutation.as_ref().map(mutation_summary));
    parts.join("\n")
}

/// Returns one line about a defect, for progress output.
pub fn line(row: &Row) -> String {
    let told = match row.standing {
        Standing::Caught => format!("{} at {}", noticed_by(row), hop(row)),
        Standing::Survived | Standing::ByAccident | Standing::NeverFired | Standing::NotReached => row.observed.clone(),
    };
    text::line(&format!("{}  {}  {told}", row.standing.words(), row.id))
}

/// Returns what to do about a defect that was not caught.
fn advice(row: &Row) -> Vec<String> {
    let scenarios = text::count(row.cells.len(), "scenario", "scenarios");
    let found = match row.standing {
        Standing::Survived => format!("{scenarios} had it at {} and stayed green", row.hop),
        Standing::ByAccident => {
            let reason = row.best().map(|cell| cell.reason.clone()).unwrap_or_default();
            format!("{scenarios} had it at {} and failed only for another reason: {reason}", row.hop)
        }
        Standing::NeverFired => {
            return vec![format!("it was switched on in {scenarios} that cross {}, but never fired", row.hop)];
        }
        Standing::NotReached => {
            return match &row.tag {
                Some(tag) => vec![format!("no scenario tagged {tag} was run that crosses {}", row.hop)],
                None => vec![format!("no scenario that could see it crosses {}", row.hop)],
            };
        }
        Standing::Caught => return Vec::new(),
    };
    let rules = row.rules.iter().zip(&row.says).map(|(rule, says)| format!("to see it, assert {rule}: {says}"));
    [found].into_iter().chain(rules).collect()
}

/// Returns the rules that noticed the defect, or `a Then`.
fn noticed_by(row: &Row) -> String {
    let Some(cell) = row.best() else { return String::new() };
    match cell.notice {
        Detection::Rule => {
            RuleId::list(&cell.rules.iter().filter(|rule| row.rules.contains(rule)).copied().collect::<Vec<_>>())
        }
        Detection::Then => "a Then".into(),
        Detection::Accident | Detection::Missed => String::new(),
    }
}

/// Returns the hop, and the one that the diagnosis named instead.
fn hop(row: &Row) -> String {
    match row.best().filter(|cell| cell.notice.is_good()) {
        Some(cell) if cell.hop.as_ref() == Some(&row.hop) => row.hop.to_string(),
        Some(cell) => {
            let named = cell.hop.as_ref().map_or("none".into(), ToString::to_string);
            format!("{} (named: {named})", row.hop)
        }
        None => row.hop.to_string(),
    }
}

fn place(proof: &Proof, row: &Row) -> String {
    let place = row.best().and_then(|cell| proof.scenarios.get(cell.scenario));
    place.map(|place| format!("{} › {}", place.feature, place.name)).unwrap_or_default()
}

fn took(row: &Row) -> String {
    row.best().map(|cell| text::duration(Duration::from_micros(cell.took_micros))).unwrap_or_default()
}

fn ink(standing: Standing) -> Ink {
    match standing {
        Standing::Survived | Standing::ByAccident => Ink::Bad,
        Standing::NeverFired | Standing::NotReached => Ink::Doubt,
        Standing::Caught => Ink::Good,
    }
}

/// Returns what would survive without each single check.
pub fn removals(removals: impl IntoIterator<Item = (RuleId, impl fmt::Display)>) -> String {
    let mut page = "\nwithout\n".to_owned();
    for (rule, says) in removals {
        page.push_str(&format!("  {}  {says}\n", pad(rule.word(), 9)));
    }
    page
}
