//! What a value has to be: WireMock's matchers for text and JSON.

use std::fmt;

use regex::Regex;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::Value;
use serde_json_path::JsonPath;

use super::json::{self, Leeway};

/// Longer values are cut where a difference shows them.
const SHOWN: usize = 80;

/// A value as differences show it.
pub(super) fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("`{}…`", &text[..end]),
        None => format!("`{text}`"),
    }
}

/// A regular expression that has to match the whole text, as WireMock has it.
#[derive(Debug, Clone)]
pub(super) struct Expression {
    text: String,
    regex: Regex,
}

impl Expression {
    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it matches all of this.
    pub fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a match of {}", shown(&self.text))
    }
}

impl<'de> Deserialize<'de> for Expression {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // Tried without the anchors, so that the error shows what was written.
        let sound = Regex::new(&text).and_then(|_| Regex::new(&format!("^(?:{text})$")));
        let regex = sound.map_err(|error| {
            let why = error.to_string();
            let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ");
            D::Error::custom(format!("`{text}` is not a regular expression: {why}"))
        })?;
        Ok(Self { text, regex })
    }
}

/// A JSONPath (RFC 9535).
#[derive(Debug, Clone)]
pub(super) struct Path {
    text: String,
    path: JsonPath,
}

impl Path {
    /// Reads one.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let path = JsonPath::parse(text).map_err(|error| format!("`{text}` is not a JSONPath: {}", error.message()))?;
        Ok(Self { text: text.to_owned(), path })
    }

    /// What it finds, as text: a string as it is, anything else as JSON.
    pub fn texts(&self, value: &Value) -> Vec<String> {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        self.path.query(value).iter().map(|node| text(node)).collect()
    }
}

/// What a value has to be.
#[derive(Debug, Clone)]
pub(super) enum Matcher {
    EqualTo { text: String, ignoring_case: bool },
    Contains(String),
    DoesNotContain(String),
    Matches(Expression),
    DoesNotMatch(Expression),
    Absent,
    EqualToJson { value: Value, leeway: Leeway },
    MatchesJsonPath { path: Path, value: Option<Box<Matcher>> },
}

impl Matcher {
    /// Whether a value is as it has to be. Nothing is only ever right where nothing is wanted.
    ///
    /// # Errors
    /// What came instead, for people.
    pub fn judge(&self, came: Option<&str>) -> Result<(), String> {
        let Some(came) = came else {
            return if matches!(self, Self::Absent) { Ok(()) } else { Err("nothing".into()) };
        };
        let right = match self {
            Self::EqualTo { text, ignoring_case: false } => text == came,
            Self::EqualTo { text, ignoring_case: true } => text.to_lowercase() == came.to_lowercase(),
            Self::Contains(part) => came.contains(part),
            Self::DoesNotContain(part) => !came.contains(part),
            Self::Matches(expression) => expression.is_match(came),
            Self::DoesNotMatch(expression) => !expression.is_match(came),
            Self::Absent => false,
            Self::EqualToJson { value, leeway } => {
                return json::difference(value, &read(came)?, *leeway).map_or(Ok(()), Err);
            }
            Self::MatchesJsonPath { path, value } => return judge_path(path, value.as_deref(), &read(came)?),
        };
        if right { Ok(()) } else { Err(shown(came)) }
    }
}

fn read(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|_| format!("what is not JSON, {}", shown(text)))
}

fn judge_path(path: &Path, value: Option<&Matcher>, came: &Value) -> Result<(), String> {
    let found = path.texts(came);
    match value {
        None if !found.is_empty() => Ok(()),
        Some(matcher) if found.is_empty() => matcher.judge(None),
        Some(matcher) if found.iter().any(|text| matcher.judge(Some(text)).is_ok()) => Ok(()),
        Some(_) => Err(format!("there {}", shown(&found.join(", ")))),
        None => Err("nothing there".into()),
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EqualTo { text, ignoring_case: false } => f.write_str(&shown(text)),
            Self::EqualTo { text, ignoring_case: true } => write!(f, "{} in any case", shown(text)),
            Self::Contains(part) => write!(f, "something with {}", shown(part)),
            Self::DoesNotContain(part) => write!(f, "something without {}", shown(part)),
            Self::Matches(expression) => expression.fmt(f),
            Self::DoesNotMatch(expression) => write!(f, "no match of {}", shown(expression.text())),
            Self::Absent => f.write_str("nothing"),
            Self::EqualToJson { value, .. } => write!(f, "the JSON {}", shown(&value.to_string())),
            Self::MatchesJsonPath { path, value: None } => write!(f, "something at {}", shown(&path.text)),
            Self::MatchesJsonPath { path, value: Some(value) } => write!(f, "at {} {value}", shown(&path.text)),
        }
    }
}

/// A matcher as it is written: one of these, with what it may be told.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Written {
    equal_to: Option<String>,
    case_insensitive: Option<bool>,
    contains: Option<String>,
    does_not_contain: Option<String>,
    matches: Option<Expression>,
    does_not_match: Option<Expression>,
    absent: Option<bool>,
    equal_to_json: Option<Value>,
    ignore_array_order: Option<bool>,
    ignore_extra_elements: Option<bool>,
    matches_json_path: Option<Searched>,
    /// Only within `matchesJsonPath`.
    expression: Option<WrittenPath>,
}

const ONE: &str = "a matcher is one of equalTo, contains, doesNotContain, matches, doesNotMatch, absent, equalToJson, \
                   matchesJsonPath";

impl Written {
    fn matcher(self) -> Result<Option<Matcher>, String> {
        let Self { case_insensitive, ignore_array_order, ignore_extra_elements, .. } = self;
        if case_insensitive.is_some() && self.equal_to.is_none() {
            return Err("`caseInsensitive` belongs to `equalTo`".into());
        }
        if (ignore_array_order.is_some() || ignore_extra_elements.is_some()) && self.equal_to_json.is_none() {
            return Err("`ignoreArrayOrder` and `ignoreExtraElements` belong to `equalToJson`".into());
        }
        if self.absent == Some(false) {
            return Err("`absent` can only be true: for what may be anything write `\"matches\": \".*\"`".into());
        }
        let leeway =
            Leeway { order: ignore_array_order.unwrap_or_default(), extra: ignore_extra_elements.unwrap_or_default() };
        let mut chosen = [
            self.equal_to.map(|text| Matcher::EqualTo { text, ignoring_case: case_insensitive.unwrap_or_default() }),
            self.contains.map(Matcher::Contains),
            self.does_not_contain.map(Matcher::DoesNotContain),
            self.matches.map(Matcher::Matches),
            self.does_not_match.map(Matcher::DoesNotMatch),
            self.absent.map(|_| Matcher::Absent),
            self.equal_to_json.map(json::written).transpose()?.map(|value| Matcher::EqualToJson { value, leeway }),
            self.matches_json_path.map(|Searched { path, value }| Matcher::MatchesJsonPath { path, value }),
        ]
        .into_iter()
        .flatten();
        let first = chosen.next();
        if chosen.next().is_some() { Err(format!("{ONE}; here are several")) } else { Ok(first) }
    }
}

impl<'de> Deserialize<'de> for Matcher {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Written::deserialize(deserializer)?;
        if written.expression.is_some() {
            return Err(D::Error::custom("`expression` stands within `matchesJsonPath`"));
        }
        written.matcher().map_err(D::Error::custom)?.ok_or_else(|| D::Error::custom(format!("{ONE}; here is none")))
    }
}

struct WrittenPath(Path);

impl<'de> Deserialize<'de> for WrittenPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Path::parse(&String::deserialize(deserializer)?).map(Self).map_err(D::Error::custom)
    }
}

/// A path alone, or a path and what has to stand there.
struct Searched {
    path: Path,
    value: Option<Box<Matcher>>,
}

impl<'de> Deserialize<'de> for Searched {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Searched;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSONPath, or an object with `expression` and a matcher")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Searched, E> {
                Ok(Searched { path: Path::parse(text).map_err(E::custom)?, value: None })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Searched, A::Error> {
                let mut written = Written::deserialize(MapAccessDeserializer::new(map))?;
                let path = written.expression.take();
                let WrittenPath(path) =
                    path.ok_or_else(|| A::Error::custom("`matchesJsonPath` needs an `expression`: the path"))?;
                Ok(Searched { path, value: written.matcher().map_err(A::Error::custom)?.map(Box::new) })
            }
        }
        deserializer.deserialize_any(Either)
    }
}
