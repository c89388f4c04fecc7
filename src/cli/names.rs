//! What platforms call things: what `paidpath check` holds the words in sentences against.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::Composition;
use super::check::{files_in, name_of};
use super::documents::{self, Beside};
use crate::base::config::{ConfigError, read_text};
use crate::lint::{Kind, Names};
use crate::target::Target;
use crate::topology::Topology;

/// Returns the names in the files of the platforms that are checked or stand in this folder, or else in those that come with
/// paidpath. Returns `None` if such a file cannot be read, because then nobody knows which names are missing.
pub(super) fn names(composition: &Composition, paths: &[PathBuf]) -> Names {
    let (mut targets, mut topologies) = (Vec::new(), Vec::new());
    for file in configuration(paths) {
        let Ok(text) = read_text(&file) else { continue };
        let name = name_of(&file);
        match Kind::of(&name, &text) {
            Some(Kind::Target) => targets.push((Beside::Folder(documents::folder(&name)), name, text)),
            Some(Kind::Topology) => topologies.push((name, text)),
            Some(Kind::Catalogue | Kind::Charge | Kind::Stub) | None => {}
        }
    }
    let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
    if targets.is_empty() {
        let shipped = composition.targets.iter().map(owned);
        targets.extend(shipped.map(|(name, text)| (Beside::Binary(composition.documents), name, text)));
    }
    if topologies.is_empty() {
        topologies.extend(composition.topologies.iter().map(owned));
    }
    let learn = || {
        let mut names = Names::default();
        for (beside, name, text) in &targets {
            let target = Target::parse(name, text)?;
            names.learn_target(&target, documents::catalogue(&target, beside)?.as_ref());
        }
        for (name, text) in &topologies {
            names.learn_topology(&Topology::parse(name, text)?);
        }
        Ok::<_, ConfigError>(names)
    };
    learn().unwrap_or_default()
}

/// Returns the TOML files among those that are checked and in the current folder. Other folders are left alone: the folder
/// above may be the root of the file system.
fn configuration(paths: &[PathBuf]) -> BTreeSet<PathBuf> {
    let is_from_here = paths.iter().all(|path| path.is_relative());
    let here = if is_from_here { Some(Path::new(".")) } else { None };
    let mut files = BTreeSet::new();
    for path in paths.iter().map(PathBuf::as_path).chain(here) {
        if path.is_dir() {
            files.extend(files_in(path).unwrap_or_default());
        } else {
            files.insert(path.to_owned());
        }
    }
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files
}
