//! The stub files that steps name: `stubs/SERVICE/NAME.json` beside the feature or in a folder above it.
//!
//! The nearest file is meant, so that a folder may have its own.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use super::Embedded;
use crate::base::config::{ConfigError, read_text};
use crate::base::suggest::did_you_mean;
use crate::stub::StubFile;

/// The sentences that name a stub file. Their arguments are the service and the name.
const SENTENCES: [&str; 2] = ["{service} answers as in {string}", "{service} answers as in {string} once"];

/// The stub files of one scenario, by service and name.
pub type Stubs = BTreeMap<(String, String), Arc<StubFile>>;

/// An index of all stub files. Each file is read once, when a step names it.
#[derive(Debug)]
pub(crate) struct StubIndex {
    /// The files in the binary, by path; `None` if the features lie on disk.
    embedded: Option<BTreeMap<String, &'static str>>,
    read: HashMap<String, Result<Arc<StubFile>, ConfigError>>,
}

/// The reason why a step has no stub file.
#[derive(Debug)]
pub(crate) enum NoStub {
    /// No such file: a message, and a hint at what would be right.
    Missing(String, String),
    /// A file that cannot be used.
    Unsound(ConfigError),
}

/// Returns the service and the name in a step, if its sentence names a stub file. `arguments` returns the arguments of the step.
pub(crate) fn named(sentence: &str, arguments: impl FnOnce() -> Vec<String>) -> Option<(String, String)> {
    if !SENTENCES.contains(&sentence) {
        return None;
    }
    let mut arguments = arguments().into_iter();
    Some((arguments.next().unwrap_or_default(), arguments.next().unwrap_or_default()))
}

impl StubIndex {
    /// Makes an index of the files on disk.
    pub fn on_disk() -> Self {
        Self { embedded: None, read: HashMap::new() }
    }

    /// Makes an index of the files in the binary.
    pub fn embedded(files: &[Embedded]) -> Self {
        let stubs = files.iter().filter(|file| file.uri.ends_with(".json"));
        let stubs = stubs.map(|file| (file.uri.clone(), file.text)).collect();
        Self { embedded: Some(stubs), read: HashMap::new() }
    }

    /// Returns the stub file of this name for a feature.
    pub fn find(&mut self, feature: &str, service: &str, name: &str) -> Result<Arc<StubFile>, NoStub> {
        let folders = folders(feature);
        let files = folders.iter().map(|folder| format!("{folder}/{service}/{name}.json"));
        let Some(file) = files.clone().find(|file| self.has(file)) else {
            return Err(self.missing(&folders, service, name));
        };
        let embedded = self.embedded.as_ref().and_then(|all| all.get(&file)).copied();
        let read = self.read.entry(file.clone()).or_insert_with(|| {
            let text = match embedded {
                Some(text) => text.to_owned(),
                None => read_text(Path::new(&file))?,
            };
            StubFile::parse(&file, &text).map(Arc::new)
        });
        // The same mistake is reported for each step that names the file.
        read.clone().map_err(NoStub::Unsound)
    }

    fn has(&self, file: &str) -> bool {
        match &self.embedded {
            Some(all) => all.contains_key(file),
            None => Path::new(file).is_file(),
        }
    }

    fn missing(&self, folders: &[String], service: &str, name: &str) -> NoStub {
        let names = |folder: &str| {
            self.within(folder).into_iter().filter_map(|file| Some(file.strip_suffix(".json")?.to_owned()))
        };
        let of_service: BTreeSet<String> =
            folders.iter().flat_map(|folder| names(&format!("{folder}/{service}"))).collect();
        let services: BTreeSet<String> = folders.iter().flat_map(|folder| self.within(folder)).collect();
        // A service without any stub file is more likely mistyped than the name of the file.
        let meant = if of_service.is_empty() {
            did_you_mean(service, services.iter().map(String::as_str))
        } else {
            did_you_mean(name, of_service.iter().map(String::as_str))
        };
        // The hint names the folder that all features share, if there is one.
        let place = folders.iter().find(|folder| folder.starts_with("features/") && folder.matches('/').count() == 1);
        let place = place.or(folders.first()).map_or("stubs", String::as_str);
        let there = of_service.into_iter().collect::<Vec<_>>().join(", ");
        let there = if there.is_empty() { String::new() } else { format!(" There are: {there}.") };
        NoStub::Missing(
            format!("there is no stub file `{name}` for {service}"),
            format!("It would be {place}/{service}/{name}.json.{meant}{there}"),
        )
    }

    /// Returns the names of the entries of a folder.
    fn within(&self, folder: &str) -> Vec<String> {
        match &self.embedded {
            Some(all) => {
                let inside = all.keys().filter_map(|file| file.strip_prefix(folder)?.strip_prefix('/'));
                inside.filter_map(|rest| rest.split('/').next()).map(str::to_owned).collect()
            }
            None => {
                let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
                entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
            }
        }
    }
}

/// Returns the folders `stubs` beside a feature and above it, the nearest first.
fn folders(feature: &str) -> Vec<String> {
    let above = Path::new(feature).ancestors().skip(1);
    above.map(|folder| folder.join("stubs").to_string_lossy().replace('\\', "/")).collect()
}
