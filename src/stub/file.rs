//! A stub file: one stub, or several under `mappings`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::elsewhere::explained;
use super::request::Pattern;
use super::response::Response;
use crate::base::config::{ConfigError, parse_json, read_text};
use crate::base::fingerprint::fingerprint;

/// Stubs that stand in one file, in its order.
#[derive(Debug, Clone)]
pub struct StubFile {
    /// The file, as it was named.
    pub file: String,
    /// Of its text.
    pub fingerprint: String,
    /// What is answered.
    pub stubs: Vec<Stub>,
}

/// Which requests are answered, and what.
#[derive(Debug, Clone)]
pub struct Stub {
    /// `file:line`.
    pub place: String,
    pub(super) priority: u32,
    pub(super) request: Pattern,
    pub(super) response: Response,
}

/// A stub as it is written. What WireMock notes down about it for itself changes nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default = "ordinary")]
    priority: u32,
    request: Pattern,
    response: Response,
    #[serde(rename = "name")]
    _name: Option<IgnoredAny>,
    #[serde(rename = "id")]
    _id: Option<IgnoredAny>,
    #[serde(rename = "uuid")]
    _uuid: Option<IgnoredAny>,
    #[serde(rename = "persistent")]
    _persistent: Option<IgnoredAny>,
    #[serde(rename = "metadata")]
    _metadata: Option<IgnoredAny>,
}

/// Several stubs, as WireMock exports them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Several<'t> {
    #[serde(borrow)]
    mappings: Vec<&'t RawValue>,
    #[serde(rename = "meta")]
    _meta: Option<IgnoredAny>,
}

/// WireMock's priority of stubs that name none.
fn ordinary() -> u32 {
    5
}

impl StubFile {
    /// Reads the text of a stub file; `file` is how errors and reports name it.
    ///
    /// # Errors
    /// With line and suggestion: what is not JSON, keys outside the subset, and values that make no sense.
    pub fn parse(file: &str, text: &str) -> Result<Self, ConfigError> {
        let whole = 0..text.len();
        let keys: BTreeMap<Cow<'_, str>, &RawValue> = parse_json(file, text, whole.clone())?;
        let parts: Vec<Range<usize>> = if keys.contains_key("mappings") {
            let several: Several<'_> = parse_json(file, text, whole).map_err(explained)?;
            if several.mappings.is_empty() {
                let at = text.find("mappings").unwrap_or_default();
                return Err(ConfigError::at(file, text, at, "`mappings` holds no stub"));
            }
            several.mappings.iter().map(|raw| part(text, raw.get())).collect()
        } else {
            vec![part(text, text.trim())]
        };
        let stubs = parts.into_iter().map(|part| Stub::parse(file, text, part)).collect::<Result<_, _>>()?;
        Ok(Self { file: file.to_owned(), fingerprint: fingerprint([text]), stubs })
    }
}

impl Stub {
    fn parse(file: &str, text: &str, part: Range<usize>) -> Result<Self, ConfigError> {
        let line = text[..part.start].matches('\n').count() + 1;
        let written: Written = parse_json(file, text, part).map_err(explained)?;
        let Written { priority, request, response, .. } = written;
        Ok(Self { place: format!("{file}:{line}"), priority, request, response })
    }
}

/// Where a slice of a text stands in it.
fn part(text: &str, slice: &str) -> Range<usize> {
    let start = slice.as_ptr() as usize - text.as_ptr() as usize;
    start..start + slice.len()
}

/// Reads stub files and folders of them; relative paths begin in `folder`.
///
/// # Errors
/// For the first file that is not sound, a path where nothing is, and a folder without a stub file.
pub fn load(folder: &Path, paths: &[PathBuf]) -> Result<Vec<Stub>, ConfigError> {
    let mut stubs = Vec::new();
    for path in paths.iter().map(|path| folder.join(path)) {
        let mut files = Vec::new();
        match path.is_dir() {
            true => walk(&path, &mut files).map_err(|error| whole(&path, &format!("cannot be read: {error}")))?,
            false => files.push(path.clone()),
        }
        if files.is_empty() {
            return Err(whole(&path, "the folder has no stub file (*.json)"));
        }
        files.sort();
        for file in files {
            stubs.extend(StubFile::parse(&file.display().to_string(), &read_text(&file)?)?.stubs);
        }
    }
    Ok(stubs)
}

fn whole(path: &Path, message: &str) -> ConfigError {
    ConfigError::whole(path.display().to_string(), message)
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            walk(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    Ok(())
}
