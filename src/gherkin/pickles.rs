//! From a document to what can be run: one pickle for each scenario, and one for each row of an outline.

use super::Ids;
use crate::model::message::{
    Background, Examples, Feature, GherkinDocument, KeywordType, Pickle, PickleDocString, PickleStep,
    PickleStepArgument, PickleStepType, PickleTable, PickleTableCell, PickleTableRow, PickleTag, Scenario, Step,
    TableCell, TableRow, Tag,
};

/// The pickles of a document in the order of its text, made one at a time: a long outline is never held whole.
///
/// Steps of backgrounds come first, and are left out where a scenario has no steps of its own. Tags are inherited from
/// feature, rule, scenario and examples, in this order. A scenario without steps makes a pickle without steps, a table of
/// examples without rows makes none. Placeholders are replaced once, from left to right, by the first column of that
/// name, in the steps of the scenario and in its name; backgrounds have none.
pub fn pickles<'a>(document: &'a GherkinDocument, ids: &'a mut Ids) -> impl Iterator<Item = Pickle> + 'a {
    let uri = document.uri.as_deref().unwrap_or_default();
    let instances = document.feature.iter().flat_map(placed).flat_map(|placed| {
        let plain = placed.scenario.examples.is_empty().then_some(None);
        let rows = placed.scenario.examples.iter().flat_map(rows).map(Some);
        plain.into_iter().chain(rows).map(move |row| (placed, row))
    });
    instances.map(move |(placed, row)| placed.pickle(uri, row, ids))
}

/// A scenario with what it inherits.
#[derive(Clone, Copy)]
pub(super) struct Placed<'a> {
    feature: &'a Feature,
    rule_tags: &'a [Tag],
    /// The steps of the feature's background, then those of the rule's.
    pub backgrounds: [&'a [Step]; 2],
    pub scenario: &'a Scenario,
}

/// A row of an outline's examples.
#[derive(Clone, Copy)]
struct Row<'a> {
    tags: &'a [Tag],
    header: &'a [TableCell],
    row: &'a TableRow,
}

/// The scenarios of a feature, those of rules too, in the order of the text.
pub(super) fn placed(feature: &Feature) -> impl Iterator<Item = Placed<'_>> {
    let outer = steps_of(feature.children.iter().find_map(|child| child.background.as_ref()));
    feature.children.iter().flat_map(move |child| {
        let own = child.scenario.iter().map(move |scenario| Placed {
            feature,
            rule_tags: &[],
            backgrounds: [outer, &[]],
            scenario,
        });
        let ruled = child.rule.iter().flat_map(move |rule| {
            let inner = steps_of(rule.children.iter().find_map(|child| child.background.as_ref()));
            let scenarios = rule.children.iter().filter_map(|child| child.scenario.as_ref());
            let rule_tags = &rule.tags[..];
            scenarios.map(move |scenario| Placed { feature, rule_tags, backgrounds: [outer, inner], scenario })
        });
        own.chain(ruled)
    })
}

fn steps_of(background: Option<&Background>) -> &[Step] {
    background.map_or(&[], |background| &background.steps)
}

fn rows(examples: &Examples) -> impl Iterator<Item = Row<'_>> {
    let header = examples.table_header.as_ref().map_or(&[][..], |header| &header.cells);
    examples.table_body.iter().map(move |row| Row { tags: &examples.tags, header, row })
}

impl Placed<'_> {
    fn pickle(&self, uri: &str, row: Option<Row<'_>>, ids: &mut Ids) -> Pickle {
        let scenario = self.scenario;
        let mut before = PickleStepType::Unknown;
        let mut steps = Vec::new();
        if !scenario.steps.is_empty() {
            let inherited = self.backgrounds.into_iter().flatten().map(|step| (step, None));
            for (step, row) in inherited.chain(scenario.steps.iter().map(|step| (step, row))) {
                before = meaning(step.keyword_type, before);
                steps.push(pickle_step(step, before, row, ids));
            }
        }
        let row_tags = row.map_or(&[][..], |row| row.tags);
        let tags = [&self.feature.tags, self.rule_tags, &scenario.tags, row_tags].into_iter().flatten();
        Pickle {
            id: ids.next_id(),
            uri: uri.to_owned(),
            location: Some(row.map_or(scenario.location, |row| row.row.location)),
            name: filled(&scenario.name, row),
            language: self.feature.language.clone(),
            steps,
            tags: tags.map(|tag| PickleTag { name: tag.name.clone(), ast_node_id: tag.id.clone() }).collect(),
            ast_node_ids: node_ids(&scenario.id, row),
        }
    }
}

/// What a step is, given what the step before it is.
pub fn meaning(keyword: Option<KeywordType>, before: PickleStepType) -> PickleStepType {
    match keyword {
        Some(KeywordType::Context) => PickleStepType::Context,
        Some(KeywordType::Action) => PickleStepType::Action,
        Some(KeywordType::Outcome) => PickleStepType::Outcome,
        Some(KeywordType::Conjunction | KeywordType::Unknown) | None => before,
    }
}

fn pickle_step(step: &Step, kind: PickleStepType, row: Option<Row<'_>>, ids: &mut Ids) -> PickleStep {
    let doc_string = step.doc_string.as_ref().map(|text| PickleDocString {
        media_type: text.media_type.as_ref().map(|media_type| filled(media_type, row)),
        content: filled(&text.content, row),
    });
    let data_table = step
        .data_table
        .as_ref()
        .map(|table| PickleTable { rows: table.rows.iter().map(|table_row| pickle_row(table_row, row)).collect() });
    let argument = PickleStepArgument { doc_string, data_table };
    PickleStep {
        argument: (argument.doc_string.is_some() || argument.data_table.is_some()).then_some(argument),
        ast_node_ids: node_ids(&step.id, row),
        id: ids.next_id(),
        kind: Some(kind),
        text: filled(&step.text, row),
    }
}

fn pickle_row(cells: &TableRow, row: Option<Row<'_>>) -> PickleTableRow {
    PickleTableRow {
        cells: cells.cells.iter().map(|cell| PickleTableCell { value: filled(&cell.value, row) }).collect(),
    }
}

fn node_ids(id: &str, row: Option<Row<'_>>) -> Vec<String> {
    std::iter::once(id).chain(row.map(|row| row.row.id.as_str())).map(str::to_owned).collect()
}

/// A text with its placeholders replaced. What a value brings along is not looked at again.
fn filled(text: &str, row: Option<Row<'_>>) -> String {
    let Some(row) = row else { return text.to_owned() };
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(begin) = rest.find('<') {
        filled.push_str(&rest[..begin]);
        rest = &rest[begin..];
        let hit = row.header.iter().zip(&row.row.cells).find_map(|(column, cell)| {
            let after = rest[1..].strip_prefix(column.value.as_str())?.strip_prefix('>')?;
            Some((cell.value.as_str(), after))
        });
        let (text, after) = hit.unwrap_or(rest.split_at(1));
        filled.push_str(text);
        rest = after;
    }
    filled.push_str(rest);
    filled
}
