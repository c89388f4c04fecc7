//! Checks the exchanges that the taps recorded against OpenAPI documents and against the catalogue of refusals.
//!
//! - A [`Contract`] is the OpenAPI document of one service (3.1; 3.0 is read with the meaning of 3.1). [`Contract::examine`]
//!   checks one exchange: the request, the credentials it was served with, and the response. [`Contracts`] are the documents
//!   of a platform, by service.
//! - The [`RefusalCatalogue`] lists the refusals of a platform: the meaning of each code, its status, and the services that
//!   may say it. [`RefusalCatalogue::check`] checks all exchanges of a scenario in order. It finds refusals that are no problem
//!   documents, and codes that got lost or became others on their way to the member.
//!
//! Both return [`Finding`](crate::model::Finding)s that point into the exchange and into the document. Nothing is ever
//! fetched: a reference that leaves its document is an error when the document is read.
//!
//! Exchanges are redacted. A fingerprint is no departure from a pattern that the secret itself had: see `schema.rs`.
//!
//! Not here: the rules of the paid path (the trail), and the excuse for findings behind a fault that the scenario armed (the
//! runner).
//!
//! # Add another rule of OpenAPI
//!
//! 1. Read what the document says about it where the operation is read: `operation.rs` for a part of an operation,
//!    `parameter.rs` or `security.rs` for a part of its own. Keep the JSON pointer to the place, so that findings can name it.
//!    A document that contradicts itself is an error from `Document::mistake`.
//! 2. If OpenAPI 3.0 writes it in another way, translate it in `upgrade.rs`, so that all other code sees 3.1 only.
//! 3. Check it in `examine.rs`, in `request`, `request_body` or `response`, and report a departure with `flawed`. If the
//!    exchange does not tell enough to judge (cut short, compressed, redacted), push a sentence to `skipped` instead.
//! 4. Add a pair of cases to `tests/examining.rs` (one exchange that keeps the rule, one that breaks it), and one to
//!    `tests/loading.rs` for a document that states the rule wrongly.
//! 5. Name the rule in `CHANGELOG.md`: a document that passed before may fail now.

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
