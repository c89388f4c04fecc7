//! `paidpath up`: starts the platform and keeps it, with a member and something to buy, until somebody presses Enter.
//!
//! It is a run of one scenario, in which a person takes over: so it has a journal and a report like any other, every check
//! looks on, and `paidpath draft` makes a scenario of what was done.

use std::path::PathBuf;

use clap::{Args, Parser};

use super::prepare::{default_target, default_topology};
use super::{Cli, Command, Composition, Refusal, run};
use crate::model::Exit;

/// The feature of a session, among those that come with the binary.
const SESSION: &str = "by-hand/session.feature";

/// The platform to start.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The topology, with the services and their providers: a file, or the name of one that comes with paidpath
    #[arg(long, value_name = "FILE", default_value_t = default_topology())]
    topology: String,
    /// The target, with the platform's wire format: a file, or the name of one that comes with paidpath
    #[arg(long, value_name = "FILE", default_value_t = default_target())]
    target: String,
    /// Another feature to begin with; it has to hand a scenario over to a person
    #[arg(value_name = "PATH[:LINE]")]
    feature: Option<String>,
    /// The folder of the journal and the reports
    #[arg(long, value_name = "DIR", default_value = "reports/session")]
    reports: PathBuf,
}

/// Runs a session until a person presses Enter.
pub fn up(composition: &Composition, arguments: &Arguments) -> Result<Exit, Refusal> {
    let broken = |error: std::io::Error| Refusal::Usage(format!("{}: {error}", arguments.reports.display()));
    let feature = match &arguments.feature {
        Some(feature) => feature.clone(),
        None => {
            let shipped = composition.features.iter().find(|feature| feature.uri.ends_with(SESSION));
            let text = shipped.expect("invariant: it comes with the binary").text;
            let path = arguments.reports.join("session.feature");
            std::fs::create_dir_all(&arguments.reports).and_then(|()| std::fs::write(&path, text)).map_err(broken)?;
            path.display().to_string()
        }
    };
    let reports = arguments.reports.display().to_string();
    let (topology, target) = (arguments.topology.as_str(), arguments.target.as_str());
    // A person may take their time.
    let line = ["paidpath", "run", &feature, "--topology", topology, "--target", target, "--reports", &reports]
        .into_iter()
        .chain(["--hand-over", "--record", "all", "--step-timeout", "24h", "--scenario-timeout", "24h"]);
    let Some(Command::Run(arguments)) = Cli::parse_from(line).command else {
        unreachable!("invariant: the line names the command `run`")
    };
    let exit = run::run(composition, &arguments)?;
    say!("\na scenario of what was done: paidpath draft {reports}");
    Ok(exit)
}
