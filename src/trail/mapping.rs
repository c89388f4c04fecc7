//! The meanings of exchanges: the `[trail]` section of a target file.
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
//! The room `target` reads the rest of the file: how to send requests to the platform.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::Deserialize;

use super::source::Source;
use crate::base::config::{ConfigError, Span, parse_toml};
use crate::base::suggest::did_you_mean;
use crate::base::uri;
use crate::model::exchange::NotAnEdge;
use crate::model::{Acceptance, Acceptances, BodyTest, Edge, EventKind, Exchange, Fact};

/// The `[trail]` section of a target file.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Mapping {
    /// The source of a refusal's stable code.
    pub code: Option<Source>,
    /// Facts that every event has whose exchange carries them.
    pub always: BTreeMap<Fact, Source>,
    /// The events. One exchange may be several of them.
    pub events: Vec<Meaning>,
    /// The stable codes of refusals, by their meaning.
    pub codes: Codes,
    /// The actions that each right allows.
    pub rights: BTreeMap<String, Vec<String>>,
    /// The states that may follow each state of a job. A state without followers is final.
    pub jobs: BTreeMap<String, Vec<String>>,
    /// The flags that have to be on for a sale.
    pub sells: Vec<String>,
    /// The services outside the platform. No secret may be sent to them.
    pub outside: Vec<String>,
    /// The greatest distance between the time of a signature and that of its arrival.
    pub event_age: Span,
    /// The greatest difference between the clocks of this machine and of the platform.
    pub skew: Span,
    #[serde(skip)]
    acceptances: Acceptances,
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
            acceptances: Acceptances::default(),
        }
    }
}

/// The stable codes of refusals, by their meaning.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Codes {
    /// “You may not”: a member who has paid must never get one of these.
    pub denied: Vec<String>,
    /// Refusals because a flag is off.
    pub paused: Vec<String>,
    /// Refusals that count the uses of a trial, on which services may disagree for a moment.
    pub trial: Vec<String>,
}

/// One kind of exchange with its meaning.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Meaning {
    /// The kind of event.
    pub means: EventKind,
    /// The requests that have this meaning.
    pub at: RequestPatterns,
    /// Values that the exchange must have as well.
    #[serde(default)]
    pub only: BTreeMap<Source, String>,
    #[serde(default)]
    /// The facts of the event, with their sources.
    pub facts: BTreeMap<Fact, Source>,
    /// The statuses with which the request is accepted. Without them, those of the operation, or every 2xx.
    #[serde(default)]
    pub accept: Vec<u16>,
    /// What makes the answer a refusal although its status is accepted. Without it, as for the operation.
    pub refused_when: Option<BodyTest>,
}

impl Meaning {
    /// Returns true if the answer says that the callee did what was asked.
    pub fn accepts(&self, mapping: &Mapping, exchange: &Exchange) -> bool {
        if self.accept.is_empty() && self.refused_when.is_none() {
            return mapping.accepts(exchange);
        }
        let own = Acceptance { accept: self.accept.clone(), refused_when: self.refused_when.clone() };
        mapping.acceptances.of_exchange(exchange, Some(&own))
    }
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum RequestPatterns {
    One(RequestPattern),
    Several(Vec<RequestPattern>),
}

/// A pattern of edge, method and path, such as `storefront -> billing POST /v1/purchases/{purchase}/refunds`.
///
/// A path segment or the value of a query parameter in braces is the fact of that name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestPattern {
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

/// The reason why a text is no request pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotARequestPattern {
    #[error(transparent)]
    Edge(#[from] NotAnEdge),
    #[error("`{0}` is not a fact of the path.{1}")]
    Fact(String, String),
    #[error("`{0}` is not a place: write `storefront -> billing POST /v1/purchases`")]
    Shape(String),
}

impl FromStr for RequestPattern {
    type Err = NotARequestPattern;

    fn from_str(text: &str) -> Result<Self, NotARequestPattern> {
        let wrong = || NotARequestPattern::Shape(text.into());
        let words: Vec<&str> = text.split_whitespace().collect();
        let [from, arrow, to, method, target] = words.as_slice() else { return Err(wrong()) };
        let edge: Edge = format!("{from} {arrow} {to}").parse()?;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        if !path.starts_with('/') || method.chars().any(|letter| !letter.is_ascii_uppercase()) {
            return Err(wrong());
        }
        let segment = |text: &str| match in_braces(text) {
            Some(name) => fact(name).map(Segment::Fact),
            None => Ok(Segment::Is(text.into())),
        };
        let parameter = |text: &str| {
            let (name, value) = text.split_once('=').ok_or_else(wrong)?;
            Ok((name.to_owned(), fact(in_braces(value).ok_or_else(wrong)?)?))
        };
        Ok(Self {
            edge,
            method: (*method).into(),
            path: path.split('/').map(segment).collect::<Result<_, NotARequestPattern>>()?,
            query: query
                .split('&')
                .filter(|part| !part.is_empty())
                .map(parameter)
                .collect::<Result<_, NotARequestPattern>>()?,
        })
    }
}

impl<'de> Deserialize<'de> for RequestPattern {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for RequestPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written(|name| format!("{{{name}}}")))
    }
}

/// Returns the fact of this name, or an error that suggests the name that was probably meant.
fn fact(name: &str) -> Result<Fact, NotARequestPattern> {
    let unknown = || NotARequestPattern::Fact(name.to_owned(), did_you_mean(name, Fact::names().map(Fact::word)));
    Fact::extracted(name).ok_or_else(unknown)
}

fn in_braces(text: &str) -> Option<&str> {
    text.strip_prefix('{')?.strip_suffix('}')
}

impl RequestPattern {
    /// Returns the facts in the request line, if the exchange fits the pattern.
    pub fn matches(&self, exchange: &Exchange) -> Option<Vec<(Fact, String)>> {
        let request = &exchange.request;
        if exchange.edge != self.edge || request.method != self.method {
            return None;
        }
        let mut facts = Vec::new();
        let mut segments = request.path().split('/');
        for expected in &self.path {
            let actual = segments.next()?;
            match expected {
                Segment::Is(text) if text == actual || uri::decode(text) == uri::decode(actual) => {}
                Segment::Is(_) => return None,
                Segment::Fact(fact) => facts.push((*fact, uri::decode(actual).into_owned())),
            }
        }
        // A longer path is another resource.
        if segments.next().is_some() {
            return None;
        }
        for (name, fact) in &self.query {
            // A parameter may be missing: the pattern fits all the same, without this fact.
            let value = uri::query(&request.target).find(|(own, _)| own == name);
            facts.extend(value.map(|(_, value)| (*fact, value.into_owned())));
        }
        Some(facts)
    }

    /// Writes the pattern in the language of faults. A fact without a value becomes a wildcard.
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

impl RequestPatterns {
    pub fn iter(&self) -> std::slice::Iter<'_, RequestPattern> {
        match self {
            Self::One(place) => std::slice::from_ref(place).iter(),
            Self::Several(places) => places.iter(),
        }
    }
}

impl Mapping {
    /// Returns the edges of all patterns, some of them several times, whether or not this run has taps on them.
    pub fn edges(&self) -> impl Iterator<Item = &Edge> {
        self.events.iter().flat_map(|meaning| meaning.at.iter().map(|place| &place.edge))
    }

    /// Returns the JSON pointers of the facts in the answer of this exchange.
    pub fn reads<'m>(&'m self, exchange: &Exchange) -> impl Iterator<Item = &'m str> + use<'m> {
        let here = |meaning: &&Meaning| meaning.at.iter().any(|place| place.matches(exchange).is_some());
        let meant: Vec<&Meaning> = self.events.iter().filter(here).collect();
        // Only a refusal carries a code.
        let refused = !self.accepts(exchange);
        let facts = meant.into_iter().flat_map(|meaning| meaning.facts.values());
        let sources = facts.chain(self.always.values()).chain(self.code.iter().filter(move |_| refused));
        sources.filter_map(|source| source.answer_field())
    }

    /// Reads the `[trail]` section of a target file, whose name is only for errors. Without the section no exchange has
    /// a meaning.
    pub fn parse(file: &str, text: &str) -> Result<Self, ConfigError> {
        #[derive(Deserialize)]
        struct File {
            #[serde(default)]
            trail: Mapping,
        }
        let File { trail: mut mapping } = parse_toml(file, text)?;
        mapping.acceptances = parse_toml(file, text)?;
        let wrong = |keys: &[&str], message: String| ConfigError::key(file, text, keys, message);
        // A misspelt follower would silently count as a final state.
        for (state, followers) in &mapping.jobs {
            if let Some(unknown) = followers.iter().find(|follower| !mapping.jobs.contains_key(*follower)) {
                let message = format!("the state `{unknown}` may follow, but has no line of its own in [trail.jobs]");
                return Err(wrong(&["trail", "jobs", state, unknown], message));
            }
        }
        Ok(mapping)
    }

    /// Returns true if the answer to this exchange says that the callee did what was asked.
    pub fn accepts(&self, exchange: &Exchange) -> bool {
        self.acceptances.of_exchange(exchange, None)
    }

    /// Returns true if the target file says how members ask for this.
    pub fn has_operation(&self, name: &str) -> bool {
        self.acceptances.has_operation(name)
    }

    /// Returns true for a state that a job does not leave.
    pub fn is_final(&self, state: &str) -> bool {
        self.jobs.get(state).is_some_and(Vec::is_empty)
    }

    /// Returns the edges on which events of this kind occur.
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
            assert!(place.parse::<RequestPattern>().is_err(), "{place}");
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
