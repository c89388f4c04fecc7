//! The files that a target names: contracts and the catalogue of refusals, beside it on disk or in the binary.

use std::path::{Path, PathBuf};

use crate::base::config::{ConfigError, read_text};
use crate::contract::{Contract, Contracts, RefusalCatalogue};
use crate::target::Target;
use crate::trail::Mapping;
use crate::world::Rules;

/// The place of a target file and of the files that it names.
pub(super) enum Beside {
    /// A folder on disk.
    Folder(PathBuf),
    /// The binary: path from the target file, and content.
    Binary(&'static [(&'static str, &'static str)]),
}

impl Beside {
    /// Returns the name of a file for messages, and its content.
    fn read(&self, path: &str) -> Result<(String, String), ConfigError> {
        match self {
            Self::Folder(folder) => {
                let file = folder.join(path);
                Ok((file.display().to_string(), read_text(&file)?))
            }
            Self::Binary(documents) => match documents.iter().find(|(known, _)| *known == path) {
                Some((_, text)) => Ok((path.to_owned(), (*text).to_owned())),
                None => Err(ConfigError::whole(path, "no such file comes with paidpath")),
            },
        }
    }
}

pub(super) fn folder(file: &str) -> PathBuf {
    Path::new(file).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// Reads the documents against which exchanges are held.
pub(super) fn rules(target: &Target, mapping: Mapping, beside: &Beside) -> Result<Rules, ConfigError> {
    let mut contracts = Contracts::new();
    for (service, path) in &target.contracts {
        let (file, text) = beside.read(path)?;
        contracts.insert(service, Contract::load(&file, &text)?);
    }
    Ok(Rules::new(mapping, contracts, catalogue(target, beside)?))
}

/// Reads the catalogue of refusals, if the target names one.
pub(super) fn catalogue(target: &Target, beside: &Beside) -> Result<Option<RefusalCatalogue>, ConfigError> {
    let read = |path: &String| {
        let (file, text) = beside.read(path)?;
        RefusalCatalogue::load(&file, &text)
    };
    target.catalogue.as_ref().map(read).transpose()
}
