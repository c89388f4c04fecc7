//! Where things are in a feature file: which lines belong to a scenario, and where its steps and tags were written.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use super::select::Extent;
use crate::model::message::{
    Background, Examples, Feature, GherkinDocument, Location, Pickle, Rule, Scenario, Step, Tag,
};

/// The scenarios, steps and tags of one file, by their ids.
pub(super) struct Extents<'t> {
    scenarios: HashMap<&'t str, ScenarioExtent<'t>>,
    pub steps: HashMap<&'t str, &'t Step>,
    pub tags: HashMap<&'t str, Location>,
}

struct ScenarioExtent<'t> {
    extent: Extent,
    rows: HashMap<&'t str, Location>,
    row_lines: Vec<u32>,
}

impl<'t> Extents<'t> {
    pub(super) fn of(tree: &'t GherkinDocument) -> Self {
        let mut extents = Self { scenarios: HashMap::new(), steps: HashMap::new(), tags: HashMap::new() };
        let Some(feature) = &tree.feature else { return extents };
        let header = header_of(feature);
        extents.add_tags(&feature.tags);
        for child in &feature.children {
            extents.add_background(child.background.as_ref());
            if let Some(scenario) = &child.scenario {
                extents.add(scenario, vec![header.clone()]);
            }
            if let Some(rule) = &child.rule {
                let headers = vec![header.clone(), header_of_rule(rule)];
                extents.add_tags(&rule.tags);
                for child in &rule.children {
                    extents.add_background(child.background.as_ref());
                    if let Some(scenario) = &child.scenario {
                        extents.add(scenario, headers.clone());
                    }
                }
            }
        }
        extents
    }

    fn add_tags(&mut self, tags: &'t [Tag]) {
        self.tags.extend(tags.iter().map(|tag| (tag.id.as_str(), tag.location)));
    }

    fn add_background(&mut self, background: Option<&'t Background>) {
        for step in background.into_iter().flat_map(|background| &background.steps) {
            self.steps.insert(&step.id, step);
        }
    }

    fn add(&mut self, scenario: &'t Scenario, headers: Vec<RangeInclusive<u32>>) {
        self.add_tags(&scenario.tags);
        scenario.examples.iter().for_each(|examples| self.add_tags(&examples.tags));
        self.steps.extend(scenario.steps.iter().map(|step| (step.id.as_str(), step)));
        let first = scenario.tags.first().map_or(scenario.location.line, |tag| tag.location.line);
        let rows: HashMap<&str, Location> = scenario
            .examples
            .iter()
            .flat_map(|examples| &examples.table_body)
            .map(|row| (row.id.as_str(), row.location))
            .collect();
        let row_lines: Vec<u32> = rows.values().map(|location| location.line).collect();
        let extent = Extent { lines: first..=last_line(scenario), row: None, headers };
        self.scenarios.insert(&scenario.id, ScenarioExtent { extent, rows, row_lines });
    }

    /// Returns whether one of these lines selects a scenario or an example of one.
    pub(super) fn selected(&self, pickle: &Pickle, lines: &[u32]) -> bool {
        let mut ids = pickle.ast_node_ids.iter();
        let Some(scenario) = ids.next().and_then(|id| self.scenarios.get(id.as_str())) else { return false };
        let row = ids.next().and_then(|id| scenario.rows.get(id.as_str())).copied();
        Extent { row, ..scenario.extent.clone() }.selected_by(lines, &scenario.row_lines)
    }
}

fn header_of(feature: &Feature) -> RangeInclusive<u32> {
    feature.tags.first().map_or(feature.location.line, |tag| tag.location.line)..=feature.location.line
}

fn header_of_rule(rule: &Rule) -> RangeInclusive<u32> {
    rule.tags.first().map_or(rule.location.line, |tag| tag.location.line)..=rule.location.line
}

fn last_line(scenario: &Scenario) -> u32 {
    let steps = scenario.steps.iter().map(|step| {
        let table = step.data_table.as_ref().and_then(|table| table.rows.last()).map_or(0, |row| row.location.line);
        let text = step.doc_string.as_ref().map_or(0, |text| {
            text.location.line + u32::try_from(text.content.lines().count()).unwrap_or(u32::MAX).saturating_add(1)
        });
        step.location.line.max(table).max(text)
    });
    let examples = scenario.examples.iter().map(|examples: &Examples| {
        let header = examples.table_header.as_ref().map_or(examples.location.line, |row| row.location.line);
        examples.table_body.last().map_or(header, |row| row.location.line)
    });
    steps.chain(examples).max().unwrap_or(scenario.location.line)
}
