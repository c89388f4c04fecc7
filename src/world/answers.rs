//! The answers of the platform that Then-sentences speak of, and the expectations that need nothing else.

use std::sync::Arc;

use super::client::{accepted, refused, unreadable};
use super::{Assertions, RunContext, StepError, StepResult};
use crate::target::{Operation, PlatformAnswer, Slot};

/// The latest answers of the platform in one scenario.
#[derive(Debug)]
pub struct Answers {
    context: Arc<RunContext>,
    assertions: Assertions,
    last: Option<PlatformAnswer>,
    /// All answers to requests that were sent at the same moment.
    at_once: Vec<PlatformAnswer>,
}

impl Answers {
    pub(super) fn new(context: Arc<RunContext>, assertions: Assertions) -> Self {
        Self { context, assertions, last: None, at_once: Vec::new() }
    }

    /// Keeps the answer that Then-sentences speak of from now on.
    pub(super) fn keep(&mut self, answer: PlatformAnswer) {
        self.last = Some(answer);
    }

    pub(super) fn keep_all_at_once(&mut self, answers: Vec<PlatformAnswer>) {
        self.at_once = answers;
    }

    pub(super) fn last(&self) -> Result<&PlatformAnswer, StepError> {
        self.last.as_ref().ok_or_else(|| StepError::scenario("nothing has been asked of the platform yet"))
    }

    /// Makes the error for a step that finds nothing to go on with. If the platform refused the last request, the platform is to
    /// blame, and otherwise the scenario.
    pub(super) fn missing(&self, what: String) -> StepError {
        match &self.last {
            Some(answer) if !answer.ok => refused(answer, &format!("{what}: {}", answer.asked)),
            Some(_) | None => StepError::scenario(what),
        }
    }

    /// Expects that the platform did what was asked.
    pub fn expect_accepted(&self) -> StepResult {
        self.require_accepted()?;
        self.assertions.held()
    }

    /// Returns an error unless the platform did what was asked. Unlike [`Answers::expect_accepted`] it judges nothing.
    pub fn require_accepted(&self) -> StepResult {
        let answer = self.last()?;
        accepted(answer, &format!("the {}", answer.asked))
    }

    /// Expects a refusal with this code and with a sentence for people.
    pub fn expect_refused(&self, code: &str) -> StepResult {
        let answer = self.last()?;
        let has_code = answer.code.as_deref() == Some(code);
        // A code that is not in the catalogue is a mistake in the scenario, unless the platform itself answers with it.
        if !has_code && let Some(catalogue) = &self.context.rules.catalogue {
            catalogue.known(code).map_err(StepError::scenario)?;
        }
        let expected = format!("the {} should be refused with {code}", answer.asked);
        self.assertions.judge_or(!answer.ok && has_code, || {
            StepError::not_refused(code, format!("{expected}, and was {}", answer.summary()))
        })?;
        self.assertions.judge_or(!answer.message.trim().is_empty(), || {
            StepError::not_refused(code, format!("{expected} in words, and has none"))
        })
    }

    /// Expects a temporary refusal that says when to try again.
    pub fn expect_temporary(&self) -> StepResult {
        let answer = self.last()?;
        self.assertions.judge(matches!(answer.status, 429 | 503), || {
            format!("a temporary refusal has the status 503 or 429; this one was {}", answer.summary())
        })?;
        self.assertions
            .judge(answer.header("retry-after").is_some(), || "the refusal does not say when to try again".into())
    }

    /// Expects a value in a field of an accepted answer. The field has the name that the target file gives it.
    pub fn expect_field(&self, field: &str, expected: &str) -> StepResult {
        let answer = self.last()?;
        accepted(answer, &format!("the {}", answer.asked))?;
        let seen = answer.named(field);
        self.assertions.judge(seen.as_deref() == Some(expected), || {
            let seen = seen.as_deref().unwrap_or("not there");
            format!("the {field} of the {} should be {expected}, and is {seen}", answer.asked)
        })
    }

    /// Expects the HTTP status of the last answer.
    pub fn expect_status(&self, status: u16) -> StepResult {
        let answer = self.last()?;
        self.assertions.judge(answer.status == status, || {
            format!("{} should be answered with status {status}, and was {}", answer.asked, answer.summary())
        })
    }

    /// Expects a header of the last answer.
    pub fn expect_header(&self, name: &str, expected: &str) -> StepResult {
        let answer = self.last()?;
        let seen = answer.header(&name.to_ascii_lowercase());
        self.assertions.judge(seen == Some(expected), || {
            let seen = seen.unwrap_or("not there");
            format!("the header {name} of the answer to {} should be {expected}, and is {seen}", answer.asked)
        })
    }

    /// Expects how many different purchases or jobs the requests that were sent at the same moment made.
    pub fn expect_made(&self, made: usize) -> StepResult {
        if self.at_once.is_empty() {
            return Err(StepError::scenario("nothing was sent several times at once"));
        }
        let is_blind = |answer: &&PlatformAnswer| !answer.can_have(Slot::Purchase) && !answer.can_have(Slot::Job);
        if let Some(answer) = self.at_once.iter().filter(|answer| answer.ok).find(is_blind) {
            let is_purchase = answer.asked == Operation::Purchase.word();
            return Err(unreadable(answer, if is_purchase { Slot::Purchase } else { Slot::Job }));
        }
        let id = |answer: &PlatformAnswer| answer.text(Slot::Purchase).or_else(|| answer.text(Slot::Job));
        let mut different: Vec<_> = self.at_once.iter().filter(|answer| answer.ok).filter_map(id).collect();
        different.sort();
        different.dedup();
        let sent = self.at_once.len();
        self.assertions.judge(different.len() == made, || {
            format!("{sent} requests at once should make {made}, and made {}", different.len())
        })
    }
}
