//! The services of a run without the taps: their logs, and the outages that scenarios cause.
//!
//! An outage concerns all scenarios, so only a scenario that runs alone may cause one. Every outage ends before the next scenario
//! begins, however the scenario ended.

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

/// The time for fetching the logs of all services.
const LOGS_WITHIN: Duration = Duration::from_secs(3);
/// The time for causing or ending an outage, in addition to the start-up time of the service.
const OUTAGE_WITHIN: Duration = Duration::from_secs(30);

/// A service that was started, by its name.
pub type StartedService = (String, Arc<dyn Running>);

/// The services of a run.
pub struct Services {
    running: Vec<Service>,
    /// The runtime of the services and their clients. Workers have runtimes of their own.
    runtime: Handle,
    /// The time in which a service has to become ready.
    start_up: Duration,
    downtime: Mutex<Option<Downtime>>,
}

#[derive(Clone)]
struct Service {
    name: String,
    running: Arc<dyn Running>,
    ready: Option<Ready>,
}

/// The time in which a scenario keeps services down.
struct Downtime {
    scenario: TraceId,
    services: BTreeSet<String>,
    began: Instant,
    /// The end of the latest outage; `None` during one.
    ended: Option<Instant>,
}

impl Services {
    /// Wraps the services of a topology. `runtime` is the one on which they were started.
    pub fn new(running: &[StartedService], topology: &Topology, runtime: Handle) -> Self {
        let service = |(name, running): &StartedService| Service {
            name: name.clone(),
            running: Arc::clone(running),
            ready: topology.services.get(name).and_then(|spec| spec.ready.clone()),
        };
        Self {
            running: running.iter().map(service).collect(),
            runtime,
            start_up: topology.start_up.0,
            downtime: Mutex::default(),
        }
    }

    /// Returns the log of each service since a moment, by name. Services that keep no log are left out.
    pub async fn logs(&self, since: Timestamp) -> Vec<(String, String)> {
        let asked = self.running.iter().cloned().map(|service| {
            self.runtime.spawn(async move { Some((service.name, service.running.log(Some(since)).await?)) })
        });
        // Logs only help to explain a failure. A service that does not give them must not hold up the run.
        let logs = tokio::time::timeout(LOGS_WITHIN, join_all(asked)).await.unwrap_or_default();
        logs.into_iter().filter_map(|log| log.ok().flatten()).filter(|(_, log)| !log.is_empty()).collect()
    }

    pub fn has(&self, name: &str) -> bool {
        self.running.iter().any(|service| service.name == name)
    }

    /// Causes an outage of a service on behalf of a scenario that runs alone.
    pub async fn cause(&self, scenario: TraceId, name: &str, outage: Outage) -> Result<(), StepError> {
        let service = self.find(name)?;
        {
            // The service counts as hurt from before the outage on, so that no failed exchange is held against the environment.
            let mut downtime = self.downtime_of_run();
            downtime.take_if(|downtime| downtime.scenario != scenario);
            let new = || Downtime { scenario, services: BTreeSet::new(), began: Instant::now(), ended: None };
            let downtime = downtime.get_or_insert_with(new);
            downtime.services.insert(service.name.clone());
            downtime.ended = None;
        }
        let what = format!("{name} cannot be {outage}");
        let caused = self.on_own_runtime(async move { service.running.cause(&outage).await }).await;
        caused.map_err(|why| trouble(&what, &why))
    }

    /// Ends the outage of a service and waits until the service is ready.
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
        let recovered = self.on_own_runtime(recovering).await;
        if let Some(downtime) = &mut *self.downtime_of_run() {
            downtime.ended = Some(Instant::now());
        }
        recovered.map_err(|why| trouble(&format!("{name} cannot be put back"), &why))
    }

    /// Ends every outage that a scenario has caused.
    pub async fn recover_all(&self, scenario: TraceId) -> Result<(), StepError> {
        let hurt = self.hurt(scenario);
        let all = join_all(hurt.iter().map(|name| self.recover(name))).await;
        all.into_iter().collect()
    }

    /// Ends every outage of a scenario whose worker was given up. Unlike [`Services::recover_all`] it blocks the thread: the
    /// supervisor calls it, and the next scenario must not begin before.
    pub fn recover_abandoned(&self, scenario: TraceId) {
        // The next scenario misses a service that does not come back, and its report names the service.
        let _ = self.runtime.block_on(self.recover_all(scenario));
        self.forget(scenario);
    }

    /// Returns the services of which a scenario has caused an outage, ended or not.
    pub fn hurt(&self, scenario: TraceId) -> BTreeSet<String> {
        let downtime = self.downtime_of_run();
        let own = downtime.as_ref().filter(|downtime| downtime.scenario == scenario);
        own.map(|downtime| downtime.services.clone()).unwrap_or_default()
    }

    /// Returns the time for which the scenario that runs alone has kept services down; `None` if it has not.
    pub fn downtime(&self) -> Option<Duration> {
        let downtime = self.downtime_of_run();
        let downtime = downtime.as_ref()?;
        Some(downtime.ended.unwrap_or_else(Instant::now) - downtime.began)
    }

    /// Forgets the outages of a scenario that is over.
    pub fn forget(&self, scenario: TraceId) {
        self.downtime_of_run().take_if(|downtime| downtime.scenario == scenario);
    }

    fn find(&self, name: &str) -> Result<Service, StepError> {
        self.running.iter().find(|service| service.name == name).cloned().ok_or_else(|| {
            let hint = did_you_mean(name, self.running.iter().map(|service| service.name.as_str()));
            StepError::scenario(format!("the topology has no service `{name}`.{hint}"))
        })
    }

    async fn on_own_runtime(
        &self,
        work: impl Future<Output = Result<(), String>> + Send + 'static,
    ) -> Result<(), String> {
        // Spawned, not awaited in place: if the step reaches its deadline the work goes on, because half an outage is worse than
        // a whole one.
        let work = self.runtime.spawn(tokio::time::timeout(self.start_up + OUTAGE_WITHIN, work));
        match work.await {
            Ok(Ok(done)) => done,
            Ok(Err(late)) => Err(late.to_string()),
            Err(error) => Err(error.to_string()),
        }
    }

    fn downtime_of_run(&self) -> MutexGuard<'_, Option<Downtime>> {
        self.downtime.lock().expect("nothing panics while it holds this lock")
    }
}

// A container engine that does not do what it should is no failure of the platform.
fn trouble(what: &str, why: &str) -> StepError {
    StepError::environment(format!("{what}: {why}"))
}
