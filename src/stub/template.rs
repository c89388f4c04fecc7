//! What an answer takes from its request: WireMock's `response-template`, as far as answers of doubles need it.
//!
//! A double brace holds one expression. Helpers, blocks and conditions of Handlebars are refused when the file is read: an answer
//! that decides something is a second service to maintain; two stubs say the same.

use jiff::{SignedDuration, Timestamp};
use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::Value;

use super::matcher::Path;
use super::request::Request;
use crate::base::suggest::did_you_mean;

/// The forms of an expression, for errors.
const FORMS: [&str; 11] = [
    "request.method",
    "request.url",
    "request.path",
    "request.pathSegments.[N]",
    "request.query.NAME",
    "request.headers.NAME",
    "request.body",
    "jsonPath request.body '$.…'",
    "randomValue type='UUID'",
    "randomValue length=24 type='HEXADECIMAL'",
    "now [offset='3 days'] [format='epoch']",
];

/// What random text is made of, by WireMock's name for it.
const ALPHABETS: [(&str, &str); 4] = [
    ("HEXADECIMAL", "0123456789abcdef"),
    ("NUMERIC", "0123456789"),
    ("ALPHABETIC", "abcdefghijklmnopqrstuvwxyz"),
    ("ALPHANUMERIC", "abcdefghijklmnopqrstuvwxyz0123456789"),
];

/// Text with expressions in it.
#[derive(Debug, Clone)]
pub(super) struct Template(Vec<Piece>);

#[derive(Debug, Clone)]
enum Piece {
    Text(String),
    Method,
    Url,
    Path,
    Segment(usize),
    Query(String),
    Header(String),
    Body,
    JsonPath(Path),
    Uuid,
    Random { alphabet: &'static str, length: usize },
    Now { offset: SignedDuration, format: Format },
}

#[derive(Debug, Clone, Copy)]
enum Format {
    /// `2026-11-23T07:31:18.250Z`.
    Iso,
    /// Milliseconds since 1970.
    Epoch,
    /// Seconds since 1970.
    Unix,
}

/// What templates are filled from.
pub(super) struct Asked<'r> {
    request: &'r Request<'r>,
    json: Option<Value>,
    now: Timestamp,
}

impl<'r> Asked<'r> {
    /// This request, at this moment.
    pub fn new(request: &'r Request<'r>, now: Timestamp) -> Self {
        Self { request, json: serde_json::from_slice(request.body).ok(), now }
    }
}

impl Template {
    /// Text in which nothing is filled in.
    ///
    /// # Errors
    /// If it holds an expression: nobody can have meant the braces.
    pub fn plain(text: &str) -> Result<Self, String> {
        let has_expression = Self::parse(text).is_ok_and(|template| template.0.iter().any(|piece| !is_text(piece)));
        match has_expression {
            true => Err(format!(
                "`{text}` is sent as it stands: to fill it in, add `\"transformers\": [\"response-template\"]`"
            )),
            false => Ok(Self(vec![Piece::Text(text.to_owned())])),
        }
    }

    /// Text with expressions.
    ///
    /// # Errors
    /// With the expression that cannot be read, and the forms that there are.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let end = after.find("}}").ok_or_else(|| format!("`{{{{{after}` has no `}}}}` at its end"))?;
            let inside = &after[..end];
            pieces.push(Piece::Text(before.to_owned()));
            pieces.push(expression(inside.trim()).map_err(|why| format!("`{{{{{inside}}}}}` {why}"))?);
            rest = &after[end + 2..];
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Self(pieces))
    }

    /// The text, filled in. What the request does not have is empty.
    pub fn render(&self, asked: &Asked<'_>, rng: &mut StdRng) -> String {
        self.0.iter().map(|piece| piece.render(asked, rng)).collect()
    }
}

fn is_text(piece: &Piece) -> bool {
    matches!(piece, Piece::Text(_))
}

fn expression(text: &str) -> Result<Piece, String> {
    let words = words(text)?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let unknown = || {
        let first = words.first().copied().unwrap_or_default();
        let heads = FORMS.iter().filter_map(|form| form.split([' ', '[']).next());
        let hint = did_you_mean(first, heads.map(|head| head.trim_end_matches(".NAME").trim_end_matches('.')));
        format!("is not filled in; there are {}.{hint}", FORMS.join(", "))
    };
    match words.as_slice() {
        ["request.method"] => Ok(Piece::Method),
        ["request.url"] => Ok(Piece::Url),
        ["request.path"] => Ok(Piece::Path),
        ["request.body"] => Ok(Piece::Body),
        ["jsonPath", "request.body", path] => {
            Path::parse(path).map(Piece::JsonPath).map_err(|why| format!("cannot be filled in: {why}"))
        }
        ["randomValue", "type=UUID"] => Ok(Piece::Uuid),
        ["randomValue", options @ ..] => random(options).ok_or_else(unknown),
        ["now", options @ ..] => now(options).ok_or_else(unknown),
        [one] => {
            let bare = |name: &str| name.trim_start_matches('[').trim_end_matches(']').to_owned();
            let after = |head: &str| one.strip_prefix(head).map(bare).filter(|name| !name.is_empty());
            let segment = after("request.pathSegments.").and_then(|index| index.parse().ok());
            segment
                .map(Piece::Segment)
                .or_else(|| after("request.query.").map(Piece::Query))
                .or_else(|| after("request.headers.").map(Piece::Header))
                .ok_or_else(unknown)
        }
        _ => Err(unknown()),
    }
}

/// Words, and texts in quotes, which may have spaces: `now format='epoch'`.
fn words(text: &str) -> Result<Vec<String>, String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for each in text.chars() {
        match (quote, each) {
            (None, '\'' | '"') => quote = Some(each),
            (Some(open), _) if open == each => quote = None,
            (None, ' ') => words.push(String::new()),
            (None | Some(_), _) => words.last_mut().expect("there is always one").push(each),
        }
    }
    words.retain(|word| !word.is_empty());
    if quote.is_some() { Err("has a quote that does not end".into()) } else { Ok(words) }
}

fn random(options: &[&str]) -> Option<Piece> {
    let (mut alphabet, mut length) = (None, None);
    for option in options {
        match option.split_once('=')? {
            ("type", name) => alphabet = Some(ALPHABETS.iter().find(|(known, _)| *known == name)?.1),
            ("length", number) => length = number.parse().ok().filter(|length| (1..=1_000).contains(length)),
            _ => return None,
        }
    }
    Some(Piece::Random { alphabet: alphabet?, length: length? })
}

fn now(options: &[&str]) -> Option<Piece> {
    let (mut offset, mut format) = (SignedDuration::ZERO, Format::Iso);
    for option in options {
        match option.split_once('=')? {
            ("offset", span) => offset = span_of(span)?,
            ("format", "epoch") => format = Format::Epoch,
            ("format", "unix") => format = Format::Unix,
            _ => return None,
        }
    }
    Some(Piece::Now { offset, format })
}

/// `3 days`, `-24 seconds`.
fn span_of(text: &str) -> Option<SignedDuration> {
    let (number, unit) = text.split_once(' ')?;
    let number: i64 = number.parse().ok()?;
    let seconds = match unit.trim_end_matches('s') {
        "second" => 1,
        "minute" => 60,
        "hour" => 3_600,
        "day" => 86_400,
        _ => return None,
    };
    number.checked_mul(seconds).map(SignedDuration::from_secs)
}

impl Piece {
    fn render(&self, asked: &Asked<'_>, rng: &mut StdRng) -> String {
        let Asked { request, json, now } = asked;
        match self {
            Self::Text(text) => text.clone(),
            Self::Method => request.method.to_string(),
            Self::Url => request.target.to_owned(),
            Self::Path => request.path().to_owned(),
            Self::Segment(index) => {
                let mut segments = request.path().split('/').filter(|segment| !segment.is_empty());
                segments.nth(*index).unwrap_or_default().to_owned()
            }
            Self::Query(name) => request.query(name).into_iter().next().unwrap_or_default(),
            Self::Header(name) => request.header(name).into_iter().next().unwrap_or_default(),
            Self::Body => String::from_utf8_lossy(request.body).into_owned(),
            Self::JsonPath(path) => json.iter().flat_map(|json| path.texts(json)).next().unwrap_or_default(),
            Self::Uuid => uuid(rng),
            Self::Random { alphabet, length } => {
                let drawn = (0..*length).map(|_| alphabet.as_bytes()[rng.random_range(0..alphabet.len())]);
                drawn.map(char::from).collect()
            }
            Self::Now { offset, format } => {
                let at = now.checked_add(*offset).unwrap_or(*now);
                match format {
                    Format::Iso => at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
                    Format::Epoch => at.as_millisecond().to_string(),
                    Format::Unix => at.as_second().to_string(),
                }
            }
        }
    }
}

/// A random UUID, version 4 (RFC 9562).
fn uuid(rng: &mut StdRng) -> String {
    let drawn: u128 = rng.random();
    let bits = drawn & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let hex = format!("{bits:032x}");
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}
