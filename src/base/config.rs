//! TOML and JSON files: read strictly, and refused with the line, the column, and the word that was probably meant.

use std::fmt;
use std::ops::Range;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};

use super::hosts::without_userinfo;
use super::suggest::did_you_mean;

/// A file that cannot be used, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    /// The file as the user named it.
    pub file: String,
    /// Line and column, counted from 1, where one can be named.
    pub place: Option<(usize, usize)>,
    /// What is wrong, and what would be right.
    pub message: String,
    /// The line itself.
    pub line: Option<String>,
}

impl ConfigError {
    /// A mistake that has no line, such as a file that is not there.
    pub fn whole(file: impl Into<String>, message: impl Into<String>) -> Self {
        Self { file: file.into(), place: None, message: without_userinfo(&message.into()), line: None }
    }

    /// A mistake at a byte offset of the file's text.
    pub fn at(file: impl Into<String>, text: &str, offset: usize, message: impl Into<String>) -> Self {
        let before = &text[..floor(text, offset)];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Self {
            file: file.into(),
            place: Some((line, column)),
            message: without_userinfo(&message.into()),
            // The URL of a service may hold a password.
            line: text.lines().nth(line - 1).map(without_userinfo),
        }
    }

    /// A mistake in what a TOML file says under these keys, one below the other; an element of an array is named by its text,
    /// or by its place, counted from 0. Points there, or as far on the way as the file goes.
    pub fn under(file: impl Into<String>, text: &str, keys: &[&str], message: impl Into<String>) -> Self {
        Self::maybe_at(file, text, offsets_under(text, keys).map(|(_, value)| value), message)
    }

    /// A mistake in the last of these keys itself, as [`ConfigError::under`].
    pub fn key(file: impl Into<String>, text: &str, keys: &[&str], message: impl Into<String>) -> Self {
        Self::maybe_at(file, text, offsets_under(text, keys).map(|(key, _)| key), message)
    }

    fn maybe_at(file: impl Into<String>, text: &str, offset: Option<usize>, message: impl Into<String>) -> Self {
        match offset {
            Some(offset) => Self::at(file, text, offset, message),
            None => Self::whole(file, message),
        }
    }
}

/// Where a key stands, and its value; of a table or array that is its name, too.
fn offsets_under(text: &str, keys: &[&str]) -> Option<(usize, usize)> {
    let mut at = DeValue::Table(DeTable::parse(text).ok()?.into_inner());
    let mut offsets = None;
    for key in keys {
        let found = match at {
            DeValue::Table(table) => table.into_iter().find(|(name, _)| name.get_ref() == key),
            DeValue::Array(array) => {
                let mut elements = array.into_iter().enumerate();
                let element = elements
                    .find(|(place, element)| element.get_ref().as_str() == Some(key) || key.parse() == Ok(*place));
                let Some((_, element)) = element else { break };
                offsets = Some((element.span().start, element.span().start));
                at = element.into_inner();
                continue;
            }
            _ => None,
        };
        let Some((name, value)) = found else { break };
        let holds_more = matches!(value.get_ref(), DeValue::Table(_) | DeValue::Array(_));
        let key = name.span().start;
        offsets = Some((key, if holds_more { key } else { value.span().start }));
        at = value.into_inner();
    }
    offsets
}

fn floor(text: &str, offset: usize) -> usize {
    (0..=offset.min(text.len())).rev().find(|index| text.is_char_boundary(*index)).unwrap_or(0)
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some((line, column)) = self.place {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.message)?;
        if let (Some((number, column)), Some(line)) = (self.place, &self.line) {
            let gutter = number.to_string();
            write!(f, "\n  {gutter} │ {line}\n  {:width$} │ {:>column$}", "", "^", width = gutter.len())?;
        }
        Ok(())
    }
}

/// Reads a file as text.
///
/// # Errors
/// If it is not there, cannot be read, or is not UTF-8; the message says which.
pub fn read_text(path: &Path) -> Result<String, ConfigError> {
    let file = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => ConfigError::whole(&file, "there is no such file"),
        _ => ConfigError::whole(&file, format!("cannot be read: {error}")),
    })?;
    String::from_utf8(bytes).map_err(|error| {
        let good = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]).into_owned();
        ConfigError::at(&file, &good, good.len(), "the file is not UTF-8 from here on")
    })
}

/// Reads the TOML in `text`; `file` is how errors name it.
///
/// # Errors
/// For anything the type does not allow: malformed TOML, an unknown key (with the nearest known one), a wrong type.
pub fn parse_toml<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, ConfigError> {
    toml::from_str(text).map_err(|error| {
        let message = with_suggestion(error.message());
        ConfigError::maybe_at(file, text, error.span().map(|span| span.start), message)
    })
}

/// Reads the JSON that stands in this part of `text`; `file` is how errors name it.
///
/// serde sees a mistake when it has read past it, so an error points at the word that its message begins with, where that
/// stands a little before.
///
/// # Errors
/// As for [`parse_toml`].
pub fn parse_json<'t, T: Deserialize<'t>>(file: &str, text: &'t str, part: Range<usize>) -> Result<T, ConfigError> {
    let json = &text[part.clone()];
    serde_json::from_str(json).map_err(|error| {
        let said = error.to_string();
        let said = said.rsplit_once(" at line ").map_or(said.as_str(), |(said, _)| said);
        let line: usize = json.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
        let read = floor(json, line + error.column());
        let word = said.split('`').nth(1).filter(|word| !word.is_empty() && !said.starts_with("missing"));
        let at = word.and_then(|word| json[..read].rfind(word)).unwrap_or(read.saturating_sub(1));
        ConfigError::at(file, text, part.start + at, with_suggestion(said))
    })
}

/// serde says ``unknown field `x`, expected one of `a`, `b` ``; a person wants to know which one was meant.
fn with_suggestion(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let starts = ["unknown field", "unknown variant"];
    match quoted.next() {
        Some(word) if starts.iter().any(|start| message.starts_with(start)) => {
            format!("{}.{}", message.trim_end(), did_you_mean(word, quoted))
        }
        Some(_) | None => message.trim_end().to_owned(),
    }
}

/// A length of time in a file: `250ms`, `2s`, `1m 30s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub std::time::Duration);

impl std::str::FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a length of time: write for example `250ms`, `2s` or `1m 30s`");
        let duration: jiff::SignedDuration = text.parse().map_err(|_| wrong())?;
        std::time::Duration::try_from(duration).map(Self).map_err(|_| wrong())
    }
}

impl<'de> serde::Deserialize<'de> for Span {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        #[serde(rename = "provider")]
        _provider: String,
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_place_and_the_word_that_was_meant() {
        let error = parse_toml::<Sample>("t.toml", "# comment\nprovidr = \"x\"\n").unwrap_err().to_string();
        assert!(error.starts_with("t.toml:2:1: unknown field `providr`"), "{error}");
        assert!(error.contains("Did you mean `provider`?"), "{error}");
        assert!(error.contains("2 │ providr = \"x\""), "{error}");
    }

    #[test]
    fn a_wrong_type_is_refused_with_its_place() {
        let error = parse_toml::<Sample>("t.toml", "provider = 3\n").unwrap_err().to_string();
        assert!(error.starts_with("t.toml:1:12: invalid type: integer"), "{error}");
    }

    #[test]
    fn a_mistake_is_shown_where_it_stands_and_not_where_its_words_stand_first() {
        let text = "name = \"shop\"\n[shop]\ncalls = [\"bank\", \"shop\"]\nurl = \"shop\"\n";
        let place = |keys: &[&str]| ConfigError::under("t.toml", text, keys, "").place;
        assert_eq!(place(&["shop"]), Some((2, 2)));
        assert_eq!(place(&["shop", "url"]), Some((4, 7)));
        assert_eq!(place(&["shop", "calls", "shop"]), Some((3, 18)));
        assert_eq!(place(&["shop", "port"]), Some((2, 2)), "as far as the file goes");
        assert_eq!(place(&["nothing"]), None);
        assert_eq!(ConfigError::key("t.toml", text, &["shop", "url"], "").place, Some((4, 1)));
    }

    #[test]
    fn json_is_refused_as_toml_is_at_the_word_that_is_wrong() {
        let text = "[\n  {\"provider\": \"a\"},\n  {\"providr\": \"b\"}\n]";
        let error = parse_json::<Vec<Sample>>("t.json", text, 0..text.len()).unwrap_err().to_string();
        assert!(error.starts_with("t.json:3:5: unknown field `providr`"), "{error}");
        assert!(error.contains("Did you mean `provider`?"), "{error}");
        let part = text.find("{\"providr").unwrap()..text.len() - 2;
        assert!(parse_json::<Sample>("t.json", text, part).unwrap_err().to_string().starts_with("t.json:3:5: unknown"));
        let error = parse_json::<Vec<Sample>>("t.json", "[\n  {\n]", 0..7).unwrap_err().to_string();
        assert!(error.starts_with("t.json:3:1: "), "{error}");
    }

    #[test]
    fn lengths_of_time_are_read_as_people_write_them() {
        assert_eq!("1m 30s".parse(), Ok(Span(std::time::Duration::from_secs(90))));
        assert_eq!("250ms".parse(), Ok(Span(std::time::Duration::from_millis(250))));
        assert!("-2s".parse::<Span>().is_err() && "soon".parse::<Span>().is_err());
    }
}
