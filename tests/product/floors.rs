//! The architecture: a room imports rooms below it and no others.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Each room with its floor. A room may name rooms on lower floors only; `main.rs` and `lib.rs` may name all.
const FLOORS: &[(u8, &[&str])] = &[
    (0, &["model"]),
    (1, &["base"]),
    (2, &["browser", "catalogue", "contract", "gherkin", "report", "stub", "tap", "target", "topology", "trail"]),
    (3, &["world"]),
    (4, &["run"]),
    (5, &["lint", "prove"]),
    (6, &["cli"]),
];

#[test]
fn rooms_import_downward_only() {
    let floors: BTreeMap<&str, u8> =
        FLOORS.iter().flat_map(|(floor, rooms)| rooms.iter().map(|room| (*room, *floor))).collect();
    let mut breaches = Vec::new();
    for file in rust_files(&root().join("src")) {
        let Some(room) = room_of(&file) else { continue };
        let own =
            floors.get(room.as_str()).unwrap_or_else(|| panic!("the room `{room}` has no floor: add it to the table"));
        for (number, line) in numbered_code(&file) {
            for named in rooms_named(&line) {
                if let Some(theirs) = floors.get(named.as_str()).filter(|theirs| named != room && *theirs >= own) {
                    breaches.push(format!(
                        "{}:{number}: {room} (floor {own}) names {named} (floor {theirs})",
                        file.display()
                    ));
                }
            }
        }
    }
    assert!(breaches.is_empty(), "\n{}", breaches.join("\n"));
}

#[test]
fn nothing_under_src_but_the_composition_root_names_the_doubles() {
    let named = rust_files(&root().join("src"))
        .into_iter()
        .filter(|file| !file.ends_with("main.rs"))
        .flat_map(|file| {
            let naming = numbered_code(&file)
                .into_iter()
                .filter(|(_, line)| line.contains("atelier::") || line.contains("mocks::"));
            naming.map(|(number, _)| format!("{}:{number}", file.display())).collect::<Vec<_>>()
        })
        .collect::<Vec<_>>();
    assert!(named.is_empty(), "{named:?}");
}

#[test]
fn only_world_and_run_name_cucumber() {
    let naming = rust_files(&root().join("src"))
        .into_iter()
        .filter(|file| room_of(file).is_some_and(|room| room != "run" && room != "world"));
    let naming: Vec<_> =
        naming.filter(|file| numbered_code(file).iter().any(|(_, line)| line.contains("cucumber::"))).collect();
    assert!(naming.is_empty(), "{naming:?}");
}

#[test]
fn the_architecture_page_shows_every_room() {
    let page = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    for room in FLOORS.iter().flat_map(|(_, rooms)| rooms.iter()) {
        if root().join("src").join(room).is_dir() {
            assert!(page.contains(&format!("`{room}`")), "ARCHITECTURE.md does not show the room `{room}`");
        }
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The first folder under `src/`; files directly in it belong to no room.
fn room_of(file: &Path) -> Option<String> {
    let inside = file.strip_prefix(root().join("src")).ok()?;
    (inside.components().count() > 1)
        .then(|| inside.components().next().map(|room| room.as_os_str().to_string_lossy().into_owned()))?
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let files = files.into_iter().filter(|file| file.extension().is_some_and(|extension| extension == "rs"));
    files.chain(folders.iter().flat_map(|folder| rust_files(folder))).collect()
}

fn numbered_code(file: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(file).unwrap();
    let code = text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
    code.map(|(index, line)| (index + 1, line.to_owned())).collect()
}

/// What stands behind `crate::` on a line.
fn rooms_named(line: &str) -> Vec<String> {
    let word =
        |rest: &str| rest.chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect();
    line.split("crate::").skip(1).map(word).collect()
}
