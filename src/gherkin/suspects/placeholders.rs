//! Placeholders without a column, and columns without a placeholder.

use std::collections::HashSet;

use super::Reading;
use crate::base::suggest::nearest;
use crate::gherkin::Mistake;
use crate::model::message::{Location, Scenario, Step};

pub(super) fn unknown_placeholder(reading: &Reading<'_>) -> Vec<Mistake> {
    let mut found = Vec::new();
    for background in reading.backgrounds() {
        let in_vain = wanted(texts_of_steps(&background.steps));
        found.extend(in_vain.into_iter().map(|(location, name)| {
            Mistake::new(location, format!("`<{name}>` stays as it is: a background has no examples"))
        }));
    }
    for scenario in reading.scenarios() {
        let wanted = wanted(texts_of(scenario));
        if scenario.examples.is_empty() {
            found.extend(wanted.iter().map(|(location, name)| {
                Mistake::new(*location, format!("`<{name}>` stays as it is: the scenario has no examples"))
            }));
        }
        for examples in &scenario.examples {
            let Some(header) = &examples.table_header else { continue };
            let columns: HashSet<&str> = header.cells.iter().map(|cell| cell.value.as_str()).collect();
            // A column whose own name holds a bracket is replaced too, but is not found by name.
            if columns.iter().any(|column| column.contains(['<', '>'])) {
                continue;
            }
            for (location, name) in wanted.iter().filter(|(_, name)| !columns.contains(name)) {
                let line = examples.location.line;
                let mistake =
                    Mistake::new(*location, format!("the examples in line {line} have no column for `<{name}>`"));
                let help = nearest(name, columns.iter().copied()).map(|column| format!("Did you mean `{column}`?"));
                found.push(Mistake { help, ..mistake });
            }
        }
    }
    found
}

pub(super) fn unused_column(reading: &Reading<'_>) -> Vec<Mistake> {
    let mut found = Vec::new();
    for scenario in reading.scenarios().filter(|scenario| !scenario.steps.is_empty()) {
        let texts = texts_of(scenario);
        let used: HashSet<&str> = texts.iter().flat_map(|text| bracketed(text.text)).collect();
        let is_used = |column: &str| {
            used.contains(column)
                || column.contains(['<', '>']) && texts.iter().any(|text| text.text.contains(&format!("<{column}>")))
        };
        let headers = scenario.examples.iter().filter_map(|examples| examples.table_header.as_ref());
        let unused = headers.flat_map(|header| &header.cells).filter(|cell| !is_used(&cell.value));
        found.extend(unused.map(|cell| {
            let message = if cell.value.is_empty() {
                "the column has no name, so nothing can use it".to_owned()
            } else {
                format!("no step uses the column `{}`", cell.value)
            };
            Mistake::new(cell.location, message)
        }));
    }
    found
}

/// A text in which placeholders are replaced.
struct Text<'a> {
    location: Location,
    text: &'a str,
    /// Whether it is HTML or XML by its media type: brackets in it are tags.
    markup: bool,
}

fn texts_of(scenario: &Scenario) -> Vec<Text<'_>> {
    let mut texts = vec![Text { location: scenario.location, text: &scenario.name, markup: false }];
    texts.extend(texts_of_steps(&scenario.steps));
    texts
}

fn texts_of_steps(steps: &[Step]) -> Vec<Text<'_>> {
    let mut texts = Vec::new();
    for step in steps {
        texts.push(Text { location: step.location, text: &step.text, markup: false });
        let cells = step.data_table.iter().flat_map(|table| &table.rows).flat_map(|row| &row.cells);
        texts.extend(cells.map(|cell| Text { location: cell.location, text: &cell.value, markup: false }));
        if let Some(doc) = &step.doc_string {
            let media_type = doc.media_type.as_deref().unwrap_or_default();
            texts.push(Text { location: doc.location, text: media_type, markup: false });
            let markup = ["html", "xml", "svg"].iter().any(|kind| media_type.contains(kind));
            texts.push(Text { location: doc.location, text: &doc.content, markup });
        }
    }
    texts
}

/// The placeholders that somebody wants replaced, each where it stands first.
fn wanted(texts: Vec<Text<'_>>) -> Vec<(Location, &str)> {
    let mut seen = HashSet::new();
    let mut wanted = Vec::new();
    for text in texts.iter().filter(|text| !text.markup) {
        let elements: HashSet<&str> = bracketed(text.text).filter_map(|name| name.strip_prefix('/')).collect();
        let names = bracketed(text.text).filter(|name| is_name(name) && !elements.contains(name));
        wanted.extend(names.filter(|name| seen.insert(*name)).map(|name| (text.location, name)));
    }
    wanted
}

/// Whatever stands between a `<` and the `>` after it.
fn bracketed(text: &str) -> impl Iterator<Item = &str> {
    text.split('<').skip(1).filter_map(|rest| Some(rest.split_once('>')?.0))
}

/// Whether this may be a column's name, and not a comparison, a comment or an element of a page.
fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_alphanumeric() || first == '_')
        && name.trim_end() == name
        && !name.contains(['\n', '=', '"', '/', '@'])
}
