//! The root of a project: the nearest folder, here or above, with features, a topology or a target, as cargo and git find theirs.

use std::path::{Component, Path, PathBuf};

use super::Refusal;

/// What only the root of a project has.
const MARKS: [&str; 3] = ["features", "topology.toml", "target.toml"];

/// Goes to the root of the project that this folder is in. Returns the way back from there: what a person names is named from
/// where they are. Outside of a project nothing happens.
pub(super) fn enter() -> Result<PathBuf, Refusal> {
    let broken = |error: std::io::Error| Refusal::Usage(format!("the current folder cannot be read: {error}"));
    let here = std::env::current_dir().map_err(broken)?;
    // A repository is not left: what is around it is another project.
    let inside = here.ancestors().scan(false, |is_over, folder| {
        let goes_on = !*is_over;
        *is_over = folder.join(".git").exists();
        goes_on.then_some(folder)
    });
    let is_root = |folder: &&Path| MARKS.iter().any(|mark| folder.join(mark).exists());
    let Some(root) = inside.into_iter().find(is_root) else { return Ok(PathBuf::new()) };
    let way = here.strip_prefix(root).map(Path::to_owned).unwrap_or_default();
    if !way.as_os_str().is_empty() {
        std::env::set_current_dir(root).map_err(broken)?;
    }
    Ok(way)
}

/// Returns a path as seen from the root. `..` goes back along the way, so that a file has one name wherever it is named.
pub(super) fn seen_from(way: &Path, path: &Path) -> PathBuf {
    if way.as_os_str().is_empty() {
        return path.to_owned();
    }
    let mut seen = PathBuf::new();
    for part in way.join(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if seen.components().next_back().is_some_and(|last| last != Component::ParentDir) => {
                seen.pop();
            }
            part => seen.push(part),
        }
    }
    if seen.as_os_str().is_empty() { ".".into() } else { seen }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::seen_from;

    #[test]
    fn a_path_has_one_name_wherever_it_is_named() {
        let seen = |way: &str, path: &str| seen_from(Path::new(way), Path::new(path)).display().to_string();
        assert_eq!(seen("features", "a.feature"), "features/a.feature");
        assert_eq!(seen("features/buying", "../a.feature:12"), "features/a.feature:12");
        assert_eq!(seen("features", "../../a.feature"), "../a.feature");
        assert_eq!(seen("features", ".."), ".");
        assert_eq!(seen("features", "/a.feature"), "/a.feature");
        assert_eq!(seen("", "../a.feature"), "../a.feature");
    }
}
