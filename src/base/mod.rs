//! What every room stands on: time, randomness, trace context, redaction, waiting.
//!
//! Time, randomness and environment are asked for here and nowhere else, so that a run can be repeated from its seed.

pub mod canary;
pub mod ci;
pub mod client;
pub mod clock;
pub mod config;
pub mod fingerprint;
pub mod hosts;
pub mod picture;
pub mod pointer;
pub mod redact;
pub mod schema;
pub mod secret_names;
pub mod seed;
pub mod spelling;
pub mod suggest;
pub mod trace;
pub mod uri;
pub mod wait;
pub mod walk;
