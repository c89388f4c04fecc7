//! OpenAPI documents and the error catalogue, held against what the taps saw.
//!
//! - A [`Contract`] is one service's OpenAPI document (3.1; 3.0 is read with 3.1's meaning). [`Contract::examine`] holds one
//!   exchange against it: what was asked, with which credentials it was served, and what was answered. [`Contracts`] are the
//!   documents of a platform, by service.
//! - The [`RefusalCatalogue`] is the platform's list of refusals: what each code means, which status it has, who says it first.
//!   [`RefusalCatalogue::check`] holds all exchanges of a scenario against it, in order: a refusal that is no problem document, and
//!   a code that got lost or became another one on its way to the member.
//!
//! Both answer in [`Finding`](crate::model::Finding)s that point into the exchange and into the document. Nothing is fetched,
//! ever: a reference that leaves its document is refused when the document is read.
//!
//! Exchanges come redacted. A secret that was replaced is no departure from a pattern that the secret itself had: see
//! `schema.rs`.
//!
//! Not here: whether a paid path was kept (the trail), which findings are forgiven because a scenario armed the fault behind
//! them (the runner).

mod body;

#[expect(clippy::module_inception, reason = "the room is named after its main type")]
mod contract;
mod contracts;
mod document;
mod examine;
mod nesting;
mod operation;
mod parameter;
mod refusals;
mod schema;
mod security;
mod template;
mod upgrade;

#[cfg(test)]
mod tests;

pub use contract::Contract;
pub use contracts::Contracts;
pub use examine::Examination;
pub use refusals::{RefusalCatalogue, RefusalClass};
