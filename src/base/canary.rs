//! Searches what a run has written for its secrets. Redaction keeps them out where records are made, and this checks that it
//! did. Both read through [`Spotter`]. Pictures are not read: what a page showed on a screenshot is not searched.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::spelling::Spotter;

/// The number of bytes of a file that are searched at once.
const PIECE: usize = 1 << 20;

/// The secrets of a run, to be looked for.
#[derive(Debug, Default)]
pub struct Canaries {
    /// Each secret with its fingerprint.
    secrets: Vec<(String, String)>,
    spotter: OnceLock<Spotter>,
}

/// A secret where none may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leak {
    /// The fingerprint that stands for the secret in records.
    pub fingerprint: String,
    /// The words for the way in which it is written, e.g. `in base64`.
    pub how: &'static str,
    /// The byte at which it begins.
    pub at: usize,
}

impl Canaries {
    /// Makes a search for these: each secret with its fingerprint.
    pub fn of(secrets: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { secrets: secrets.into_iter().collect(), spotter: OnceLock::new() }
    }

    /// Looks for those of another run, too.
    pub fn join(&mut self, other: Self) {
        self.secrets.extend(other.secrets);
        self.spotter = OnceLock::new();
    }

    fn spotter(&self) -> &Spotter {
        self.spotter.get_or_init(|| Spotter::of(self.secrets.iter().map(|(secret, _)| secret.clone())))
    }

    /// Returns the first secret in a text, however it is written.
    pub fn find(&self, text: &[u8]) -> Option<Leak> {
        let found = self.spotter().first(text)?;
        let fingerprint = self.secrets[found.secret].1.clone();
        Some(Leak { fingerprint, how: found.how, at: found.place.start })
    }

    /// Returns the files that hold a secret, among these files and all those in these folders.
    ///
    /// # Errors
    /// The first file that cannot be read.
    pub fn search(&self, paths: &[PathBuf]) -> std::io::Result<Vec<(PathBuf, Leak)>> {
        let mut leaks = Vec::new();
        for path in paths.iter().filter(|path| path.exists()) {
            if path.is_dir() {
                leaks.extend(self.search(&entries(path)?)?);
            } else if let Some(leak) = self.find_in(File::open(path)?)? {
                leaks.push((path.clone(), leak));
            }
        }
        Ok(leaks)
    }

    /// Searches piece by piece, so that a large file costs no memory. Two pieces share what a secret may take, so that none is
    /// cut in two.
    fn find_in(&self, mut file: impl Read) -> std::io::Result<Option<Leak>> {
        let shared = self.spotter().reach();
        let mut text = Vec::with_capacity(PIECE + shared);
        let mut at = 0;
        loop {
            let read = fill(&mut file, &mut text, PIECE + shared)?;
            if let Some(leak) = self.find(&text) {
                return Ok(Some(Leak { at: at + leak.at, ..leak }));
            }
            if !read {
                return Ok(None);
            }
            let done = text.len() - shared;
            text.drain(..done);
            at += done;
        }
    }
}

/// Reads until the text is `full`. Returns false at the end of the file.
fn fill(file: &mut impl Read, text: &mut Vec<u8>, full: usize) -> std::io::Result<bool> {
    let mut end = text.len();
    text.resize(full, 0);
    while end < full {
        match file.read(&mut text[end..]) {
            Ok(0) => break,
            Ok(read) => end += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    text.truncate(end);
    Ok(end == full)
}

fn entries(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut entries = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    entries.sort();
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "s3cr\"t/of<Ann>&Bob+1";

    fn looked_for() -> Canaries {
        let secrets = [(SECRET, "«secret 1»"), ("another-one-entirely", "«secret 2»")];
        Canaries::of(secrets.map(|(secret, print)| (secret.to_owned(), print.to_owned())))
    }

    #[test]
    fn the_secrets_of_several_runs_are_looked_for_at_once() {
        let mut canaries = Canaries::of([("what-the-first-knew".to_owned(), "«secret 3»".to_owned())]);
        canaries.join(looked_for());
        for (text, fingerprint) in [("what-the-first-knew", "«secret 3»"), ("s3cr%22t/of<Ann>&Bob+1", "«secret 1»")]
        {
            assert_eq!(canaries.find(text.as_bytes()).unwrap().fingerprint, fingerprint);
        }
        assert_eq!(canaries.find("«secret 1»".as_bytes()), None);
    }

    #[test]
    fn a_secret_is_found_wherever_a_file_is_cut_into_pieces() {
        let canaries = looked_for();
        let escaped: String = SECRET.bytes().map(|byte| format!("\\\\u{byte:04x}")).collect();
        for before in (PIECE - 130..PIECE + 40).step_by(17).chain([0, 2 * PIECE - 7]) {
            let file = format!("{}{escaped}{}", "x".repeat(before), "y".repeat(PIECE));
            let leak = canaries.find_in(file.as_bytes()).unwrap().unwrap_or_else(|| panic!("not found at {before}"));
            assert_eq!(leak.at, before);
        }
        assert_eq!(canaries.find_in("x".repeat(3 * PIECE).as_bytes()).unwrap(), None);
    }

    #[test]
    fn every_file_that_holds_one_is_named_and_the_secret_is_not() {
        let folder = std::env::temp_dir().join(format!("paidpath-canary-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("har")).unwrap();
        std::fs::write(folder.join("good.txt"), "nothing").unwrap();
        std::fs::write(folder.join("har/bad.har"), format!("..{SECRET}")).unwrap();
        let paths = [folder.join("good.txt"), folder.join("har"), folder.join("not there")];
        let leaks = looked_for().search(&paths).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(leaks.len(), 1);
        assert_eq!((leaks[0].0.ends_with("har/bad.har"), leaks[0].1.at, leaks[0].1.how), (true, 2, "as it is"));
        assert!(!format!("{leaks:?}").contains("s3cr"));
    }
}
