//! One started container.

use std::collections::HashMap;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bollard::models::{ContainerState, HealthStatusEnum, PortBinding};
use bollard::query_parameters::{LogsOptionsBuilder, RemoveContainerOptionsBuilder};
use futures::StreamExt;
use jiff::Timestamp;
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerAsync, GenericImage, ImageExt};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::engine::cause;
use super::image::split;
use super::shared::{HOST, SharedResources};
use super::sweep::SERVICE;
use crate::topology::{Outage, Ready, Running, StartRequest};

/// The largest part of a log that is read, in lines.
const LOG_LINES: &str = "500";

pub(super) struct Container {
    pub(super) shared: Arc<SharedResources>,
    pub(super) name: String,
    address: String,
    /// The port on the loopback for each published port of the container.
    published: HashMap<u16, u16>,
    /// `None` after `stop`. The lock is asynchronous, because it is held while the engine answers.
    pub(super) held: tokio::sync::Mutex<Option<ContainerAsync<GenericImage>>>,
    /// The moment at which it ended before its last restart. Log lines before it are no sign that it is ready.
    ended: Mutex<Option<Timestamp>>,
}

impl Container {
    /// Starts it with ports that were free a moment ago. Another process may have been faster: then with others.
    pub async fn start(shared: &Arc<SharedResources>, order: &StartRequest) -> Result<Self, String> {
        const TRIES: usize = 3;
        let mut taken = String::new();
        for _ in 0..TRIES {
            match Self::start_at(shared, order, published_at(order)?).await {
                Err(error)
                    if error.contains("port is already allocated") || error.contains("address already in use") =>
                {
                    let force = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
                    let removed = shared.docker.remove_container(&shared.name_of(&order.service), Some(force)).await;
                    removed.map_err(|failed| format!("{error}; {}", cause(&failed)))?;
                    taken = error;
                }
                started_or_failed => return started_or_failed,
            }
        }
        Err(taken)
    }

    async fn start_at(
        shared: &Arc<SharedResources>,
        order: &StartRequest,
        published: HashMap<u16, u16>,
    ) -> Result<Self, String> {
        let spec = &order.spec;
        let image = spec.image.as_ref().and_then(|image| shared.images.get(image));
        let image = image.ok_or("it has no image")?;
        let name = shared.name_of(&order.service);
        let (repository, tag) = split(image);
        let mut request = GenericImage::new(repository, tag)
            .with_container_name(&name)
            .with_hostname(&order.service)
            .with_host(HOST, shared.host.clone())
            .with_labels(shared.labels.clone())
            .with_label(SERVICE, &order.service)
            .with_startup_timeout(Duration::from_secs(60));
        for (key, value) in &order.env {
            request = request.with_env_var(key, value);
        }
        for (inside, outside) in &spec.files {
            let folder = order.folder.as_deref();
            let outside = folder.map_or_else(|| outside.clone(), |folder| folder.join(outside));
            // Copied and not mounted: with a remote engine the path would not exist on its machine.
            let content = std::fs::read(&outside).map_err(|error| format!("{}: {error}", outside.display()))?;
            request = request.with_copy_to(inside.as_str(), content);
        }
        if !spec.command.is_empty() {
            request = request.with_cmd(spec.command.iter().cloned());
        }
        let bindings = published.iter().map(|(port, here)| {
            let host_ip = Some(Ipv4Addr::LOCALHOST.to_string());
            let here = PortBinding { host_ip, host_port: Some(here.to_string()) };
            (format!("{port}/tcp"), Some(vec![here]))
        });
        let (bindings, network) = (bindings.collect::<HashMap<_, _>>(), shared.network.clone());
        let tmpfs = spec.tmpfs.iter().map(|(inside, bytes)| (inside.clone(), format!("size={bytes},mode=1777")));
        let tmpfs = tmpfs.collect::<HashMap<_, _>>();
        let request = request.with_host_config_modifier(move |config| {
            config.network_mode = Some(network.clone());
            config.publish_all_ports = Some(false);
            config.port_bindings = Some(bindings.clone());
            config.tmpfs = Some(tmpfs.clone());
        });
        let held = request.start().await.map_err(|error| cause(&error))?;
        let address = match spec.port {
            Some(port) => match published.get(&port) {
                Some(here) => format!("http://{}:{here}", Ipv4Addr::LOCALHOST),
                None => format!("http://{name}:{port}"),
            },
            None => name.clone(),
        };
        let (held, ended) = (tokio::sync::Mutex::new(Some(held)), Mutex::default());
        Ok(Self { shared: Arc::clone(shared), name, address, published, held, ended })
    }

    /// Starts it once more after it has ended.
    pub(super) async fn start_anew(&self, container: &ContainerAsync<GenericImage>) -> Result<(), String> {
        // The end and not the start, because a busy engine notes the start only after the first lines were written; and by
        // Docker's clock, because the lines carry its times.
        let ended = self.state().await?.finished_at.and_then(|at| at.parse().ok());
        *self.ended.lock().unwrap_or_else(PoisonError::into_inner) = ended;
        container.start().await.map_err(|error| cause(&error))
    }

    async fn state(&self) -> Result<ContainerState, String> {
        let seen = self.shared.docker.inspect_container(&self.name, None).await.map_err(|error| cause(&error))?;
        seen.state.ok_or_else(|| "Docker does not say how it is".to_owned())
    }

    /// Returns the log since the last start.
    async fn log_of_this_life(&self) -> Option<String> {
        let ended = *self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(ended) = ended else { return self.log(None).await };
        let log = self.read_log(Some(ended), true).await?;
        // Docker filters by whole seconds, so lines of the same second have to be filtered here.
        let lines = log.lines().filter_map(|line| line.split_once(' '));
        let own = lines.filter(|(at, _)| at.parse::<Timestamp>().is_ok_and(|at| at > ended));
        Some(own.flat_map(|(_, line)| [line, "\n"]).collect())
    }

    async fn read_log(&self, since: Option<Timestamp>, with_times: bool) -> Option<String> {
        let mut options = LogsOptionsBuilder::new().stdout(true).stderr(true).tail(LOG_LINES).timestamps(with_times);
        if let Some(since) = since {
            options = options.since(i32::try_from(since.as_second()).unwrap_or(0));
        }
        let mut log = self.shared.docker.logs(&self.name, Some(options.build()));
        let mut text = Vec::new();
        while let Some(Ok(piece)) = log.next().await {
            text.extend_from_slice(&piece.into_bytes());
        }
        Some(String::from_utf8_lossy(&text).into_owned())
    }

    /// A published port takes connections for a container that does not, and then drops them.
    async fn takes_connections(&self, port: u16) -> Result<(), String> {
        let here = self.published.get(&port).ok_or_else(|| format!("its port {port} is not published"))?;
        let refused = |error: std::io::Error| format!("port {port}: {error}");
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, *here)).await.map_err(refused)?;
        // A server that says nothing first keeps the connection open. Docker's own proxy closes it at once when nobody
        // listens behind it.
        match tokio::time::timeout(Duration::from_millis(50), stream.read(&mut [0])).await {
            Err(_) | Ok(Ok(1..)) => Ok(()),
            Ok(Ok(0)) => Err(format!("port {port} drops connections")),
            Ok(Err(error)) => Err(refused(error)),
        }
    }
}

/// Chooses ports on this machine for the ports of a container that have to be reached from here: that of a called
/// service, and the one that readiness looks at. They are chosen here, because Docker would choose others at each
/// restart.
fn published_at(order: &StartRequest) -> Result<HashMap<u16, u16>, String> {
    let asked = match &order.spec.ready {
        Some(Ready::Http(_)) => order.spec.port,
        Some(Ready::Port(port)) => Some(*port),
        Some(Ready::Log(_) | Ready::Health) | None => None,
    };
    let called = order.spec.port.filter(|_| order.called);
    called.into_iter().chain(asked).map(|port| Ok((port, free_port()?))).collect()
}

/// Finds a free port of the loopback, outside the range from which systems choose ports, so that it is still free when
/// the container restarts.
fn free_port() -> Result<u16, String> {
    let drawn = std::iter::repeat_with(|| rand::random_range(20_000..32_000)).take(100);
    let mut free = drawn.filter(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok());
    free.next().ok_or_else(|| "there is no free port on 127.0.0.1 between 20000 and 32000".to_owned())
}

#[async_trait]
impl Running for Container {
    fn address(&self) -> &str {
        &self.address
    }

    async fn shows(&self, sign: &Ready) -> Result<(), String> {
        match sign {
            Ready::Http(_) => Err("that is asked over HTTP".into()),
            Ready::Port(port) => self.takes_connections(*port).await,
            Ready::Log(pattern) => match self.log_of_this_life().await {
                Some(log) if pattern.is_match(&log) => Ok(()),
                Some(_) | None => Err(format!("what it has written does not match `{pattern}`")),
            },
            Ready::Health => match self.state().await?.health.and_then(|health| health.status) {
                Some(HealthStatusEnum::HEALTHY) => Ok(()),
                Some(HealthStatusEnum::EMPTY | HealthStatusEnum::NONE) | None => {
                    Err("its image has no health check".into())
                }
                Some(other @ (HealthStatusEnum::STARTING | HealthStatusEnum::UNHEALTHY)) => {
                    Err(format!("its health check says {other}"))
                }
            },
        }
    }

    async fn alive(&self) -> Result<(), String> {
        let state = self.state().await?;
        if state.running == Some(true) {
            return Ok(());
        }
        let code = state.exit_code.unwrap_or_default();
        let killed = if state.oom_killed == Some(true) { ", for want of memory" } else { "" };
        let error = state.error.filter(|error| !error.is_empty()).map(|error| format!(": {error}")).unwrap_or_default();
        Err(format!("its container ended with code {code}{killed}{error}"))
    }

    async fn cause(&self, outage: &Outage) -> Result<(), String> {
        self.cause_outage(outage).await
    }

    async fn recover(&self) -> Result<(), String> {
        self.undo().await
    }

    async fn log(&self, since: Option<Timestamp>) -> Option<String> {
        self.read_log(since, false).await
    }

    async fn stop(&self) -> Result<(), String> {
        let held = self.held.lock().await.take();
        let Some(held) = held else { return Ok(()) };
        if self.shared.run.keep {
            // Forgotten, because the destructor would remove the container.
            std::mem::forget(held);
            return Ok(());
        }
        // Asked before the removal: a container that died by itself is a finding, even at the end of a run.
        let alive = self.alive().await;
        held.rm().await.map_err(|error| cause(&error))?;
        alive
    }
}
