//! The process that outlives a run and removes what the run could not remove: after SIGKILL nobody else is left to do it.
//!
//! It holds one end of a pipe. When the other end closes, for whatever reason, it removes the run's containers. A run that
//! has cleaned up by itself tells it to end.

use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::{engine, sweep};
use crate::base::wait::{self, Look};

/// The deadline for an engine that is gone to come back.
const WITHIN: Duration = Duration::from_secs(120);
/// The time after which the engine has finished everything that the run had asked for.
const AFTERMATH: Duration = Duration::from_secs(3);
/// The message of a run that has cleaned up itself.
const GO_HOME: &[u8] = b"go home";

/// The run's end of it. Dropped without a word, the reaper does its work.
pub(super) struct Reaper(Child);

impl Reaper {
    /// Starts this program anew, in a process group of its own: what ends the run must not end it.
    pub fn start(run: &str) -> std::io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["reap", run]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // Ctrl-C goes to the whole group of the terminal.
        command.process_group(0).spawn().map(Self)
    }

    /// Ends the reaper without work. When it cannot be told, it finds nothing to remove.
    pub fn dismiss(mut self) {
        let told = self.0.stdin.take().is_some_and(|mut pipe| pipe.write_all(GO_HOME).is_ok());
        if told {
            let _ = self.0.wait();
        }
    }
}

/// The reaper itself: waits until its standard input ends, then removes what carries the label of this run.
pub fn reap(run: &str) -> Result<(), String> {
    let mut said = Vec::new();
    // A broken pipe means the same as a closed one: the run is gone.
    let _ = std::io::stdin().read_to_end(&mut said);
    if said == GO_HOME {
        return Ok(());
    }
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let look = || async {
            let swept = async { sweep::sweep(&engine::connect()?, run).await };
            match swept.await {
                Ok(()) => Look::<(), std::convert::Infallible>::Holds(()),
                Err(error) => Look::NotYet(error),
            }
        };
        wait::until(WITHIN, look).await.map_err(|gave| gave.to_string())?;
        // The engine may still be creating what the killed run had asked for, so a second sweep follows.
        tokio::time::sleep(AFTERMATH).await;
        wait::until(WITHIN, look).await.map_err(|gave| gave.to_string())?;
        let lock = std::env::temp_dir().join(format!("paidpath-{run}.lock")).display().to_string();
        sweep::unlock(Some(&lock));
        Ok(())
    })
}
