//! `paidpath report`: renders reports from journals alone, also from one that was cut short; merges those of one run; and
//! says what earlier runs tell.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use clap::Args;

use super::{Refusal, reports_folder};
use crate::model::Exit;
use crate::report::merge::{self, JournalRun};
use crate::report::{self, RunHistory, RunRecord, Style, console};

/// The depth below a folder to which journals are searched for.
const DEPTH: usize = 4;

const JOURNAL: &str = report::journal::FILE;

/// The journals, and the reports to make of them.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Folders with a journal.ndjson (or with such folders in them), or journals themselves: several are merged, if they are
    /// shards or second tries of one run
    #[arg(value_name = "DIR", default_value = "reports")]
    journals: Vec<PathBuf>,
    /// The reports to write; `all` for every one
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_value = "html,junit")]
    format: Vec<String>,
    /// The folder of the reports [default: beside the journal; reports/merged for several]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Merge journals of different runs nevertheless, and note the differences
    #[arg(long)]
    mix: bool,
    /// A folder with the reports of earlier runs; the HTML and Markdown reports then show trends, flaky and slow scenarios, and
    /// since when something is red
    #[arg(long, value_name = "DIR")]
    history: Option<PathBuf>,
}

/// Renders reports. For one journal the exit code says whether the reports were written, because the run itself has told its
/// verdict. For several journals it is the verdict of the whole, or unknown if a shard is missing.
pub fn report(arguments: &Arguments) -> Result<Exit, Refusal> {
    let reporters = report::chosen(&arguments.format).map_err(|error| Refusal::Usage(error.to_string()))?;
    let files = journals(&arguments.journals)?;
    let parts = files.iter().map(|file| read(file)).collect::<Result<Vec<_>, _>>()?;
    let several = parts.len() > 1;
    for JournalRun { journal, run } in &parts {
        if several && run.info.id.is_empty() {
            return Err(Refusal::Usage(format!("{journal}: no run has begun in this journal")));
        }
        // A report without a scenario would look green to whoever reads it.
        if !several && run.scenarios.is_empty() && run.end.is_none() {
            return Err(Refusal::Environment(format!("{journal}: no scenario is recorded in this journal")));
        }
    }
    let merged = merge::merge(parts, arguments.mix);
    let mut run = merged.map_err(|different| {
        Refusal::Usage(format!("{different}--mix reports them as one all the same, with these differences as notes."))
    })?;
    if let Some(folder) = &arguments.history {
        run.history = Some(RunHistory::of(&earlier(folder)?, &run));
    }
    let folder = arguments.out.clone().unwrap_or_else(|| match files.as_slice() {
        [only] => only.parent().map(PathBuf::from).unwrap_or_default(),
        _ => Path::new("reports").join("merged"),
    });
    reports_folder::claim(&folder, &reporters)?;
    let written = report::write_all(&run, &folder, &reporters);
    for written in &written {
        say!("{}", written.line());
    }
    if let Some(history) = &run.history {
        put!("{}", report::history_tables::text(history));
    }
    let absent = merge::missing(&run);
    let complete = written.iter().all(|written| written.result.is_ok());
    if several {
        put!("{}", console::summary(&run, &style()));
    } else {
        run.damage.iter().chain(&absent).for_each(|lacks| say!("{lacks}"));
    }
    Ok(match (several, complete) {
        (true, true) => run.exit(),
        (true, false) if run.exit() == Exit::Failed => Exit::Failed,
        (false, true) if absent.is_empty() => Exit::Passed,
        (_, false) | (false, true) => Exit::Unknown,
    })
}

fn style() -> Style {
    Style::of(std::io::stdout().is_terminal(), None, false, |name| std::env::var(name).ok())
}

fn read(file: &Path) -> Result<JournalRun, Refusal> {
    let run = RunRecord::read(file).map_err(|error| Refusal::Usage(error.to_string()))?;
    Ok(JournalRun { journal: file.display().to_string(), run })
}

/// Returns the journals that the arguments name, each once.
fn journals(named: &[PathBuf]) -> Result<Vec<PathBuf>, Refusal> {
    let mut files = Vec::new();
    for name in named {
        let own = name.join(JOURNAL);
        if !name.is_dir() {
            files.push(name.clone());
        } else if own.exists() {
            files.push(own);
        } else {
            let before = files.len();
            walk(name, DEPTH, &mut files);
            if files.len() == before {
                return Err(Refusal::Usage(format!("{}: there is no {JOURNAL} in it or below it", name.display())));
            }
        }
    }
    // A folder may be named beside one of the journals in it.
    files.dedup();
    Ok(files)
}

fn walk(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() && depth > 0 {
            walk(&path, depth - 1, files);
        } else if path.file_name().is_some_and(|name| name == JOURNAL) {
            files.push(path);
        }
    }
}

/// Reads the earlier runs below a folder. Journals of one CI build are one run, if they can be merged. A journal that cannot be
/// read is left out with a message, because a history may have gaps.
fn earlier(folder: &Path) -> Result<Vec<RunRecord>, Refusal> {
    let mut files = Vec::new();
    walk(folder, DEPTH, &mut files);
    if files.is_empty() {
        return Err(Refusal::Usage(format!("--history: there is no {JOURNAL} below {}", folder.display())));
    }
    let mut builds: BTreeMap<String, Vec<JournalRun>> = BTreeMap::new();
    for file in files {
        match read(&file) {
            Ok(part) => {
                let info = &part.run.info;
                let build = info.identity.build.as_ref().unwrap_or(&info.id);
                let build = format!("{build}, {} on {}", info.target, info.topology);
                // What the pictures and exchanges were is no part of a history, and there may be hundreds of runs.
                builds.entry(build).or_default().push(JournalRun { run: part.run.without_evidence(), ..part });
            }
            Err(refusal) => complain!("--history: left out: {refusal}"),
        }
    }
    let mut runs = Vec::new();
    for (build, parts) in builds {
        match merge::merge(parts, false) {
            Ok(run) => runs.push(run),
            Err(different) => complain!("--history: left out: {build}: {different}"),
        }
    }
    Ok(runs)
}
