//! Checks a refusal hop by hop, on its way from the service that refused to the member.
//!
//! Each refusal is compared with what its sender had learned from the services that it called meanwhile:
//!
//! - A code that only another service may say (`said_by`) has to come from another service. A code that nobody said is
//!   invented: U2, or U7 where the truth is that the service that keeps permissions was in trouble.
//! - A learned code is passed on as it is, or as a translation that the catalogue allows. Otherwise it got lost: U2 where its
//!   class changed, else U1.
//!
//! A neighbour's trouble (it cannot be reached, breaks off, refuses in words that mean nothing, has a bug) may become
//! `<neighbour>-unavailable` and nothing else. Its refusal stays as it is.
//!
//! Only what exchanges show counts. Where a service works in the background, or on several requests of a scenario at once,
//! nobody can tell for which of them a call was made, and nobody is accused.

use serde_json::Value;

use super::file::{Code, RefusalCatalogue, RefusalClass};
use super::problem::{RefusalCode, refusal};
use crate::contract::nesting::{callers, calls};
use crate::model::{Exchange, Finding, Outcome, RuleId};

/// The knowledge that a service has from a call.
enum Learned<'c> {
    /// A refusal, or a reason in an answer that is none.
    Code(&'c str, RefusalClass),
    /// The callee is in trouble.
    Trouble,
    /// An answer that refuses nothing.
    Fine,
    /// The call was not answered yet when the record was made.
    Open,
}

/// A refusal, with what its sender learned from the calls that it made meanwhile.
struct Answered<'e, 'c> {
    exchange: &'e Exchange,
    slug: &'c str,
    code: &'c Code,
    learned: Vec<(&'e Exchange, Learned<'c>)>,
}

impl RefusalCatalogue {
    pub(super) fn check_journey(&self, exchange: &Exchange, all: &[Exchange]) -> Option<Finding> {
        let response = refusal(exchange).filter(|_| self.speaks(&exchange.edge.to))?;
        let RefusalCode::Code(slug, code) = self.said(response) else { return None };
        let learned: Vec<_> = calls(exchange, all).map(|call| (call, self.heard(call))).collect();
        if learned.iter().any(|(call, heard)| self.explains(call, heard, slug)) {
            return None;
        }
        let answered = Answered { exchange, slug, code, learned };
        let (rule, message) = self.lost(&answered, all).or_else(|| self.invented(&answered, all))?;
        Some(self.finding(rule, exchange, "response/body/code", Some(slug), message))
    }

    /// Returns true when a refusal hides that the service that keeps permissions was in trouble.
    fn hides_trouble(&self, neighbour: &str, code: &Code) -> bool {
        neighbour == self.written.permissions && matches!(code.class, RefusalClass::NotBought | RefusalClass::Gone)
    }

    /// Returns what the caller of this exchange learned from it.
    fn heard(&self, call: &Exchange) -> Learned<'_> {
        match &call.outcome {
            Outcome::Open => Learned::Open,
            Outcome::Unreachable { .. } | Outcome::Broken { .. } => Learned::Trouble,
            // A redirected caller has got nothing from this service.
            Outcome::Answered(response) if matches!(response.status, ..300 | 304) => match self.reason(call) {
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

    /// Returns true when the result of a call accounts for a refusal.
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
            // The service may not be able to use an answer that looks fine. Checking the answer is the contract's task.
            Learned::Fine | Learned::Open => is_its_trouble,
        }
    }

    /// Finds a neighbour's refusal or trouble that became something else on its way through this service.
    fn lost(&self, answered: &Answered<'_, '_>, all: &[Exchange]) -> Option<(RuleId, String)> {
        let Answered { exchange, slug, code, learned } = answered;
        let service = &exchange.edge.to;
        // The call may have been for other work of the service. Then the service says the code on its own account.
        let is_its_own = code.said_by.is_empty() || code.said_by.contains(service);
        if self.written.background.contains(service) && is_its_own && code.class != RefusalClass::Bug {
            return None;
        }
        let (call, said, class) = learned.iter().find_map(|(call, heard)| {
            let (said, class) = match heard {
                Learned::Code(said, class) => (*said, *class),
                Learned::Trouble => {
                    let said = self.written.unavailable.get(&call.edge.to)?;
                    (said.as_str(), RefusalClass::TemporarilyDown)
                }
                Learned::Fine | Learned::Open => return None,
            };
            // Only a call that was made for this request and for no other.
            let mut waiting = callers(call, all);
            let first = waiting.next()?;
            (first.id == exchange.id && waiting.next().is_none()).then_some((*call, said, class))
        })?;
        let rule = if class == RefusalClass::TemporarilyDown && self.hides_trouble(&call.edge.to, code) {
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
        Some((rule, message))
    }

    /// Finds a code that only another service may say, and that no other service said.
    fn invented(&self, answered: &Answered<'_, '_>, all: &[Exchange]) -> Option<(RuleId, String)> {
        let Answered { exchange, slug, code, learned } = answered;
        let service = &exchange.edge.to;
        if code.said_by.is_empty() || code.said_by.contains(service) {
            return None;
        }
        // A service whose calls are not watched may have heard anything. So may one whose call is still under way.
        let is_watched = all.iter().any(|call| call.edge.from == *service);
        if !is_watched || learned.iter().any(|(_, heard)| matches!(heard, Learned::Open)) {
            return None;
        }
        let trouble =
            learned.iter().find(|(_, heard)| matches!(heard, Learned::Trouble)).map(|(call, _)| &call.edge.to);
        let rule =
            if trouble.is_some_and(|neighbour| self.hides_trouble(neighbour, code)) { RuleId::U7 } else { RuleId::U2 };
        let why = trouble.map_or_else(
            || format!("{} did not say it", code.said_by.join(" or ")),
            |neighbour| format!("the truth is that {neighbour} was in trouble"),
        );
        Some((rule, format!("{service} said {slug} ({}), and {why}", code.class)))
    }
}
