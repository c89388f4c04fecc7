//! Targets, topologies, catalogues of refusals, stub files and `check.toml`: read as a run reads them.

use super::charge::Charge;
use super::finding::Finding;
use crate::contract::RefusalCatalogue;
use crate::run::Vocabulary;
use crate::stub::StubFile;
use crate::target::Target;
use crate::topology::Topology;
use crate::trail::Mapping;

/// What a TOML or JSON file is, as far as paidpath is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// How to speak to a platform.
    Target,
    /// Which services there are.
    Topology,
    /// What each refusal of a platform means.
    Catalogue,
    /// What features are held against.
    Charge,
    /// What a service is made to answer.
    Stub,
}

impl Kind {
    /// What a file seems to be, by its name and its tables. A file that is broken is still meant to be something.
    pub fn of(file: &str, text: &str) -> Option<Self> {
        let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
        let table = |name: &str| {
            text.lines().any(|line| {
                let head = line.trim_start().strip_prefix('[').unwrap_or(line);
                let rest = head.strip_prefix(name);
                rest.is_some_and(|rest| rest.starts_with(['.', ']', ' ', '=']))
            })
        };
        match name {
            _ if name.ends_with(".json") => {
                let is_stub = file.contains("stubs/") || text.contains("\"mappings\"") || text.contains("\"response\"");
                is_stub.then_some(Self::Stub)
            }
            "check.toml" => Some(Self::Charge),
            "errors.toml" => Some(Self::Catalogue),
            _ if table("operations") || name == "target.toml" || file.contains("targets/") => Some(Self::Target),
            _ if table("services") || name == "topology.toml" || file.contains("topologies/") => Some(Self::Topology),
            _ => None,
        }
    }
}

/// What is wrong with a file of this kind.
pub fn configuration(kind: Kind, file: &str, text: &str, vocabulary: &Vocabulary) -> Option<Finding> {
    let (rule, error) = match kind {
        Kind::Target => ("target", Target::parse(file, text).err().or_else(|| Mapping::parse(file, text).err())),
        Kind::Catalogue => ("catalogue", RefusalCatalogue::load(file, text).err()),
        Kind::Topology => ("topology", Topology::parse(file, text).err()),
        Kind::Stub => ("stub", StubFile::parse(file, text).err()),
        Kind::Charge => ("check-file", Charge::parse(file, text, vocabulary).err()),
    };
    error.map(|error| Finding::of_config(rule, error))
}
