//! What a reporter is, and how its files get onto the disk: whole or not at all, and none in the way of another.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use super::record::RunRecord;
use super::{REPORTERS, journal};
use crate::base::suggest::did_you_mean;

/// Renders a run in one format. Object-safe and without state: everything it needs is in the [`RunRecord`].
pub trait Reporter: Sync {
    /// The name by which it is asked for, e.g. `junit`.
    fn id(&self) -> &'static str;

    /// What it makes: a file, e.g. `junit.xml`, or a folder of files, e.g. `har/`.
    fn file_name(&self) -> &'static str;

    /// The files, each ready to be written: one for a file, any number for a folder.
    fn files<'r>(&self, run: &'r RunRecord) -> Vec<ReportFile<'r>>;

    /// Writes it to a stream: the files of a folder one after the other.
    ///
    /// # Errors
    /// If the stream cannot be written, or what would be written is not valid in the format.
    fn write(&self, run: &RunRecord, out: &mut dyn Write) -> Result<(), ReportError> {
        self.files(run).iter().try_for_each(|part| (part.write)(out))
    }
}

type Render<'r> = dyn Fn(&mut dyn Write) -> Result<(), ReportError> + 'r;

/// One file of a report.
pub struct ReportFile<'r> {
    /// Its name within the folder; ignored for a reporter that makes one file.
    pub name: String,
    write: Box<Render<'r>>,
}

impl<'r> ReportFile<'r> {
    /// The only file of a reporter.
    pub fn only(write: impl Fn(&mut dyn Write) -> Result<(), ReportError> + 'r) -> Vec<Self> {
        vec![Self::named("", write)]
    }

    /// A file in a folder. `name` is a plain file name: see [`text::slug`](super::text::slug).
    pub fn named(name: impl Into<String>, write: impl Fn(&mut dyn Write) -> Result<(), ReportError> + 'r) -> Self {
        Self { name: name.into(), write: Box::new(write) }
    }
}

/// Why a report was not written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The file system said no.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// What was rendered is not valid in its format: a bug of ours.
    #[error("what was rendered is not valid: {0}")]
    Invalid(String),
    /// The reporter panicked: a bug of ours.
    #[error("the reporter broke down; paidpath has a bug")]
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

/// A name that is no reporter's.
#[derive(Debug, thiserror::Error)]
#[error("there is no report called `{name}`.{hint}")]
pub struct UnknownReporter {
    name: String,
    hint: String,
}

/// The reporter of that name.
///
/// # Errors
/// If there is none; the error names the nearest.
pub fn named(name: &str) -> Result<&'static dyn Reporter, UnknownReporter> {
    REPORTERS.iter().copied().find(|reporter| reporter.id() == name).ok_or_else(|| UnknownReporter {
        name: name.into(),
        hint: did_you_mean(name, REPORTERS.iter().map(|reporter| reporter.id())),
    })
}

/// The reporters of these names; `all` by itself names every one.
///
/// # Errors
/// If there is none of one of the names; the error names the nearest.
pub fn chosen(names: &[String]) -> Result<Vec<&'static dyn Reporter>, UnknownReporter> {
    match names {
        [all] if all == "all" => Ok(REPORTERS.to_vec()),
        names => names.iter().map(|name| named(name)).collect(),
    }
}

/// What became of one report.
#[derive(Debug)]
pub struct WrittenReport {
    /// The file, or the folder.
    pub file: PathBuf,
    /// Whether it is there.
    pub result: Result<(), ReportError>,
}

impl WrittenReport {
    /// Where it is, or why it is not there.
    pub fn line(&self) -> String {
        match &self.result {
            Ok(()) => self.file.display().to_string(),
            Err(error) => format!("{} was not written: {error}", self.file.display()),
        }
    }
}

/// Writes reports into a folder, which is made where there is none. Each is written under another name first and renamed
/// when it is whole, so a reader never sees half of one; an older one is replaced. One that fails stops no other.
pub fn write_all(run: &RunRecord, dir: &Path, which: &[&dyn Reporter]) -> Vec<WrittenReport> {
    let one = |reporter: &&dyn Reporter| {
        let file = dir.join(reporter.file_name());
        let result = write_one(run, dir, *reporter, &file);
        WrittenReport { file, result }
    };
    which.iter().map(one).collect()
}

/// Removes reports that lie in a folder from an earlier run, before a new one begins: if that one is killed, none of them
/// must be taken for its own. Where a run has left its journal these are the reports of any format; elsewhere only those
/// that are to be written, because a folder may be more than a place for reports.
pub fn clear(dir: &Path, which: &[&dyn Reporter]) {
    let which = if dir.join(journal::FILE).exists() { REPORTERS } else { which };
    for reporter in which {
        let target = dir.join(reporter.file_name());
        // In the common case there is none; and what is in the way and no report of ours is told when it is to be replaced.
        let _ = if reporter.file_name().ends_with('/') { fs::remove_dir_all(target) } else { fs::remove_file(target) };
    }
}

fn write_one(run: &RunRecord, dir: &Path, reporter: &dyn Reporter, target: &Path) -> Result<(), ReportError> {
    let name = reporter.file_name().trim_end_matches('/');
    let partial = dir.join(format!(".{name}.{}.partial", std::process::id()));
    let write = || {
        fs::create_dir_all(dir)?;
        if reporter.file_name().ends_with('/') {
            write_folder(&reporter.files(run), &partial, target)
        } else {
            write_file(&partial, |out| reporter.write(run, out))?;
            Ok(fs::rename(&partial, target)?)
        }
    };
    let written = catch_unwind(AssertUnwindSafe(write)).unwrap_or(Err(ReportError::Panicked));
    if written.is_err() {
        // The first error is the one to tell; what is left over may not even exist.
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
