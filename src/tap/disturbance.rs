//! The language of disturbances: an edge, a choice of exchanges, a fault, and a frequency.
//!
//! ```text
//! <edge> [METHOD] [/path*] [event <type>]: <fault> [once | <n> times | from the <n>th]
//! ```
//!
//! The caller of an edge may be `*`, which stands for every caller of that service. In a path and in an event's type, `*`
//! stands for any text, slashes included. The query is not compared. Without METHOD, path and event, every exchange on the
//! edge matches.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use http::request::Parts;
use http::{HeaderMap, Method};
use regex::Regex;
use serde_json::Value;

use super::fault::{self, Fault, FaultKind, TapRequest};
use super::words::{FaultSyntaxError, WordReader};
use crate::base::suggest::nearest;
use crate::model::Edge;

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// A fault with the exchanges that it is meant for, as `--fault` and steps write it.
#[derive(Debug, Clone)]
pub struct Disturbance {
    text: String,
    edge: Edge,
    method: Option<Method>,
    path: Option<Pattern>,
    event: Option<Pattern>,
    deed: FaultSource,
    frequency: Frequency,
}

/// The source of fault instances. Every scenario has an instance of its own.
#[derive(Clone)]
enum FaultSource {
    /// The words of the language, opening included.
    Text { kind: &'static FaultKind, words: String },
    /// A function, for a fault that needs more than words can hold.
    Factory(Arc<dyn Fn() -> Box<dyn Fault> + Send + Sync>),
}

impl fmt::Debug for FaultSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text { words, .. } => f.write_str(words),
            Self::Factory(_) => f.write_str("from_factory"),
        }
    }
}

/// The caller that stands for every caller.
const ANYONE: &str = "*";

/// The matching exchanges of a scenario that are disturbed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frequency {
    Always,
    /// The first so many.
    Times(u32),
    /// The one with this number, counted from 1, and every later one.
    From(u32),
}

impl Disturbance {
    /// Makes a disturbance for a fault that the language has no words for, on every edge that leads to a service.
    /// `text` is its name in reports, and `make` makes an instance for each scenario.
    pub fn from_factory(
        service: &str,
        text: impl Into<String>,
        frequency: Frequency,
        make: impl Fn() -> Box<dyn Fault> + Send + Sync + 'static,
    ) -> Self {
        Self {
            text: text.into(),
            edge: Edge::new(ANYONE, service),
            method: None,
            path: None,
            event: None,
            deed: FaultSource::Factory(Arc::new(make)),
            frequency,
        }
    }

    /// The edge on which it disturbs, as it was written.
    pub fn edge(&self) -> &Edge {
        &self.edge
    }

    /// Returns true for an edge on which it disturbs.
    pub fn is_on(&self, edge: &Edge) -> bool {
        // The callee may not be a star: a fault on every edge of a platform would hit hops that the scenario does not
        // name.
        self.edge.to == edge.to && (self.edge.from == ANYONE || self.edge.from == edge.from)
    }

    /// Returns the kind of fault; `None` for a fault that was built by a function.
    pub fn kind(&self) -> Option<&'static FaultKind> {
        match self.deed {
            FaultSource::Text { kind, .. } => Some(kind),
            FaultSource::Factory(_) => None,
        }
    }

    pub fn frequency(&self) -> Frequency {
        self.frequency
    }

    /// The fault, with a memory of its own.
    pub(super) fn instance(&self) -> Arc<dyn Fault> {
        Arc::from(match &self.deed {
            FaultSource::Text { words, .. } => {
                read_fault(&mut WordReader::of(words)).expect("these words were read before").1
            }
            FaultSource::Factory(make) => make(),
        })
    }

    /// Compares edge, method and path of a request.
    pub(super) fn matches_head(&self, edge: &Edge, head: &Parts) -> bool {
        self.is_on(edge)
            && self.method.as_ref().is_none_or(|method| *method == head.method)
            && self.path.as_ref().is_none_or(|path| path.matches(head.uri.path()))
    }

    /// Compares the event of a request whose head matches.
    pub(super) fn matches_event(&self, call: &TapRequest) -> bool {
        self.event
            .as_ref()
            .is_none_or(|event| event_types(&call.head.headers, &call.body).iter().any(|t| event.matches(t)))
    }
}

/// Returns the types of the CloudEvents in a request, from a header (binary mode) or from the body (structured and
/// batched mode).
fn event_types(headers: &HeaderMap, body: &[u8]) -> Vec<String> {
    // In binary mode the body is the event's data, which may have a `type` of its own.
    if let Some(of_type) = headers.get("ce-type") {
        return vec![String::from_utf8_lossy(of_type.as_bytes()).into_owned()];
    }
    let type_of = |event: &Value| event.get("type").and_then(Value::as_str).map(str::to_owned);
    match serde_json::from_slice(body) {
        Ok(Value::Array(events)) => events.iter().filter_map(type_of).collect(),
        Ok(event) => type_of(&event).into_iter().collect(),
        Err(_) => Vec::new(),
    }
}

impl fmt::Display for Disturbance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Disturbance {
    type Err = FaultSyntaxError;

    fn from_str(text: &str) -> Result<Self, FaultSyntaxError> {
        let (place, fault) =
            text.trim().split_once(": ").ok_or_else(|| FaultSyntaxError::NoFault(text.trim().into()))?;
        // Edge, method, path and event in a fixed order, so that an error can say what may come next.
        let (edge, mut place) = read_edge(place)?;
        let method = match place.peek() {
            Some(word) if !word.starts_with('/') && word != "event" => Some(read_method(&mut place)?),
            Some(_) | None => None,
        };
        let path = match place.peek() {
            Some(word) if word.starts_with('/') => Some(Pattern::of(place.word("a path")?)),
            Some(_) | None => None,
        };
        let event = if place.skip("event") { Some(Pattern::of(place.word("the type of an event")?)) } else { None };
        if let Some(word) = place.peek() {
            let expected = "the end of the place: `[METHOD] [/path] [event <type>]`, in this order".into();
            return Err(FaultSyntaxError::Unexpected { word: word.into(), expected, hint: String::new() });
        }
        // Read here only to refuse mistakes. Each scenario reads its own instance from the same words later.
        let mut words = WordReader::of(fault);
        let (kind, _) = read_fault(&mut words)?;
        let frequency = read_frequency(&mut words)?;
        let deed = FaultSource::Text { kind, words: fault.into() };
        Ok(Self { text: text.trim().into(), edge, method, path, event, deed, frequency })
    }
}

/// The edge and the words after it.
fn read_edge(place: &str) -> Result<(Edge, WordReader<'_>), FaultSyntaxError> {
    let arrow = ["->", "→"].into_iter().find_map(|arrow| place.find(arrow).map(|at| at + arrow.len()));
    let after = arrow.unwrap_or(place.len());
    let mut rest = WordReader::of(&place[after..]);
    let callee = rest.word("a callee").unwrap_or_default();
    Ok((format!("{} {callee}", &place[..after]).parse()?, rest))
}

fn read_method(place: &mut WordReader<'_>) -> Result<Method, FaultSyntaxError> {
    let name = place.one_of("a method, a path that begins with `/`, or `event`", &METHODS)?;
    Ok(Method::from_bytes(name.as_bytes()).expect("every known method is a method"))
}

fn read_fault(words: &mut WordReader<'_>) -> Result<(&'static FaultKind, Box<dyn Fault>), FaultSyntaxError> {
    let openings = || fault::KINDS.iter().flat_map(|kind| kind.openings.iter().map(move |opening| (*kind, *opening)));
    let starts_with = |opening: &str| words.begin_with(opening);
    // `set header` and `set response header` begin alike: the longest opening decides.
    let found = openings().filter(|(_, opening)| starts_with(opening)).max_by_key(|(_, opening)| opening.len());
    let Some((kind, opening)) = found else {
        let openings: Vec<&str> = openings().map(|(_, opening)| opening).collect();
        return Err(unknown_fault(words, &openings));
    };
    words.skip(opening);
    Ok((kind, (kind.read)(opening, words)?))
}

/// Makes the error for an unknown fault. The text is compared with as many words as an opening can have, so that `strp
/// header X` suggests `strip header`.
fn unknown_fault(words: &mut WordReader<'_>, openings: &[&'static str]) -> FaultSyntaxError {
    let said = words.rest();
    let first = match words.word("a fault") {
        Ok(word) => word,
        Err(ended) => return ended,
    };
    let phrases = (1..=3).rev().map(|length| said.split_whitespace().take(length).collect::<Vec<_>>().join(" "));
    let meant = phrases.filter_map(|phrase| nearest(&phrase, openings.iter().copied())).next();
    let hint = meant.map(|opening| format!(" Did you mean `{opening}`?")).unwrap_or_default();
    let listed: Vec<String> = openings.iter().map(|opening| format!("`{opening}`")).collect();
    FaultSyntaxError::Unexpected { word: first.into(), expected: format!("a fault ({})", listed.join(", ")), hint }
}

fn read_frequency(words: &mut WordReader<'_>) -> Result<Frequency, FaultSyntaxError> {
    let Some(word) = words.peek() else { return Ok(Frequency::Always) };
    let frequency = if words.skip("once") {
        Frequency::Times(1)
    } else if words.skip("from the") {
        let nth = words.word("a number such as `2nd`")?;
        let number = nth.trim_end_matches(|c: char| c.is_ascii_alphabetic()).parse().ok().filter(|number| *number > 0);
        let expected = "a number such as `2nd` or `10th`".into();
        Frequency::From(number.ok_or_else(|| FaultSyntaxError::Unexpected {
            word: nth.into(),
            expected,
            hint: String::new(),
        })?)
    } else if word.starts_with(|c: char| c.is_ascii_digit()) {
        let times = words.number("how many times", 1..=1_000_000)?;
        if !words.skip("time") {
            words.keyword("times")?;
        }
        Frequency::Times(times)
    } else {
        return Err(FaultSyntaxError::none_of(word, "what may follow here", ["once", "2 times", "from the 2nd"]));
    };
    match words.peek() {
        None => Ok(frequency),
        Some(word) => {
            let expected = "expected: the disturbance ends before it".into();
            Err(FaultSyntaxError::Unexpected { word: word.into(), expected, hint: String::new() })
        }
    }
}

/// A text in which `*` stands for anything.
#[derive(Debug, Clone)]
struct Pattern(Regex);

impl Pattern {
    fn of(text: &str) -> Self {
        let expression = format!("^(?s:{})$", regex::escape(text).replace(r"\*", ".*"));
        Self(Regex::new(&expression).expect("escaped text is an expression"))
    }

    fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}
