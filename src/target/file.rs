//! The format of the target file, and the requests and answers that are made of it.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::answer::as_text;
use super::check::check;
use super::template::{fill, fill_text, fill_what_is_set};
use super::{Operation, PageSpec, PlatformAnswer, Slot, Values};
use crate::base::config::{ConfigError, Span, parse_toml};
use crate::base::pointer::at;
use crate::base::redact::Policy;
use crate::base::uri;
use crate::model::acceptance::fits;
use crate::model::{Acceptance, Acceptances, BodyTest, Edge, Exchange};

/// The methods of RFC 9110 and RFC 5789 that a platform can be asked with.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// The description of one platform's wire format.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The platform's name, for reports.
    pub name: String,
    /// The longest times that the platform may take.
    #[serde(default)]
    pub bounds: Bounds,
    /// The baggage names under which a scenario's clock and defects travel, for a platform with such a test mode.
    #[serde(default)]
    pub baggage: BaggageNames,
    /// Secret headers and fields, beyond the usual ones.
    #[serde(default)]
    pub redact: Policy,
    /// The header in which members present what they bought.
    pub credential_header: Option<String>,
    /// Headers of every request. A header with a placeholder that has no value is left out.
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    pub(super) operations: BTreeMap<Operation, OperationSpec>,
    errors: ErrorFormat,
    /// The platform's own words for the states in which a job ends or is worked on, each with the word that sentences
    /// use: `processing`, `succeeded`, `failed`, `expired` or `canceled`. Equal words need no entry.
    #[serde(default)]
    pub(super) states: BTreeMap<String, String>,
    /// The early-access terms as the placeholder `{early_access}` sends them. A field without a value is left out, and so is an
    /// object of which nothing is left.
    #[serde(default)]
    pub(super) early_access: Option<Value>,
    /// The OpenAPI document of each service, as a path from this file.
    #[serde(default)]
    pub contracts: BTreeMap<String, String>,
    /// The catalogue of refusals, as a path from this file.
    #[serde(default)]
    pub catalogue: Option<String>,
    /// The description of the platform's page, for a platform that has one.
    #[serde(default)]
    pub page: Option<PageSpec>,
    /// The section `[trail]` of the same file, which the room `trail` reads.
    #[serde(default, rename = "trail")]
    #[schemars(skip)]
    _trail: serde::de::IgnoredAny,
    #[serde(skip)]
    acceptances: Acceptances,
}

/// The longest times that the platform may take to keep its promises.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Bounds {
    /// The time between a charge and access.
    pub sync: Span,
    /// The time between a refund and a refusal.
    pub revoke: Span,
    /// The time between a submit and a final state.
    pub job: Span,
    /// The time for an operation to answer at all.
    pub answer: Span,
    /// The time between a press on the page and a request, a navigation, or something to read.
    pub notice: Span,
    /// The time that the platform needs after an outage until it keeps its other bounds again.
    pub recover: Span,
}

impl Bounds {
    /// Returns the bounds of a platform after an outage of this length: promised effects may come later, but answers
    /// may not.
    #[must_use]
    pub fn held_up(&self, by: Duration) -> Self {
        let later = |bound: Span| Span(bound.0 + by);
        Self { sync: later(self.sync), revoke: later(self.revoke), job: later(self.job), ..self.clone() }
    }
}

impl Default for Bounds {
    fn default() -> Self {
        let seconds = |seconds| Span(Duration::from_secs(seconds));
        Self {
            sync: seconds(2),
            revoke: seconds(2),
            job: seconds(10),
            answer: seconds(5),
            notice: seconds(1),
            recover: seconds(10),
        }
    }
}

/// The names of the values that scope a scenario's time and defects.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BaggageNames {
    /// The name that carries the seconds by which the scenario's clock is ahead, as `+3600`.
    pub clock: Option<String>,
    /// The name that carries the ids of seeded defects, joined by `+`.
    pub defect: Option<String>,
    /// The header in which an answer names the defects that its trace has come across, joined by `+`.
    pub fired: Option<String>,
    /// The value of `defect` for a scenario that only looks for places: nothing breaks, and answers name every defect
    /// whose place was reached.
    pub places: Option<String>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OperationSpec {
    /// The method and the path: `METHOD /path/with/{placeholders}`.
    pub request: String,
    /// Query parameters. A value that is a table is sent as JSON text.
    #[serde(default)]
    pub query: Map<String, Value>,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    pub body: Option<Value>,
    /// Named fields of the answer, each as a JSON pointer.
    #[serde(default)]
    pub answer: BTreeMap<String, String>,
    /// The statuses with which the platform accepts the request. Without them, every 2xx and nothing else.
    #[serde(default)]
    pub accept: Vec<u16>,
    /// What makes the answer a refusal although its status is accepted. Without it, an error as `[errors]` describes it.
    pub refused_when: Option<BodyTest>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ErrorFormat {
    /// The JSON pointer to the stable code.
    code: String,
    /// The JSON pointer to the sentence.
    message: String,
    /// Rules for platforms whose codes are not stable. The first rule that fits gives the code.
    #[serde(default)]
    rules: Vec<ErrorRule>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ErrorRule {
    /// The status to which the rule applies.
    status: Option<u16>,
    /// The platform's own code to which the rule applies.
    was: Option<String>,
    /// A part of the sentence to which the rule applies.
    message: Option<String>,
    /// The code it stands for.
    code: String,
}

/// A request ready to be sent.
#[derive(Debug, Clone)]
pub struct OperationRequest {
    pub method: http::Method,
    pub path: String,
    /// The names are as the file writes them.
    pub headers: Vec<(String, String)>,
    pub body: Option<Value>,
}

/// An operation that cannot be made into a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// The file has no such operation.
    #[error("{target} has no operation `{operation}`: add [operations.{operation}] to the target's file")]
    NoOperation { target: String, operation: Operation },
    /// A placeholder in the path has no value.
    #[error("the operation `{operation}` needs a value for {{{placeholder}}} that this scenario does not have yet")]
    NoValue { operation: Operation, placeholder: String },
}

impl Target {
    /// Reads a target from the text of its file. `file` is its name in errors.
    pub fn parse(file: &str, text: &str) -> Result<Self, ConfigError> {
        let mut target: Self = parse_toml(file, text)?;
        target.acceptances = parse_toml(file, text)?;
        check(&target, file, text)?;
        if let Some(page) = &target.page {
            page.check(file, text)?;
        }
        Ok(target)
    }

    pub fn has(&self, operation: Operation) -> bool {
        self.operations.contains_key(&operation)
    }

    /// Makes the request for an operation.
    pub fn call(&self, operation: Operation, values: &Values) -> Result<OperationRequest, TargetError> {
        let shape = self.shape(operation)?;
        let (method, path) = method_and_path(&shape.request).expect("checked when the file was read");
        let mut path = fill_text(path, values, uri::encode)
            .map_err(|placeholder| TargetError::NoValue { operation, placeholder })?;
        for (index, (name, template)) in shape.query.iter().enumerate() {
            let Some(value) = fill(template, values) else { continue };
            let text = as_text(&value);
            // Pushed by hand: the path may carry placeholders that were encoded already, and a URL library would encode
            // them again.
            path.push(if index == 0 { '?' } else { '&' });
            path.push_str(&format!("{}={}", uri::encode(name), uri::encode(&text)));
        }
        let headers = filled_headers(self.headers.iter().chain(&shape.headers), values);
        Ok(OperationRequest { method, path, headers, body: shape.body.as_ref().and_then(|body| fill(body, values)) })
    }

    /// Returns the early-access terms of these values in the form that the platform takes them; null if the file gives no form.
    pub fn early_access(&self, values: &Values) -> Value {
        self.early_access.as_ref().and_then(|template| fill_what_is_set(template, values)).unwrap_or_default()
    }

    /// Reads the answer to an operation.
    pub fn answer(
        &self,
        operation: Operation,
        status: u16,
        headers: Vec<(String, String)>,
        body: bytes::Bytes,
    ) -> PlatformAnswer {
        let shape = self.operations.get(&operation);
        let own =
            shape.map(|shape| Acceptance { accept: shape.accept.clone(), refused_when: shape.refused_when.clone() });
        let accepts = |json: Option<&Value>| self.acceptances.of(&own.unwrap_or_default(), status, json);
        self.read(operation.word(), shape, accepts, status, headers, body)
    }

    /// Reads the answer to a request that a scenario wrote out.
    pub fn answer_to(
        &self,
        method: &str,
        path: &str,
        status: u16,
        headers: Vec<(String, String)>,
        body: bytes::Bytes,
    ) -> PlatformAnswer {
        let (path_alone, asked) = (path.split('?').next().unwrap_or(path), format!("{method} {path}"));
        let accepts = |json: Option<&Value>| self.acceptances.of_member(method, path_alone, status, json);
        self.read(&asked, None, accepts, status, headers, body)
    }

    fn read(
        &self,
        asked: &str,
        shape: Option<&OperationSpec>,
        accepts: impl FnOnce(Option<&Value>) -> bool,
        status: u16,
        headers: Vec<(String, String)>,
        body: bytes::Bytes,
    ) -> PlatformAnswer {
        let json = serde_json::from_slice::<Value>(&body).ok();
        let ok = accepts(json.as_ref());
        let mut answer = PlatformAnswer {
            asked: asked.to_owned(),
            status,
            ok,
            fields: Map::new(),
            reads: shape.map(|shape| shape.answer.keys().cloned().collect()).unwrap_or_default(),
            code: None,
            message: String::new(),
            headers,
            body,
        };
        if let (Some(json), Some(shape)) = (&json, shape) {
            let found = |(name, pointer): (&String, &String)| at(json, pointer).map(|value| (name.clone(), value));
            answer.fields = shape.answer.iter().filter_map(found).collect();
            let state = answer.text(Slot::State).and_then(|state| self.states.get(&state).cloned());
            if let Some(state) = state {
                answer.fields.insert(Slot::State.word().to_owned(), state.into());
            }
        }
        if !ok {
            let text = |pointer: &str| json.as_ref()?.pointer(pointer)?.as_str().map(str::to_owned);
            answer.message = text(&self.errors.message).unwrap_or_else(|| describe(&answer));
            let number = |pointer: &str| json.as_ref()?.pointer(pointer)?.as_i64().map(|code| code.to_string());
            let own = text(&self.errors.code).or_else(|| number(&self.errors.code));
            // A rule goes before the platform's own code: it exists because that code says too little.
            answer.code = self.rule(status, own.as_deref(), &answer.message).or(own);
        }
        answer
    }

    /// The headers of every request; one with a placeholder that has no value is left out.
    pub fn headers(&self, values: &Values) -> Vec<(String, String)> {
        filled_headers(self.headers.iter(), values)
    }

    /// Returns the JSON pointer to the code of a refusal.
    pub fn code_pointer(&self) -> &str {
        &self.errors.code
    }

    /// Returns the JSON pointers that sentences read in the answer to this request of a member; none for requests of
    /// services.
    pub fn reads<'t>(&'t self, exchange: &Exchange) -> impl Iterator<Item = &'t str> + use<'t> {
        // The file describes the member's requests. A request between services may look alike and mean another thing.
        let of_member = exchange.edge.from == Edge::MEMBER;
        let is_asked = |shape: &&OperationSpec| fits(&shape.request, &exchange.request.method, exchange.request.path());
        let shapes: Vec<&OperationSpec> =
            self.operations.values().filter(|shape| of_member && is_asked(shape)).collect();
        let refused = of_member && !self.acceptances.of_exchange(exchange, None);
        let errors = refused.then_some([self.errors.code.as_str(), self.errors.message.as_str()]);
        shapes
            .into_iter()
            .flat_map(|shape| shape.answer.values().map(String::as_str))
            .chain(errors.into_iter().flatten())
    }

    fn shape(&self, operation: Operation) -> Result<&OperationSpec, TargetError> {
        let missing = || TargetError::NoOperation { target: self.name.clone(), operation };
        self.operations.get(&operation).ok_or_else(missing)
    }

    fn rule(&self, status: u16, own: Option<&str>, message: &str) -> Option<String> {
        let fits = |rule: &&ErrorRule| {
            rule.status.is_none_or(|wanted| wanted == status)
                && rule.was.as_deref().is_none_or(|wanted| Some(wanted) == own)
                && rule.message.as_deref().is_none_or(|wanted| message.contains(wanted))
        };
        self.errors.rules.iter().find(fits).map(|rule| rule.code.clone())
    }
}

fn filled_headers<'t>(
    headers: impl Iterator<Item = (&'t String, &'t String)>,
    values: &Values,
) -> Vec<(String, String)> {
    headers.filter_map(|(name, value)| Some((name.clone(), fill_text(value, values, str::to_owned).ok()?))).collect()
}

pub(super) fn method_and_path(request: &str) -> Option<(http::Method, &str)> {
    let (method, path) = request.split_once(' ')?;
    let method = METHODS.contains(&method).then(|| http::Method::from_bytes(method.as_bytes()).ok())??;
    path.starts_with('/').then_some((method, path))
}

/// An answer that is not the platform's own error format, in a few words.
fn describe(answer: &PlatformAnswer) -> String {
    if let Some(location) = answer.header("location").filter(|_| (300..400).contains(&answer.status)) {
        return format!("the answer redirects to {location}");
    }
    let body = &answer.body;
    // The beginning is enough to recognise a proxy's error page, and it has to fit into one line.
    let text = String::from_utf8_lossy(&body[..body.len().min(120)]);
    match text.trim() {
        "" => "the answer has no body".into(),
        text => format!("the answer is not an error of the platform but: {text}"),
    }
}
