//! The architecture: a room imports rooms on lower floors and no others, and names of rules, facts and classes stand in tables.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::source::Source;

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

/// The tables in which the names of rules, facts, classes of departure and request values stand in quotes.
const TABLES: [&str; 4] =
    ["src/model/rule.rs", "src/model/fact.rs", "src/model/diagnosis.rs", "src/target/operation.rs"];

/// The ids of rules that are words of their own elsewhere: a tool, a rule of `paidpath check`, a kind of document.
const WORDS_TOO: [&str; 3] = ["axe", "stub", "contract"];

/// The words in rooms about events that are no names of facts there: a role, a right, a basis, a hop.
const NO_FACTS: &[(&str, &[&str])] = &[
    ("src/world/buying.rs", &["member"]),
    ("src/world/models.rs", &["download"]),
    ("src/world/seeing.rs", &["purchase"]),
    ("src/trail/diagnosis/hops.rs", &["refund"]),
    ("src/trail/rights.rs", &["download"]),
    ("src/trail/rule/s5_forged.rs", &["member", "right", "version"]),
    ("src/trail/rule/u9_flags.rs", &["job"]),
];

#[test]
fn rooms_import_downward_only() {
    let breaches: Vec<_> = sources(&["src"]).iter().flat_map(breaches).collect();
    assert!(breaches.is_empty(), "\n{}", breaches.join("\n"));
}

#[test]
fn imports_upward_are_found_however_they_are_written() {
    for (code, room) in [
        ("use crate::run::Plan;", "run"),
        ("use crate::{run::Plan};", "run"),
        ("use crate::{\n    base::seed::Seed,\n    run::{self, Plan},\n};", "run"),
        ("use crate::{base::{clock::Clock, seed::Seed}, cli};", "cli"),
        ("fn plan() -> crate :: run :: Plan { todo!() }", "run"),
        ("use super::super::run::Plan;", "run"),
        ("let text = \"//\"; crate::run::go();", "run"),
    ] {
        let found = breaches(&Source::new("src/world/file.rs", code));
        assert!(found.len() == 1 && found[0].contains(&format!("names {room}")), "{code}: {found:?}");
    }
    for code in [
        "use crate::{base::seed::Seed, model};",
        "use super::run_context;",
        "// use crate::run::Plan;",
        "/* use crate::run::Plan; */",
        "const TEXT: &str = \"crate::run::Plan\";",
        "const TEXT: &str = r#\"crate::run\"#;",
    ] {
        assert_eq!(breaches(&Source::new("src/world/file.rs", code)), Vec::<String>::new(), "{code}");
    }
}

#[test]
fn names_of_rules_facts_and_classes_stand_in_their_tables_only() {
    let rules: Vec<_> = quoted_in(TABLES[0]).into_iter().filter(|word| !WORDS_TOO.contains(&word.as_str())).collect();
    let facts: Vec<_> = quoted_in(TABLES[1]).into_iter().filter(|word| !word.contains(' ')).collect();
    let classes: Vec<_> = quoted_in(TABLES[2]).into_iter().filter(|word| word.contains(' ')).collect();
    assert!(rules.len() > 40 && facts.len() > 40 && classes.len() > 4, "the tables are read");
    let mut found = Vec::new();
    for source in sources(&["src", "steps", "mocks/doubles", "mocks/mod.rs", "mocks/embedded.rs"]) {
        if TABLES.contains(&source.path.as_str()) || source.path.contains("/tests") {
            continue;
        }
        let excused = NO_FACTS.iter().find(|(path, _)| *path == source.path).map_or(&[][..], |(_, words)| *words);
        for (line, word) in source.product_literals() {
            // Elsewhere `status` or `version` is a field of some format. A name with an underscore is unmistakable.
            let about_events =
                ["src/trail/", "src/world/", "src/run/"].iter().any(|room| source.path.starts_with(room));
            let is_fact =
                facts.contains(word) && (about_events || word.contains('_')) && !excused.contains(&word.as_str());
            // The sentence of a diagnosis begins with its class.
            let is_class = classes.contains(word) && source.path != "src/trail/diagnosis/departure.rs";
            if rules.contains(word) || is_fact || is_class {
                found.push(format!("{}:{line}: \"{word}\"", source.path));
            }
        }
    }
    assert!(found.is_empty(), "name these by their types:\n{}", found.join("\n"));
}

#[test]
fn nothing_under_src_but_the_composition_root_names_the_doubles() {
    let named: Vec<_> = sources(&["src"])
        .into_iter()
        .filter(|source| source.path != "src/main.rs")
        .filter(|source| source.code.contains("atelier::") || source.code.contains("mocks::"))
        .map(|source| source.path)
        .collect();
    assert!(named.is_empty(), "{named:?}");
}

#[test]
fn only_world_and_run_name_cucumber() {
    let naming: Vec<_> = sources(&["src"])
        .into_iter()
        .filter(|source| !matches!(source.room(), Some("world" | "run")))
        .filter(|source| source.code.contains("cucumber::"))
        .map(|source| source.path)
        .collect();
    assert!(naming.is_empty(), "{naming:?}");
}

#[test]
fn the_architecture_page_shows_every_room() {
    let page = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    for room in FLOORS.iter().flat_map(|(_, rooms)| rooms.iter()) {
        assert!(root().join("src").join(room).is_dir(), "there is no room `{room}`: remove it from the table");
        assert!(page.contains(&format!("`{room}`")), "ARCHITECTURE.md does not show the room `{room}`");
    }
}

/// Returns the rooms that a file names although they are not below its own.
fn breaches(source: &Source) -> Vec<String> {
    let floors: BTreeMap<&str, u8> =
        FLOORS.iter().flat_map(|(floor, rooms)| rooms.iter().map(|room| (*room, *floor))).collect();
    let Some(room) = source.room() else { return Vec::new() };
    let own = floors.get(room).unwrap_or_else(|| panic!("the room `{room}` has no floor: add it to the table"));
    let mut breaches = Vec::new();
    for (line, named) in source.rooms_named() {
        if let Some(theirs) = floors.get(named.as_str()).filter(|theirs| named != room && *theirs >= own) {
            breaches.push(format!("{}:{line}: {room} (floor {own}) names {named} (floor {theirs})", source.path));
        }
    }
    breaches
}

fn quoted_in(table: &str) -> Vec<String> {
    let source = Source::new(table, &fs::read_to_string(root().join(table)).unwrap());
    // The tables also hold format strings and separators of lists.
    let is_name = |word: &&String| word.chars().all(|letter| letter.is_alphanumeric() || " _".contains(letter));
    source.product_literals().map(|(_, word)| word).filter(is_name).filter(|word| word.len() > 1).cloned().collect()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(places: &[&str]) -> Vec<Source> {
    let files = places.iter().flat_map(|place| rust_files(&root().join(place)));
    let read = |file: PathBuf| {
        let path = file.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
        Source::new(&path, &fs::read_to_string(&file).unwrap())
    };
    files.map(read).collect()
}

fn rust_files(place: &Path) -> Vec<PathBuf> {
    if place.is_file() {
        let is_rust = place.extension().is_some_and(|extension| extension == "rs");
        return if is_rust { vec![place.to_owned()] } else { Vec::new() };
    }
    let entries = fs::read_dir(place).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| rust_files(&path)).collect()
}
