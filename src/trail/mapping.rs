//! Which exchange means what: the `[trail]` section of a target's file.
//!
//! ```toml
//! [trail]
//! code = "response /code"                     # where refusals carry their stable code
//!
//! [[trail.events]]
//! means = "charged"
//! at = "storefront -> billing POST /v1/purchases"
//! facts = { quote = "request /quote", purchase = "response /id", amount = "response /amount" }
//! ```
//!
//! The same file says the rest of how to speak to the platform; the room `target` reads that.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::Deserialize;

use super::source::Source;
use crate::base::config::{ConfigError, Span, parse_toml};
use crate::base::suggest::did_you_mean;
use crate::model::exchange::NotAnEdge;
use crate::model::{Edge, EventKind, Exchange, Fact};

/// What exchanges mean on one platform.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Mapping {
    /// Where a refusal carries its stable code.
    pub code: Option<Source>,
    /// Facts of every event, where the exchange has them.
    pub always: BTreeMap<Fact, Source>,
    /// What means what. An exchange may mean several things.
    pub events: Vec<Meaning>,
    /// Which codes say what.
    pub codes: Codes,
    /// What is bought → what that allows to do.
    pub rights: BTreeMap<String, Vec<String>>,
    /// The states of a job → the states that may follow. A state that none follows is final.
    pub jobs: BTreeMap<String, Vec<String>>,
    /// The flags without which nothing may be sold.
    pub sells: Vec<String>,
    /// Services outside the platform, which must see no secret.
    pub outside: Vec<String>,
    /// How far a signature's time may be from the receiver's.
    pub event_age: Span,
    /// How far apart the clocks of this machine and of the platform may be.
    pub skew: Span,
}

impl Default for Mapping {
    fn default() -> Self {
        Self {
            code: None,
            always: BTreeMap::new(),
            events: Vec::new(),
            codes: Codes::default(),
            rights: BTreeMap::new(),
            jobs: BTreeMap::new(),
            sells: Vec::new(),
            outside: Vec::new(),
            event_age: Span(std::time::Duration::from_secs(300)),
            skew: Span(std::time::Duration::from_millis(10)),
        }
    }
}

/// Stable codes by what they tell the member.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Codes {
    /// You may not, or not any more: what somebody who paid must never be told.
    pub denied: Vec<String>,
    /// Because of a switch.
    pub paused: Vec<String>,
    /// Refusals that count the uses of a trial, on which services may disagree for a moment.
    pub trial: Vec<String>,
}

/// What one kind of exchange means.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Meaning {
    /// What it means.
    pub means: EventKind,
    /// Where it is seen.
    pub at: Places,
    /// Only where these are so.
    #[serde(default)]
    pub only: BTreeMap<Source, String>,
    /// Named facts.
    #[serde(default)]
    pub facts: BTreeMap<Fact, Source>,
}

/// One place, or several.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Places {
    /// One.
    One(Place),
    /// Several.
    Several(Vec<Place>),
}

/// Edge, method and path: `storefront -> billing POST /v1/purchases/{purchase}/refunds`. A segment or a query parameter in
/// braces is a fact of that name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The edge.
    pub edge: Edge,
    method: String,
    path: Vec<Segment>,
    query: Vec<(String, Fact)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Is(String),
    Fact(Fact),
}

/// Words that name no place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAPlace {
    /// It does not begin with an edge.
    #[error(transparent)]
    Edge(#[from] NotAnEdge),
    /// A name in braces is no fact.
    #[error("`{0}` is not a fact of the path.{1}")]
    Fact(String, String),
    /// Method or path are missing.
    #[error("`{0}` is not a place: write `storefront -> billing POST /v1/purchases`")]
    Shape(String),
}

impl FromStr for Place {
    type Err = NotAPlace;

    fn from_str(text: &str) -> Result<Self, NotAPlace> {
        let wrong = || NotAPlace::Shape(text.into());
        let words: Vec<&str> = text.split_whitespace().collect();
        let [from, arrow, to, method, target] = words.as_slice() else { return Err(wrong()) };
        let edge: Edge = format!("{from} {arrow} {to}").parse()?;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        if !path.starts_with('/') || method.chars().any(|letter| !letter.is_ascii_uppercase()) {
            return Err(wrong());
        }
        let segment = |text: &str| match braced(text) {
            Some(name) => fact(name).map(Segment::Fact),
            None => Ok(Segment::Is(text.into())),
        };
        let parameter = |text: &str| {
            let (name, value) = text.split_once('=').ok_or_else(wrong)?;
            Ok((name.to_owned(), fact(braced(value).ok_or_else(wrong)?)?))
        };
        Ok(Self {
            edge,
            method: (*method).into(),
            path: path.split('/').map(segment).collect::<Result<_, NotAPlace>>()?,
            query: query.split('&').filter(|part| !part.is_empty()).map(parameter).collect::<Result<_, NotAPlace>>()?,
        })
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written(|name| format!("{{{name}}}")))
    }
}

/// The fact of this name, or the name that was probably meant.
fn fact(name: &str) -> Result<Fact, NotAPlace> {
    let unknown = || NotAPlace::Fact(name.to_owned(), did_you_mean(name, Fact::names().map(Fact::word)));
    Fact::extracted(name).ok_or_else(unknown)
}

fn braced(text: &str) -> Option<&str> {
    text.strip_prefix('{')?.strip_suffix('}')
}

impl Place {
    /// The facts that the request line names, if this is where the exchange was seen.
    pub fn matches(&self, exchange: &Exchange) -> Option<Vec<(Fact, String)>> {
        let request = &exchange.request;
        if exchange.edge != self.edge || request.method != self.method {
            return None;
        }
        let mut facts = Vec::new();
        let mut segments = request.path().split('/');
        for expected in &self.path {
            let seen = segments.next()?;
            match expected {
                Segment::Is(text) if text == seen => {}
                Segment::Is(_) => return None,
                Segment::Fact(fact) => facts.push((*fact, seen.to_owned())),
            }
        }
        if segments.next().is_some() {
            return None;
        }
        let query = request.target.split_once('?').map_or("", |(_, query)| query);
        for (name, fact) in &self.query {
            let value = query.split('&').find_map(|part| part.strip_prefix(name.as_str())?.strip_prefix('='));
            facts.extend(value.map(|value| (*fact, value.to_owned())));
        }
        Some(facts)
    }

    /// As the language of faults names it: facts have the values that are given, and are anything where none is.
    pub fn pattern<'v>(&self, value: impl Fn(Fact) -> Option<&'v str>) -> String {
        self.written(|name| value(name).unwrap_or("*").to_owned())
    }

    fn written(&self, fact: impl Fn(Fact) -> String) -> String {
        let segments = self.path.iter().map(|segment| match segment {
            Segment::Is(text) => text.clone(),
            Segment::Fact(name) => fact(*name),
        });
        format!("{} {} {}", self.edge, self.method, segments.collect::<Vec<_>>().join("/"))
    }
}

impl Places {
    /// All of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Place> {
        match self {
            Self::One(place) => std::slice::from_ref(place).iter(),
            Self::Several(places) => places.iter(),
        }
    }
}

impl Mapping {
    /// The edges that the platform has, whether or not this run sees them; some of them several times.
    pub fn edges(&self) -> impl Iterator<Item = &Edge> {
        self.events.iter().flat_map(|meaning| meaning.at.iter().map(|place| &place.edge))
    }

    /// The JSON pointers that facts are read at in the answer of this exchange.
    pub fn reads<'m>(&'m self, exchange: &Exchange) -> impl Iterator<Item = &'m str> + use<'m> {
        let here = |meaning: &&Meaning| meaning.at.iter().any(|place| place.matches(exchange).is_some());
        let meant: Vec<&Meaning> = self.events.iter().filter(here).collect();
        let refused = exchange.status().is_some_and(|status| status >= 400);
        let facts = meant.into_iter().flat_map(|meaning| meaning.facts.values());
        let sources = facts.chain(self.always.values()).chain(self.code.iter().filter(move |_| refused));
        sources.filter_map(|source| source.answer_field())
    }

    /// Reads the `[trail]` section from the text of a target's file; `file` is how errors name it. A file without one
    /// gives no meaning to anything.
    ///
    /// # Errors
    /// With line and suggestion: malformed TOML, unknown keys, events and facts, words that name no place or source.
    pub fn parse(file: &str, text: &str) -> Result<Self, ConfigError> {
        #[derive(Deserialize)]
        struct File {
            #[serde(default)]
            trail: Mapping,
        }
        let File { trail: mapping } = parse_toml(file, text)?;
        let wrong = |keys: &[&str], message: String| ConfigError::key(file, text, keys, message);
        for (state, followers) in &mapping.jobs {
            if let Some(unknown) = followers.iter().find(|follower| !mapping.jobs.contains_key(*follower)) {
                let message = format!("the state `{unknown}` may follow, but has no line of its own in [trail.jobs]");
                return Err(wrong(&["trail", "jobs", state, unknown], message));
            }
        }
        Ok(mapping)
    }

    /// Whether a job in this state will not leave it.
    pub fn is_final(&self, state: &str) -> bool {
        self.jobs.get(state).is_some_and(Vec::is_empty)
    }

    /// The edges on which something of this kind can be seen.
    pub fn edges_of(&self, kind: EventKind) -> impl Iterator<Item = &Edge> {
        let meanings = self.events.iter().filter(move |meaning| meaning.means == kind);
        meanings.flat_map(|meaning| meaning.at.iter().map(|place| &place.edge))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_that_nobody_knows_is_refused_with_its_place_and_the_one_that_was_meant() {
        let text = "[trail]\n[[trail.events]]\nmeans = \"charged\"\nat = \"a -> b POST /x\"\nfacts = { amuont = \"response /amount\" }\n";
        let error = Mapping::parse("t.toml", text).unwrap_err().to_string();
        assert!(error.starts_with("t.toml:5:") && error.contains("Did you mean `amount`?"), "{error}");
    }

    #[test]
    fn what_names_no_place_is_refused() {
        for place in ["a -> b /x", "a -> b POST x", "a b POST /x", "a -> b post /x", "a -> b GET /x?y=1"] {
            assert!(place.parse::<Place>().is_err(), "{place}");
        }
    }

    #[test]
    fn an_unknown_event_is_refused_with_the_one_that_was_meant() {
        let text = "[[trail.events]]\nmeans = \"chargd\"\nat = \"a -> b POST /x\"\n";
        let error = Mapping::parse("t.toml", text).unwrap_err().to_string();
        assert!(error.contains("Did you mean `charged`?"), "{error}");
    }

    #[test]
    fn a_state_that_follows_must_have_a_line_of_its_own() {
        let error = Mapping::parse("t.toml", "[trail.jobs]\nqueued = [\"done\"]\n").unwrap_err().to_string();
        assert!(error.contains("the state `done`"), "{error}");
    }
}
