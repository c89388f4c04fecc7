//! What commands run scenarios against: a target, a topology, and the files that they name.

use std::path::Path;

use super::documents::{Beside, folder, rules};
use super::{Composition, Refusal};
use crate::base::config::{ConfigError, read_text};
use crate::base::fingerprint::fingerprint;
use crate::base::suggest::{did_you_mean, is_nearly};
use crate::model::{Origin, Origins};
use crate::stub;
use crate::target::Target;
use crate::topology::{ProviderKind, ServiceSpec, Topology};
use crate::trail::Mapping;
use crate::world::Rules;

/// The topology for a folder without a topology file.
pub(super) const SHIPPED_TOPOLOGY: &str = "embedded";
/// The target for a folder without a target file.
pub(super) const SHIPPED_TARGET: &str = "atelier";

/// The files against which scenarios run.
pub(super) struct Prepared {
    pub target: Target,
    /// The fingerprint of the target file.
    pub fingerprint: String,
    pub rules: Rules,
    pub topology: Topology,
    /// Files that are not read and were probably meant to be.
    pub warnings: Vec<String>,
    pub origins: Origins,
}

/// Reads a target and a topology, each from a file or from the binary.
pub(super) fn prepared(
    composition: &Composition,
    topology_name: &str,
    target_name: &str,
    providers: &[String],
) -> Result<Prepared, Refusal> {
    let (file, text) = shipped_or_file(target_name, "target", composition.targets)?;
    let target = Target::parse(&file, &text)?;
    let fingerprint = fingerprint([&text]);
    let mapping = Mapping::parse(&file, &text)?;
    // A target that comes with the binary names files that come with it, too.
    let is_shipped_target = composition.targets.iter().any(|(known, _)| *known == target_name);
    let beside = if is_shipped_target { Beside::Binary(composition.documents) } else { Beside::Folder(folder(&file)) };
    let rules = rules(&target, mapping, &beside)?;
    let (file, text) = shipped_or_file(topology_name, "topology", composition.topologies)?;
    let is_shipped = composition.topologies.iter().any(|(known, _)| *known == topology_name);
    let mut topology = Topology::parse(&file, &text)?;
    topology.folder = if is_shipped {
        // The sources of the binary may be gone. Images can then not be built, and everything else works.
        composition.topology_folder.clone().filter(|folder| folder.is_dir())
    } else {
        Some(folder(&file))
    };
    for swap in providers {
        swap_provider(&mut topology, swap)?;
    }
    // Stub files are read here only to refuse them early; each double reads its own.
    let doubles = topology.services.iter().filter(|(_, spec)| spec.provider == ProviderKind::Mock);
    stubs(&topology, doubles)?;
    let origin = |is_shipped, file: &str| if is_shipped { Origin::Paidpath } else { Origin::File(file.to_owned()) };
    let origins =
        Origins { topology: origin(is_shipped, topology_name), target: origin(is_shipped_target, target_name) };
    let files = [("topology.toml", is_shipped), ("target.toml", is_shipped_target)];
    let missing = files.into_iter().filter(|(_, is_shipped)| *is_shipped).map(|(name, _)| name);
    let warnings = missing.flat_map(|name| near_misses(Path::new("."), name)).collect();
    Ok(Prepared { target, fingerprint, rules, topology, warnings, origins })
}

/// Returns the topology of a command that names none: the file of this folder, if there is one.
pub(super) fn default_topology() -> String {
    own_or("topology.toml", SHIPPED_TOPOLOGY)
}

/// Returns the target of a command that names none: the file of this folder, if there is one.
pub(super) fn default_target() -> String {
    own_or("target.toml", SHIPPED_TARGET)
}

/// Returns a warning for each file in a folder that may have been meant as the file of this name, unless that one is there.
pub(super) fn near_misses(folder: &Path, name: &str) -> Vec<String> {
    if folder.join(name).exists() {
        return Vec::new();
    }
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut near: Vec<String> = names.filter(|near| is_nearly(near, name)).collect();
    near.sort();
    near.into_iter().map(|near| format!("{near} is not read. Did you mean `{name}`?")).collect()
}

fn own_or(file: &str, shipped: &str) -> String {
    if Path::new(file).is_file() { file.to_owned() } else { shipped.to_owned() }
}

/// Checks the stub files that a topology names for these services.
pub(super) fn stubs<'t>(
    topology: &Topology,
    mut services: impl Iterator<Item = (&'t String, &'t ServiceSpec)>,
) -> Result<(), ConfigError> {
    let folder = topology.folder.clone().unwrap_or_default();
    services.try_for_each(|(name, spec)| {
        stub::load(&folder, &spec.stubs).map(drop).map_err(|error| match error.place {
            None => ConfigError { message: format!("{} (the stubs of {name})", error.message), ..error },
            Some(_) => error,
        })
    })
}

fn swap_provider(topology: &mut Topology, swap: &str) -> Result<(), Refusal> {
    let wrong = || {
        Refusal::Usage(format!("--provider: `{swap}` is not a swap: write `billing=mock` or `billing=url:http://…`"))
    };
    let (service, provider) = swap.split_once('=').ok_or_else(wrong)?;
    let (kind, url) = match provider.split_once(':') {
        Some((kind, url)) => (kind, Some(url.to_owned())),
        None => (provider, None),
    };
    let kind: ProviderKind = kind.parse().map_err(|error| Refusal::Usage(format!("--provider: {error}")))?;
    Ok(topology.swap(service, kind, url)?)
}

/// Reads a file from disk or from the binary. Returns its name for messages, and its content.
fn shipped_or_file(name: &str, what: &str, shipped: &[(&str, &str)]) -> Result<(String, String), Refusal> {
    if let Some((_, text)) = shipped.iter().find(|(known, _)| *known == name) {
        return Ok((format!("{what} {name}"), (*text).to_owned()));
    }
    // A name without slash and dot is more likely a mistyped name of a shipped file than a path.
    if !name.contains(['/', '.']) {
        let known = shipped.iter().map(|(known, _)| *known);
        let list = known.clone().collect::<Vec<_>>().join(", ");
        let hint = did_you_mean(name, known);
        return Err(Refusal::Usage(format!(
            "no {what} called `{name}` comes with paidpath ({list}).{hint} A file's name has a dot."
        )));
    }
    Ok((name.to_owned(), read_text(Path::new(name))?))
}
