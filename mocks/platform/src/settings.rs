//! The settings of a service. Reading them (from the command line, the environment, a test) is not here.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

/// The four services of the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServiceName {
    /// The public API, and the page.
    Storefront,
    /// Wallets, quotes, purchases, ledger.
    Billing,
    /// Gates, grants and decisions about access.
    Entitlement,
    /// Jobs and the images that come of them.
    Generation,
}

impl ServiceName {
    /// All services, in the order in which a request meets them.
    pub const ALL: [Self; 4] = [Self::Storefront, Self::Billing, Self::Entitlement, Self::Generation];

    /// Returns the name on the command line, in neighbours and in `/healthz`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Storefront => "storefront",
            Self::Billing => "billing",
            Self::Entitlement => "entitlement",
            Self::Generation => "generation",
        }
    }

    /// Returns the neighbours without which the service cannot work.
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

/// The settings of a service. The keys and the neighbours have no default: a service refuses to start without those it needs.
#[derive(Clone)]
pub struct Settings {
    /// The address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Base URLs by name: `billing`, `entitlement`, `generation`, `flags`, `worker`.
    pub neighbours: BTreeMap<String, String>,
    /// The database, `postgres://user:password@host:port/database`; without, everything is kept in memory.
    pub database_url: Option<String>,
    /// The key that signs members' sessions.
    pub session_key: String,
    /// The key that signs events between services.
    pub event_key: String,
    /// The key that signs purchase credentials.
    pub credential_key: String,
    /// The token of the administrator (`Authorization: Bearer …`) and of fellow services (`Service-Token: …`).
    pub admin_token: String,
    /// Set if the clock and the defects in a request's baggage are obeyed.
    pub test_mode: bool,
    /// The timeout of one outgoing call.
    pub timeout: Duration,
    /// The timeout of one rendering.
    pub render_timeout: Duration,
    /// The time for which a quote holds its price.
    pub quote_life: Duration,
    /// The lifetime of a session.
    pub session_life: Duration,
    /// The age at which a job is given up.
    pub job_deadline: Duration,
    /// The most that the time of a signed event may differ from ours.
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
