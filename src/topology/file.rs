//! The topology's file.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use crate::base::config::{ConfigError, Span, parse_toml};
use crate::base::suggest::did_you_mean;
use crate::model::Edge;

/// The services of a platform, how each is supplied, and who calls whom.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topology {
    /// What reports call it.
    pub name: String,
    /// The service that members call.
    pub entry: String,
    /// The hosts, beside this machine's loopback, that a `url` service may stand on.
    #[serde(default)]
    pub allowed_hosts: Vec<String>,
    /// How long all services together may take to come up.
    #[serde(default = "default_start_up")]
    pub start_up: Span,
    /// Named secrets: minted for each run, or taken from the environment.
    #[serde(default)]
    pub secrets: BTreeMap<String, Secret>,
    /// Settings of every service that paidpath starts itself; a service's own come on top.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// The services.
    pub services: BTreeMap<String, ServiceSpec>,
}

fn default_start_up() -> Span {
    Span(std::time::Duration::from_secs(30))
}

/// Where a secret comes from.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Secret {
    /// A new random one for each run.
    Mint(bool),
    /// The environment variable of this name.
    Env(String),
}

/// How one service is supplied.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceSpec {
    /// Who supplies it.
    pub provider: ProviderKind,
    /// The services it calls, each through a tap.
    #[serde(default)]
    pub calls: Vec<String>,
    /// Where it already runs, for the `url` provider.
    pub url: Option<String>,
    /// The path that answers 2xx once the service is ready.
    pub ready: Option<String>,
    /// Its settings. `{tap.NAME}` is the address at which it reaches its neighbour, `{secret.NAME}` a secret.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
}

/// Who supplies a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProviderKind {
    /// The reference platform, in this process.
    Embedded,
    /// A wiremock double, in this process.
    Mock,
    /// A container.
    Container,
    /// Something that runs already.
    Url,
}

impl fmt::Display for ProviderKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Embedded => "embedded",
            Self::Mock => "mock",
            Self::Container => "container",
            Self::Url => "url",
        })
    }
}

impl std::str::FromStr for ProviderKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::Embedded, Self::Mock, Self::Container, Self::Url];
        all.into_iter().find(|kind| kind.to_string() == text).ok_or_else(|| {
            let hint = did_you_mean(text, ["embedded", "mock", "container", "url"]);
            format!("`{text}` is not a provider: embedded, mock, container or url.{hint}")
        })
    }
}

impl Topology {
    /// Reads a topology from the text of its file; `file` is how errors name it.
    ///
    /// # Errors
    /// With line and suggestion: malformed TOML, unknown keys, a call to a service that is not there, a `url` service
    /// without a URL or on a host that is not allowed, an `env` placeholder that names nothing.
    pub fn parse(file: &str, text: &str) -> Result<Self, ConfigError> {
        let topology: Self = parse_toml(file, text)?;
        topology.check(file, text)?;
        Ok(topology)
    }

    /// Gives one service another provider, as `NAME=PROVIDER` or `NAME=url:http://…` on the command line says.
    ///
    /// # Errors
    /// If there is no such service or provider, or the result is not a sound topology.
    pub fn swap(&mut self, service: &str, provider: ProviderKind, url: Option<String>) -> Result<(), ConfigError> {
        let hint = did_you_mean(service, self.services.keys().map(String::as_str));
        let spec = self.services.get_mut(service).ok_or_else(|| {
            ConfigError::whole("--provider", format!("the topology has no service `{service}`.{hint}"))
        })?;
        spec.provider = provider;
        spec.url = url;
        self.check("--provider", "")
    }

    /// All settings of a service, placeholders not yet replaced.
    pub fn env_of(&self, service: &str) -> impl Iterator<Item = (&String, &String)> {
        let own = self.services.get(service).map(|spec| &spec.env);
        self.env
            .iter()
            .filter(move |(key, _)| own.is_none_or(|own| !own.contains_key(*key)))
            .chain(own.into_iter().flatten())
    }

    /// Every edge: the member's, and one for each call.
    pub fn edges(&self) -> Vec<Edge> {
        let calls = self.services.iter().flat_map(|(from, spec)| spec.calls.iter().map(move |to| Edge::new(from, to)));
        std::iter::once(Edge::new(Edge::MEMBER, &self.entry)).chain(calls).collect()
    }

    fn check(&self, file: &str, text: &str) -> Result<(), ConfigError> {
        let wrong = |about: &str, message: String| Err(ConfigError::about(file, text, about, message));
        let names = || self.services.keys().map(String::as_str);
        if !self.services.contains_key(&self.entry) {
            let hint = did_you_mean(&self.entry, names());
            return wrong("entry", format!("the entry `{}` is not among the services.{hint}", self.entry));
        }
        for (name, spec) in &self.services {
            if let Some(missing) = spec.calls.iter().find(|callee| !self.services.contains_key(*callee)) {
                let hint = did_you_mean(missing, names());
                return wrong(missing, format!("`{name}` calls `{missing}`, which is not among the services.{hint}"));
            }
            for (key, value) in self.env.iter().chain(&spec.env) {
                for placeholder in
                    value.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name)
                {
                    let known = match placeholder.split_once('.') {
                        Some(("tap", callee)) => spec.calls.iter().any(|call| call == callee),
                        Some(("secret", secret)) => self.secrets.contains_key(secret),
                        Some(_) | None => false,
                    };
                    if !known {
                        let rule = "{tap.NAME} needs NAME in `calls`, {secret.NAME} needs it in [secrets]";
                        return wrong(value, format!("`{key}` of `{name}` names {{{placeholder}}}: {rule}"));
                    }
                }
            }
            match (spec.provider, &spec.url) {
                (ProviderKind::Url, None) => {
                    return wrong(name, format!("`{name}` has the provider `url` and no `url = \"http://…\"`"));
                }
                (ProviderKind::Url, Some(url)) => self.allow(url).or_else(|message| wrong(url, message))?,
                (ProviderKind::Embedded | ProviderKind::Mock | ProviderKind::Container, _) => {}
            }
        }
        Ok(())
    }

    /// A `url` service may stand on loopback or on a host that the file allows by name.
    fn allow(&self, url: &str) -> Result<(), String> {
        let parsed: http::Uri = url.parse().map_err(|error| format!("`{url}` is not a URL: {error}"))?;
        let host = parsed.host().ok_or_else(|| format!("`{url}` names no host"))?;
        if !matches!(parsed.scheme_str(), Some("http" | "https")) {
            return Err(format!("`{url}` is neither http nor https"));
        }
        let loopback = host == "localhost" || host == "[::1]" || host.starts_with("127.");
        if loopback || self.allowed_hosts.iter().any(|allowed| allowed == host) {
            return Ok(());
        }
        Err(format!("`{host}` is not on the list of hosts that a run may send traffic to: add it to `allowed_hosts`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
name = "two"
entry = "shop"
secrets = { key = { mint = true } }

[services.shop]
provider = "embedded"
calls = ["bank"]
env = { BANK = "{tap.bank}", KEY = "{secret.key}" }

[services.bank]
provider = "url"
url = "http://127.0.0.1:9"
"#;

    #[test]
    fn a_sound_topology_has_an_edge_for_the_member_and_for_every_call() {
        let edges = Topology::parse("t.toml", GOOD).unwrap().edges();
        assert_eq!(edges, [Edge::new("member", "shop"), Edge::new("shop", "bank")]);
    }

    #[test]
    fn every_mistake_is_told_with_its_line_and_what_was_meant() {
        let mistakes = [
            ("entry = \"shop\"", "entry = \"shp\"", "Did you mean `shop`?"),
            ("calls = [\"bank\"]", "calls = [\"bnak\"]", "Did you mean `bank`?"),
            ("\"{tap.bank}\"", "\"{tap.bnak}\"", "{tap.NAME} needs NAME in `calls`"),
            ("provider = \"url\"", "provider = \"urll\"", "Did you mean `url`?"),
            ("url = \"http://127.0.0.1:9\"", "", "has the provider `url` and no `url"),
            ("127.0.0.1:9", "example.org", "add it to `allowed_hosts`"),
            ("http://127.0.0.1:9", "ftp://127.0.0.1", "neither http nor https"),
            ("calls =", "cals =", "Did you mean `calls`?"),
        ];
        for (right, wrong, expected) in mistakes {
            let error = Topology::parse("t.toml", &GOOD.replace(right, wrong)).unwrap_err().to_string();
            assert!(error.starts_with("t.toml:") && error.contains(expected), "{wrong}: {error}");
        }
    }

    #[test]
    fn a_provider_can_be_swapped() {
        let mut topology = Topology::parse("t.toml", GOOD).unwrap();
        topology.swap("shop", ProviderKind::Url, Some("http://localhost:1".into())).unwrap();
        assert_eq!(topology.services["shop"].provider, ProviderKind::Url);
        let error = topology.swap("shpo", ProviderKind::Mock, None).unwrap_err().to_string();
        assert!(error.contains("Did you mean `shop`?"), "{error}");
    }
}
