//! `paidpath run --watch`: runs, and runs again whatever a saved file touches.

use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{EventKind, RecursiveMode, Watcher};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::UnboundedReceiver;

use super::{Composition, Refusal, run};
use crate::model::Exit;
use crate::run::PathSpec;

/// The time within which several writes are one save: editors write a file in several strokes.
const STROKES: Duration = Duration::from_millis(80);

/// Runs again and again until a signal arrives. A run that is interrupted ends the watch, too.
pub fn watch(composition: &Composition, arguments: &run::Arguments) -> Result<Exit, Refusal> {
    let broken = |error: &dyn std::fmt::Display| Refusal::Environment(format!("files cannot be watched: {error}"));
    // From the arguments of the command and not of the latest run, which may be one line of one file.
    let specs = specs(arguments);
    let (sender, mut saved) = tokio::sync::mpsc::unbounded_channel();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let Ok(event) = event else { return };
        if matches!(event.kind, EventKind::Create(_) | EventKind::Modify(_)) {
            for path in event.paths {
                // Nobody listens any more once the watch has ended.
                let _ = sender.send(path);
            }
        }
    })
    .map_err(|error| broken(&error))?;
    let configuration = [arguments.topology(), arguments.target()].map(PathBuf::from);
    for path in specs.iter().map(|spec| &spec.path).chain(configuration.iter().filter(|path| path.is_file())) {
        // Editors replace a file when they save it; its folder stays.
        let folder = if path.is_dir() { path.clone() } else { folder_of(path) };
        watcher
            .watch(&folder, RecursiveMode::Recursive)
            .map_err(|error| broken(&format!("{}: {error}", path.display())))?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| broken(&error))?;
    let mut next = arguments.clone();
    loop {
        match run::run(composition, &next) {
            Ok(exit @ (Exit::Interrupted | Exit::Terminated)) => return Ok(exit),
            Ok(Exit::Passed | Exit::Failed | Exit::Unknown | Exit::Usage) => {}
            // A file that is wrong is put right and saved again.
            Err(refusal) => complain!("{refusal}"),
        }
        say!("\nwaiting for a file to be saved; Ctrl-C ends");
        next.paths = loop {
            let Some(paths) = runtime.block_on(saves(&mut saved)) else { return Ok(Exit::Interrupted) };
            // Which scenarios a stub file is for, only a run finds out.
            if paths.iter().any(|path| is_stub(path) || configuration.iter().any(|file| same(file, path))) {
                break arguments.paths.clone();
            }
            let touched = touched(&specs, &paths);
            if !touched.is_empty() {
                break touched;
            }
        };
        say!("{}\n", next.paths.join(" "));
    }
}

/// Returns the paths that are run and therefore watched.
fn specs(arguments: &run::Arguments) -> Vec<PathSpec> {
    match arguments.paths.as_slice() {
        [] => vec![PathSpec::from("features")],
        paths => paths.iter().map(|path| PathSpec::from(path.as_str())).collect(),
    }
}

/// Returns the files that were saved; `None` after a signal.
async fn saves(saved: &mut UnboundedReceiver<PathBuf>) -> Option<Vec<PathBuf>> {
    // A run before this one has taken both signals from the operating system.
    let mut terminate = signal(SignalKind::terminate()).ok()?;
    let first = tokio::select! {
        first = saved.recv() => first?,
        _ = tokio::signal::ctrl_c() => return None,
        _ = terminate.recv() => return None,
    };
    let mut paths = vec![first];
    while let Ok(Some(more)) = tokio::time::timeout(STROKES, saved.recv()).await {
        paths.push(more);
    }
    paths.sort();
    paths.dedup();
    Some(paths)
}

/// Returns the arguments that run the features among the saved files: the file, or the lines of it that were named.
fn touched(specs: &[PathSpec], saved: &[PathBuf]) -> Vec<String> {
    let features = saved.iter().filter(|path| path.extension().is_some_and(|extension| extension == "feature"));
    let touched = features.filter(|path| path.is_file()).filter_map(|path| {
        specs.iter().find_map(|spec| {
            let root = spec.path.canonicalize().ok()?;
            let inside = path.canonicalize().ok()?.strip_prefix(&root).ok()?.to_owned();
            let mut text = if inside.as_os_str().is_empty() { spec.path.clone() } else { spec.path.join(inside) };
            spec.lines.iter().for_each(|line| text.as_mut_os_string().push(format!(":{line}")));
            Some(text.display().to_string())
        })
    });
    touched.collect()
}

/// Returns whether a path is a stub file or a folder of them. The system reports a new folder, but not the files that were in
/// it from the beginning.
fn is_stub(path: &Path) -> bool {
    let is_json = path.extension().is_some_and(|extension| extension == "json");
    (is_json || path.is_dir()) && path.components().any(|part| part.as_os_str() == "stubs")
}

fn same(file: &Path, path: &Path) -> bool {
    matches!((file.canonicalize(), path.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

fn folder_of(path: &Path) -> PathBuf {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}
