//! Which requests a stub is for, and how far another one is from that.

use std::collections::BTreeMap;
use std::fmt;

use http::{HeaderMap, HeaderName, Method};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use super::file::Stub;
use super::matcher::{Expression, Matcher, shown};
use crate::base::redact::Policy;
use crate::base::secret_names::SecretNames;
use crate::base::suggest::did_you_mean;
use crate::base::uri;

const METHODS: [&str; 8] = ["ANY", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// A request, as a tap or a double has it before it.
#[derive(Debug, Clone, Copy)]
pub struct Request<'r> {
    /// Its method.
    pub method: &'r Method,
    /// Path and query.
    pub target: &'r str,
    /// Its headers.
    pub headers: &'r HeaderMap,
    /// What was sent along.
    pub body: &'r [u8],
}

impl Request<'_> {
    /// The path alone.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The values of a query parameter, decoded.
    pub(super) fn query(&self, name: &str) -> Vec<String> {
        uri::query(self.target).filter(|(key, _)| key == name).map(|(_, value)| value.into_owned()).collect()
    }

    /// The values of a header.
    pub(super) fn header(&self, name: &str) -> Vec<String> {
        let values = self.headers.get_all(name).into_iter();
        values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
    }
}

/// The requests that a stub is for.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    method: Option<Method>,
    url: Option<Url>,
    query: BTreeMap<String, Matcher>,
    headers: BTreeMap<String, Matcher>,
    body: Vec<Matcher>,
}

#[derive(Debug, Clone)]
enum Url {
    /// Path and query.
    Target(String),
    TargetLike(Expression),
    Path(String),
    PathLike(Expression),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Written {
    method: Option<WrittenMethod>,
    url: Option<Place>,
    url_path: Option<Place>,
    url_pattern: Option<Expression>,
    url_path_pattern: Option<Expression>,
    #[serde(default)]
    query_parameters: BTreeMap<String, Matcher>,
    #[serde(default)]
    headers: BTreeMap<WrittenHeader, Matcher>,
    #[serde(default)]
    body_patterns: Vec<Matcher>,
}

struct WrittenMethod(Option<Method>);

struct Place(String);

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct WrittenHeader(String);

impl<'de> Deserialize<'de> for WrittenMethod {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        match METHODS.contains(&name.as_str()) {
            true if name == "ANY" => Ok(Self(None)),
            true => Ok(Self(Method::from_bytes(name.as_bytes()).ok())),
            false => {
                let hint = did_you_mean(&name, METHODS);
                Err(D::Error::custom(format!("`{name}` is not a method ({}).{hint}", METHODS.join(", "))))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let place = String::deserialize(deserializer)?;
        match place.starts_with('/') {
            true => Ok(Self(place)),
            false => Err(D::Error::custom(format!("`{place}` is not the path of a request: it begins with `/`"))),
        }
    }
}

impl<'de> Deserialize<'de> for WrittenHeader {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let sound = HeaderName::from_bytes(name.as_bytes()).is_ok();
        if sound { Ok(Self(name)) } else { Err(D::Error::custom(format!("`{name}` cannot be the name of a header"))) }
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Written::deserialize(deserializer)?;
        let mut urls = [
            written.url.map(|Place(target)| Url::Target(target)),
            written.url_pattern.map(Url::TargetLike),
            written.url_path.map(|Place(path)| Url::Path(path)),
            written.url_path_pattern.map(Url::PathLike),
        ]
        .into_iter()
        .flatten();
        let url = urls.next();
        if urls.next().is_some() {
            return Err(D::Error::custom("of url, urlPattern, urlPath and urlPathPattern a request has only one"));
        }
        let headers = written.headers.into_iter().map(|(WrittenHeader(name), matcher)| (name, matcher)).collect();
        Ok(Self {
            method: written.method.and_then(|WrittenMethod(method)| method),
            url,
            query: written.query_parameters,
            headers,
            body: written.body_patterns,
        })
    }
}

/// One thing that differs between a request and what a stub is for.
#[derive(Debug, Clone, PartialEq)]
struct Difference {
    what: String,
    wanted: String,
    came: String,
    /// How much it weighs: up to 1 for most, and more for what says that another operation was meant.
    weight: f64,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: wanted {}, came {}", self.what, self.wanted, self.came)
    }
}

/// The stub that comes nearest to a request that none is for.
#[derive(Debug, Clone, PartialEq)]
pub struct Nearest {
    /// Where it stands: `file:line`.
    pub place: String,
    /// What differs, for people.
    pub differences: String,
    /// How far it is; 0 would be a match.
    pub distance: f64,
}

/// The stub that answers a request: of several the one of the lowest priority number, and among equals the first.
///
/// # Errors
/// The one that came nearest, if there is any.
pub fn choose<'s>(
    stubs: impl IntoIterator<Item = &'s Stub>,
    request: &Request<'_>,
) -> Result<&'s Stub, Option<Nearest>> {
    let mut nearest: Option<Nearest> = None;
    let mut chosen: Option<&Stub> = None;
    for stub in stubs {
        let differences = stub.request.differences(request);
        if differences.is_empty() {
            if chosen.is_none_or(|chosen| stub.priority < chosen.priority) {
                chosen = Some(stub);
            }
            continue;
        }
        let distance = differences.iter().map(|difference| difference.weight).sum();
        if nearest.as_ref().is_none_or(|nearest| distance < nearest.distance) {
            let differences = differences.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
            nearest = Some(Nearest { place: stub.place.clone(), differences, distance });
        }
    }
    chosen.ok_or(nearest)
}

impl Pattern {
    fn differences(&self, request: &Request<'_>) -> Vec<Difference> {
        let mut differences: Vec<Difference> = self.method_difference(request).into_iter().collect();
        differences.extend(self.url_difference(request));
        for (name, matcher) in &self.query {
            let came = request.query(name);
            differences.extend(of_values(format!("the query parameter `{name}`"), matcher, &came, false));
        }
        let secrets = SecretNames::from(&Policy::default());
        for (name, matcher) in &self.headers {
            let is_secret = secrets.has_header(name);
            differences.extend(of_values(format!("the header `{name}`"), matcher, &request.header(name), is_secret));
        }
        let body = String::from_utf8_lossy(request.body);
        for matcher in &self.body {
            let came = (!request.body.is_empty()).then_some(&*body);
            if let Err(came) = matcher.judge(came) {
                differences.push(Difference {
                    what: "the body".into(),
                    wanted: matcher.to_string(),
                    came,
                    weight: 1.0,
                });
            }
        }
        differences
    }

    fn method_difference(&self, request: &Request<'_>) -> Option<Difference> {
        let wanted = self.method.as_ref().filter(|wanted| *wanted != request.method)?;
        let came = request.method.to_string();
        Some(Difference { what: "the method".into(), wanted: wanted.to_string(), came, weight: 1.5 })
    }

    fn url_difference(&self, request: &Request<'_>) -> Option<Difference> {
        let like = |wanted: &str, came: &str| 3.0 * (1.0 - strsim::normalized_damerau_levenshtein(wanted, came));
        let (path, target) = (request.path(), request.target);
        let (what, wanted, came, weight) = match self.url.as_ref()? {
            Url::Target(wanted) if wanted != target => {
                ("the path with its query", shown(wanted), target, like(wanted, target))
            }
            Url::Path(wanted) if wanted != path => ("the path", shown(wanted), path, like(wanted, path)),
            Url::TargetLike(wanted) if !wanted.is_match(target) => {
                ("the path with its query", wanted.to_string(), target, like(wanted.text(), target))
            }
            Url::PathLike(wanted) if !wanted.is_match(path) => {
                ("the path", wanted.to_string(), path, like(wanted.text(), path))
            }
            Url::Target(_) | Url::Path(_) | Url::TargetLike(_) | Url::PathLike(_) => return None,
        };
        Some(Difference { what: what.into(), wanted, came: shown(came), weight })
    }
}

/// Of several values one has to match.
fn of_values(what: String, matcher: &Matcher, values: &[String], secret: bool) -> Option<Difference> {
    let judged = match values {
        [] => matcher.judge(None),
        values => values
            .iter()
            .try_fold(String::new(), |_, value| match matcher.judge(Some(value)) {
                Ok(()) => Err(()),
                Err(came) => Ok(came),
            })
            .map_or(Ok(()), Err),
    };
    let came = judged.err()?;
    let came = if secret && !values.is_empty() { "another value, which is not shown".into() } else { came };
    Some(Difference { what, wanted: matcher.to_string(), came, weight: 1.0 })
}
