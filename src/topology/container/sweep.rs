//! Finds and removes everything that carries the label of a run.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::path::Path;
use std::time::Duration;

use bollard::Docker;
use bollard::errors::Error;
use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListNetworksOptionsBuilder, ListVolumesOptionsBuilder, RemoveContainerOptionsBuilder,
    RemoveVolumeOptionsBuilder,
};
use futures::future::join_all;

use super::engine::{self, cause};
use crate::base::wait::{self, Look};
use crate::topology::Leftover;

/// The label with the run's id.
pub(super) const RUN: &str = "paidpath.run";
/// The label with the file that the run's process holds locked as long as it lives.
pub(super) const LOCK: &str = "paidpath.lock";
/// The label of what a run was told to keep.
pub(super) const KEPT: &str = "paidpath.kept";
/// The label with the topology's name.
pub(super) const TOPOLOGY: &str = "paidpath.topology";
/// The label with the service's name.
pub(super) const SERVICE: &str = "paidpath.service";

/// The deadline for removing everything.
const WITHIN: Duration = Duration::from_secs(20);

/// The labelled things of one run, or of all runs.
#[derive(Default)]
struct Found {
    containers: Vec<(String, Labels)>,
    networks: Vec<(String, Labels)>,
    volumes: Vec<(String, Labels)>,
}

type Labels = HashMap<String, String>;

impl Found {
    async fn look(docker: &Docker, label: &str) -> Result<Self, Error> {
        let filters = HashMap::from([("label", vec![label])]);
        let containers = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
        let containers = docker.list_containers(Some(containers)).await?;
        let networks = docker.list_networks(Some(ListNetworksOptionsBuilder::new().filters(&filters).build())).await?;
        let volumes = docker.list_volumes(Some(ListVolumesOptionsBuilder::new().filters(&filters).build())).await?;
        let containers = containers.into_iter().filter_map(|one| Some((one.id?, one.labels.unwrap_or_default())));
        let networks = networks.into_iter().filter_map(|one| Some((one.id?, one.labels.unwrap_or_default())));
        let volumes = volumes.volumes.unwrap_or_default().into_iter().map(|one| (one.name, one.labels));
        Ok(Self { containers: containers.collect(), networks: networks.collect(), volumes: volumes.collect() })
    }

    fn labels(&self) -> impl Iterator<Item = &Labels> {
        self.containers.iter().chain(&self.networks).chain(&self.volumes).map(|(_, labels)| labels)
    }

    /// Removes everything that was found. Containers go first, because networks and volumes in use cannot be removed.
    async fn remove(&self, docker: &Docker) -> Vec<String> {
        let force = || RemoveContainerOptionsBuilder::new().force(true).v(true).build();
        let containers = self.containers.iter().map(|(id, _)| docker.remove_container(id, Some(force())));
        // A removal may fail because another process was faster. The next look decides whether anything is left.
        let mut outcomes = join_all(containers).await;
        outcomes.extend(join_all(self.networks.iter().map(|(id, _)| docker.remove_network(id))).await);
        let force = || RemoveVolumeOptionsBuilder::new().force(true).build();
        outcomes.extend(join_all(self.volumes.iter().map(|(id, _)| docker.remove_volume(id, Some(force())))).await);
        outcomes.into_iter().filter_map(|outcome| Some(cause(&outcome.err()?))).collect()
    }
}

/// Removes everything of a run, and looks again until nothing is left: the engine may still be creating what the run
/// had asked for when its process ended.
pub(super) async fn sweep(docker: &Docker, run: &str) -> Result<(), String> {
    let label = format!("{RUN}={run}");
    let swept = wait::until(WITHIN, || async {
        let found = match Found::look(docker, &label).await {
            Ok(found) => found,
            Err(error) => return Look::Never(cause(&error)),
        };
        if found.labels().next().is_none() {
            return Look::Holds(());
        }
        let complaints = found.remove(docker).await;
        Look::NotYet(format!("{} things are left: {}", found.labels().count(), complaints.join("; ")))
    });
    swept.await.map_err(|gave| format!("not everything of the run {run} could be removed: {gave}"))
}

/// Lists what runs that have ended left behind, each with its lock file.
async fn ended_runs(docker: &Docker) -> Result<Vec<(Leftover, Option<String>)>, String> {
    engine::ping(docker).await?;
    let found = Found::look(docker, RUN).await.map_err(|error| cause(&error))?;
    let mut runs: BTreeMap<String, (Leftover, Option<String>)> = BTreeMap::new();
    for labels in found.labels() {
        let run = labels.get(RUN).cloned().unwrap_or_default();
        let new = || {
            let leftover = Leftover { run: run.clone(), things: 0, kept: labels.contains_key(KEPT) };
            (leftover, labels.get(LOCK).cloned())
        };
        runs.entry(run.clone()).or_insert_with(new).0.things += 1;
    }
    Ok(runs.into_values().filter(|(_, lock)| !lock.as_deref().is_some_and(is_held)).collect())
}

pub(super) async fn left_behind() -> Result<Vec<Leftover>, String> {
    let all = ended_runs(&engine::connect()?).await?;
    Ok(all.into_iter().map(|(leftover, _)| leftover).collect())
}

pub(super) async fn clean() -> Result<Vec<Leftover>, String> {
    let docker = engine::connect()?;
    let mut cleaned = Vec::new();
    for (leftover, lock) in ended_runs(&docker).await? {
        sweep(&docker, &leftover.run).await?;
        unlock(lock.as_ref());
        cleaned.push(leftover);
    }
    Ok(cleaned)
}

/// Returns true while the process that made this file lives. A file that we may not open belongs to another user, and
/// is left alone.
fn is_held(lock: &str) -> bool {
    match File::open(Path::new(lock)) {
        Ok(file) => file.try_lock().is_err(),
        Err(error) => error.kind() != std::io::ErrorKind::NotFound,
    }
}

/// Removes the file of a run that has ended.
pub(super) fn unlock(lock: Option<&String>) {
    if let Some(lock) = lock {
        let _ = std::fs::remove_file(lock);
    }
}
