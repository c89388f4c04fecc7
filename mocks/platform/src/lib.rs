//! Atelier, the reference platform: four small, real services that sell early access to models and generate images.
//!
//! Each service is an HTTP server on its own port, and HTTP is all that they share:
//!
//! | service | keeps | calls |
//! |---|---|---|
//! | `storefront` | members' sessions, models and their offers | billing, entitlement, generation, flags |
//! | `billing` | wallets, quotes, purchases, a double-entry ledger | entitlement (events) |
//! | `entitlement` | gates, grants, decisions | generation (events) |
//! | `generation` | jobs and images | entitlement, billing, worker |
//!
//! The worker that renders and the flag provider are outside parties: Atelier only speaks their protocols. The page that
//! people see is served by the storefront; its files are in `page/`.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use atelier::{ServiceName, Settings};
//! let mut settings = Settings {
//!     session_key: "a".into(), event_key: "b".into(), credential_key: "c".into(), admin_token: "d".into(),
//!     ..Settings::default()
//! };
//! settings.neighbours.insert("entitlement".into(), "http://127.0.0.1:4003".into());
//! let billing = atelier::start(ServiceName::Billing, settings).await?;
//! println!("listening on {}", billing.address());
//! billing.stop().await;
//! # Ok(()) }
//! ```

mod billing;
mod clock;
mod context;
mod defect_log;
mod defects;
mod entitlement;
mod event;
mod generation;
mod http;
mod idempotency;
mod ids;
mod in_process;
mod outbox;
#[cfg(feature = "postgres")]
mod postgres;
mod problem;
mod render;
mod request;
mod right;
mod service;
mod session;
mod settings;
mod signing;
mod storefront;

pub use clock::Time;
pub use defects::{DEFECTS, Defect};
pub use in_process::InProcess;
pub use problem::{Class, Code};
pub use render::png;
pub use service::{Service, StartError};
pub use settings::{ServiceName, Settings};
pub use signing::webhook_headers;

/// Starts the named service: binds its port, spawns its tasks, and returns once it answers.
///
/// # Errors
/// A key or neighbour that the service needs is not set, or the address cannot be bound.
pub async fn start(name: ServiceName, settings: Settings) -> Result<Service, StartError> {
    Service::start(name, settings).await
}
