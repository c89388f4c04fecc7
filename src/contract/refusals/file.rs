//! The catalogue's file.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use super::problem::refusal;
use crate::base::config::{ConfigError, parse_toml};
use crate::base::suggest::did_you_mean;
use crate::model::{Exchange, Finding, RuleId};

/// All refusals of a platform. Shared between threads by reference.
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
    /// The service that keeps permissions.
    pub permissions: String,
    /// The services that call others also when no request asks them to.
    #[serde(default)]
    pub background: Vec<String>,
    /// What a neighbour's trouble is called by whoever needs it: service → code.
    #[serde(default)]
    pub unavailable: BTreeMap<String, String>,
    /// What else may become of what a service hears from another.
    #[serde(default)]
    pub translations: Vec<Translation>,
    /// Answers that are no refusals and say why something cannot be done.
    #[serde(default)]
    pub reasons: Vec<Reason>,
    /// The codes.
    pub codes: BTreeMap<String, Code>,
}

/// What may become of what `by` hears from `from`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Translation {
    /// The service that is told.
    pub by: String,
    /// The service that tells it.
    pub from: String,
    /// Only of this code; without, of whatever trouble `from` is in.
    #[serde(default)]
    pub said: Option<String>,
    /// The codes that it may become.
    pub becomes: Vec<String>,
    /// Why that is right. For whoever reads the file.
    #[serde(rename = "why")]
    _why: String,
}

/// Where an answer says a code without being a refusal.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reason {
    /// The service that answers.
    pub service: String,
    /// The method.
    pub method: String,
    /// The path, without a query.
    pub path: String,
    /// JSON pointer to the code.
    pub pointer: String,
}

/// What the catalogue says about one code.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// The status it is answered with.
    pub status: u16,
    /// What kind of trouble it is.
    pub class: RefusalClass,
    /// Whether the same request may work later.
    pub retry: bool,
    /// What the page says, in one sentence.
    pub sentence: String,
    /// What a person can do about it.
    pub advice: String,
    /// The services that say it of their own; without, any may.
    #[serde(default)]
    pub said_by: Vec<String>,
}

/// What kind of trouble a refusal is, for whoever decides what to do. These must never be taken for one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefusalClass {
    /// One has to sign in (again).
    SignedOut,
    /// One may not do this, whatever one buys.
    NotAllowed,
    /// The right to do this was not bought.
    NotBought,
    /// The right to do this was there, and is no more.
    Gone,
    /// There is not enough money.
    NoFunds,
    /// The state of things does not allow it.
    Conflict,
    /// The request is wrong.
    Invalid,
    /// Too much at once: wait for what is under way.
    TooMany,
    /// It would work later.
    TemporarilyDown,
    /// The platform has a bug.
    Bug,
}

impl RefusalClass {
    /// The word for it.
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
    ///
    /// # Errors
    /// With line and suggestion: malformed TOML, unknown keys and classes, a status that is no refusal's, a code that is
    /// named and not in the catalogue.
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

    /// What the catalogue says about a code.
    pub fn code(&self, slug: &str) -> Option<&Code> {
        self.written.codes.get(slug)
    }

    /// The same of a code that has to be there.
    ///
    /// # Errors
    /// With what was meant, if it is not.
    pub fn known(&self, slug: &str) -> Result<&Code, String> {
        self.code(slug).ok_or_else(|| {
            let hint = did_you_mean(slug, self.written.codes.keys().map(String::as_str));
            format!("the catalogue of refusals has no `{slug}`.{hint}")
        })
    }

    /// All codes by name.
    pub fn codes(&self) -> impl Iterator<Item = (&str, &Code)> {
        self.written.codes.iter().map(|(slug, code)| (slug.as_str(), code))
    }

    /// Holds the exchanges of one scenario, in order, against the catalogue. The rules are `U1`, `U2` and `U7`.
    pub fn check(&self, exchanges: &[Exchange]) -> Vec<Finding> {
        let mut findings = Vec::new();
        for exchange in exchanges {
            if let Some(finding) = self.check_problem(exchange).or_else(|| self.check_journey(exchange, exchanges)) {
                findings.push(finding);
            }
        }
        findings
    }

    /// Which of the rules `U1`, `U2` and `U7` the exchanges of one scenario give something to judge: refusals, and refusals
    /// while nobody could look permissions up.
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

    /// Whether this service refuses in the catalogue's words.
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
