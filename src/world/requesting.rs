//! Requests that a scenario writes out, for the rare case that no sentence covers.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::{StepError, StepResult, World};
use crate::base::suggest::did_you_mean;
use crate::target::{Slot, Values};

/// A name in braces, such as `{Ann}` or `{Ann's job}`. JSON objects do not match.
static PLACEHOLDER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"\{(\pL[^{}":,\n]*)\}"#).expect("an expression that is a constant"));

/// The things of a member that a placeholder can name, in the languages of the vocabulary.
const OWNED: [(&str, Owned); 4] =
    [("'s purchase", Owned::Purchase), ("'s job", Owned::Job), ("的订单", Owned::Purchase), ("的任务", Owned::Job)];

#[derive(Debug, Clone, Copy)]
enum Owned {
    Purchase,
    Job,
}

/// A request as written: `METHOD /path`, then one header on each line, then an empty line and the body.
struct Written<'t> {
    method: http::Method,
    path: &'t str,
    headers: Vec<(&'t str, &'t str)>,
    body: &'t str,
}

impl World {
    /// Sends a request as it is written. It has the member's session and the headers of the target file, unless it has its own.
    /// Names in braces stand for ids: `{Ann}`, `{Dusk}`, `{Ann's purchase}`, `{Ann's job}`.
    pub async fn send_as_written(&mut self, member: &str, text: &str) -> StepResult {
        let token = self.members.get(member)?.token.clone();
        let text = self.with_ids(text)?;
        let Written { method, path, headers, body } = Written::read(&text)?;
        let asked = format!("{method} {path}");
        let mut request = self.client.request(method.clone(), path);
        let is_written = |name: &str| headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
        for (name, value) in self.context.target.headers(&Values::new().with(Slot::Token, token)) {
            if !is_written(&name) {
                request = request.header(name, value);
            }
        }
        if !body.is_empty() && !is_written("content-type") {
            request = request.header(http::header::CONTENT_TYPE, "application/json");
        }
        for (name, value) in &headers {
            request = request.header(*name, *value);
        }
        let (status, headers, body) = self.client.send(&asked, request.body(body.to_owned())).await?;
        self.answers.keep(self.context.target.answer_to(method.as_str(), path, status, headers, body));
        Ok(())
    }

    /// Expects a value, as text, at a JSON pointer of the last answer; `None` expects that there is nothing.
    pub fn expect_json(&self, pointer: &str, expected: Option<&str>) -> StepResult {
        if !pointer.is_empty() && !pointer.starts_with('/') {
            return Err(StepError::scenario(format!("`{pointer}` is not a JSON pointer: it begins with `/`")));
        }
        let expected = expected.map(|text| self.with_ids(text)).transpose()?;
        let answer = self.answers.last()?;
        if answer.json().is_none() {
            let asked = &answer.asked;
            return self
                .assertions
                .judge(false, || format!("{pointer} of the answer to {asked} cannot be looked for: it is no JSON"));
        }
        let seen = answer.at(pointer);
        self.assertions.judge(seen == expected, || {
            let or_nothing = |value: Option<String>| value.unwrap_or_else(|| "not there".into());
            let (expected, seen) = (or_nothing(expected), or_nothing(seen));
            format!("{pointer} of the answer to {} should be {expected}, and is {seen}", answer.asked)
        })
    }

    fn with_ids(&self, text: &str) -> Result<String, StepError> {
        let mut unknown = None;
        let filled = PLACEHOLDER.replace_all(text, |name: &Captures<'_>| {
            self.id_of(&name[1]).unwrap_or_else(|trouble| {
                unknown.get_or_insert(trouble);
                String::new()
            })
        });
        let filled = filled.into_owned();
        unknown.map_or(Ok(filled), Err)
    }

    fn id_of(&self, name: &str) -> Result<String, StepError> {
        for (suffix, owned) in OWNED {
            let Some(member) = name.strip_suffix(suffix) else { continue };
            let id = match owned {
                Owned::Purchase => self.members.get(member)?.bought(),
                Owned::Job => self.jobs.latest_of(member).map(|job| job.id.clone()),
            };
            // If the platform refused the purchase or the job, the platform is to blame that there is none.
            return id.ok_or_else(|| self.answers.missing(format!("there is no {{{name}}} yet")));
        }
        let id = self.members.id(name).or_else(|| self.models.id(name));
        id.map(str::to_owned).ok_or_else(|| {
            let hint = did_you_mean(name, self.members.names().chain(self.models.names()));
            StepError::scenario(format!("{{{name}}} is neither a member nor a model version of this scenario.{hint}"))
        })
    }
}

impl<'t> Written<'t> {
    fn read(text: &'t str) -> Result<Self, StepError> {
        let wrong =
            |what: &str| StepError::scenario(format!("{what}: write `GET /path`, headers, an empty line, the body"));
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let mut lines = head.trim().lines();
        let first = lines.next().unwrap_or_default();
        let (method, path) = first.split_once(' ').ok_or_else(|| wrong(&format!("`{first}` is not a request")))?;
        let method = http::Method::from_bytes(method.as_bytes())
            .map_err(|_| wrong(&format!("`{method}` is not an HTTP method")))?;
        let path = path.trim();
        if !path.starts_with('/') {
            return Err(wrong(&format!("`{path}` is not a path: requests go to the platform's entry")));
        }
        let header = |line: &'t str| {
            let (name, value) = line.split_once(':').ok_or_else(|| wrong(&format!("`{line}` is not a header")))?;
            Ok((name.trim(), value.trim()))
        };
        Ok(Self { method, path, headers: lines.map(header).collect::<Result<_, StepError>>()?, body: body.trim() })
    }
}
