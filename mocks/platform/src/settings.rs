//! What a service is told at its start. Where the values come from (command line, environment, a test) is not here.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

/// The four services of the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServiceName {
    /// The public API.
    Storefront,
    /// Wallets, quotes, purchases, ledger.
    Billing,
    /// Gates, grants, decisions.
    Entitlement,
    /// Jobs and images.
    Generation,
}

impl ServiceName {
    /// All services, in the order in which a request meets them.
    pub const ALL: [Self; 4] = [Self::Storefront, Self::Billing, Self::Entitlement, Self::Generation];

    /// The name on the command line, in neighbours and in `/healthz`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Storefront => "storefront",
            Self::Billing => "billing",
            Self::Entitlement => "entitlement",
            Self::Generation => "generation",
        }
    }

    /// The neighbours without which the service cannot work.
    #[must_use]
    pub const fn needs(self) -> &'static [&'static str] {
        match self {
            Self::Storefront => &["billing", "entitlement", "generation", "flags"],
            Self::Billing => &["entitlement"],
            Self::Entitlement => &["generation"],
            Self::Generation => &["entitlement", "billing", "worker"],
        }
    }
}

impl fmt::Display for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ServiceName {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|service| service.as_str() == name)
            .ok_or_else(|| format!("no service is called {name:?}: storefront, billing, entitlement, generation"))
    }
}

/// Everything a service is told. The keys and the neighbours have no default: a service refuses to start without those it needs.
#[derive(Clone)]
pub struct Settings {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Base URLs by name: `billing`, `entitlement`, `generation`, `flags`, `worker`.
    pub neighbours: BTreeMap<String, String>,
    /// Where to keep things: `postgres://user:password@host:port/database`; without, in memory.
    pub database_url: Option<String>,
    /// Signs members' sessions.
    pub session_key: String,
    /// Signs events between services.
    pub event_key: String,
    /// Signs purchase credentials.
    pub credential_key: String,
    /// Names an administrator (`Authorization: Bearer …`) and a fellow service (`Service-Token: …`).
    pub admin_token: String,
    /// Obey the clock and the defects in a request's baggage.
    pub test_mode: bool,
    /// How long one outgoing call may take.
    pub timeout: Duration,
    /// How long one rendering may take.
    pub render_timeout: Duration,
    /// How long a quote holds its price.
    pub quote_life: Duration,
    /// How long a session lasts.
    pub session_life: Duration,
    /// How old a job may become before it is given up.
    pub job_deadline: Duration,
    /// How far the time of a signed event may be from ours.
    pub event_tolerance: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            neighbours: BTreeMap::new(),
            database_url: None,
            session_key: String::new(),
            event_key: String::new(),
            credential_key: String::new(),
            admin_token: String::new(),
            test_mode: false,
            timeout: Duration::from_secs(2),
            render_timeout: Duration::from_secs(10),
            quote_life: Duration::from_secs(15 * 60),
            session_life: Duration::from_secs(90 * 24 * 60 * 60),
            job_deadline: Duration::from_secs(60),
            event_tolerance: Duration::from_secs(5 * 60),
        }
    }
}

/// Leaves the keys out, so that a log cannot show them.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("listen", &self.listen)
            .field("neighbours", &self.neighbours)
            .field("test_mode", &self.test_mode)
            .finish_non_exhaustive()
    }
}
