//! Which feature files there are, and their texts.

use std::path::{Path, PathBuf};

use super::plan::Problem;
use super::select::{PathSpec, Selection};
use crate::base::suggest::{did_you_mean, is_nearly};
use crate::base::walk::{Walked, walk};
use crate::gherkin::MAX_BYTES;
use crate::model::message::Location;
use crate::world::Embedded;

/// What is wrong with a feature that cannot be read at all.
pub const NO_FILE: &str = "is neither a file nor a folder: a pipe, a device, or a link that leads nowhere";

type Read = (String, String, Vec<u32>);

/// Returns whether features come from the binary: that was asked for, or no path was named and there is no `features/` here.
pub(super) fn are_embedded(selection: &Selection) -> bool {
    selection.embedded_only || (selection.paths.is_empty() && !Path::new("features").is_dir())
}

/// Reads all feature files that the paths name. Without a path it reads `features/`, or else the files in the binary.
/// `warnings` tell about files that are not read and were probably meant to be.
pub(super) fn read_all(
    selection: &Selection,
    embedded: &[Embedded],
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<String>,
) -> Vec<Read> {
    let here = PathSpec { path: "features".into(), lines: Vec::new() };
    let mut wrong = |path: &Path, id, message: String, help: Option<String>| {
        problems.push(Problem { file: path.display().to_string(), location: None, id, message, help, fix: None });
    };
    if are_embedded(selection) {
        let features = || embedded.iter().filter(|file| file.uri.ends_with(".feature"));
        let everything = [PathSpec::from("")];
        let paths = if selection.paths.is_empty() { everything.as_slice() } else { &selection.paths };
        let mut texts = Vec::new();
        for spec in paths {
            let before = texts.len();
            let named = features().filter(|file| Path::new(&file.uri).starts_with(&spec.path));
            texts.extend(named.map(|file| (file.uri.clone(), file.text.to_owned(), spec.lines.clone())));
            if texts.len() == before {
                wrong(&spec.path, "no-such-path", "no such feature comes with paidpath".into(), None);
            }
        }
        return texts;
    }
    let paths = if selection.paths.is_empty() { std::slice::from_ref(&here) } else { &selection.paths };
    let mut files: Vec<(PathBuf, Vec<u32>)> = Vec::new();
    for spec in paths {
        if spec.path.is_dir() {
            let walked = walk(&spec.path, |_| true).unwrap_or_else(|(at, error)| {
                wrong(&at, "unreadable", format!("cannot be read: {error}"), None);
                Walked::default()
            });
            for other in walked.others.iter().filter(|other| is_feature(other)) {
                wrong(other, "unreadable", NO_FILE.into(), None);
            }
            warnings.extend(walked.files.iter().filter_map(|file| near_miss(file)));
            let mut found = walked.files;
            found.retain(|file| is_feature(file));
            if found.is_empty() {
                wrong(&spec.path, "no-features", "the folder has no feature file (*.feature)".into(), None);
            }
            files.extend(found.into_iter().map(|file| (file, spec.lines.clone())));
        } else if spec.path.is_file() {
            files.push((spec.path.clone(), spec.lines.clone()));
        } else if spec.path.exists() {
            wrong(&spec.path, "unreadable", NO_FILE.into(), None);
        } else {
            let missing = spec.path.display().to_string();
            let beside = beside(&spec.path);
            let hint = did_you_mean(&missing, beside.iter().map(String::as_str));
            wrong(
                &spec.path,
                "no-such-path",
                "there is no such file or folder".into(),
                Some(hint.trim().to_owned()).filter(|hint| !hint.is_empty()),
            );
        }
    }
    // A file may be named several times, each time with other lines. Named without lines, all of it runs.
    let mut merged: Vec<(PathBuf, Vec<u32>)> = Vec::new();
    for (file, lines) in files {
        match merged.iter_mut().find(|(known, _)| *known == file) {
            Some((_, known)) if known.is_empty() || lines.is_empty() => known.clear(),
            Some((_, known)) => known.extend(lines),
            None => merged.push((file, lines)),
        }
    }
    let mut texts = Vec::with_capacity(merged.len());
    for (file, lines) in merged {
        match read_feature(&file) {
            Ok(text) => texts.push((uri(&file), text, lines)),
            Err(problem) => problems.push(problem),
        }
    }
    texts
}

/// Reads a feature file. The error has the place of the first byte that is not UTF-8.
pub fn read_feature(file: &Path) -> Result<String, Problem> {
    let problem = |location, id, message: String, help: Option<&str>| {
        let help = help.map(str::to_owned);
        Problem { file: uri(file), location, id, message, help, fix: None }
    };
    let unreadable = |error| problem(None, "unreadable", format!("cannot be read: {error}"), None);
    // The size is asked for first, because reading an enormous file would take all memory.
    let length = std::fs::metadata(file).map_err(unreadable)?.len();
    if length > MAX_BYTES as u64 {
        let message = format!("the file has {length} bytes; at most {MAX_BYTES} are read");
        return Err(problem(None, "too-large", message, Some("Split it: one file holds one feature.")));
    }
    String::from_utf8(std::fs::read(file).map_err(unreadable)?).map_err(|error| {
        let good = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]).into_owned();
        let counted = |count: usize| u32::try_from(count + 1).unwrap_or(u32::MAX);
        let line = counted(good.matches('\n').count());
        let column = counted(good.rsplit('\n').next().unwrap_or_default().chars().count());
        let location = Some(Location { line, column: Some(column) });
        problem(location, "not-utf-8", "the file is not UTF-8 from here on".into(), Some("Save it as UTF-8."))
    })
}

fn is_feature(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "feature")
}

/// Returns a warning about a file whose name is so near to that of a feature that somebody may take it for one.
pub fn near_miss(file: &Path) -> Option<String> {
    let name = file.file_name()?.to_string_lossy();
    // Hidden files and copies that an editor makes are nobody's features.
    let mut parts = name.split('.').skip(1);
    let is_near = parts.any(|part| part == "feature" || is_nearly(part, "feature"));
    let is_near = is_near && !is_feature(file) && !name.starts_with('.') && !name.ends_with('~');
    is_near.then(|| format!("{} is not read: the name of a feature ends in `.feature`", uri(file)))
}

fn beside(path: &Path) -> Vec<String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path().display().to_string().trim_start_matches("./").to_owned()).collect()
}

fn uri(file: &Path) -> String {
    file.display().to_string().replace('\\', "/").trim_start_matches("./").to_owned()
}
