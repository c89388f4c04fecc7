//! Walking a folder: each folder is entered once, however many links lead to it.

use std::collections::{BTreeSet, HashSet};
use std::io;
use std::path::{Path, PathBuf};

/// What is in a folder and the folders below it, in order.
#[derive(Debug, Default)]
pub struct Walked {
    pub files: Vec<PathBuf>,
    /// What must not be read: pipes, devices, sockets, and links that lead nowhere.
    pub others: Vec<PathBuf>,
}

/// Walks a folder. `takes` is asked for each name; what it refuses is neither listed nor entered. A link to a folder is followed,
/// but not back to a folder that was entered already, nor out to one around the first.
pub fn walk(folder: &Path, takes: impl Fn(&str) -> bool) -> Result<Walked, (PathBuf, io::Error)> {
    let mut walked = Walked::default();
    let mut entered: HashSet<PathBuf> = HashSet::new();
    let mut folders = vec![folder.to_owned()];
    // Links come last, so that a folder that has a name of its own here is known by it.
    let mut links = BTreeSet::new();
    while let Some(next) = folders.pop().or_else(|| links.pop_first()) {
        let at = |error| (next.clone(), error);
        let real = next.canonicalize().map_err(at)?;
        if entered.iter().any(|known| *known == real || known.starts_with(&real)) {
            continue;
        }
        entered.insert(real);
        for entry in std::fs::read_dir(&next).map_err(at)? {
            let entry = entry.map_err(at)?;
            if !takes(&entry.file_name().to_string_lossy()) {
                continue;
            }
            let path = entry.path();
            match std::fs::metadata(&path) {
                Ok(kind) if kind.is_dir() => {
                    if entry.file_type().is_ok_and(|kind| kind.is_symlink()) {
                        links.insert(path);
                    } else {
                        folders.push(path);
                    }
                }
                Ok(kind) if kind.is_file() => walked.files.push(path),
                Ok(_) | Err(_) => walked.others.push(path),
            }
        }
    }
    walked.files.sort();
    walked.others.sort();
    Ok(walked)
}
