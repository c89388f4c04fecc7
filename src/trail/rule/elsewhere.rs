//! The rows of the rules that other rooms judge, so that the table is complete.
//!
//! The room `contract` judges refusals and contracts; `browser` and the steps about pages judge pages. A double reports
//! the requests that it has no answer to.

use super::{Classification, Judge, Layer, Rule};
use crate::model::{Class, RuleId};

pub(super) const U1: Rule = Rule {
    id: RuleId::U1,
    layer: Layer::Gateway,
    holds: "Every refusal is well formed: schema, known code, agreeing status, correlation id.",
    basis: "RFC 9457 (problem details for HTTP APIs) and the catalogue of refusals.",
    consequence: "The page cannot tell what went wrong, and shows nothing or the wrong text.",
    remedy: "Answer in the form that the catalogue describes; the finding names the field.",
    classification: Classification::of(Class::WrongCode),
    judge: Judge::Refusals,
};

pub(super) const U2: Rule = Rule {
    id: RuleId::U2,
    layer: Layer::Gateway,
    holds: "A refusal is of the right class: signed out is not unpaid is not out of funds is not temporarily down.",
    basis: "The status codes of RFC 9110 and the catalogue of refusals: each class has its own remedy for the member.",
    consequence: "Somebody who has to log in is sent to the shop, or the other way round.",
    remedy: "Return the code of the refusal that happened; do not replace it on the way out.",
    classification: Classification::of(Class::WrongCode),
    judge: Judge::Refusals,
};

pub(super) const U3: Rule = Rule {
    id: RuleId::U3,
    layer: Layer::Page,
    holds: "Every refusal becomes text on the page: visible, not empty, announced, naming what to do.",
    basis: "WCAG 3.3.1 and 4.1.3: errors are described in text, and status messages can be announced.",
    consequence: "A member sees a red border and no word, as in the first incident on record.",
    remedy: "Show the text of the refusal beside what it is about, with a fallback for codes that the page does not \
             know.",
    classification: Classification::of(Class::NotShown),
    judge: Judge::Page,
};

pub(super) const U4: Rule = Rule {
    id: RuleId::U4,
    layer: Layer::Page,
    holds: "No click is dead: within a second there is a request, a navigation or a message.",
    basis: "Usability research (Nielsen's response time limits): after about a second without a sign people notice the \
            wait.",
    consequence: "A member presses, and nothing at all happens.",
    remedy: "Look at the console and the requests after the press: often an exception was swallowed, or validation \
             stopped the request without a message.",
    classification: Classification::of(Class::NotShown).when_missing(Class::NeverSent, &[]),
    judge: Judge::Page,
};

pub(super) const U5: Rule = Rule {
    id: RuleId::U5,
    layer: Layer::Page,
    holds: "The page agrees with the server, before and after a reload.",
    basis: "The page is a view of the server's state.",
    consequence: "The page shows access or money that is not there, or hides what is.",
    remedy: "Read the state again after each change, and drop what was cached from before.",
    classification: Classification::of(Class::NotShown),
    judge: Judge::Page,
};

pub(super) const U6: Rule = Rule {
    id: RuleId::U6,
    layer: Layer::Page,
    holds: "A retry from the page reuses its key and obeys Retry-After.",
    basis: "The Idempotency-Key header (IETF draft) and the Retry-After header (RFC 9110).",
    consequence: "A retry from the page buys twice, or is refused because it came too early.",
    remedy: "Keep the key until the answer is known, and wait as long as the answer says.",
    classification: Classification::of(Class::NotShown),
    judge: Judge::Page,
};

pub(super) const U7: Rule = Rule {
    id: RuleId::U7,
    layer: Layer::Generation,
    holds: "Where permissions cannot be looked up the answer is \u{201c}temporarily\u{201d}, never \u{201c}not \
            bought\u{201d}.",
    basis: "An outage is not a decision about a member.",
    consequence: "Somebody who paid is told that they did not, because a service was down.",
    remedy: "Answer with a temporary refusal where the permission could not be looked up.",
    classification: Classification::of(Class::WrongCode),
    judge: Judge::Refusals,
};

pub(super) const U8: Rule = Rule {
    id: RuleId::U8,
    layer: Layer::Page,
    holds: "What the page shows as chosen is what is submitted: nothing dropped, nothing swapped.",
    basis: "A person who submits a form means what it shows.",
    consequence: "The member pays for a job that does not use the resource that they bought and chose.",
    remedy: "Compare the form with the request: something dropped or replaced the choice without a word.",
    classification: Classification::of(Class::NotShown),
    judge: Judge::Page,
};

pub(super) const AXE: Rule = Rule {
    id: RuleId::Axe,
    layer: Layer::Page,
    holds: "axe-core finds nothing wrong with the page, and leaves nothing undecided.",
    basis: "The rules of WCAG 2.2 that axe-core can test.",
    consequence: "People who use a keyboard or a screen reader may not be able to use the page.",
    remedy: "Follow the finding: it names the element and axe-core's rule.",
    classification: Classification::of(Class::NotShown),
    judge: Judge::Page,
};

pub(super) const STUB: Rule = Rule {
    id: RuleId::Stub,
    layer: Layer::Gateway,
    holds: "A double has an answer to every request: its own, or that of a stub file.",
    basis: "A double that makes an answer up proves nothing.",
    consequence: "The scenario goes on with an answer that nobody wrote.",
    remedy: "Write a stub for the request that the finding shows, or correct the request.",
    classification: Classification::of(Class::WrongCode),
    judge: Judge::Doubles,
};

pub(super) const CONTRACT: Rule = Rule {
    id: RuleId::Contract,
    layer: Layer::Gateway,
    holds: "Every exchange is as the service's OpenAPI document says.",
    basis: "The service's own OpenAPI 3.1 document, with JSON Schema 2020-12.",
    consequence: "Clients that were written against the document break.",
    remedy: "Change the answer or the document; the finding points into both.",
    classification: Classification::of(Class::WrongCode),
    judge: Judge::Contracts,
};
