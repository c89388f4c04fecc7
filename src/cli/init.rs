//! `paidpath init`: a project of one's own, for features without the source tree. It is green at once, on the platform that
//! comes with paidpath, and says where to put one's own.

use std::path::{Path, PathBuf};

use clap::Args;

use super::schema::{self, SchemaFile};
use super::{Composition, Refusal, platform, steps};
use crate::model::Exit;

/// The folder of the new project.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The folder; it is created if it does not exist
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
}

/// The files that are the same in every project.
const FILES: &[(&str, &str)] = &[
    ("README.md", include_str!("init/README.md")),
    ("features/first.feature", include_str!("init/first.feature")),
    ("features/check.toml", include_str!("init/check.toml")),
    (".github/workflows/paidpath.yml", include_str!("init/github.yml")),
    (".gitlab-ci.yml", include_str!("init/gitlab.yml")),
    (".gitignore", "reports/\n"),
];

const TARGET: &str = "\
#:schema ./schemas/target.schema.json
# How to speak to your platform. This is the reference platform's; change requests, bodies and pointers to yours.
# `paidpath check target.toml` says what does not fit.

";

const TOPOLOGY: &str = "\
#:schema ./schemas/topology.schema.json
# Which services there are, who supplies each, and who calls whom.
# For a service that runs already: provider = \"url\", url = \"https://…\", and its host in allowed_hosts.

";

/// Creates a project. It never overwrites a file.
pub fn init(composition: &Composition, arguments: &Arguments) -> Result<Exit, Refusal> {
    let shipped = |what: &[(&str, &str)], name: &str| {
        what.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned()).unwrap_or_default()
    };
    let mut files: Vec<(String, String)> =
        FILES.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let mut target = shipped(composition.targets, "atelier");
    for (path, text) in composition.documents {
        let beside = document(path);
        target = target.replace(&format!("\"{path}\""), &format!("\"{beside}\""));
        files.push((beside, (*text).to_owned()));
    }
    files.push(("target.toml".into(), format!("{TARGET}{target}")));
    files.push(("topology.toml".into(), format!("{TOPOLOGY}{}", shipped(composition.topologies, "embedded"))));
    files.push(("schemas/target.schema.json".into(), schema::text(SchemaFile::Target)));
    files.push(("schemas/topology.schema.json".into(), schema::text(SchemaFile::Topology)));
    files.push(("features/STEPS.md".into(), steps::page(composition)));
    files.push(("PLATFORM.md".into(), platform::page()));

    // All files are checked before the first is written, so that a refusal leaves the folder as it was.
    let folder = &arguments.folder;
    let there: Vec<String> = files
        .iter()
        .map(|(name, _)| folder.join(name))
        .filter(|file| file.exists())
        .map(|file| file.display().to_string())
        .collect();
    if !there.is_empty() {
        let list = there.join(", ");
        return Err(Refusal::Usage(format!("nothing was written, because this is there already: {list}")));
    }
    for (name, text) in &files {
        write(&folder.join(name), text)?;
    }
    say!("{} files in {}. Next:\n", files.len(), folder.display());
    if folder != Path::new(".") {
        say!("  cd {}", folder.display());
    }
    say!(
        "  paidpath run                   everything is green\n  paidpath steps                 what you can say\n  paidpath check                 what is wrong before you run\n"
    );
    say!("README.md goes on from there.");
    Ok(Exit::Passed)
}

/// Returns the place in a project of a file that the target names: `src/billing/openapi.yaml` becomes
/// `contracts/billing.openapi.yaml`.
fn document(path: &str) -> String {
    let mut parts = path.rsplit('/');
    let name = parts.next().unwrap_or(path);
    match (name, parts.next()) {
        ("openapi.yaml", Some(service)) => format!("contracts/{service}.{name}"),
        _ => format!("contracts/{name}"),
    }
}

fn write(file: &Path, text: &str) -> Result<(), Refusal> {
    let failed = |error: std::io::Error| Refusal::Usage(format!("{} cannot be written: {error}", file.display()));
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    std::fs::write(file, text).map_err(failed)
}
