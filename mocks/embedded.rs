//! Supplies Atelier's services in this process, each on a port of its own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use atelier::{ServiceName, Settings};
use paidpath::providers::{Provider, ProviderKind, Running, StartError, StartRequest};

/// The provider that runs Atelier in this process.
pub struct Embedded;

struct Started {
    address: String,
    service: Mutex<Option<atelier::Service>>,
}

#[async_trait]
impl Provider for Embedded {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Embedded
    }

    async fn start(&self, order: StartRequest) -> Result<Arc<dyn Running>, StartError> {
        let failed = |reason: String| StartError::Failed { service: order.service.clone(), reason };
        let name: ServiceName = order.service.parse().map_err(|_| StartError::Unknown {
            kind: self.kind(),
            service: order.service.clone(),
            known: ServiceName::ALL.map(|name| name.to_string()).join(", "),
        })?;
        let settings = settings(&order.env, order.neighbours.clone()).map_err(failed)?;
        let service = atelier::start(name, settings).await.map_err(|error| failed(with_causes(&error)))?;
        Ok(Arc::new(Started { address: service.address().to_owned(), service: Mutex::new(Some(service)) }))
    }
}

#[async_trait]
impl Running for Started {
    fn address(&self) -> &str {
        &self.address
    }

    async fn stop(&self) -> Result<(), String> {
        let service = self.service.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(service) = service {
            service.stop().await;
        }
        Ok(())
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// Reads the settings that Atelier's binary takes from its environment, under the same names.
fn settings(env: &BTreeMap<String, String>, neighbours: BTreeMap<String, String>) -> Result<Settings, String> {
    let mut settings = Settings { neighbours, ..Settings::default() };
    for (key, value) in env {
        let wrong = || format!("`{value}` is no value for {key}");
        let millis = || value.parse().map(Duration::from_millis).map_err(|_| wrong());
        match key.as_str() {
            "ATELIER_LISTEN" => settings.listen = value.parse().map_err(|_| wrong())?,
            "ATELIER_SESSION_KEY" => settings.session_key.clone_from(value),
            "ATELIER_EVENT_KEY" => settings.event_key.clone_from(value),
            "ATELIER_CREDENTIAL_KEY" => settings.credential_key.clone_from(value),
            "ATELIER_ADMIN_TOKEN" => settings.admin_token.clone_from(value),
            "ATELIER_TEST_MODE" => settings.test_mode = value.parse().map_err(|_| wrong())?,
            "ATELIER_TIMEOUT_MS" => settings.timeout = millis()?,
            "ATELIER_RENDER_TIMEOUT_MS" => settings.render_timeout = millis()?,
            "ATELIER_JOB_DEADLINE_S" => {
                settings.job_deadline = value.parse().map(Duration::from_secs).map_err(|_| wrong())?
            }
            // These are for processes: here neighbours come with the order, and everything is kept in memory.
            "ATELIER_SERVICE" | "ATELIER_DATABASE_URL" => {}
            key if key
                .strip_prefix("ATELIER_")
                .is_some_and(|name| settings.neighbours.contains_key(&name.to_lowercase())) => {}
            unknown => return Err(format!("Atelier has no setting {unknown}")),
        }
    }
    Ok(settings)
}
