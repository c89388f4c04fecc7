//! The signs by which a service shows that it is ready, and the wait for them.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use regex::Regex;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};

use super::{Running, StartError, tell};
use crate::base::client::client_for;
use crate::base::schema::text;
use crate::base::wait::{self, Look};

/// The sign by which a service counts as ready.
#[derive(Debug, Clone)]
pub enum Ready {
    /// A path that answers 2xx. In a file: `ready = "/healthz"`.
    Http(String),
    /// A port of a container that takes connections: `ready = { port = 5432 }`.
    Port(u16),
    /// The log of a container matches: `ready = { log = "started in .* ms" }`.
    Log(Regex),
    /// The health check of a container's image is content: `ready = { health = true }`.
    Health,
}

impl fmt::Display for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(path) => write!(f, "GET {path} answers 2xx"),
            Self::Port(port) => write!(f, "port {port} takes connections"),
            Self::Log(pattern) => write!(f, "its log matches `{pattern}`"),
            Self::Health => write!(f, "its health check is content"),
        }
    }
}

impl JsonSchema for Ready {
    fn schema_name() -> Cow<'static, str> {
        "Ready".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let path = text("A path that answers 2xx when the service is ready.", "^/");
        json_schema!({ "anyOf": [path, generator.subschema_for::<Sign>()] })
    }
}

impl<'de> Deserialize<'de> for Ready {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;
        impl<'de> Visitor<'de> for Written {
            type Value = Ready;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a path, or one of `{ port = … }`, `{ log = \"…\" }`, `{ health = true }`")
            }

            fn visit_str<E: de::Error>(self, path: &str) -> Result<Ready, E> {
                at_path(path)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Ready, A::Error> {
                let sign = Sign::deserialize(MapAccessDeserializer::new(map))?;
                match (sign.http, sign.port, sign.log, sign.health) {
                    (Some(path), None, None, None) => at_path(&path),
                    (None, Some(port), None, None) => Ok(Ready::Port(port)),
                    (None, None, Some(log), None) => Regex::new(&log).map(Ready::Log).map_err(de::Error::custom),
                    (None, None, None, Some(true)) => Ok(Ready::Health),
                    _ => Err(de::Error::custom("name one sign: http, port, log or health")),
                }
            }
        }
        deserializer.deserialize_any(Written)
    }
}

/// Anything else could name another host when it is put behind the address of the service: `@example.org`.
fn at_path<E: de::Error>(path: &str) -> Result<Ready, E> {
    if path.starts_with('/') {
        Ok(Ready::Http(path.to_owned()))
    } else {
        Err(E::custom(format!("`{path}` is not a path that begins with `/`")))
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Sign {
    http: Option<String>,
    port: Option<u16>,
    log: Option<String>,
    health: Option<bool>,
}

/// The time after which a message says what is waited for.
const SILENCE: Duration = Duration::from_secs(2);

/// Waits until a service shows its sign, and says what it waits for where that takes long.
pub async fn until_ready(
    service: &str,
    running: &Arc<dyn Running>,
    sign: &Ready,
    within: Duration,
) -> Result<(), StartError> {
    // Not through the proxies that the environment names: services are on this machine or allowed by name.
    let client = client_for(running.address()).build().expect("a client without TLS settings builds");
    let (began, told) = (Instant::now(), AtomicBool::new(false));
    let look = || async {
        let seen = match sign {
            Ready::Http(path) => answers(&client, &format!("{}{path}", running.address())).await,
            Ready::Port(_) | Ready::Log(_) | Ready::Health => running.shows(sign).await,
        };
        match seen {
            Ok(()) => Look::Holds(()),
            // Asked only when the sign is missing: the question costs a call to the engine.
            Err(seen) => match running.alive().await {
                Ok(()) => {
                    if began.elapsed() >= SILENCE && !told.swap(true, Ordering::Relaxed) {
                        tell(&format!("waiting for {service}, up to {within:.0?}: {seen}"));
                    }
                    Look::NotYet(seen)
                }
                Err(gone) => Look::Never(gone),
            },
        }
    };
    let gave = match wait::until(within, look).await {
        Ok(()) => return Ok(()),
        Err(gave) => gave,
    };
    let service = service.to_owned();
    // The last lines of the log usually name the cause, and the container may be gone when the person looks.
    let said = running.log(None).await.map(|log| last_lines(&log)).unwrap_or_default();
    Err(match gave {
        wait::Gave::Up { waited, last_seen } => StartError::NotReady {
            service,
            waited: format!("after {waited:.1?}"),
            last_seen: format!("{last_seen}{said}"),
        },
        wait::Gave::Never(gone) => StartError::Failed { service, reason: format!("{gone}{said}") },
    })
}

async fn answers(client: &reqwest::Client, url: &str) -> Result<(), String> {
    match client.get(url).timeout(Duration::from_secs(2)).send().await {
        Ok(answer) if answer.status().is_success() => Ok(()),
        Ok(answer) => Err(format!("{url} answered {}", answer.status())),
        Err(error) => Err(format!("{url}: {}", root_cause(&error))),
    }
}

/// The end of what a service has written, as it is shown below an error.
fn last_lines(log: &str) -> String {
    const SHOWN: usize = 10;
    let lines: Vec<&str> = log.lines().filter(|line| !line.trim().is_empty()).collect();
    if lines.is_empty() {
        return "; it has written nothing".into();
    }
    let shown: String = lines[lines.len().saturating_sub(SHOWN)..].iter().map(|line| format!("\n  | {line}")).collect();
    format!("; it wrote last:{shown}")
}

/// The innermost cause: "Connection refused" says more than "error sending request".
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
