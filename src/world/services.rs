//! The services of a run as its scenarios reach them, beside the taps: what they have written, and what happens to the machines
//! that they run on.
//!
//! What a scenario does to a machine it does to everybody's, so only one that runs alone may. Whatever that was, and however
//! the scenario ended, everything is put back before the next one begins.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use futures::future::join_all;
use jiff::Timestamp;
use tokio::runtime::Handle;

use super::StepError;
use crate::base::suggest::did_you_mean;
use crate::model::TraceId;
use crate::topology::{Outage, Ready, Running, Topology, until_ready};

/// How long it may take to fetch what the services have written.
const PATIENCE: Duration = Duration::from_secs(3);
/// The longest time to cause an outage, or to undo one before the service gets ready again.
const UNDERWAY: Duration = Duration::from_secs(30);

/// A service that was started, by its name.
pub type StartedService = (String, Arc<dyn Running>);

/// The services, and the runtime that they and their clients live on: workers have runtimes of their own.
pub struct Services {
    running: Vec<Service>,
    home: Handle,
    /// How long one may take to get ready again.
    start_up: Duration,
    outage: Mutex<Option<ActiveOutage>>,
}

#[derive(Clone)]
struct Service {
    name: String,
    running: Arc<dyn Running>,
    ready: Option<Ready>,
}

/// What one scenario has done to machines.
struct ActiveOutage {
    scenario: TraceId,
    services: BTreeSet<String>,
    began: Instant,
    /// When a service was put back last; `None` when something was done to one after that.
    over: Option<Instant>,
}

impl Services {
    /// The services of this topology, that `home` looks after.
    pub fn new(running: &[StartedService], topology: &Topology, home: Handle) -> Self {
        let service = |(name, running): &StartedService| Service {
            name: name.clone(),
            running: Arc::clone(running),
            ready: topology.services.get(name).and_then(|spec| spec.ready.clone()),
        };
        Self {
            running: running.iter().map(service).collect(),
            home,
            start_up: topology.start_up.0,
            outage: Mutex::default(),
        }
    }

    /// What each service has written since a moment, by its name; nothing of those that do not keep it.
    pub async fn logs(&self, since: Timestamp) -> Vec<(String, String)> {
        let asked = self.running.iter().cloned().map(|service| {
            self.home.spawn(async move { Some((service.name, service.running.log(Some(since)).await?)) })
        });
        let logs = tokio::time::timeout(PATIENCE, join_all(asked)).await.unwrap_or_default();
        logs.into_iter().filter_map(|log| log.ok().flatten()).filter(|(_, log)| !log.is_empty()).collect()
    }

    /// Whether there is one of this name.
    pub fn has(&self, name: &str) -> bool {
        self.running.iter().any(|service| service.name == name)
    }

    /// Has something happen to a service's machine, on behalf of a scenario that runs alone.
    ///
    /// # Errors
    /// If there is no such service, or that cannot happen to it.
    pub async fn cause(&self, scenario: TraceId, name: &str, outage: Outage) -> Result<(), StepError> {
        let service = self.find(name)?;
        {
            let mut outage = self.outage();
            outage.take_if(|outage| outage.scenario != scenario);
            let new = || ActiveOutage { scenario, services: BTreeSet::new(), began: Instant::now(), over: None };
            let outage = outage.get_or_insert_with(new);
            outage.services.insert(service.name.clone());
            outage.over = None;
        }
        let said = format!("{name} cannot be {outage}");
        self.at_home(async move { service.running.cause(&outage).await }).await.map_err(|why| trouble(&said, &why))
    }

    /// Puts a service back, and waits until it is ready.
    ///
    /// # Errors
    /// If there is no such service, or it stays as it is.
    pub async fn recover(&self, name: &str) -> Result<(), StepError> {
        let service = self.find(name)?;
        let start_up = self.start_up;
        let recovering = async move {
            service.running.recover().await?;
            match &service.ready {
                Some(sign) => until_ready(&service.name, &service.running, sign, start_up)
                    .await
                    .map_err(|error| error.to_string()),
                None => Ok(()),
            }
        };
        let recovered = self.at_home(recovering).await;
        if let Some(outage) = &mut *self.outage() {
            outage.over = Some(Instant::now());
        }
        recovered.map_err(|why| trouble(&format!("{name} cannot be put back"), &why))
    }

    /// Puts back whatever a scenario has done.
    ///
    /// # Errors
    /// With the first service that stays as it is.
    pub async fn recover_all(&self, scenario: TraceId) -> Result<(), StepError> {
        let hurt = self.hurt(scenario);
        let all = join_all(hurt.iter().map(|name| self.recover(name))).await;
        all.into_iter().collect()
    }

    /// The same from a thread that is not asynchronous, for a scenario that will never come to it; then the next may begin.
    pub fn take_back(&self, scenario: TraceId) {
        // Who stays as it is will be missed by the next scenario, and named there.
        let _ = self.home.block_on(self.recover_all(scenario));
        self.forget(scenario);
    }

    /// The services to which a scenario has done something, put back or not.
    pub fn hurt(&self, scenario: TraceId) -> BTreeSet<String> {
        let outage = self.outage();
        let own = outage.as_ref().filter(|outage| outage.scenario == scenario);
        own.map(|outage| outage.services.clone()).unwrap_or_default()
    }

    /// How long the platform has been held up by the scenario that runs alone; `None` where nothing was done to it.
    pub fn held_up(&self) -> Option<Duration> {
        let outage = self.outage();
        let outage = outage.as_ref()?;
        Some(outage.over.unwrap_or_else(Instant::now) - outage.began)
    }

    /// The scenario is over.
    pub fn forget(&self, scenario: TraceId) {
        self.outage().take_if(|outage| outage.scenario == scenario);
    }

    fn find(&self, name: &str) -> Result<Service, StepError> {
        self.running.iter().find(|service| service.name == name).cloned().ok_or_else(|| {
            let hint = did_you_mean(name, self.running.iter().map(|service| service.name.as_str()));
            StepError::scenario(format!("the topology has no service `{name}`.{hint}"))
        })
    }

    /// Runs where the services live. It goes on when nobody waits for it any more: half an outage is worse than a whole one.
    async fn at_home(&self, work: impl Future<Output = Result<(), String>> + Send + 'static) -> Result<(), String> {
        let work = self.home.spawn(tokio::time::timeout(self.start_up + UNDERWAY, work));
        match work.await {
            Ok(Ok(done)) => done,
            Ok(Err(late)) => Err(late.to_string()),
            Err(error) => Err(error.to_string()),
        }
    }

    fn outage(&self) -> MutexGuard<'_, Option<ActiveOutage>> {
        self.outage.lock().expect("nothing panics while it holds this lock")
    }
}

/// What the machine room cannot do is nobody's failure but its own.
fn trouble(what: &str, why: &str) -> StepError {
    StepError::environment(format!("{what}: {why}"))
}
