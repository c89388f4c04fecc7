//! `paidpath soak`: the same run many times, each in a process of its own, to see whether it is ever red without cause.

use std::process::{Command, Stdio};
use std::time::Instant;

use clap::Args;

use super::Refusal;
use crate::model::Exit;

/// The number of runs, and their arguments.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The number of runs
    #[arg(long, value_name = "N", default_value_t = 50)]
    runs: usize,
    /// The number of threads to keep busy meanwhile
    #[arg(long, value_name = "N", default_value_t = 0)]
    load: usize,
    /// The arguments of each run
    #[arg(last = true)]
    rest: Vec<String>,
}

/// Repeats a run and counts the green ones. Prints the whole output of the first run that is not green.
pub fn soak(arguments: &Arguments) -> Result<Exit, Refusal> {
    let broken = |error: std::io::Error| Refusal::Environment(format!("paidpath cannot be started again: {error}"));
    // A process for each run, because some causes of flakiness appear only at the start of one.
    let program = std::env::current_exe().map_err(broken)?;
    let load = Load::begin(arguments.load);
    let began = Instant::now();
    let mut green = 0;
    for number in 1..=arguments.runs {
        let run =
            Command::new(&program).arg("run").args(&arguments.rest).stdin(Stdio::null()).output().map_err(broken)?;
        if run.status.success() {
            green += 1;
        // The runs before were green, so this is the first that is not.
        } else if green + 1 == number {
            put!("{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
        }
    }
    drop(load);
    let took = began.elapsed() / u32::try_from(arguments.runs.max(1)).unwrap_or(u32::MAX);
    say!("{} runs, {green} green, {took:.1?} each, {} busy threads beside them", arguments.runs, arguments.load);
    Ok(if green == arguments.runs { Exit::Passed } else { Exit::Failed })
}

/// Threads that keep processors busy until this value is dropped.
struct Load(std::sync::Arc<std::sync::atomic::AtomicBool>);

impl Load {
    fn begin(threads: usize) -> Self {
        let over = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        for _ in 0..threads {
            let over = std::sync::Arc::clone(&over);
            std::thread::spawn(move || while !over.load(std::sync::atomic::Ordering::Relaxed) {});
        }
        Self(over)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.0.store(true, std::sync::atomic::Ordering::Relaxed);
    }
}
