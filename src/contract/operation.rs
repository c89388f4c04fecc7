//! One operation of a document: the requests and the responses that it allows.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::body::{MediaRange, is_json};
use super::document::Document;
use super::parameter::{Parameter, ParameterFormat, ParameterPlace};
use super::schema::{Schema, Schemas};
use super::security::Security;
use crate::base::config::ConfigError;

/// Headers that OpenAPI describes elsewhere. A parameter with such a name is ignored.
const DESCRIBED_ELSEWHERE: [&str; 3] = ["accept", "content-type", "authorization"];

#[derive(Debug)]
pub(super) struct DocumentedOperation {
    /// The place in the document.
    pub pointer: String,
    /// `None` for an operation that needs no credential.
    pub security: Option<Security>,
    pub parameters: Vec<Parameter>,
    pub body: Option<RequestBody>,
    /// The more exact ones first.
    pub answers: Vec<DocumentedResponse>,
}

#[derive(Debug)]
pub(super) struct RequestBody {
    pub pointer: String,
    pub required: bool,
    pub content: Vec<Media>,
}

/// The response that is documented for some statuses.
#[derive(Debug)]
pub(super) struct DocumentedResponse {
    pub pointer: String,
    pub statuses: Statuses,
    pub headers: Vec<Parameter>,
    pub content: Vec<Media>,
}

/// A body of one kind.
#[derive(Debug)]
pub(super) struct Media {
    pub range: MediaRange,
    /// The schema of a JSON body.
    pub schema: Option<Arc<Schema>>,
}

/// The statuses that an answer is documented for. Sorts the more exact before the less exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Statuses {
    One(u16),
    Hundred(u16),
    Default,
}

impl Statuses {
    fn read(text: &str) -> Option<Self> {
        if text == "default" {
            return Some(Self::Default);
        }
        let upper = text.to_ascii_uppercase();
        match upper.strip_suffix("XX") {
            Some(hundred) => hundred.parse().ok().filter(|hundred| (1..=5).contains(hundred)).map(Self::Hundred),
            None => text.parse().ok().filter(|status| (100..=599).contains(status)).map(Self::One),
        }
    }

    fn has(self, status: u16) -> bool {
        match self {
            Self::One(one) => one == status,
            Self::Hundred(hundred) => hundred == status / 100,
            Self::Default => true,
        }
    }
}

impl fmt::Display for Statuses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(status) => write!(f, "{status}"),
            Self::Hundred(hundred) => write!(f, "{hundred}XX"),
            Self::Default => f.write_str("default"),
        }
    }
}

impl DocumentedOperation {
    /// Returns the response that is documented for this status.
    pub fn answer(&self, status: u16) -> Option<&DocumentedResponse> {
        self.answers.iter().find(|answer| answer.statuses.has(status))
    }
}

/// Reads operations out of a document.
pub(super) struct Reader<'d, 't> {
    pub document: &'d Document<'t>,
    pub schemas: Schemas<'d>,
}

impl Reader<'_, '_> {
    /// The operation at `pointer` of the path item at `item`.
    pub fn operation(&mut self, item: &str, pointer: &str) -> Result<DocumentedOperation, ConfigError> {
        let mut parameters = self.parameters(&format!("{pointer}/parameters"))?;
        for shared in self.parameters(&format!("{item}/parameters"))? {
            if !parameters.iter().any(|own| own.place == shared.place && own.name == shared.name) {
                parameters.push(shared);
            }
        }
        let body = self.body(&format!("{pointer}/requestBody"))?;
        let document = self.document;
        let mut answers = Vec::new();
        for (status, place) in document.members(&format!("{pointer}/responses")) {
            if !status.starts_with("x-") {
                answers.push(self.answer(status, &place)?);
            }
        }
        if answers.is_empty() {
            return Err(document.mistake(pointer, "this operation documents no answer"));
        }
        answers.sort_by_key(|answer| answer.statuses);
        let security = Security::read(document, pointer)?;
        Ok(DocumentedOperation { pointer: pointer.to_owned(), security, parameters, body, answers })
    }

    fn parameters(&mut self, pointer: &str) -> Result<Vec<Parameter>, ConfigError> {
        let listed = self.document.value.pointer(pointer).and_then(Value::as_array).map_or(0, Vec::len);
        let mut parameters = Vec::new();
        for index in 0..listed {
            let (place, value) = self.document.at(&format!("{pointer}/{index}"))?;
            let text = |name: &str| value.get(name).and_then(Value::as_str);
            let (Some(name), Some(stands)) = (text("name"), text("in").and_then(ParameterPlace::read)) else {
                let message = "a parameter has a `name` and is `in` path, query, header or cookie";
                return Err(self.document.mistake(&place, message));
            };
            let name = stands.spell(name);
            if stands == ParameterPlace::Header && DESCRIBED_ELSEWHERE.contains(&name.as_str()) {
                continue;
            }
            let required = stands == ParameterPlace::Path || flag(value, "required");
            let is_plain =
                !matches!(text("style"), Some("deepObject" | "matrix" | "label" | "spaceDelimited" | "pipeDelimited"));
            let shape = self.shape(&place, is_plain)?;
            parameters.push(Parameter { place: stands, name, required, shape, pointer: place });
        }
        Ok(parameters)
    }

    fn shape(&mut self, place: &str, is_plain: bool) -> Result<ParameterFormat, ConfigError> {
        let json = self.document.members(&format!("{place}/content")).find(|(kind, _)| is_json(kind));
        if let Some((_, media)) = json {
            return Ok(self.schema(&format!("{media}/schema"))?.map_or(ParameterFormat::Any, ParameterFormat::Json));
        }
        match self.schema(&format!("{place}/schema"))? {
            Some(schema) if is_plain => Ok(ParameterFormat::Plain(schema)),
            Some(_) | None => Ok(ParameterFormat::Any),
        }
    }

    fn body(&mut self, pointer: &str) -> Result<Option<RequestBody>, ConfigError> {
        if self.document.value.pointer(pointer).is_none() {
            return Ok(None);
        }
        let (place, value) = self.document.at(pointer)?;
        let required = flag(value, "required");
        let content = self.content(&place)?;
        Ok(Some(RequestBody { pointer: place, required, content }))
    }

    fn answer(&mut self, status: &str, pointer: &str) -> Result<DocumentedResponse, ConfigError> {
        let statuses = Statuses::read(status).ok_or_else(|| {
            self.document
                .mistake(pointer, format!("`{status}` is no status: write for example '404', '4XX' or 'default'"))
        })?;
        let (place, _) = self.document.at(pointer)?;
        let document = self.document;
        let mut headers = Vec::new();
        for (name, header) in document.members(&format!("{place}/headers")) {
            let name = name.to_ascii_lowercase();
            // OpenAPI ignores it here, because the keys of `content` describe it.
            if name == "content-type" {
                continue;
            }
            let (at, value) = document.at(&header)?;
            let (required, shape) = (flag(value, "required"), self.shape(&at, true)?);
            headers.push(Parameter { place: ParameterPlace::Header, name, required, shape, pointer: at });
        }
        let content = self.content(&place)?;
        Ok(DocumentedResponse { pointer: place, statuses, headers, content })
    }

    fn content(&mut self, place: &str) -> Result<Vec<Media>, ConfigError> {
        let document = self.document;
        let mut content = Vec::new();
        for (kind, media) in document.members(&format!("{place}/content")) {
            let range = MediaRange::new(kind);
            // A range such as `*/*` may turn out to be JSON in an exchange.
            let is_json = is_json(&range.to_string()) || range.rank() > 0;
            let schema = if is_json { self.schema(&format!("{media}/schema"))? } else { None };
            content.push(Media { range, schema });
        }
        content.sort_by_key(|media| media.range.rank());
        Ok(content)
    }

    fn schema(&mut self, pointer: &str) -> Result<Option<Arc<Schema>>, ConfigError> {
        let document = self.document;
        let Some(value) = document.value.pointer(pointer) else { return Ok(None) };
        // A schema that is nothing but a reference is compiled where it stands, once for all that refer to it.
        let is_reference = value.as_object().is_some_and(|members| members.len() == 1 && members.contains_key("$ref"));
        let place = if is_reference { document.at(pointer)?.0 } else { pointer.to_owned() };
        let schema = self.schemas.at(&place);
        schema.map(Some).map_err(|error| document.mistake(&place, format!("this schema cannot be used: {error}")))
    }
}

fn flag(value: &Value, name: &str) -> bool {
    value.get(name).and_then(Value::as_bool).unwrap_or_default()
}
