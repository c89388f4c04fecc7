//! The connection to the Docker engine, and its errors in words.

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use bollard::Docker;

/// The deadline for the engine's first answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// A client of the engine that `DOCKER_HOST` names, or of this machine's.
pub(super) fn connect() -> Result<Docker, String> {
    Docker::connect_with_host(&host()).map_err(|error| no_engine(&cause(&error)))
}

/// Checks that the engine answers.
pub(super) async fn ping(docker: &Docker) -> Result<(), String> {
    match tokio::time::timeout(PATIENCE, docker.ping()).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(no_engine(&cause(&error))),
        Err(_) => Err(no_engine(&format!("no answer within {PATIENCE:?}"))),
    }
}

/// Returns the reason why no container can run here; `None` when one can.
pub fn missing() -> Option<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    runtime.block_on(async { ping(&connect()?).await }).err()
}

fn no_engine(cause: &str) -> String {
    format!("no Docker engine answers at {}: {cause}", host())
}

/// Returns the address of the engine, looked for in the same places as testcontainers does.
fn host() -> String {
    if let Ok(host) = std::env::var("DOCKER_HOST") {
        return host;
    }
    let runtime =
        std::env::var_os("XDG_RUNTIME_DIR").map(|folder| PathBuf::from(folder).join(".docker/run/docker.sock"));
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let in_home = [".docker/run/docker.sock", ".docker/desktop/docker.sock"];
    let in_home = home.iter().flat_map(|home| in_home.map(|socket| home.join(socket)));
    let usual = PathBuf::from("/var/run/docker.sock");
    // The usual socket comes first, as in testcontainers: both clients have to reach the same engine.
    let sockets = std::iter::once(usual.clone()).chain(runtime).chain(in_home);
    let found = sockets.into_iter().find(|socket| socket.exists()).unwrap_or(usual);
    format!("unix://{}", found.display())
}

/// The innermost cause, without the layers of the client around it.
pub(super) fn cause(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
