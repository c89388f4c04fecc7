//! Finds, makes or pulls the image of a service.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use bollard::Docker;
use sha2::{Digest, Sha256};
use testcontainers::core::BuildImageOptions;
use testcontainers::runners::{AsyncBuilder, AsyncRunner};
use testcontainers::{GenericBuildableImage, GenericImage};

use super::engine::cause;
use super::script;
use crate::topology::{ImageSpec, ProviderKind, Topology, tell};

/// The images of all containers of a topology, by the name that services use for them.
pub(super) async fn all(docker: &Docker, topology: &Topology) -> Result<BTreeMap<String, String>, String> {
    let mut images = BTreeMap::new();
    let containers = topology.services.values().filter(|spec| spec.provider == ProviderKind::Container);
    for image in containers.filter_map(|spec| spec.image.as_ref()) {
        if !images.contains_key(image) {
            let found = match topology.images.get(image) {
                Some(spec) => Maker { docker, spec, folder: topology.folder.as_deref() }.found_or_made().await?,
                None => found_or_pulled(docker, image).await?,
            };
            images.insert(image.clone(), found);
        }
    }
    Ok(images)
}

struct Maker<'a> {
    docker: &'a Docker,
    spec: &'a ImageSpec,
    folder: Option<&'a Path>,
}

impl Maker<'_> {
    async fn found_or_made(&self) -> Result<String, String> {
        let made = match (&self.spec.script, &self.spec.dockerfile) {
            (Some(script), _) => self.by_script(script).await,
            (None, Some(dockerfile)) => self.by_dockerfile(dockerfile).await,
            (None, None) => Ok(None),
        };
        let why_not = match made {
            Ok(Some(image)) => return Ok(image),
            Ok(None) if is_here(self.docker, &self.spec.name).await? => return Ok(self.spec.name.clone()),
            Ok(None) => None,
            Err(why_not) => Some(why_not),
        };
        match (&self.spec.otherwise, why_not) {
            (Some(otherwise), why_not) => {
                found_or_pulled(self.docker, otherwise).await.map_err(|error| match why_not {
                    Some(why_not) => format!("{why_not}\nIts stand-in cannot be had either: {error}"),
                    None => error,
                })
            }
            (None, Some(why_not)) => Err(why_not),
            (None, None) if self.spec.script.is_some() || self.spec.dockerfile.is_some() => Err(format!(
                "the image `{}` is not on this machine, and what it is made of is not here either: make it where the \
                 sources are, or name another in the topology's [images]",
                self.spec.name
            )),
            (None, None) => found_or_pulled(self.docker, &self.spec.name).await,
        }
    }

    /// Makes the image with its script. Returns `None` when the sources are not on this machine.
    async fn by_script(&self, script: &Path) -> Result<Option<String>, String> {
        let Some(folder) = self.folder else { return Ok(None) };
        let script = folder.join(script);
        let script = script.canonicalize().map_err(|error| format!("{}: {error}", script.display()))?;
        let sources: Vec<PathBuf> = self.spec.sources.iter().map(|source| folder.join(source)).collect();
        let image = self.tagged(std::iter::once(&script).chain(&sources).map(PathBuf::as_path))?;
        // The lock is held until the image is there, so that runs side by side do not make it twice.
        let Some(_lock) = self.lock_to_make(&image).await? else { return Ok(Some(image)) };
        let started = announce(&image, &script);
        let output = script::output(&script, &image).await;
        let output = output.map_err(|error| format!("{} cannot be run: {error}", script.display()))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let lines: Vec<&str> = said.lines().collect();
            // A build prints hundreds of lines, and the failure is at their end.
            let last = lines[lines.len().saturating_sub(15)..].join("\n  | ");
            return Err(format!("{} could not make the image `{image}`:\n  | {last}", script.display()));
        }
        if !is_here(self.docker, &image).await? {
            return Err(format!("{} ended well, and there is no image `{image}`", script.display()));
        }
        tell(&format!("made in {:.1?}", started.elapsed()));
        Ok(Some(image))
    }

    async fn by_dockerfile(&self, dockerfile: &Path) -> Result<Option<String>, String> {
        let Some(folder) = self.folder else { return Ok(None) };
        let dockerfile = folder.join(dockerfile);
        let context = dockerfile.parent().unwrap_or(folder);
        let image = self.tagged(std::iter::once(context))?;
        let Some(_lock) = self.lock_to_make(&image).await? else { return Ok(Some(image)) };
        let started = announce(&image, &dockerfile);
        let (name, tag) = split(&image);
        let mut build = GenericBuildableImage::new(name, tag).with_dockerfile(&dockerfile);
        let entries =
            fs::read_dir(context).map_err(|error| format!("{} cannot be read: {error}", context.display()))?;
        for entry in entries.flatten().filter(|entry| entry.path() != dockerfile) {
            build = build.with_file(entry.path(), format!("./{}", entry.file_name().to_string_lossy()));
        }
        let built = build.build_image_with(BuildImageOptions::new().with_skip_if_exists(true)).await;
        if let Err(error) = built {
            return Err(format!("{} could not be built: {}", dockerfile.display(), cause(&error)));
        }
        tell(&format!("made in {:.1?}", started.elapsed()));
        Ok(Some(image))
    }

    /// Takes the lock for making an image. Returns `None` when the image is there. Runs that want the same image wait
    /// for each other.
    async fn lock_to_make(&self, image: &str) -> Result<Option<File>, String> {
        if is_here(self.docker, image).await? {
            return Ok(None);
        }
        let place = std::env::temp_dir().join(format!("{}.lock", image.replace(['/', ':'], "-")));
        let failed = |error: io::Error| format!("{} cannot be locked: {error}", place.display());
        let file = File::create(&place).map_err(failed)?;
        // The lock of another run may be held for minutes, and must not block the runtime.
        let locking = tokio::task::spawn_blocking(move || file.lock().map(|()| file)).await;
        let file = locking.map_err(io::Error::other).flatten().map_err(failed)?;
        // Looked at again under the lock: the run that held it may have made the image.
        Ok(if is_here(self.docker, image).await? { None } else { Some(file) })
    }

    /// The image's name with a tag that says what it is made of.
    fn tagged<'p>(&self, sources: impl Iterator<Item = &'p Path>) -> Result<String, String> {
        let mut hash = Sha256::new();
        for source in sources {
            hash_all(&mut hash, source, source)
                .map_err(|error| format!("`{}` is made of {}: {error}", self.spec.name, source.display()))?;
        }
        let tag: String = hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        Ok(format!("{}:{tag}", self.spec.name))
    }
}

/// A person waits: making an image can take minutes.
fn announce(image: &str, from: &Path) -> Instant {
    tell(&format!("making the image {image} with {}", from.display()));
    Instant::now()
}

/// Hashes the names below `root` and the contents, in an order that does not depend on the file system.
fn hash_all(hash: &mut Sha256, root: &Path, path: &Path) -> io::Result<()> {
    if path.is_dir() {
        let mut entries = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
        // The order of a directory depends on the file system, and the tag must not.
        entries.sort();
        return entries.iter().try_for_each(|entry| hash_all(hash, root, entry));
    }
    let content = fs::read(path)?;
    let name = path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned();
    // Lengths go in too, so that moving a byte from a name to a content changes the hash.
    for part in [name.as_bytes(), &content] {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        hash.update(part);
    }
    Ok(())
}

async fn is_here(docker: &Docker, image: &str) -> Result<bool, String> {
    match docker.inspect_image(image).await {
        Ok(_) => Ok(true),
        Err(bollard::errors::Error::DockerResponseServerError { status_code: 404, .. }) => Ok(false),
        Err(error) => Err(format!("Docker cannot say whether it has the image `{image}`: {}", cause(&error))),
    }
}

async fn found_or_pulled(docker: &Docker, image: &str) -> Result<String, String> {
    if is_here(docker, image).await? {
        return Ok(image.to_owned());
    }
    tell(&format!("pulling the image {image}"));
    let (name, tag) = split(image);
    match GenericImage::new(name, tag).pull_image().await {
        Ok(_) => Ok(image.to_owned()),
        Err(error) => {
            Err(format!("the image `{image}` is not on this machine and cannot be pulled: {}", cause(&error)))
        }
    }
}

/// An image's name and its tag; `latest` where it has none.
pub(super) fn split(image: &str) -> (&str, &str) {
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        Some(_) | None => (image, "latest"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registrys_port_is_no_tag() {
        assert_eq!(split("postgres:17"), ("postgres", "17"));
        assert_eq!(split("registry:5000/shop"), ("registry:5000/shop", "latest"));
        assert_eq!(split("registry:5000/shop:2"), ("registry:5000/shop", "2"));
    }

    #[test]
    fn the_hash_of_sources_knows_names_and_contents() {
        let hash_of = |files: &[(&str, &str)]| {
            let folder = tempfile::tempdir().unwrap();
            for (name, text) in files {
                fs::write(folder.path().join(name), text).unwrap();
            }
            let mut hash = Sha256::new();
            hash_all(&mut hash, folder.path(), folder.path()).unwrap();
            hash.finalize()
        };
        let base = hash_of(&[("a", "1"), ("b", "2")]);
        assert_eq!(base, hash_of(&[("b", "2"), ("a", "1")]));
        assert_ne!(base, hash_of(&[("a", "1"), ("c", "2")]));
        assert_ne!(base, hash_of(&[("a", "1"), ("b", "3")]));
    }
}
