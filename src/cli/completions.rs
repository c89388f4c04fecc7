//! `paidpath completions`: what a shell needs to complete commands and options.

use clap::{Args, Command};
use clap_complete::{Shell, generate};

use super::Refusal;
use crate::model::Exit;

/// The shell to complete for.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The shell; its completion folder is where the output belongs
    shell: Shell,
}

pub fn completions(arguments: &Arguments, mut command: Command) -> Result<Exit, Refusal> {
    let mut script = Vec::new();
    generate(arguments.shell, &mut command, "paidpath", &mut script);
    put!("{}", String::from_utf8_lossy(&script));
    Ok(Exit::Passed)
}
