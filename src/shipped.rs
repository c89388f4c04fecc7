//! What ships inside the binary, so that it runs without the source tree: the features, the sources of the steps, and the
//! sentences in other languages.

use include_dir::{Dir, File, include_dir};
use paidpath::{Catalogue, Embedded, Vocabulary};

static FEATURES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/features");
static STEPS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/steps");

const REHEARSAL: &str = "steps/rehearsal.rs";

/// All files under `features/`, by path: the features, and what `paidpath check` holds them against.
pub fn features() -> Vec<Embedded> {
    let mut features: Vec<Embedded> =
        texts(&FEATURES).map(|(path, text)| Embedded { uri: format!("features/{path}"), text }).collect();
    features.sort_by(|one, other| one.uri.cmp(&other.uri));
    features
}

/// The sentences, in every language. Those that rehearse trouble are there only where somebody tests the runner.
pub fn vocabulary() -> Vocabulary {
    let rehearsed = std::env::var_os("PAIDPATH_REHEARSAL").is_some();
    let sources = texts(&STEPS).map(|(path, text)| (format!("steps/{path}"), text));
    let sources: Vec<(String, &str)> = sources.filter(|(path, _)| rehearsed || path != REHEARSAL).collect();
    let of = |extension: &'static str| {
        sources.iter().filter(move |(path, _)| path.ends_with(extension)).map(|(path, text)| (path.as_str(), *text))
    };
    let catalogue =
        Catalogue::read(of(".rs")).expect("the sources that are built in have the shape the catalogue reads");
    let mut vocabulary = Vocabulary::collect(catalogue)
        .expect("the sources that are built in are those of the steps")
        .reading(crate::steps::parameters::unreadable);
    for (path, text) in of(".toml") {
        vocabulary.speak(path, text).expect("the languages that are built in say every sentence");
    }
    vocabulary
}

fn texts(folder: &'static Dir<'static>) -> impl Iterator<Item = (String, &'static str)> {
    let mut files = Vec::new();
    collect(folder, &mut files);
    files.into_iter().filter_map(|file| Some((file.path().to_str()?.replace('\\', "/"), file.contents_utf8()?)))
}

fn collect(folder: &'static Dir<'static>, files: &mut Vec<&'static File<'static>>) {
    files.extend(folder.files());
    folder.dirs().for_each(|folder| collect(folder, files));
}
