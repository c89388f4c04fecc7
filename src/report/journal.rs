//! The journal: one Cucumber Message per line, appended while the run goes on.
//!
//! The journal is flushed whenever a scenario ends and whenever no message is waiting, so a run that is killed keeps every message
//! that was recorded before. It loses the exchanges of attempts that were running: they are recorded when an attempt ends. Reading
//! tolerates two things only: a last line that was cut, and kinds of message that this version does not know.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::model::message::Envelope;

/// The name of the journal in the reports' folder.
pub const FILE: &str = "journal.ndjson";

/// An error of writing or reading a journal.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("the journal {path} cannot be {action}: {source}", path = path.display())]
    Io {
        path: PathBuf,
        /// A past participle: `created`, `written` or `read`.
        action: &'static str,
        source: io::Error,
    },
    /// A complete line that is not a message.
    #[error("{path}:{line} is not a Cucumber Message: {source}", path = path.display())]
    Line {
        path: PathBuf,
        /// The line's number, from 1.
        line: usize,
        source: serde_json::Error,
    },
}

/// Appends to a journal. The first error is remembered and nothing is written after it, so that a full disk costs the end
/// of the journal but leaves whole lines. [`Writer::finish`] returns the error.
#[derive(Debug)]
pub struct Writer<W: Write = File> {
    path: PathBuf,
    out: BufWriter<W>,
    pub(super) failed: Option<io::Error>,
}

impl Writer {
    /// Creates a journal and its folder. An older journal of that name is replaced.
    pub fn create(path: impl Into<PathBuf>) -> Result<Self, JournalError> {
        let path = path.into();
        let create = || {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            File::create(&path)
        };
        match create() {
            Ok(file) => Ok(Self::on(path, file)),
            Err(source) => Err(JournalError::Io { path, action: "created", source }),
        }
    }
}

impl<W: Write> Writer<W> {
    /// Writes to `out`. Errors name the journal by `path`.
    pub fn on(path: impl Into<PathBuf>, out: W) -> Self {
        Self { path: path.into(), out: BufWriter::new(out), failed: None }
    }

    /// Writes one message. The end of a scenario or of the run flushes the journal.
    pub fn append(&mut self, envelope: &Envelope) {
        self.attempt(|out| {
            serde_json::to_writer(&mut *out, envelope)?;
            out.write_all(b"\n")
        });
        if matches!(envelope, Envelope::TestCaseFinished(_) | Envelope::TestRunFinished(_)) {
            self.flush();
        }
    }

    /// Hands everything written so far to the operating system.
    pub fn flush(&mut self) {
        self.attempt(Write::flush);
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Ends the journal, and returns the first error since its beginning.
    pub fn finish(mut self) -> Result<(), JournalError> {
        self.flush();
        match self.failed.take() {
            Some(source) => Err(JournalError::Io { path: self.path, action: "written", source }),
            None => Ok(()),
        }
    }

    fn attempt(&mut self, write: impl FnOnce(&mut BufWriter<W>) -> io::Result<()>) {
        if self.failed.is_none() {
            self.failed = write(&mut self.out).err();
        }
    }
}

#[derive(Debug, Default)]
pub struct Journal {
    pub envelopes: Vec<Envelope>,
    /// The number of the last line, where the run was killed while writing it.
    pub truncated_line: Option<usize>,
    /// The number of messages of kinds that this version does not know.
    pub unknown: usize,
}

/// Reads a journal. A cut last line is no error; any other line that is not a message is one.
pub fn read(path: impl AsRef<Path>) -> Result<Journal, JournalError> {
    let path = path.as_ref();
    let unreadable = |source| JournalError::Io { path: path.into(), action: "read", source };
    let mut input = BufReader::new(File::open(path).map_err(unreadable)?);
    let mut journal = Journal::default();
    let mut bytes = Vec::new();
    for line in 1.. {
        bytes.clear();
        if input.read_until(b'\n', &mut bytes).map_err(unreadable)? == 0 {
            break;
        }
        let complete = bytes.ends_with(b"\n");
        let text = bytes.trim_ascii();
        if text.is_empty() {
            continue;
        }
        match serde_json::from_slice(text) {
            Ok(envelope) => journal.envelopes.push(envelope),
            // The run was killed while it wrote this line, so there is none after it.
            Err(_) if !complete => journal.truncated_line = Some(line),
            Err(_) if is_of_unknown_kind(text) => journal.unknown += 1,
            Err(source) => return Err(JournalError::Line { path: path.into(), line, source }),
        }
    }
    Ok(journal)
}

/// Says whether a line is a message of a kind that [`Envelope`] does not have: one object under one name that serde calls
/// an unknown variant.
fn is_of_unknown_kind(line: &[u8]) -> bool {
    let Ok(Value::Object(fields)) = serde_json::from_slice(line) else { return false };
    let mut names = fields.iter();
    let (Some((name, Value::Object(_))), None) = (names.next(), names.next()) else { return false };
    // An empty message of the same kind: its error tells an unknown kind from a known one with wrong fields.
    let probe = serde_json::json!({ name.as_str(): null });
    serde_json::from_value::<Envelope>(probe).is_err_and(|error| error.to_string().starts_with("unknown variant"))
}
