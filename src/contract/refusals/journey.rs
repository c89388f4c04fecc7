//! A refusal on its way out, hop by hop.
//!
//! Each refusal is held against what the service that gave it had heard from the services it called meanwhile:
//!
//! - What is another's to say (`said_by`) was heard from another. What nobody said is invented: U2, or, where the truth is
//!   that the service that keeps permissions was in trouble, U7.
//! - What was heard is what is said, or a translation of it that the catalogue writes down. What is neither got lost: U2 where
//!   its class changed, else U1.
//!
//! A neighbour's trouble (it cannot be reached, breaks off, refuses in words that mean nothing, has a bug) may become
//! `<neighbour>-unavailable` and nothing else. Its refusal stays what it is.
//!
//! Only what exchanges show is held against anybody. Where a service works in the background, or on several requests of a
//! scenario at once, it cannot be told which of them a call was for: then nobody is accused.

use serde_json::Value;

use super::file::{Code, RefusalCatalogue, RefusalClass};
use super::problem::{RefusalCode, refusal};
use crate::contract::nesting::{callers, calls};
use crate::model::{Exchange, Finding, Outcome, RuleId};

/// What a service learned from a call.
enum Learned<'c> {
    /// A refusal, or a reason in an answer that is none.
    Code(&'c str, RefusalClass),
    /// That the callee is in trouble.
    Trouble,
    /// An answer that refuses nothing.
    Fine,
    /// Nothing: it was not answered yet when the record was made.
    Open,
}

impl RefusalCatalogue {
    pub(super) fn check_journey(&self, exchange: &Exchange, all: &[Exchange]) -> Option<Finding> {
        let response = refusal(exchange).filter(|_| self.speaks(&exchange.edge.to))?;
        let RefusalCode::Code(slug, code) = self.said(response) else { return None };
        let inner: Vec<_> = calls(exchange, all).map(|call| (call, self.heard(call))).collect();
        if inner.iter().any(|(call, heard)| self.explains(call, heard, slug)) {
            return None;
        }
        self.lost(exchange, all, slug, code, &inner).or_else(|| self.invented(exchange, all, slug, code, &inner))
    }

    /// What the caller of this exchange learned from it.
    fn heard(&self, call: &Exchange) -> Learned<'_> {
        match &call.outcome {
            Outcome::Open => Learned::Open,
            Outcome::Unreachable { .. } | Outcome::Broken { .. } => Learned::Trouble,
            Outcome::Answered(response) if response.status < 400 => match self.reason(call) {
                Some((slug, code)) => Learned::Code(slug, code.class),
                None => Learned::Fine,
            },
            Outcome::Answered(response) => match self.said(response) {
                RefusalCode::Code(_, code) if code.class == RefusalClass::Bug => Learned::Trouble,
                RefusalCode::Code(slug, code) if self.speaks(&call.edge.to) => Learned::Code(slug, code.class),
                RefusalCode::Code(..) | RefusalCode::Unclear => Learned::Trouble,
            },
        }
    }

    /// The code in an answer that is no refusal.
    fn reason(&self, call: &Exchange) -> Option<(&str, &Code)> {
        let reason = self.written.reasons.iter().find(|reason| {
            reason.service == call.edge.to && reason.method == call.request.method && reason.path == call.request.path()
        })?;
        let slug = call.response()?.body.json()?.pointer(&reason.pointer).and_then(Value::as_str)?;
        self.written.codes.get_key_value(slug).map(|(slug, code)| (slug.as_str(), code))
    }

    /// Whether what was heard from a call accounts for a refusal.
    fn explains(&self, call: &Exchange, heard: &Learned<'_>, slug: &str) -> bool {
        let neighbour = &call.edge.to;
        let is_its_trouble = self.written.unavailable.get(neighbour).is_some_and(|known| known == slug);
        let translated = |said: Option<&str>| {
            self.written.translations.iter().any(|translation| {
                translation.by == call.edge.from
                    && translation.from == *neighbour
                    && translation.said.as_deref() == said
                    && translation.becomes.iter().any(|code| code == slug)
            })
        };
        match heard {
            Learned::Code(said, _) => *said == slug || translated(Some(said)),
            Learned::Trouble => is_its_trouble || translated(None),
            // An answer that looks fine may still be one that the service cannot use; what is wrong with it is the
            // contract's affair.
            Learned::Fine | Learned::Open => is_its_trouble,
        }
    }

    /// A neighbour said something, and it became something else.
    fn lost(
        &self,
        exchange: &Exchange,
        all: &[Exchange],
        slug: &str,
        code: &Code,
        inner: &[(&Exchange, Learned<'_>)],
    ) -> Option<Finding> {
        let service = &exchange.edge.to;
        // The call may have been for something else that the service is working on; then what it says is its own.
        let is_its_own = code.said_by.is_empty() || code.said_by.contains(service);
        if self.written.background.contains(service) && is_its_own && code.class != RefusalClass::Bug {
            return None;
        }
        let (call, said, class) = inner.iter().find_map(|(call, heard)| {
            let (said, class) = match heard {
                Learned::Code(said, class) => (*said, *class),
                Learned::Trouble => {
                    let said = self.written.unavailable.get(&call.edge.to)?;
                    (said.as_str(), RefusalClass::TemporarilyDown)
                }
                Learned::Fine | Learned::Open => return None,
            };
            // Only if it was for this request and no other.
            let mut waiting = callers(call, all);
            let first = waiting.next()?;
            (first.id == exchange.id && waiting.next().is_none()).then_some((*call, said, class))
        })?;
        let hid_trouble = call.edge.to == self.written.permissions
            && class == RefusalClass::TemporarilyDown
            && matches!(code.class, RefusalClass::NotBought | RefusalClass::Gone);
        let rule = if hid_trouble {
            RuleId::U7
        } else if class == code.class {
            RuleId::U1
        } else {
            RuleId::U2
        };
        let message = format!(
            "{service} made {slug} ({}) of what it learned from {}: {said} ({class})",
            code.class, call.edge.to
        );
        Some(self.finding(rule, exchange, "response/body/code", Some(slug), message))
    }

    /// Somebody said what is another's to say, and nobody had said it.
    fn invented(
        &self,
        exchange: &Exchange,
        all: &[Exchange],
        slug: &str,
        code: &Code,
        inner: &[(&Exchange, Learned<'_>)],
    ) -> Option<Finding> {
        let service = &exchange.edge.to;
        if code.said_by.is_empty() || code.said_by.contains(service) {
            return None;
        }
        // A service whose calls are not watched may have heard anything; so may one whose answer is still under way.
        let is_watched = all.iter().any(|call| call.edge.from == *service);
        if !is_watched || inner.iter().any(|(_, heard)| matches!(heard, Learned::Open)) {
            return None;
        }
        let trouble = inner.iter().find(|(_, heard)| matches!(heard, Learned::Trouble)).map(|(call, _)| &call.edge.to);
        let rule = match trouble {
            Some(neighbour)
                if *neighbour == self.written.permissions
                    && matches!(code.class, RefusalClass::NotBought | RefusalClass::Gone) =>
            {
                RuleId::U7
            }
            Some(_) | None => RuleId::U2,
        };
        let why = trouble.map_or_else(
            || format!("{} did not say it", code.said_by.join(" or ")),
            |neighbour| format!("the truth is that {neighbour} was in trouble"),
        );
        let message = format!("{service} said {slug} ({}), and {why}", code.class);
        Some(self.finding(rule, exchange, "response/body/code", Some(slug), message))
    }
}
