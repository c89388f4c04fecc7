//! The hosts that a run may send traffic to.
//!
//! Decided by the host of a parsed URL, in the form that browsers compare: `LOCALHOST`, `localhost.` and `127.1` are this
//! machine, and `127.0.0.1.example` is not.

use std::net::IpAddr;
use std::sync::LazyLock;

use regex::Regex;
use reqwest::Url;

/// This machine's loopback, and the hosts that a topology allows by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedHosts(Vec<String>);

impl AllowedHosts {
    /// Reads a list of host names. An error says which entry is none, and what to write instead.
    pub fn of(names: &[String]) -> Result<Self, (&String, String)> {
        let read = |name: &'_ String| {
            let parsed = Url::parse(&format!("http://{name}/")).ok();
            let host = parsed.as_ref().and_then(host_of);
            let is_host = |parsed: &Url| parsed.port().is_none() && parsed.path() == "/" && !has_userinfo(parsed);
            match (host, parsed) {
                (Some(host), Some(parsed)) if is_host(&parsed) && !name.contains(['*', '/', ':', '@']) => Ok(host),
                (Some(host), _) if host.starts_with('[') && name.starts_with('[') && name.ends_with(']') => Ok(host),
                _ => {
                    Err("this is not the name of a host: write `example.org`, without scheme, port, path or `*`".into())
                }
            }
        };
        names.iter().map(|name| read(name).map_err(|why| (name, why))).collect::<Result<_, _>>().map(Self)
    }

    /// Returns a URL as it will be used, or the reason why no traffic may go there.
    pub fn permit(&self, url: &str) -> Result<Url, String> {
        let shown = without_userinfo(url);
        let parsed = Url::parse(url).map_err(|error| format!("`{shown}` is not a URL: {error}"))?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(format!("`{shown}` is neither http nor https"));
        }
        let host = host_of(&parsed).ok_or_else(|| format!("`{shown}` names no host"))?;
        if !self.has(&host) {
            return Err(format!(
                "`{host}` is not on the list of hosts that a run may send traffic to: add it to `allowed_hosts`"
            ));
        }
        if has_userinfo(&parsed) {
            return Err("a URL must hold no user and no password, because URLs are recorded: let the target send \
                        `{secret.NAME}` in a header"
                .into());
        }
        Ok(parsed)
    }

    /// Returns true when traffic may go to the host of this URL.
    pub fn allow(&self, url: &str) -> bool {
        Url::parse(url).ok().as_ref().and_then(host_of).is_some_and(|host| self.has(&host))
    }

    /// Returns the names besides those of the loopback.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    fn has(&self, host: &str) -> bool {
        is_loopback(host) || self.0.iter().any(|allowed| allowed == host)
    }
}

/// Returns the host of a URL in the form in which hosts are compared.
pub fn host_of(url: &Url) -> Option<String> {
    let host = url.host_str()?.trim_end_matches('.');
    (!host.is_empty()).then(|| host.to_owned())
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn has_userinfo(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// Replaces what stands before an `@` in a URL, because it may be a password. The text need not be a valid URL.
pub fn without_userinfo(text: &str) -> String {
    static USERINFO: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"([/\\]{2})[^\s"'`]*@"#).expect("the expression is constant"));
    USERINFO.replace_all(text, "$1…@").into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(names: &[&str]) -> AllowedHosts {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        AllowedHosts::of(&names).unwrap()
    }

    #[test]
    fn only_parsed_addresses_and_localhost_are_the_loopback() {
        let none = AllowedHosts::default();
        let ours = [
            "127.0.0.1",
            "127.8.9.10:99",
            "127.1",
            "[::1]",
            "[0:0:0:0:0:0:0:1]:8",
            "localhost",
            "LOCALHOST.",
            "2130706433",
        ];
        for host in ours {
            assert!(none.permit(&format!("http://{host}/x")).is_ok(), "{host}");
        }
        let foreign = [
            "127.evil.example",
            "127.0.0.1.attacker.example",
            "127.999.example",
            "evil.localhost",
            "localhost.evil.example",
            "localhost@evil.example",
            "[::ffff:203.0.113.7]",
            "0.0.0.0",
            "203.0.113.7",
        ];
        for host in foreign {
            let why = none.permit(&format!("https://{host}/")).unwrap_err();
            assert!(why.contains("add it to `allowed_hosts`"), "{host}: {why}");
            assert!(!none.allow(&format!("https://{host}/")), "{host}");
        }
        for host in ["127.0.0.256", "", "[127.0.0.1]", "127.0.0.1:99999"] {
            assert!(none.permit(&format!("http://{host}/")).is_err(), "{host}");
        }
    }

    #[test]
    fn names_are_compared_as_browsers_compare_them() {
        let hosts = hosts(&["Good.Test", "203.0.113.7", "[2001:DB8::1]"]);
        for host in ["good.test", "GOOD.test:80", "good.test.", "203.0.113.7", "[2001:db8:0::1]:9"] {
            assert!(hosts.permit(&format!("http://{host}")).is_ok(), "{host}");
        }
        for host in ["not-good.test", "x.good.test", "good.test.evil.example", "203.0.113.70"] {
            assert!(hosts.permit(&format!("http://{host}")).is_err(), "{host}");
        }
        for name in ["good.test:80", "http://good.test", "*.good.test", "a/b", "ann@good.test", ""] {
            let list = [name.to_owned()];
            assert!(AllowedHosts::of(&list).is_err(), "{name}");
        }
    }

    #[test]
    fn a_password_in_a_url_is_refused_and_not_repeated() {
        let none = AllowedHosts::default();
        for url in [
            "http://ann:pa55@127.0.0.1:9/",
            "http://:pa55@localhost",
            "http://ann:pa55@127.0.0.1:99999/",
            "ftp://ann:pa55@localhost/",
            "http://a:pa55@evil.example",
        ] {
            let why = none.permit(url).unwrap_err();
            assert!(!why.contains("pa55"), "{why}");
        }
    }
}
