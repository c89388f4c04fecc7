//! The trait of a reporter, and writing its files: whole or not at all, each reporter independent of the others.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use super::REPORTERS;
use super::record::RunRecord;
use crate::base::suggest::did_you_mean;

/// A format of reports. A reporter has no state: everything it needs is in the [`RunRecord`].
pub struct Reporter {
    /// The name by which users ask for the report, such as `junit`.
    pub id: &'static str,
    /// The name of the file, such as `junit.xml`, or of the folder, such as `har/`.
    pub file_name: &'static str,
    /// Returns the files, ready to be written: one for a file, any number for a folder.
    pub files: for<'r> fn(&'r RunRecord) -> Vec<ReportFile<'r>>,
}

impl Reporter {
    /// Writes the report to a stream: the files of a folder one after the other.
    pub fn write(&self, run: &RunRecord, out: &mut dyn Write) -> Result<(), ReportError> {
        (self.files)(run).iter().try_for_each(|file| (file.write)(out))
    }
}

type Render<'r> = dyn Fn(&mut dyn Write) -> Result<(), ReportError> + 'r;

pub struct ReportFile<'r> {
    /// The name within the folder; ignored for a reporter that makes one file.
    pub name: String,
    write: Box<Render<'r>>,
}

impl<'r> ReportFile<'r> {
    /// Makes the only file of a reporter.
    pub fn only(write: impl Fn(&mut dyn Write) -> Result<(), ReportError> + 'r) -> Vec<Self> {
        vec![Self::named("", write)]
    }

    /// Makes a file in a folder. `name` is a plain file name: see [`text::slug`](super::text::slug).
    pub fn named(name: impl Into<String>, write: impl Fn(&mut dyn Write) -> Result<(), ReportError> + 'r) -> Self {
        Self { name: name.into(), write: Box::new(write) }
    }
}

/// An error that kept a report from being written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// An error of the file system.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A report that is not valid in its format, by a bug in paidpath.
    #[error("paidpath has a bug: the report is not valid: {0}")]
    Invalid(String),
    /// A reporter that panicked, by a bug in paidpath.
    #[error("paidpath has a bug: the reporter panicked")]
    Panicked,
}

impl From<serde_json::Error> for ReportError {
    fn from(error: serde_json::Error) -> Self {
        match error.io_error_kind() {
            Some(kind) => Self::Io(kind.into()),
            None => Self::Invalid(error.to_string()),
        }
    }
}

/// The error for a name that no reporter has.
#[derive(Debug, thiserror::Error)]
#[error("there is no report called `{name}`.{hint}")]
pub struct UnknownReporter {
    name: String,
    hint: String,
}

/// Returns the reporter of that name. The error suggests the nearest name.
pub fn named(name: &str) -> Result<&'static Reporter, UnknownReporter> {
    REPORTERS.iter().copied().find(|reporter| reporter.id == name).ok_or_else(|| UnknownReporter {
        name: name.into(),
        hint: did_you_mean(name, REPORTERS.iter().map(|reporter| reporter.id)),
    })
}

/// Returns the reporters of these names; `all` by itself stands for every one. The error suggests the nearest name.
pub fn chosen(names: &[String]) -> Result<Vec<&'static Reporter>, UnknownReporter> {
    match names {
        [all] if all == "all" => Ok(REPORTERS.to_vec()),
        names => names.iter().map(|name| named(name)).collect(),
    }
}

/// The result of writing one report.
#[derive(Debug)]
pub struct WrittenReport {
    pub file: PathBuf,
    pub result: Result<(), ReportError>,
}

impl WrittenReport {
    /// Returns the path of the report, or the reason why it was not written.
    pub fn line(&self) -> String {
        match &self.result {
            Ok(()) => self.file.display().to_string(),
            Err(error) => format!("{} was not written: {error}", self.file.display()),
        }
    }
}

/// Writes reports into a folder, and creates the folder where there is none. Each report is written under another name and
/// renamed when it is whole, so that a reader never sees half of one. A reporter that fails stops no other.
pub fn write_all(run: &RunRecord, dir: &Path, which: &[&Reporter]) -> Vec<WrittenReport> {
    let one = |reporter: &&Reporter| {
        let file = dir.join(reporter.file_name);
        let result = write_one(run, dir, reporter, &file);
        WrittenReport { file, result }
    };
    which.iter().map(one).collect()
}

/// Removes the reports of an earlier run. `names` are the file names of reporters that have written into the folder; everything
/// else there is somebody's own.
pub fn clear(dir: &Path, names: &BTreeSet<String>) {
    for reporter in REPORTERS.iter().filter(|reporter| names.contains(reporter.file_name)) {
        let target = dir.join(reporter.file_name);
        // A file that cannot be removed is reported when the report replaces it.
        let _ = if reporter.file_name.ends_with('/') { fs::remove_dir_all(target) } else { fs::remove_file(target) };
    }
}

fn write_one(run: &RunRecord, dir: &Path, reporter: &Reporter, target: &Path) -> Result<(), ReportError> {
    let name = reporter.file_name.trim_end_matches('/');
    // Another process may write the same report into this folder at the same time.
    let partial = dir.join(format!(".{name}.{}.partial", std::process::id()));
    let write = || {
        fs::create_dir_all(dir)?;
        if reporter.file_name.ends_with('/') {
            write_folder(&(reporter.files)(run), &partial, target)
        } else {
            write_file(&partial, |out| reporter.write(run, out))?;
            Ok(fs::rename(&partial, target)?)
        }
    };
    // A panic must not cost the other reports.
    let written = catch_unwind(AssertUnwindSafe(write)).unwrap_or(Err(ReportError::Panicked));
    if written.is_err() {
        // The first error is the one to report; the partial file may not even exist.
        let _ = if partial.is_dir() { fs::remove_dir_all(&partial) } else { fs::remove_file(&partial) };
    }
    written
}

fn write_folder(parts: &[ReportFile<'_>], partial: &Path, target: &Path) -> Result<(), ReportError> {
    if partial.exists() {
        // Left over from a run that was killed and had the same process id, as is common in containers.
        fs::remove_dir_all(partial)?;
    }
    fs::create_dir(partial)?;
    for part in parts {
        write_file(&partial.join(&part.name), |out| (part.write)(out))?;
    }
    // Renaming does not replace a folder that holds files.
    if target.exists() {
        fs::remove_dir_all(target)?;
    }
    Ok(fs::rename(partial, target)?)
}

fn write_file(path: &Path, write: impl FnOnce(&mut dyn Write) -> Result<(), ReportError>) -> Result<(), ReportError> {
    let mut out = BufWriter::new(File::create(path)?);
    write(&mut out)?;
    Ok(out.flush()?)
}
