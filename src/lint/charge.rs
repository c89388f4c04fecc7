//! `check.toml`: what a folder's features are held against beyond the rules that hold everywhere.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::rules::{RULES, rule};
use crate::base::config::{ConfigError, parse_toml};
use crate::base::suggest::did_you_mean;
use crate::gherkin::tags::split;
use crate::run::Vocabulary;

/// The nearest `check.toml` in a feature's folder or above it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Charge {
    /// Rules that are switched off.
    #[serde(default)]
    pub allow: BTreeSet<String>,
    /// The tags that there are, beside those that mean something to the runner, and what each says.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Sentences that prove little when a scenario expects nothing else, and what they leave open.
    #[serde(default)]
    pub weak: BTreeMap<String, String>,
}

impl Charge {
    /// Reads a `check.toml`.
    ///
    /// # Errors
    /// With its line: malformed TOML, unknown keys, rules and sentences that do not exist, tags without their `@`.
    pub fn parse(file: &str, text: &str, vocabulary: &Vocabulary) -> Result<Self, ConfigError> {
        let charge: Self = parse_toml(file, text)?;
        let wrong = |keys: &[&str], message: String| Err(ConfigError::key(file, text, keys, message));
        if let Some(unknown) = charge.allow.iter().find(|id| rule(id).is_none()) {
            let hint = did_you_mean(unknown, RULES.iter().map(|rule| rule.id));
            return wrong(
                &["allow", unknown],
                format!("there is no rule `{unknown}`: `paidpath check --rules` lists them.{hint}"),
            );
        }
        if let Some(tag) = charge.tags.keys().find(|tag| !tag.starts_with('@') || split(tag).1.is_some()) {
            return wrong(&["tags", tag], format!("`{tag}` is not a tag: write its `@`, and no argument"));
        }
        let sentences = || vocabulary.catalogue().sentences.iter().map(|sentence| sentence.expression.as_str());
        if let Some(unknown) = charge.weak.keys().find(|key| !sentences().any(|known| known == *key)) {
            let hint = did_you_mean(unknown, sentences());
            return wrong(&["weak", unknown], format!("the vocabulary has no sentence `{unknown}`.{hint}"));
        }
        Ok(charge)
    }
}
