//! The folder of the reports: one run at a time writes there, and only what paidpath wrote there before is replaced.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;

use super::Refusal;
use crate::report::{self, Reporter, journal};
use crate::run::history::{self, History};
use crate::run::{Plan, Planned};

/// A folder that belongs to this process until the value is dropped, or the process dies.
#[derive(Debug)]
pub(super) struct HeldFolder {
    /// The journal, locked.
    _lock: File,
}

/// Takes a folder for a run of these scenarios. The reports of the run before are removed: if this one is killed, nobody must
/// take them for its own. What it has not judged by then is left to `--last-failed`.
pub(super) fn take(folder: &Path, reporters: &[&Reporter], plan: &Plan) -> Result<HeldFolder, Refusal> {
    refuse_foreign(folder, reporters, "--reports")?;
    let held = hold(folder)?;
    let mut last = History::read(folder).unwrap_or_default();
    report::clear(folder, &last.reports);
    last.begin(plan.scenarios.iter().map(Planned::key));
    last.origins = plan.origins.clone();
    last.reports = names(reporters).collect();
    last.save(folder).map_err(|error| {
        Refusal::Usage(format!("{} cannot be written: {error}", folder.join(history::FILE).display()))
    })?;
    Ok(held)
}

/// Notes that these reports in a folder are paidpath's, before they are written.
pub(super) fn claim(folder: &Path, reporters: &[&Reporter]) -> Result<(), Refusal> {
    refuse_foreign(folder, reporters, "--out")?;
    let mut last = History::read(folder).unwrap_or_default();
    last.reports.extend(names(reporters));
    // If this cannot be written, the reports cannot be either, and each of them says so.
    let _ = fs::create_dir_all(folder).and_then(|()| last.save(folder));
    Ok(())
}

fn names(reporters: &[&Reporter]) -> impl Iterator<Item = String> {
    reporters.iter().map(|reporter| reporter.file_name.to_owned())
}

/// Locks a folder. Refuses it while another run writes there: both would write into one journal.
fn hold(folder: &Path) -> Result<HeldFolder, Refusal> {
    let path = folder.join(journal::FILE);
    let cannot =
        |error: io::Error| Refusal::Usage(format!("the journal {} cannot be created: {error}", path.display()));
    fs::create_dir_all(folder).map_err(cannot)?;
    // Not truncated yet, because the journal may be another run's.
    let file = File::options().create(true).write(true).truncate(false).open(&path).map_err(cannot)?;
    match file.try_lock() {
        Ok(()) => Ok(HeldFolder { _lock: file }),
        // A file system without locks is no reason not to run.
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(HeldFolder { _lock: file }),
        Err(TryLockError::Error(error)) => Err(cannot(error)),
        Err(TryLockError::WouldBlock) => {
            let holder = History::read(folder).and_then(|last| last.process);
            let holder = holder.map_or_else(|| "another process".to_owned(), |id| format!("process {id}"));
            Err(Refusal::Environment(format!(
                "another run writes to {} now ({holder}): wait until it has ended, or name another folder with --reports",
                folder.display()
            )))
        }
    }
}

/// Refuses to replace reports that no run of paidpath has left in the folder.
fn refuse_foreign(folder: &Path, reporters: &[&Reporter], option: &str) -> Result<(), Refusal> {
    let last = History::read(folder).unwrap_or_default();
    let is_foreign = |reporter: &&&Reporter| {
        let place = folder.join(reporter.file_name.trim_end_matches('/'));
        !last.reports.contains(reporter.file_name) && place.symlink_metadata().is_ok()
    };
    let foreign = reporters.iter().filter(is_foreign);
    let foreign: Vec<_> = foreign.map(|reporter| folder.join(reporter.file_name).display().to_string()).collect();
    if foreign.is_empty() {
        return Ok(());
    }
    let list = foreign.join(", ");
    Err(Refusal::Usage(format!(
        "{list}: a report would replace this, and last-run.json does not say that paidpath wrote it. Move or remove it, or name \
         another folder with {option}"
    )))
}
