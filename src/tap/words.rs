//! Reads a disturbance word by word, with errors that name the word.

use std::ops::RangeInclusive;
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use jiff::SignedDuration;
use serde_json::Value;

use crate::base::suggest::did_you_mean;
use crate::model::exchange::NotAnEdge;

/// The longest time that a disturbance may name.
const LONGEST: Duration = Duration::from_secs(600);

/// A mistake in the text of a disturbance.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FaultSyntaxError {
    #[error("`{0}` has no `: ` between the place and the fault: write `storefront -> generation: strip header X`")]
    NoFault(String),
    #[error(transparent)]
    Edge(#[from] NotAnEdge),
    /// A word that cannot stand where it stands.
    #[error("`{word}` is not {expected}.{hint}")]
    Unexpected {
        word: String,
        /// The words that are allowed there.
        expected: String,
        /// The suggestion ` Did you mean …?`, or an empty text.
        hint: String,
    },
    #[error("it ends where {expected} is expected")]
    Ended {
        /// The missing words.
        expected: String,
    },
}

impl FaultSyntaxError {
    /// Makes the error for a word that is none of `allowed`.
    pub fn none_of<'a>(word: &str, what: &str, allowed: impl IntoIterator<Item = &'a str> + Clone) -> Self {
        let listed: Vec<String> = allowed.clone().into_iter().map(|word| format!("`{word}`")).collect();
        Self::Unexpected {
            word: word.into(),
            expected: format!("{what} ({})", listed.join(", ")),
            hint: did_you_mean(word, allowed),
        }
    }
}

/// A reader that takes a text word by word.
#[derive(Debug, Clone, Copy)]
pub struct WordReader<'a> {
    rest: &'a str,
}

impl<'a> WordReader<'a> {
    pub fn of(text: &'a str) -> Self {
        Self { rest: text.trim() }
    }

    /// Returns the part that was not read yet.
    pub fn rest(&self) -> &'a str {
        self.rest
    }

    /// The next word, left where it is.
    pub fn peek(&self) -> Option<&'a str> {
        self.rest.split_whitespace().next()
    }

    /// Reads the next word. `expected` names it in the error when there is none.
    pub fn word(&mut self, expected: &str) -> Result<&'a str, FaultSyntaxError> {
        let word = self.peek().ok_or_else(|| FaultSyntaxError::Ended { expected: expected.into() })?;
        self.rest = self.rest[word.len()..].trim_start();
        Ok(word)
    }

    /// Returns true when `phrase`, one or more words, comes next.
    pub fn begin_with(self, phrase: &str) -> bool {
        self.after(phrase).is_some()
    }

    /// Reads over `phrase`, one or more words, if it comes next.
    pub fn skip(&mut self, phrase: &str) -> bool {
        let after = self.after(phrase);
        *self = after.unwrap_or(*self);
        after.is_some()
    }

    fn after(mut self, phrase: &str) -> Option<Self> {
        phrase.split(' ').all(|expected| self.word(expected).is_ok_and(|word| word == expected)).then_some(self)
    }

    /// Reads over a word that must come next.
    pub fn keyword(&mut self, keyword: &str) -> Result<(), FaultSyntaxError> {
        let word = self.word(&format!("`{keyword}`"))?;
        if word == keyword { Ok(()) } else { Err(FaultSyntaxError::none_of(word, "what comes next", [keyword])) }
    }

    /// The next word, one of `allowed`.
    pub fn one_of(&mut self, what: &str, allowed: &[&'static str]) -> Result<&'static str, FaultSyntaxError> {
        let word = self.word(what)?;
        let found = allowed.iter().find(|known| **known == word).copied();
        found.ok_or_else(|| FaultSyntaxError::none_of(word, what, allowed.iter().copied()))
    }

    /// Reads a whole number within `range`.
    pub fn number(&mut self, what: &str, range: RangeInclusive<u32>) -> Result<u32, FaultSyntaxError> {
        let word = self.word(what)?;
        word.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| FaultSyntaxError::Unexpected {
            word: word.into(),
            expected: format!("{what} from {} to {}", range.start(), range.end()),
            hint: String::new(),
        })
    }

    /// A time with its unit: `300ms`, `10s`, `2m`; at most ten minutes.
    pub fn duration(&mut self, what: &str) -> Result<Duration, FaultSyntaxError> {
        let word = self.word(what)?;
        let read = word.parse::<SignedDuration>().ok().and_then(|time| Duration::try_from(time).ok());
        read.filter(|time| *time <= LONGEST).ok_or_else(|| FaultSyntaxError::Unexpected {
            word: word.into(),
            expected: format!("{what} such as `300ms`, `10s` or `2m`, at most ten minutes"),
            hint: String::new(),
        })
    }

    /// A JSON value, which may hold spaces.
    pub fn json(&mut self, what: &str) -> Result<Value, FaultSyntaxError> {
        let word = self.peek().ok_or_else(|| FaultSyntaxError::Ended { expected: what.into() })?;
        let mut reader = serde_json::Deserializer::from_str(self.rest).into_iter::<Value>();
        let value = reader.next().and_then(Result::ok);
        let after = &self.rest[reader.byte_offset().min(self.rest.len())..];
        // `12ms` begins with the JSON number 12, and is not one.
        let ends_here = after.is_empty() || after.starts_with(char::is_whitespace);
        match value {
            Some(value) if ends_here => {
                self.rest = after.trim_start();
                Ok(value)
            }
            Some(_) | None => Err(FaultSyntaxError::Unexpected {
                word: word.into(),
                expected: format!("{what}: write JSON, for example `false`, `12` or `\"expired\"`"),
                hint: String::new(),
            }),
        }
    }

    /// Reads a text in double quotes, or a single word.
    pub fn text(&mut self, what: &str) -> Result<String, FaultSyntaxError> {
        if !self.rest.starts_with('"') {
            return self.word(what).map(str::to_owned);
        }
        match self.json(what)? {
            Value::String(text) => Ok(text),
            other => Ok(other.to_string()),
        }
    }

    /// The value of a header, as [`WordReader::text`] reads a text.
    pub fn header_value(&mut self, what: &str) -> Result<HeaderValue, FaultSyntaxError> {
        let text = self.text(what)?;
        HeaderValue::from_str(&text).map_err(|_| FaultSyntaxError::Unexpected {
            word: text,
            expected: what.into(),
            hint: String::new(),
        })
    }

    /// The name of a header.
    pub fn header_name(&mut self) -> Result<HeaderName, FaultSyntaxError> {
        let word = self.word("the name of a header")?;
        HeaderName::from_bytes(word.as_bytes()).map_err(|_| FaultSyntaxError::Unexpected {
            word: word.into(),
            expected: "the name of a header".into(),
            hint: String::new(),
        })
    }

    /// A JSON pointer (RFC 6901) to a field: `/entitlements/0/until`.
    pub fn pointer(&mut self) -> Result<String, FaultSyntaxError> {
        let what = "a JSON pointer such as `/decision`";
        let word = self.word(what)?;
        // The empty pointer would mean the whole body, for which `respond with` exists.
        if word.starts_with('/') {
            return Ok(word.to_owned());
        }
        let hint = format!(" Did you mean `/{word}`?");
        Err(FaultSyntaxError::Unexpected { word: word.into(), expected: what.into(), hint })
    }
}
