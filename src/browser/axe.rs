//! axe-core, beside the oracle: checks that a page's markup tells assistive technology what the page shows.
//!
//! axe does not look for silent failures: it checks rules about markup, whatever happened on the page. So a sentence asks for
//! it, and it does not run after every step: one run takes longer than a press.

use serde::Deserialize;
use serde_json::json;

use super::{BrowserError, Page};
use crate::model::{Finding, RuleId};

/// The unchanged script of axe-core, which defines `axe`.
const AXE: &str = include_str!("axe/axe.min.js");

/// Lists what is wrong and what axe leaves to a person. An undecided point is a finding too, because nobody has looked
/// at it.
const RUN: &str = "async () => {
    const found = await axe.run(document, { iframes: false, resultTypes: ['violations', 'incomplete'] });
    const told = (rules, undecided) => rules.flatMap(({ id, help, nodes }) =>
        nodes.map(({ target, any, all, none }) => ({
            id, help, undecided, at: target.flat().join(' '),
            why: [...any, ...all, ...none].map(({ message }) => message).join('; '),
        })));
    return JSON.stringify([...told(found.violations, false), ...told(found.incomplete, true)]);
}";

#[derive(Deserialize)]
struct AxeResult {
    /// The name of axe's rule.
    id: String,
    help: String,
    undecided: bool,
    at: String,
    why: String,
}

impl Page {
    /// Returns what axe-core finds wrong with the page and what it cannot decide, as one finding of the rule `axe` for
    /// each element.
    pub async fn axe(&self) -> Result<Vec<Finding>, BrowserError> {
        self.rest().await?;
        let load = format!("() => {{ if (!globalThis.axe) {{ {AXE} }} }}");
        self.function("axe", &load, json!([])).await?;
        let told = self.function("axe", RUN, json!([])).await?.unwrap_or_default();
        let told: Vec<AxeResult> = serde_json::from_str(&told)
            .map_err(|error| BrowserError::Refused { command: "axe".into(), reason: error.to_string() })?;
        Ok(told.into_iter().map(AxeResult::finding).collect())
    }
}

impl AxeResult {
    fn finding(self) -> Finding {
        let Self { id, help, undecided, at, why } = self;
        let undecided = if undecided { ", which axe cannot decide" } else { "" };
        Finding {
            rule: RuleId::Axe,
            message: format!("{id}: {help}{undecided}, at {at}: {why}"),
            edge: None,
            exchange: None,
            at: Some(at),
            source: None,
        }
    }
}
