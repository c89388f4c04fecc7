//! The topology file.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::Ready;
use crate::base::config::{ConfigError, Span, parse_toml};
use crate::base::hosts::AllowedHosts;
use crate::base::suggest::did_you_mean;
use crate::model::Edge;

/// The services of a platform, the provider of each, and the calls between them.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Topology {
    /// The name for reports.
    pub name: String,
    /// The service that members call.
    pub entry: String,
    /// The hosts, beside this machine's loopback, that a `url` service may stand on.
    #[serde(default)]
    pub allowed_hosts: Vec<String>,
    /// The longest time that all services together may take until they are ready.
    #[serde(default = "default_start_up")]
    pub start_up: Span,
    /// The named secrets, each made anew for a run or taken from the environment.
    #[serde(default)]
    pub secrets: BTreeMap<String, Secret>,
    /// Settings of every service that paidpath starts itself. A service's own settings take precedence.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// The images that are made for these services, or taken where they cannot be made.
    #[serde(default)]
    pub images: BTreeMap<String, ImageSpec>,
    /// The services by name.
    pub services: BTreeMap<String, ServiceSpec>,
    /// The folder from which relative paths in the file start; `None` for a file that is built into the binary when the
    /// sources are not on this machine.
    #[serde(skip)]
    pub folder: Option<PathBuf>,
}

fn default_start_up() -> Span {
    Span(std::time::Duration::from_secs(30))
}

/// The origin of a secret.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Secret {
    /// A new random one for each run.
    Mint(bool),
    /// The environment variable of this name.
    Env(String),
}

/// The provider and the settings of one service.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceSpec {
    /// The provider.
    pub provider: ProviderKind,
    /// The services that it calls, each through a tap. A service that runs already calls past the taps.
    #[serde(default)]
    pub calls: Vec<String>,
    /// The URL of a service that runs already, for the provider `url`.
    pub url: Option<String>,
    /// The sign that the service is ready: a path that answers 2xx, or a table with `port`, `log` or `health`.
    pub ready: Option<Ready>,
    /// The services that must be ready before this one starts. All others start at the same time.
    #[serde(default)]
    pub after: Vec<String>,
    /// The settings. `{tap.NAME}` stands for the address of the tap in front of a neighbour, `{secret.NAME}` for a
    /// secret, and `{container.NAME}` for the host name and port at which containers reach a container without a tap.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// The image of a container: one of `images`, or an image's own name.
    pub image: Option<String>,
    /// The port on which a container answers.
    pub port: Option<u16>,
    /// The command that a container runs instead of the one in its image, with the same placeholders as `env`.
    #[serde(default)]
    pub command: Vec<String>,
    /// Files that are put into a container before it starts, by their path there.
    #[serde(default)]
    pub files: BTreeMap<String, PathBuf>,
    /// Stub files, or folders of them. A double looks for an answer in them first.
    #[serde(default)]
    pub stubs: Vec<PathBuf>,
    /// The folders of a container that are kept in memory, with the largest size of each in bytes.
    #[serde(default)]
    pub tmpfs: BTreeMap<String, u64>,
}

/// An image, and how it is made. A made image carries a tag that depends on its sources, and is made again only when
/// they change.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageSpec {
    /// The name of the image, without a tag where it is made.
    pub name: String,
    /// A program that makes it; its one argument is the name to give it.
    pub script: Option<PathBuf>,
    /// A Dockerfile that it is made of; everything beside it may be copied into it.
    pub dockerfile: Option<PathBuf>,
    /// The files and folders that a script makes it from.
    #[serde(default)]
    pub sources: Vec<PathBuf>,
    /// The image to take where this one can be neither found nor made.
    pub otherwise: Option<String>,
}

/// A kind of provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProviderKind {
    /// The reference platform, in this process.
    Embedded,
    /// A wiremock double, in this process.
    Mock,
    /// A container of a Docker engine.
    Container,
    /// A service that runs already.
    Url,
}

impl ProviderKind {
    const ALL: [(Self, &str); 4] =
        [(Self::Embedded, "embedded"), (Self::Mock, "mock"), (Self::Container, "container"), (Self::Url, "url")];
}

impl fmt::Display for ProviderKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = Self::ALL.iter().find(|(kind, _)| kind == self);
        f.pad(named.map_or("", |(_, name)| name))
    }
}

impl std::str::FromStr for ProviderKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|(_, name)| *name == text);
        found.map(|(kind, _)| *kind).ok_or_else(|| {
            let names = Self::ALL.map(|(_, name)| name);
            let hint = did_you_mean(text, names);
            format!("`{text}` is not a provider, only these are: {}.{hint}", names.join(", "))
        })
    }
}

impl Topology {
    /// Reads a topology from the text of its file; `file` is how errors name it.
    pub fn parse(file: &str, text: &str) -> Result<Self, ConfigError> {
        let topology: Self = parse_toml(file, text)?;
        topology.check(file, text)?;
        Ok(topology)
    }

    /// Gives one service another provider, as the command line says: `NAME=PROVIDER` or `NAME=url:http://…`.
    pub fn swap(&mut self, service: &str, provider: ProviderKind, url: Option<String>) -> Result<(), ConfigError> {
        let hint = did_you_mean(service, self.services.keys().map(String::as_str));
        let spec = self.services.get_mut(service).ok_or_else(|| {
            ConfigError::whole("--provider", format!("the topology has no service `{service}`.{hint}"))
        })?;
        // Checked again as a whole: the new provider may need settings that the old one did not.
        spec.provider = provider;
        spec.url = url;
        self.check("--provider", "")
    }

    /// Returns the settings of a service, with their placeholders.
    pub fn env_of(&self, service: &str) -> impl Iterator<Item = (&String, &String)> {
        let own = self.services.get(service).map(|spec| &spec.env);
        self.env
            .iter()
            .filter(move |(key, _)| own.is_none_or(|own| !own.contains_key(*key)))
            .chain(own.into_iter().flatten())
    }

    /// Returns the member's edge and one edge for each call. Doubles do not call each other, because they share what
    /// they know.
    pub fn edges(&self) -> Vec<Edge> {
        let is_double = |name: &str| self.services.get(name).is_some_and(|spec| spec.provider == ProviderKind::Mock);
        let calls = self.services.iter().flat_map(|(from, spec)| spec.calls.iter().map(move |to| Edge::new(from, to)));
        // Doubles share their state in memory. A tap between them would record exchanges that never happen.
        let calls = calls.filter(|edge| !(is_double(&edge.from) && is_double(&edge.to)));
        let calls = calls.filter(|edge| !self.runs_already(&edge.from));
        std::iter::once(Edge::new(Edge::MEMBER, &self.entry)).chain(calls).collect()
    }

    /// Returns the calls that pass no tap, because their caller runs already and cannot be given the address of one.
    pub fn unwatched(&self) -> impl Iterator<Item = Edge> {
        let callers = self.services.iter().filter(|(from, _)| self.runs_already(from));
        callers.flat_map(|(from, spec)| spec.calls.iter().map(move |to| Edge::new(from, to)))
    }

    fn runs_already(&self, service: &str) -> bool {
        self.services.get(service).is_some_and(|spec| spec.provider == ProviderKind::Url)
    }

    fn check(&self, file: &str, text: &str) -> Result<(), ConfigError> {
        let under = |keys: &[&str], message: String| ConfigError::under(file, text, keys, message);
        let wrong = |keys: &[&str], message: String| Err(under(keys, message));
        let names = || self.services.keys().map(String::as_str);
        if !self.services.contains_key(&self.entry) {
            let hint = did_you_mean(&self.entry, names());
            return wrong(&["entry"], format!("the entry `{}` is not among the services.{hint}", self.entry));
        }
        // A typing mistake in a URL must not send test traffic to a stranger's machine.
        let hosts = AllowedHosts::of(&self.allowed_hosts)
            .map_err(|(entry, why)| under(&["allowed_hosts", entry], format!("`{entry}`: {why}")))?;
        for (name, spec) in &self.services {
            if let Some(missing) = spec.calls.iter().find(|callee| !self.services.contains_key(*callee)) {
                let hint = did_you_mean(missing, names());
                let message = format!("`{name}` calls `{missing}`, which is not among the services.{hint}");
                return wrong(&["services", name, "calls", missing], message);
            }
            // Common settings are checked once per service, because `{tap.NAME}` depends on the calls of the service.
            let common = self.env.iter().map(|(key, value)| (vec!["env", key], value, true));
            let own = spec.env.iter().map(|(key, value)| (vec!["services", name, "env", key], value, true));
            // In a command, other braces belong to the shell.
            let command = spec.command.iter().map(|word| (vec!["services", name, "command"], word, false));
            for (keys, value, every_brace) in common.chain(own).chain(command) {
                let is_ours = |placeholder: &&str| {
                    let kind = placeholder.split_once('.').map_or("", |(kind, _)| kind);
                    every_brace || ["tap", "secret", "container"].contains(&kind)
                };
                if let Some(unknown) = placeholders(value).filter(is_ours).find(|one| !self.fills(spec, one)) {
                    let rule = "{tap.NAME} needs NAME in `calls`, {secret.NAME} needs it in [secrets], \
                                {container.NAME} needs a service with a `port`";
                    let key = keys.last().copied().unwrap_or_default();
                    return wrong(&keys, format!("`{key}` of `{name}` names {{{unknown}}}: {rule}"));
                }
            }
            if let Some(missing) = spec.after.iter().find(|first| !self.services.contains_key(*first)) {
                let hint = did_you_mean(missing, names());
                let message = format!("`{name}` starts after `{missing}`, which is not among the services.{hint}");
                return wrong(&["services", name, "after", missing], message);
            }
            match (spec.provider, &spec.url) {
                (ProviderKind::Url, None) => {
                    return wrong(
                        &["services", name],
                        format!("`{name}` has the provider `url` and no `url = \"http://…\"`"),
                    );
                }
                (ProviderKind::Url, Some(url)) => {
                    hosts.permit(url).map_err(|message| under(&["services", name, "url"], message))?;
                }
                (ProviderKind::Container, _) if spec.image.is_none() => {
                    return wrong(&["services", name], format!("`{name}` has the provider `container` and no `image`"));
                }
                (ProviderKind::Container, _) if spec.port.is_none() && self.is_called(name) => {
                    return wrong(
                        &["services", name],
                        format!("`{name}` is called, and has no `port` on which it answers"),
                    );
                }
                (ProviderKind::Embedded | ProviderKind::Mock | ProviderKind::Container, _) => {}
            }
        }
        self.check_order().or_else(|circle| {
            let first = circle.first().map_or("", String::as_str);
            wrong(
                &["services", first, "after"],
                format!("these services wait for each other and would never start: {}", circle.join(", ")),
            )
        })
    }

    /// Returns true when there is a value for a placeholder of this service.
    fn fills(&self, spec: &ServiceSpec, placeholder: &str) -> bool {
        match placeholder.split_once('.') {
            Some(("tap", callee)) => spec.calls.iter().any(|call| call == callee),
            Some(("secret", secret)) => self.secrets.contains_key(secret),
            Some(("container", peer)) => self.services.get(peer).is_some_and(|peer| peer.port.is_some()),
            Some(_) | None => false,
        }
    }

    /// Returns true when a service is called through a tap.
    pub fn is_called(&self, service: &str) -> bool {
        self.edges().iter().any(|edge| edge.to == service)
    }

    /// Returns true when this kind of provider supplies any of the services.
    pub fn has(&self, provider: ProviderKind) -> bool {
        self.services.values().any(|spec| spec.provider == provider)
    }

    /// Returns the services with calls of their own that doubles stand for. Nobody does what such a service does of its
    /// own accord.
    pub fn doubled(&self) -> impl Iterator<Item = &str> {
        let is_doubled = |spec: &ServiceSpec| spec.provider == ProviderKind::Mock && !spec.calls.is_empty();
        self.services.iter().filter(move |(_, spec)| is_doubled(spec)).map(|(name, _)| name.as_str())
    }

    /// Returns a copy without services, so that only taps are opened.
    pub fn without_services(&self) -> Self {
        Self { services: BTreeMap::new(), ..self.clone() }
    }

    /// The services that wait for each other, if any do.
    fn check_order(&self) -> Result<(), Vec<String>> {
        let mut waiting: BTreeSet<&String> = self.services.keys().collect();
        loop {
            let begins = |name: &&&String| !self.services[**name].after.iter().any(|first| waiting.contains(first));
            let free: Vec<_> = waiting.iter().filter(begins).copied().collect();
            if free.is_empty() {
                break;
            }
            waiting.retain(|name| !free.contains(name));
        }
        // Services that are left wait for each other, directly or in a circle.
        if waiting.is_empty() { Ok(()) } else { Err(waiting.into_iter().cloned().collect()) }
    }

    /// Returns the hosts that a run may send traffic to. The file was checked when it was read, so the list is complete.
    pub fn hosts(&self) -> AllowedHosts {
        AllowedHosts::of(&self.allowed_hosts).unwrap_or_default()
    }
}

/// Returns the texts between braces.
fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name)
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
    fn what_runs_already_calls_past_the_taps() {
        let topology = GOOD.replace("provider = \"embedded\"", "provider = \"url\"\nurl = \"http://127.0.0.1:8\"");
        let topology = Topology::parse("t.toml", &topology).unwrap();
        assert_eq!(topology.edges(), [Edge::new("member", "shop")]);
        assert_eq!(topology.unwatched().collect::<Vec<_>>(), [Edge::new("shop", "bank")]);
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
            ("127.0.0.1:9", "127.evil.example", "add it to `allowed_hosts`"),
            ("127.0.0.1:9", "ann:pa55@127.0.0.1:9", "must hold no user and no password"),
            ("entry =", "allowed_hosts = [\"good.test:80\"]\nentry =", "without scheme, port, path"),
            ("calls =", "ready = \"@evil.example\"\ncalls =", "a path that begins with `/`"),
            ("calls =", "ready = { http = \".evil.example\" }\ncalls =", "a path that begins with `/`"),
            ("http://127.0.0.1:9", "ftp://127.0.0.1", "neither http nor https"),
            ("calls =", "cals =", "Did you mean `calls`?"),
            (
                "calls =",
                "after = [\"bnak\"]\ncalls =",
                "starts after `bnak`, which is not among the services. Did you mean",
            ),
            ("calls =", "after = [\"shop\"]\ncalls =", "wait for each other and would never start: shop"),
            ("provider = \"embedded\"", "provider = \"container\"", "the provider `container` and no `image`"),
            ("provider = \"embedded\"", "provider = \"container\"\nimage = \"x\"", "is called, and has no `port`"),
            ("\"{secret.key}\"", "\"{container.bank}\"", "{container.NAME} needs a service with a `port`"),
            ("calls =", "command = [\"{ x; } {tap.bnak}\"]\ncalls =", "`command` of `shop` names {tap.bnak}"),
            ("calls =", "ready = { prot = 1 }\ncalls =", "Did you mean `port`?"),
            ("calls =", "ready = { log = \"(\" }\ncalls =", "regex parse error"),
        ];
        for (right, wrong, expected) in mistakes {
            let error = Topology::parse("t.toml", &GOOD.replace(right, wrong)).unwrap_err().to_string();
            assert!(error.starts_with("t.toml:") && error.contains(expected), "{wrong}: {error}");
            assert!(!error.contains("pa55"), "{error}");
        }
    }

    #[test]
    fn doubles_do_not_call_each_other() {
        let chain = GOOD.replace("provider = \"url\"", "provider = \"mock\"\ncalls = [\"shop\"]");
        let mut chain = Topology::parse("t.toml", &chain.replace("url = \"http://127.0.0.1:9\"", "")).unwrap();
        assert_eq!(chain.doubled().collect::<Vec<_>>(), ["bank"]);
        assert_eq!(chain.edges().len(), 3, "{:?}", chain.edges());
        chain.swap("shop", ProviderKind::Mock, None).unwrap();
        assert_eq!(chain.edges(), [Edge::new("member", "shop")]);
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
