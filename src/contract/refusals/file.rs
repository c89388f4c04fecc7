//! The file of the catalogue of refusals.

#![expect(missing_docs, reason = "only this repository's own tests see these items from outside")]

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use super::problem::refusal;
use crate::base::config::{ConfigError, parse_toml};
use crate::base::suggest::did_you_mean;
use crate::model::{Exchange, Finding, RuleId};

/// The refusals of a platform. Threads share it by reference.
#[derive(Debug, Clone)]
pub struct RefusalCatalogue {
    pub(super) file: String,
    pub(super) written: CatalogueFile,
}

/// The catalogue as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CatalogueFile {
    /// The services that refuse in these words. Others are outside parties.
    pub services: Vec<String>,
    /// The services that call others even when no request asks them to.
    pub permissions: String,
    /// The services that call others also when no request asks them to.
    #[serde(default)]
    pub background: Vec<String>,
    /// The code for trouble of a neighbour, by the neighbour's name.
    #[serde(default)]
    pub unavailable: BTreeMap<String, String>,
    /// Other codes that a service may make of what it learned from a neighbour.
    #[serde(default)]
    pub translations: Vec<Translation>,
    /// The places where a successful answer says why something cannot be done.
    #[serde(default)]
    pub reasons: Vec<Reason>,
    /// The codes by name.
    pub codes: BTreeMap<String, Code>,
}

/// The codes that `by` may make of what it learned from `from`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Translation {
    /// The service that is told.
    pub by: String,
    /// The service that tells it.
    pub from: String,
    /// The code to which the entry applies; without it, the entry applies to any trouble of `from`.
    #[serde(default)]
    pub said: Option<String>,
    /// The codes that it may become.
    pub becomes: Vec<String>,
    /// The reason, for readers of the file.
    #[serde(rename = "why")]
    _why: String,
}

/// A place where a successful answer carries a code.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reason {
    pub service: String,
    pub method: String,
    /// The path, without a query.
    pub path: String,
    /// The JSON pointer to the code.
    pub pointer: String,
}

/// The catalogue's entry for one code.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// The status it is answered with.
    pub status: u16,
    /// The kind of trouble.
    pub class: RefusalClass,
    /// True when the same request may work later.
    pub retry: bool,
    /// The sentence for the page.
    pub sentence: String,
    /// The advice for a person.
    pub advice: String,
    /// The services that say it on their own account; without entries, any service may.
    #[serde(default)]
    pub said_by: Vec<String>,
}

/// A kind of trouble, which decides what a client does. A refusal must never change from one class to another on its
/// way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefusalClass {
    /// The member has to sign in again.
    SignedOut,
    /// The member may not do this, whatever they buy.
    NotAllowed,
    /// The right to do this was not bought.
    NotBought,
    /// The right to do this was there, and is no more.
    Gone,
    NoFunds,
    /// The state of things does not allow it.
    Conflict,
    Invalid,
    /// The member has too much under way and has to wait.
    TooMany,
    /// The same request would work later.
    TemporarilyDown,
    /// The platform has a bug.
    Bug,
}

impl RefusalClass {
    pub fn word(self) -> &'static str {
        match self {
            Self::SignedOut => "signed-out",
            Self::NotAllowed => "not-allowed",
            Self::NotBought => "not-bought",
            Self::Gone => "gone",
            Self::NoFunds => "no-funds",
            Self::Conflict => "conflict",
            Self::Invalid => "invalid",
            Self::TooMany => "too-many",
            Self::TemporarilyDown => "temporarily-down",
            Self::Bug => "bug",
        }
    }
}

impl fmt::Display for RefusalClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl RefusalCatalogue {
    /// Reads a catalogue from the text of its file; `file` is how errors and findings name it.
    pub fn load(file: &str, text: &str) -> Result<Self, ConfigError> {
        let written: CatalogueFile = parse_toml(file, text)?;
        let wrong = |keys: &[&str], message: String| ConfigError::under(file, text, keys, message);
        for (slug, code) in &written.codes {
            if !(400..600).contains(&code.status) {
                let message = format!("`{slug}` has the status {}, which refuses nothing", code.status);
                return Err(wrong(&["codes", slug, "status"], message));
            }
        }
        let catalogue = Self { file: file.to_owned(), written };
        let known = |keys: &[&str], slug: &str| catalogue.known(slug).map(drop).map_err(|message| wrong(keys, message));
        for (service, slug) in &catalogue.written.unavailable {
            known(&["unavailable", service], slug)?;
        }
        for (place, translation) in catalogue.written.translations.iter().enumerate() {
            let place = place.to_string();
            translation.said.iter().try_for_each(|slug| known(&["translations", &place, "said"], slug))?;
            translation.becomes.iter().try_for_each(|slug| known(&["translations", &place, "becomes", slug], slug))?;
        }
        Ok(catalogue)
    }

    pub fn code(&self, slug: &str) -> Option<&Code> {
        self.written.codes.get(slug)
    }

    /// Returns the entry of a code that has to be there. The error suggests what was meant.
    pub fn known(&self, slug: &str) -> Result<&Code, String> {
        self.code(slug).ok_or_else(|| {
            let hint = did_you_mean(slug, self.written.codes.keys().map(String::as_str));
            format!("the catalogue of refusals has no `{slug}`.{hint}")
        })
    }

    pub fn codes(&self) -> impl Iterator<Item = (&str, &Code)> {
        self.written.codes.iter().map(|(slug, code)| (slug.as_str(), code))
    }

    /// Checks the exchanges of one scenario, in order, against the catalogue. The rules are `U1`, `U2` and `U7`.
    pub fn check(&self, exchanges: &[Exchange]) -> Vec<Finding> {
        let mut findings = Vec::new();
        for exchange in exchanges {
            if let Some(finding) = self.check_problem(exchange).or_else(|| self.check_journey(exchange, exchanges)) {
                findings.push(finding);
            }
        }
        findings
    }

    /// Returns those of the rules `U1`, `U2` and `U7` for which the exchanges of a scenario had something to judge:
    /// refusals, and refusals while permissions could not be looked up.
    pub fn held(&self, exchanges: &[Exchange]) -> Vec<RuleId> {
        if !exchanges.iter().any(|exchange| self.speaks(&exchange.edge.to) && refusal(exchange).is_some()) {
            return Vec::new();
        }
        let is_in_trouble = |exchange: &Exchange| {
            exchange.edge.to == self.written.permissions && exchange.status().is_none_or(|status| status >= 500)
        };
        if exchanges.iter().any(is_in_trouble) {
            vec![RuleId::U1, RuleId::U2, RuleId::U7]
        } else {
            vec![RuleId::U1, RuleId::U2]
        }
    }

    /// Returns true for a service that refuses in the catalogue's words.
    pub(super) fn speaks(&self, service: &str) -> bool {
        self.written.services.iter().any(|known| known == service)
    }

    /// A finding about the refusal in an exchange.
    pub(super) fn finding(
        &self,
        rule: RuleId,
        exchange: &Exchange,
        at: &str,
        slug: Option<&str>,
        message: String,
    ) -> Finding {
        let place = slug.map(|slug| format!("#/codes/{slug}")).unwrap_or_default();
        Finding {
            rule,
            message: format!("{message}{}", crate::contract::examine::disturbed(exchange)),
            edge: Some(exchange.edge.clone()),
            exchange: Some(exchange.id),
            at: Some(at.to_owned()),
            source: Some(format!("{}{place}", self.file)),
        }
    }
}
