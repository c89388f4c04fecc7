//! Everything that is said about a run goes through here: into the journal, onto the console, into the reports.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use crate::base::canary::{Canaries, Leak};
use crate::model::message::Envelope;
use crate::report::{self, Console, Reporter, RunBuilder, Style, journal};
use crate::run::Records;

/// The output of a run.
pub(super) struct Heard {
    /// True if everything that should be written was written.
    pub complete: bool,
    /// The files and folders that were written.
    pub files: Vec<PathBuf>,
    /// The bytes on the console.
    pub printed: Vec<u8>,
}

/// A writer that also keeps what it writes.
#[derive(Debug)]
struct Kept<W> {
    out: W,
    bytes: Vec<u8>,
}

impl<W: Write> Write for Kept<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.bytes.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

/// A listener that writes the journal and the console during a run, and the reports at the end.
pub(super) struct Listener {
    journal: journal::Writer,
    console: Console<Kept<std::io::Stdout>>,
    builder: RunBuilder,
    reporters: Vec<&'static Reporter>,
    folder: PathBuf,
}

impl Listener {
    pub(super) fn begin(
        folder: &Path,
        verbose: bool,
        reporters: Vec<&'static Reporter>,
    ) -> Result<Self, journal::JournalError> {
        let stdout = std::io::stdout();
        let width = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let style = Style::of(stdout.is_terminal(), width, verbose, |name| std::env::var(name).ok());
        Ok(Self {
            journal: journal::Writer::create(folder.join(journal::FILE))?,
            console: Console::new(Kept { out: stdout, bytes: Vec::new() }, style),
            builder: RunBuilder::default(),
            reporters,
            folder: folder.to_owned(),
        })
    }

    pub(super) fn listen(mut self, mut records: Records) -> Heard {
        while let Some(envelope) = self.next(&mut records) {
            self.journal.append(&envelope);
            let update = self.builder.add(&envelope);
            self.console.on(update, self.builder.run());
            // A thread that was given up may hold the other end for ever: the run's own word ends it.
            if matches!(envelope, Envelope::TestRunFinished(_)) {
                break;
            }
        }
        let mut heard = Heard { complete: true, files: vec![self.journal.path().to_owned()], printed: Vec::new() };
        if let Err(error) = self.journal.finish() {
            complain!("{error}");
            heard.complete = false;
        }
        if self.builder.run().info.id.is_empty() {
            return heard; // The platform never came up: there is nothing to report.
        }
        let written = report::write_all(self.builder.run(), &self.folder, &self.reporters);
        heard.complete &= written.iter().all(|written| written.result.is_ok());
        heard.files.extend(written.iter().map(|written| written.file.clone()));
        match self.console.finish(self.builder.run(), &written) {
            Ok(kept) => heard.printed = kept.bytes,
            Err(error) => {
                complain!("the console could not be written: {error}");
                heard.complete = false;
            }
        }
        heard
    }

    /// Returns the next message. Before it waits, it flushes the journal: whoever kills the process finds everything up to then
    /// on the disk.
    fn next(&mut self, records: &mut Records) -> Option<Envelope> {
        records.ready().or_else(|| {
            self.journal.flush();
            records.next()
        })
    }
}

/// Returns a sentence for each secret of the run that stands in its files or its output.
pub(super) fn leaks(canaries: &Canaries, files: &[PathBuf], printed: &[u8]) -> Vec<String> {
    let said = |place: &str, Leak { fingerprint, how, at }: Leak| {
        format!("a secret leaked: {place} holds {fingerprint} {how}, at byte {at}; do not publish it")
    };
    let mut leaks = match canaries.search(files) {
        Ok(found) => found.into_iter().map(|(file, leak)| said(&file.display().to_string(), leak)).collect(),
        Err(error) => vec![format!("what was written could not be searched for secrets: {error}")],
    };
    leaks.extend(canaries.find(printed).map(|leak| said("what was printed", leak)));
    leaks
}
