//! `paidpath report`: renders reports from a journal alone, also from one that was cut short.

use std::path::PathBuf;

use clap::Args;

use super::run::Refusal;
use crate::model::Exit;
use crate::report::{self, Run};

/// Which journal, and what to make of it.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A folder with a journal.ndjson, or the journal itself
    #[arg(value_name = "DIR", default_value = "reports")]
    journal: PathBuf,
    /// Which reports to write
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_value = "html,junit")]
    format: Vec<String>,
    /// Where they go [default: beside the journal]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Renders. The exit code says whether the reports were written, not how the run went.
pub fn report(arguments: &Arguments) -> Result<Exit, Refusal> {
    let file = match arguments.journal.is_dir() {
        true => arguments.journal.join("journal.ndjson"),
        false => arguments.journal.clone(),
    };
    let reporters = arguments.format.iter().map(|name| report::named(name)).collect::<Result<Vec<_>, _>>();
    let reporters = reporters.map_err(|error| Refusal::Usage(error.to_string()))?;
    let run = Run::read(&file).map_err(|error| Refusal::Usage(error.to_string()))?;
    let beside = file.parent().map(PathBuf::from).unwrap_or_default();
    let written = report::write_all(&run, arguments.out.as_ref().unwrap_or(&beside), &reporters);
    for written in &written {
        println!("{}", written.line());
    }
    Ok(if written.iter().all(|written| written.result.is_ok()) { Exit::Passed } else { Exit::Unknown })
}
