//! What is missing or there twice.

use std::collections::HashMap;

use super::Reading;
use crate::gherkin::dialect::Title;
use crate::gherkin::pickles::meaning;
use crate::gherkin::{Fix, Mistake};
use crate::model::message::{KeywordType, Location, PickleStepType};

pub(super) fn no_scenarios(reading: &Reading<'_>) -> Vec<Mistake> {
    let Some(feature) = reading.feature else {
        return vec![Mistake::new(Location { line: 1, column: Some(1) }, "the file has no feature")];
    };
    if reading.placed().next().is_none() {
        return vec![Mistake::new(feature.location, "the feature has no scenario: nothing runs")];
    }
    let empty = reading.rules().filter(|rule| rule.children.iter().all(|child| child.scenario.is_none()));
    empty.map(|rule| Mistake::new(rule.location, "the rule has no scenario: nothing runs for it")).collect()
}

pub(super) fn no_steps(reading: &Reading<'_>) -> Vec<Mistake> {
    let scenarios = reading.scenarios().filter(|scenario| scenario.steps.is_empty());
    let backgrounds = reading.backgrounds().filter(|background| background.steps.is_empty());
    scenarios
        .map(|scenario| Mistake::new(scenario.location, "the scenario has no steps: it tests nothing"))
        .chain(backgrounds.map(|background| Mistake::new(background.location, "the background has no steps")))
        .collect()
}

pub(super) fn no_rows(reading: &Reading<'_>) -> Vec<Mistake> {
    let mut found = Vec::new();
    for scenario in reading.scenarios() {
        let outline = |(keyword, title): &(String, Title)| *title == Title::Outline && *keyword == scenario.keyword;
        if scenario.examples.is_empty() && reading.dialect.titles.iter().any(outline) {
            let help = format!("Add `{}:` with a table below its steps.", reading.title_keyword(Title::Examples));
            found.push(Mistake::new(scenario.location, "the outline has no examples").help(help));
        }
        let empty = scenario.examples.iter().filter(|examples| examples.table_body.is_empty());
        found.extend(empty.map(|it| Mistake::new(it.location, "the examples have no rows: nothing runs for them")));
    }
    found
}

pub(super) fn no_outcome(reading: &Reading<'_>) -> Vec<Mistake> {
    let then = reading.step_keyword(KeywordType::Outcome);
    let without = reading.placed().filter(|placed| {
        let mut before = PickleStepType::Unknown;
        for step in placed.backgrounds.into_iter().flatten() {
            before = meaning(step.keyword_type, before);
        }
        let judges = placed.scenario.steps.iter().any(|step| {
            before = meaning(step.keyword_type, before);
            before == PickleStepType::Outcome
        });
        !judges && !placed.scenario.steps.is_empty()
    });
    let message = format!("the scenario has no `{then}` step: it expects nothing");
    without.map(|placed| Mistake::new(placed.scenario.location, message.clone())).collect()
}

pub(super) fn unjudged_action(reading: &Reading<'_>) -> Vec<Mistake> {
    let (when, then) = (reading.step_keyword(KeywordType::Action), reading.step_keyword(KeywordType::Outcome));
    let message = format!("no `{then}` stands below this `{when}`: what comes of it is not expected by anything");
    let last = reading.scenarios().filter_map(|scenario| {
        let mut before = PickleStepType::Unknown;
        let meanings = scenario.steps.iter().map(|step| {
            before = meaning(step.keyword_type, before);
            before
        });
        let meanings: Vec<_> = meanings.collect();
        let outcome = meanings.iter().rposition(|meaning| *meaning == PickleStepType::Outcome)?;
        let action = meanings[outcome..].iter().position(|meaning| *meaning == PickleStepType::Action)?;
        Some(scenario.steps[outcome + action].location)
    });
    last.map(|location| Mistake::new(location, message.clone())).collect()
}

pub(super) fn duplicate_name(reading: &Reading<'_>) -> Vec<Mistake> {
    let mut first: HashMap<&str, u32> = HashMap::new();
    let mut found = Vec::new();
    for scenario in reading.scenarios() {
        let line = *first.entry(&scenario.name).or_insert(scenario.location.line);
        if line != scenario.location.line {
            let message = if scenario.name.is_empty() {
                format!("the scenario has no name, nor has the one in line {line}")
            } else {
                format!("the scenario in line {line} has the name `{}` too", scenario.name)
            };
            found.push(Mistake::new(scenario.location, message).help("Give each a name that says what sets it apart."));
        }
    }
    found
}

pub(super) fn lost_cell(reading: &Reading<'_>) -> Vec<Mistake> {
    let lost = reading.rows().filter_map(|row| {
        let text = reading.line(row.location.line)?.content.trim_end();
        // An escaped `|` is none, and a comment may stand beside a row.
        let cells_end = (0..text.len()).rev().find(|at| {
            let before = &text.as_bytes()[..*at];
            let escapes = before.iter().rev().take_while(|byte| **byte == b'\\').count();
            text.as_bytes()[*at] == b'|' && escapes % 2 == 0
        });
        let rest = text[cells_end? + 1..].trim();
        (!rest.is_empty() && !rest.starts_with('#')).then_some((row.location, text, rest))
    });
    lost.map(|(location, text, rest)| {
        Mistake::new(location, format!("`{rest}` stands after the last `|` of its row and is dropped"))
            .help("End the row with `|`.")
            .meant(Fix { written: text.to_owned(), meant: format!("{text} |") })
    })
    .collect()
}
