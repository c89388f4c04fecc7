//! One container.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bollard::models::{ContainerState, HealthStatusEnum, PortBinding};
use bollard::query_parameters::LogsOptionsBuilder;
use futures::StreamExt;
use jiff::Timestamp;
use testcontainers::core::IntoContainerPort;
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerAsync, GenericImage, ImageExt};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::engine::cause;
use super::ground::{Ground, HOST};
use super::image::split;
use super::sweep::SERVICE;
use crate::topology::{Order, Ready, Running};

/// How much of a log is read at most.
const LOG_LINES: &str = "500";

pub(super) struct Container {
    ground: Arc<Ground>,
    name: String,
    address: String,
    /// The port on the loopback for each published port of the container.
    published: HashMap<u16, u16>,
    held: Mutex<Option<ContainerAsync<GenericImage>>>,
}

impl Container {
    pub async fn start(ground: &Arc<Ground>, order: &Order) -> Result<Self, String> {
        let spec = &order.spec;
        let image = spec.image.as_ref().and_then(|image| ground.images.get(image));
        let image = image.ok_or("it has no image")?;
        let name = ground.name_of(&order.service);
        let (repository, tag) = split(image);
        let mut request = GenericImage::new(repository, tag)
            .with_container_name(&name)
            .with_hostname(&order.service)
            .with_host(HOST, ground.host.clone())
            .with_labels(ground.labels.clone())
            .with_label(SERVICE, &order.service)
            .with_startup_timeout(Duration::from_secs(60));
        for (key, value) in &order.env {
            request = request.with_env_var(key, value);
        }
        for (inside, outside) in &spec.files {
            let folder = order.folder.as_deref();
            let outside = folder.map_or_else(|| outside.clone(), |folder| folder.join(outside));
            let content = std::fs::read(&outside).map_err(|error| format!("{}: {error}", outside.display()))?;
            request = request.with_copy_to(inside.as_str(), content);
        }
        if !spec.command.is_empty() {
            request = request.with_cmd(spec.command.iter().cloned());
        }
        let ports = published_ports(order);
        let bindings = ports.iter().map(|port| {
            let here = PortBinding { host_ip: Some(Ipv4Addr::LOCALHOST.to_string()), host_port: None };
            (format!("{port}/tcp"), Some(vec![here]))
        });
        let (bindings, network) = (bindings.collect::<HashMap<_, _>>(), ground.network.clone());
        let tmpfs = spec.tmpfs.iter().map(|(inside, bytes)| (inside.clone(), format!("size={bytes},mode=1777")));
        let tmpfs = tmpfs.collect::<HashMap<_, _>>();
        let request = request.with_host_config_modifier(move |config| {
            config.network_mode = Some(network.clone());
            config.publish_all_ports = Some(false);
            config.port_bindings = Some(bindings.clone());
            config.tmpfs = Some(tmpfs.clone());
        });
        let held = request.start().await.map_err(|error| cause(&error))?;
        let mut published = HashMap::new();
        for port in ports {
            match held.get_host_port_ipv4(port.tcp()).await {
                Ok(here) => {
                    published.insert(port, here);
                }
                // One that has ended has no ports any more; what it has written says why.
                Err(_) => break,
            }
        }
        let address = match spec.port {
            Some(port) => match published.get(&port) {
                Some(here) => format!("http://{}:{here}", Ipv4Addr::LOCALHOST),
                None => format!("http://{name}:{port}"),
            },
            None => name.clone(),
        };
        Ok(Self { ground: Arc::clone(ground), name, address, published, held: Mutex::new(Some(held)) })
    }

    async fn state(&self) -> Result<ContainerState, String> {
        let seen = self.ground.docker.inspect_container(&self.name, None).await.map_err(|error| cause(&error))?;
        seen.state.ok_or_else(|| "Docker does not say how it is".to_owned())
    }

    /// A published port takes connections for a container that does not, and then drops them.
    async fn takes_connections(&self, port: u16) -> Result<(), String> {
        let here = self.published.get(&port).ok_or_else(|| format!("its port {port} is not published"))?;
        let refused = |error: std::io::Error| format!("port {port}: {error}");
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, *here)).await.map_err(refused)?;
        match tokio::time::timeout(Duration::from_millis(50), stream.read(&mut [0])).await {
            Err(_) | Ok(Ok(1..)) => Ok(()),
            Ok(Ok(0)) => Err(format!("port {port} drops connections")),
            Ok(Err(error)) => Err(refused(error)),
        }
    }
}

/// The ports that have to be reached from this machine: that of a called service, and those that readiness looks at.
fn published_ports(order: &Order) -> Vec<u16> {
    let asked = match &order.spec.ready {
        Some(Ready::Http(_)) => order.spec.port,
        Some(Ready::Port(port)) => Some(*port),
        Some(Ready::Log(_) | Ready::Health) | None => None,
    };
    let called = order.spec.port.filter(|_| order.called);
    let mut ports: Vec<u16> = called.into_iter().chain(asked).collect();
    ports.sort_unstable();
    ports.dedup();
    ports
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
            Ready::Log(pattern) => match self.log(None).await {
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

    async fn log(&self, since: Option<Timestamp>) -> Option<String> {
        let mut options = LogsOptionsBuilder::new().stdout(true).stderr(true).tail(LOG_LINES);
        if let Some(since) = since {
            options = options.since(i32::try_from(since.as_second()).unwrap_or(0));
        }
        let mut log = self.ground.docker.logs(&self.name, Some(options.build()));
        let mut text = Vec::new();
        while let Some(Ok(piece)) = log.next().await {
            text.extend_from_slice(&piece.into_bytes());
        }
        Some(String::from_utf8_lossy(&text).into_owned())
    }

    async fn stop(&self) -> Result<(), String> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(held) = held else { return Ok(()) };
        if self.ground.run.keep {
            // Let go of without its destructor, which would remove it.
            std::mem::forget(held);
            return Ok(());
        }
        let alive = self.alive().await;
        held.rm().await.map_err(|error| cause(&error))?;
        alive
    }
}
