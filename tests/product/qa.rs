//! What people who write features get from the binary alone: the sentences, the linter, a project of their own, the watch.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Folder, Ran};

const BOUGHT: &str = "Feature: f\n  Scenario: s\n    Given Ann has 5 credits\n    Then Ann has 5 credits left\n";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Runs the binary as its users do: without the sentences that rehearse trouble.
fn paidpath(folder: &Path, arguments: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_paidpath"));
    command.current_dir(folder).args(arguments).env_remove("PAIDPATH_REHEARSAL").env_remove("CI").stdin(Stdio::null());
    Ran::of(command.output().unwrap(), folder.join("reports"))
}

fn sentences(arguments: &[&str]) -> Vec<Value> {
    let arguments: Vec<&str> = ["steps", "--format", "json"].iter().chain(arguments).copied().collect();
    serde_json::from_str(&paidpath(&std::env::temp_dir(), &arguments).out).unwrap()
}

#[test]
fn the_page_of_sentences_is_fresh() {
    let page = paidpath(&std::env::temp_dir(), &["steps", "--format", "markdown"]).out;
    let kept = std::fs::read_to_string(root().join("features/STEPS.md")).unwrap();
    assert!(page == kept, "stale: paidpath steps --format markdown > features/STEPS.md");
}

#[test]
fn the_page_about_platforms_is_fresh_and_its_files_are_sound() {
    let page = paidpath(&std::env::temp_dir(), &["platform"]).out;
    let kept = std::fs::read_to_string(root().join("features/PLATFORM.md")).unwrap();
    assert!(page == kept, "stale: paidpath platform > features/PLATFORM.md");
    let part = |name: &str| {
        let (_, rest) = page.split_once(&format!("```toml {name}\n")).unwrap();
        rest.split_once("```").unwrap().0.to_owned()
    };
    let folder = Folder::new();
    folder.write("topology.toml", part("topology"));
    folder.write("target.toml", ["target", "page", "trail"].map(part).concat());
    paidpath(folder.path(), &["check"]).expect(0, &["2 files looked at, nothing found"]);
}

#[test]
fn the_schemas_of_files_are_fresh_and_the_shipped_files_fit_them() {
    let shipped = [("target", "mocks/platform/target.toml"), ("topology", "mocks/topologies/containers.toml")];
    for (file, sample) in shipped {
        let schema = paidpath(&std::env::temp_dir(), &["schema", file]).out;
        let kept = std::fs::read_to_string(root().join(format!("features/schemas/{file}.schema.json"))).unwrap();
        assert!(schema == kept, "stale: paidpath schema {file} > features/schemas/{file}.schema.json");
        let validator = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
        let text = std::fs::read_to_string(root().join(sample)).unwrap();
        let value: Value = toml::from_str(&text).unwrap();
        let errors: Vec<_> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{sample}: {errors:?}");
        let mut misspelt = value;
        misspelt["nmae"] = true.into();
        assert!(!validator.is_valid(&misspelt), "{file}: an unknown key is refused");
    }
}

#[test]
fn every_sentence_is_described_and_used_by_a_feature_that_runs_in_every_language() {
    for language in ["en", "zh-CN"] {
        let unused: Vec<_> = sentences(&["--language", language])
            .into_iter()
            .filter(|entry| entry["example"].is_null() || entry["about"].as_str().unwrap().is_empty())
            .map(|entry| entry["sentence"].clone())
            .collect();
        assert!(unused.is_empty(), "no feature says: {unused:?}");
    }
    assert_eq!(sentences(&[]).len(), sentences(&["--language", "zh-CN"]).len(), "a sentence has no translation");
}

#[test]
fn sentences_are_found_by_words_and_printed_for_people_and_programs() {
    let folder = std::env::temp_dir();
    paidpath(&folder, &["steps", "refunds"])
        .expect(0, &["When {member} refunds the purchase of {member}", "steps/money.rs:"]);
    paidpath(&folder, &["steps", "退款", "--language", "zh-CN"])
        .expect(0, &["{member}为{member}的购买全额退款", "小安"]);
    paidpath(&folder, &["steps", "--format", "html"]).expect(0, &["<h1>The sentences</h1>", "{member} has {money}"]);
    paidpath(&folder, &["steps", "zebras"]).expect(64, &["no sentence has all of these words: zebras"]);
    paidpath(&folder, &["steps", "--language", "zh-cn"]).expect(64, &["Did you mean `zh-CN`?"]);
}

#[test]
fn without_the_source_tree_the_features_are_those_of_the_source_tree() {
    let empty = Folder::new();
    let (built_in, kept) = (paidpath(empty.path(), &["demo", "--list"]), paidpath(&root(), &["run", "--list"]));
    built_in.expect(0, &["features/buying/purchase.feature"]);
    assert_eq!(built_in.out, kept.out, "a feature is not built in: touch src/shipped.rs");
}

#[test]
fn what_ships_is_without_findings() {
    paidpath(&root(), &["check", "features", "mocks"]).expect(0, &["nothing found"]);
}

#[test]
fn a_finding_shows_its_line_with_a_caret_and_what_would_be_right() {
    let folder = Folder::with(
        "a.feature",
        "Feature: f\n\n  Scenaro: s\n    Then something holds\n\n  Scenario: t\n    Then x\n",
    );
    let ran = folder.paidpath(&["check"]);
    ran.expect(1, &["a.feature:3:3: `Scenaro: s` is taken as description", "  3 │   Scenaro: s\n    │   ^^^^^^^^\n"]);
    ran.expect(
        1,
        &["Write `Scenario:` instead of `Scenaro:`", "#[then(expr = \"x\")]", "1 of them can be fixed with --fix"],
    );
}

#[test]
fn what_can_only_have_meant_one_thing_is_fixed() {
    let folder = Folder::with(
        "a.feature",
        "@smokee\nFeature: f\n\n  Scenaro: s\n    Given Ann has\u{a0}5 credits\n    Thne Ann has 5 credits left.\n",
    );
    folder.write("check.toml", "[tags]\n\"@smoke\" = \"first\"\n");
    let fix = || folder.paidpath(&["check", "--fix"]);
    // One mistake can hide another: each round brings the next to light.
    let rounds = (0..4).position(|_| fix().code == Some(0));
    let text = std::fs::read_to_string(folder.path().join("a.feature")).unwrap();
    let right = "@smoke\nFeature: f\n\n  Scenario: s\n    Given Ann has 5 credits\n    Then Ann has 5 credits left\n";
    assert!(rounds.is_some() && text == right, "{rounds:?}: {text}");
    folder.paidpath(&["run", "--tags", "@smoke", "a.feature"]).expect(0, &["1 passed"]);
}

#[test]
fn rules_are_listed_and_can_be_switched_off() {
    let folder = Folder::with("features/a.feature", "@wip\nFeature: f\n  Scenario: s\n    Given Ann has 5 credits\n");
    folder.write("features/check.toml", "allow = []\n");
    folder.paidpath(&["check", "--rules"]).expect(0, &["no-outcome", "weak-outcome", "a run does not mind"]);
    folder.paidpath(&["check"]).expect(1, &["[no-outcome]", "[unknown-tag]"]);
    folder.paidpath(&["check", "--allow", "no-outcome,unknown-tag"]).expect(0, &[]);
    folder.paidpath(&["check", "--allow", "no-outcom"]).expect(64, &["Did you mean `no-outcome`?"]);
    folder.write("features/check.toml", "allow = [\"no-outcome\", \"unknown-tag\"]\n");
    folder.paidpath(&["check"]).expect(0, &[]);
}

#[test]
fn editors_and_code_hosts_are_told_in_their_own_formats() {
    let text = "Feature: f\n  Scenario: s\n    Then something holds.\n";
    let folder = Folder::with("a b.feature", text);
    let ran = folder.paidpath(&["check", "--format", "github"]);
    ran.expect(1, &["::error file=a b.feature,line=3,col=5,endColumn=26,title=odd-character::"]);
    let sarif: Value = serde_json::from_str(&folder.paidpath(&["check", "--format", "sarif"]).out).unwrap();
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "odd-character");
    assert_eq!(result["locations"][0]["physicalLocation"]["region"]["startLine"], 3);
    assert_eq!(
        result["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"]["text"],
        "Then something holds"
    );
    let rules = sarif["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules[result["ruleIndex"].as_u64().unwrap() as usize]["id"], "odd-character");

    let mut editor = folder.command(&["check", "--stdin", "--format", "json", "not-saved.feature"]);
    let mut editor = editor.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    editor.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let found: Value = serde_json::from_slice(&editor.wait_with_output().unwrap().stdout).unwrap();
    assert_eq!((&found[0]["file"], &found[0]["line"]), (&"not-saved.feature".into(), &3.into()));
}

#[test]
fn five_hundred_features_are_looked_at_in_no_time() {
    let folder = Folder::new();
    let text = std::fs::read_to_string(root().join("features/buying/purchase.feature")).unwrap();
    for number in 0..500 {
        folder.write(&format!("{number}.feature"), &text);
    }
    let began = Instant::now();
    folder.paidpath(&["check"]).expect(0, &["500 files looked at, nothing found"]);
    let took = began.elapsed();
    println!("500 features: {took:?}");
    // Without optimisation, and on a busy machine; optimised it is a tenth of that.
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[test]
fn a_project_of_ones_own_is_green_at_once() {
    let folder = Folder::new();
    let project = folder.path().join("shop");
    paidpath(folder.path(), &["init", "shop"]).expect(0, &["cd shop", "paidpath run"]);
    paidpath(&project, &["check"]).expect(0, &["nothing found"]);
    paidpath(&project, &["run"]).expect(0, &["3 passed"]);
    for file in [
        ".github/workflows/paidpath.yml",
        ".gitlab-ci.yml",
        "README.md",
        "features/STEPS.md",
        "PLATFORM.md",
        "contracts/errors.toml",
    ] {
        assert!(project.join(file).is_file(), "{file}");
    }
    // Somebody edits: what is wrong is found before it runs, and then the run says what does not hold.
    let feature = project.join("features/first.feature");
    let text = std::fs::read_to_string(&feature).unwrap();
    std::fs::write(&feature, text.replace("has paid 120 credits", "has payed 120 credits")).unwrap();
    paidpath(&project, &["check"])
        .expect(1, &["features/first.feature:11:5", "Did you mean `{member} has paid {money}`?"]);
    std::fs::write(&feature, text.replace("has paid 120 credits", "has paid 119 credits")).unwrap();
    paidpath(&project, &["check"]).expect(0, &[]);
    paidpath(&project, &["run"])
        .expect(1, &["Ann should have 381 credits, but Ann has 380 credits", "features/first.feature:11"]);
    // Nothing is overwritten.
    paidpath(folder.path(), &["init", "shop"]).expect(64, &["nothing was written", "first.feature"]);
}

#[test]
fn the_doctor_says_what_can_run_here() {
    let folder = Folder::new();
    paidpath(folder.path(), &["doctor"]).expect(0, &["✓ ports", "can run here: paidpath run"]);
    folder.write("file", "x");
    let ran = paidpath(folder.path(), &["doctor", "--reports", "/proc/nowhere"]);
    ran.expect(2, &["✗ reports", "→ name another folder"]);
}

#[test]
fn shells_complete_commands_and_options() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        paidpath(&std::env::temp_dir(), &["completions", shell]).expect(0, &["check", "watch"]);
    }
}

#[test]
fn a_saved_feature_runs_again_and_no_other_does() {
    let folder = Folder::with("features/a.feature", &BOUGHT.replace(": s", ": first"));
    folder.write("features/b.feature", BOUGHT.replace(": s", ": second"));
    let (mut child, lines) = watched(&folder);
    let first = until(&lines, "waiting for a file");
    assert!(first.contains("2 passed"), "{first}");
    folder.write("features/b.feature", BOUGHT.replace(": s", ": changed"));
    let saved = Instant::now();
    let again = until(&lines, "waiting for a file");
    assert!(again.contains("changed") && again.contains("1 passed"), "{again}");
    println!("run again after {:?}", saved.elapsed());
    // What cannot be read is told, and the watch goes on.
    folder.write("features/b.feature", "Feature: f\n  Scenario: s\n    Thne x\n");
    until(&lines, "waiting for a file");
    folder.write("features/b.feature", BOUGHT);
    assert!(until(&lines, "waiting for a file").contains("1 passed"));
    // For which scenarios a stub file is, nobody can tell from outside.
    folder.write("features/stubs/billing/x.json", "{\"request\": {}, \"response\": {}}");
    assert!(until(&lines, "waiting for a file").contains("2 passed"));
    // SAFETY of the machine: only the process that was started here is ended.
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

fn watched(folder: &Folder) -> (Child, Receiver<String>) {
    let mut child = folder.start(&["run", "--watch"]);
    let (sender, lines) = channel();
    let out = BufReader::new(child.stdout.take().unwrap());
    std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    (child, lines)
}

/// Everything that is said up to the line that has these words.
#[track_caller]
fn until(lines: &Receiver<String>, words: &str) -> String {
    let mut said = String::new();
    loop {
        let line =
            lines.recv_timeout(Duration::from_secs(30)).unwrap_or_else(|_| panic!("nobody said `{words}`: {said}"));
        said.push_str(&line);
        said.push('\n');
        if line.contains(words) {
            return said;
        }
    }
}

/// The language server of the official extension reads attributes of top-level functions, and parameters whose expression
/// is an ordinary string; those with a raw one must stand in the settings.
#[test]
fn editors_find_the_sentences() {
    let settings = std::fs::read_to_string(root().join(".vscode/settings.json")).unwrap();
    let settings: String = settings.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let settings: Value = serde_json::from_str(&settings).unwrap();
    assert_eq!(settings["cucumber.glue"], serde_json::json!(["steps/*.rs"]));
    let told = settings["cucumber.parameterTypes"].as_array().unwrap().iter();
    let told: BTreeSet<&str> = told.map(|parameter| parameter["name"].as_str().unwrap()).collect();
    let mut raw = BTreeSet::new();
    for file in std::fs::read_dir(root().join("steps")).unwrap().map(|entry| entry.unwrap().path()) {
        if file.extension().is_none_or(|extension| extension != "rs") || file.ends_with("rehearsal.rs") {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let sentence =
                ["#[given(", "#[when(", "#[then("].iter().any(|attribute| line.trim_start().starts_with(attribute));
            if sentence {
                assert!(line.starts_with("#[") && line.contains("(expr = \"") && line.ends_with("\")]"), "{line}");
                let next = lines[at + 1];
                assert!(["async fn ", "fn ", "#["].iter().any(|begin| next.starts_with(begin)), "{next}");
            }
            if let Some((_, rest)) = line.split_once("#[param(name = \"")
                && rest.contains("regex = r\"")
            {
                raw.insert(rest.split('"').next().unwrap().to_owned());
            }
        }
    }
    assert_eq!(told, raw.iter().map(String::as_str).collect());
}

#[test]
fn what_was_done_by_hand_becomes_a_scenario_that_runs() {
    let folder = Folder::with(
        "a.feature",
        "Feature: by hand
  Scenario: a session
    Given Ann has 500 credits
    And early access to Dusk costs 120 credits for generation
    When Ann generates at once with Dusk
    Then that is refused with purchase-required
    When Ann buys generation access to Dusk
    And Ann generates an image with Dusk
    Then Ann gets an image
",
    );
    folder.paidpath(&["run", "a.feature", "--record", "all"]).expect(0, &[]);
    let drafted = folder.paidpath(&["draft", "reports"]);
    drafted.expect(0, &["When Ann generates at once with Dusk", "Then that is refused with purchase-required"]);
    drafted.expect(0, &["When Ann buys generation access to Dusk", "Then Ann gets an image"]);
    folder.write("drafted.feature", &drafted.out);
    folder.paidpath(&["run", "drafted.feature"]).expect(0, &["1 passed"]);
    folder.paidpath(&["draft", "nowhere"]).expect(64, &["nowhere"]);
}

#[test]
fn a_draft_names_everybody_once_and_passes_check() {
    let folder = Folder::with(
        "many.feature",
        "Feature: many
  Scenario Outline: many members, one of them poor, for the <nth> time
    Given Kim has 500 credits
    And Lou has 501 credits
    And Max has 502 credits
    And Nel has 503 credits
    And Oki has 504 credits
    And Pia has 505 credits
    And Rex has 30 credits
    And early access to Fog costs 120 credits for generation
    When Kim buys generation access to Fog
    And Rex buys generation access to Fog
    Then that is refused with insufficient-funds
    Examples:
      | nth |
      | 1st |
      | 2nd |
",
    );
    folder.paidpath(&["run", "many.feature", "--record", "all"]).expect(0, &[]);
    let drafted = folder.paidpath(&["draft", "reports"]);
    drafted.expect(0, &["And Gail has 30 credits", "When Ann buys generation access to Dusk"]);
    drafted.expect(0, &["And Gail buys generation access to Dusk", "Then that is refused with insufficient-funds"]);
    folder.write("drafted.feature", &drafted.out);
    folder.paidpath(&["check", "drafted.feature"]).expect(0, &[]);
    folder.paidpath(&["run", "drafted.feature"]).expect(0, &["2 passed"]);
}

#[test]
fn a_draft_says_nothing_that_it_does_not_know() {
    let folder = Folder::with(
        "poor.feature",
        "Feature: poor
  Scenario: a refused purchase
    Given Kim has 30 credits
    And early access to Fog costs 120 credits for generation
    When Kim generates at once with Fog
    Then that is refused with purchase-required
    When Kim buys generation access to Fog
    Then that is refused with insufficient-funds
",
    );
    folder.paidpath(&["run", "poor.feature", "--record", "all"]).expect(0, &[]);
    // Without the quotes nobody can say what the purchase was of.
    let journal = folder.reports().join("journal.ndjson");
    let text = std::fs::read_to_string(&journal).unwrap();
    let quoted = "\\\"kind\\\":\\\"quoted\\\"";
    assert!(text.contains(quoted), "the journal holds quotes");
    std::fs::write(&journal, text.replace(quoted, &quoted.replace("quoted", "counted"))).unwrap();
    let drafted = folder.paidpath(&["draft", "reports"]);
    drafted.expect(0, &["# a purchase was refused, and no sentence says of what"]);
    assert!(!drafted.out.contains("insufficient-funds"), "{}", drafted.out);
    folder.write("drafted.feature", &drafted.out);
    folder.paidpath(&["check", "drafted.feature"]).expect(0, &[]);
}

#[test]
fn a_platform_that_is_kept_up_says_where_it_is_and_ends_with_the_input() {
    let folder = Folder::new();
    let up = folder.paidpath(&["up"]);
    up.expect(0, &["Ann takes over: http://127.0.0.1:", "Ann's session: ", "Press Enter", "paidpath draft"]);
    assert!(folder.path().join("reports/session/index.html").exists());
    // Nothing was done: there is nothing to draft.
    folder.paidpath(&["draft"]).expect(64, &["nothing was done"]);
}
