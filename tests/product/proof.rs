//! `paidpath prove`: what was not put to the test is not proved, and what nobody sees is said.

use serde_json::Value;

use crate::support::{Folder, Ran};

const BOUGHT: &str = "Feature: f
  Scenario: bought and used
    Given Ann has 500 credits
    And early access to Dusk costs 120 credits for generation
    And Ann has bought generation access to Dusk
    When Ann generates an image with Dusk
    Then Ann gets an image
";

/// Proves something about one feature.
fn prove(feature: &str, arguments: &[&str]) -> (Folder, Ran) {
    let folder = Folder::with("features/a.feature", feature);
    let ran = folder.paidpath(&[&["prove"], arguments].concat());
    (folder, ran)
}

/// The one defect of the proof that was kept.
fn kept(folder: &Folder) -> Value {
    let text = std::fs::read_to_string(folder.path().join("reports/proof/proof.json")).unwrap();
    let proof: Value = serde_json::from_str(&text).unwrap();
    proof["defects"][0].clone()
}

#[test]
fn a_defect_is_caught_by_its_rule_at_its_hop_and_every_report_says_so() {
    let (folder, ran) = prove(BOUGHT, &["net.credential-lost"]);
    ran.expect(0, &["caught", "S4", "storefront → generation", "1 of 1 defects caught", "named for 1 of 1"]);
    let row = kept(&folder);
    assert_eq!((&row["standing"], &row["cells"][0]["notice"]), (&"caught".into(), &"rule".into()));
    assert_eq!(row["cells"][0]["hop"], "storefront → generation");
    let read = |name: &str| std::fs::read_to_string(folder.path().join("reports/proof").join(name)).unwrap();
    assert!(read("proof.md").contains("| `net.credential-lost` |"));
    assert!(read("index.html").contains("net.credential-lost"));
    folder.paidpath(&["report", "reports/proof", "--format", "html", "--out", "again"]).expect(0, &[]);
    let again = std::fs::read_to_string(folder.path().join("again/index.html")).unwrap();
    assert_eq!(again, read("index.html"), "the report is made of the journal alone");
}

/// Whoever hands on a wrong refusal is not to blame for it.
#[test]
fn the_service_that_refused_wrongly_is_named_and_not_those_that_passed_it_on() {
    let feature = "Feature: f
  Scenario: bought, and no money for the image
    Given Eve has 120 credits
    And early access to Dusk costs 120 credits for generation
    And Eve has bought generation access to Dusk
    When Eve generates an image with Dusk
    Then that is refused with insufficient-funds
";
    for defect in ["gen.reject-paid", "ent.split"] {
        let (_, ran) = prove(feature, &[defect]);
        ran.expect(0, &["1 of 1 defects caught", "named for 1 of 1"]);
    }
}

#[test]
fn a_baseline_that_is_red_is_not_judged() {
    let (_, ran) = prove("Feature: f\n  Scenario: s\n    Then something does not hold\n", &["net.credential-lost"]);
    ran.expect(2, &["do not pass on the healthy platform", "red", "f › s", "a.feature:2", "the rehearsed failure"]);
}

#[test]
fn a_scenario_that_is_flaky_is_not_judged() {
    let feature = "Feature: f\n  Scenario: s\n    Then something holds at the second attempt\n";
    let (_, ran) = prove(feature, &["net.credential-lost"]);
    ran.expect(2, &["do not pass on the healthy platform", "flaky", "f › s", "not at the first attempt"]);
}

#[test]
fn a_defect_that_everybody_overlooks_survives_and_the_missing_assertion_is_named() {
    let feature = BOUGHT
        .replace("  Scenario:", "  @allow(S4: overlooked) @allow(G3: overlooked) @allow(G4: overlooked)\n  Scenario:")
        .replace("Ann gets an image", "no money was made or lost");
    let (folder, ran) = prove(&feature, &["net.credential-lost"]);
    ran.expect(1, &["survived", "stayed green", "to see it, assert S4: "]);
    assert_eq!(kept(&folder)["standing"], "survived");
}

#[test]
fn a_defect_that_only_spoils_what_a_scenario_prepares_is_caught_by_accident() {
    let feature =
        BOUGHT.replace("When Ann generates an image with Dusk\n    Then Ann gets an image", "Then something holds");
    let (folder, ran) = prove(&feature, &["net.reset-after-send"]);
    ran.expect(1, &["caught by accident only"]);
    assert_eq!(kept(&folder)["standing"], "by-accident");
}

#[test]
fn a_defect_to_which_no_scenario_comes_was_not_put_to_the_test() {
    let (_, ran) = prove("Feature: f\n  Scenario: s\n    Then something holds\n", &["net.credential-lost"]);
    ran.expect(2, &["not reached", "no scenario that could see it crosses storefront → generation"]);
}

#[test]
fn a_defect_that_never_fires_was_not_put_to_the_test() {
    let feature = BOUGHT
        .replace("When Ann generates an image with Dusk", "When Ann asks what 2 images with Dusk cost")
        .replace("Ann gets an image", "the answer's cost is \"10\"");
    let (_, ran) = prove(&feature, &["net.credential-lost"]);
    ran.expect(2, &["never fired", "net.credential-lost"]);
}

/// Two scenarios cross the hop, and only one comes across the place: nobody looks for the defect in the other.
#[test]
fn a_defect_is_only_looked_for_where_its_place_is_come_across() {
    let refused = "  Scenario: refused
    Given Ann has 500 credits
    And early access to Dusk costs 120 credits for generation
    When Ann generates an image with Dusk
    Then that is refused with purchase-required
";
    let (folder, ran) = prove(&format!("{BOUGHT}{refused}"), &["gen.skipped-state", "--all"]);
    ran.expect(0, &["1 of 1 defects caught", "1 trials of 2 scenarios"]);
    assert_eq!(kept(&folder)["candidates"], 1);
}

#[test]
fn a_defect_that_does_not_exist_is_refused_with_the_nearest_one() {
    let (_, ran) = prove(BOUGHT, &["net.credental-lost"]);
    ran.expect(64, &["there is no defect `net.credental-lost`", "Did you mean `net.credential-lost`?"]);
}

#[test]
fn what_depends_on_a_check_is_told() {
    let (_, ran) = prove(BOUGHT, &["net.credential-lost", "--without-checks"]);
    ran.expect(0, &["without", "covered: net.credential-lost (a Then)"]);
}

#[test]
fn changed_answers_are_noticed_where_somebody_looks_and_counted_for_each_then() {
    let (folder, ran) = prove(BOUGHT, &["--mutate", "--budget", "40", "--seed", "1"]);
    ran.expect(0, &["kill score", "40 of ", "mutants caught: f", "mutants caught: {member} gets an image"]);
    let text = std::fs::read_to_string(folder.path().join("reports/proof/proof.json")).unwrap();
    let mutants = serde_json::from_str::<Value>(&text).unwrap()["mutation"]["mutants"].clone();
    let fates: Vec<&str> = mutants.as_array().unwrap().iter().map(|mutant| mutant["fate"].as_str().unwrap()).collect();
    assert!(fates.contains(&"killed") && fates.contains(&"equivalent"), "{fates:?}");
}

#[test]
fn a_feature_that_looks_at_nothing_notices_no_changed_answer() {
    let feature = "Feature: f
  @allow(contract: nobody looks) @allow(M1: nobody looks)
  Scenario: looks at nothing
    Given Ann has 500 credits
    When Ann tops up 20 credits
    Then something holds
";
    let (_, ran) = prove(feature, &["--mutate", "--budget", "100", "--seed", "1"]);
    ran.expect(
        1,
        &["survived", "no step or check failed", "mutants caught: something holds", "decoration", "kill score"],
    );
}

#[test]
fn a_then_that_no_changed_answer_turned_red_is_told_to_whoever_checks_the_feature() {
    let folder = Folder::with("features/a.feature", BOUGHT);
    let score = serde_json::json!({"of": "{member} gets an image", "killed": 0, "counted": 99, "red": 0});
    let proof = serde_json::json!({"mutation": {"sentences": [score]}});
    folder.write("reports/proof/proof.json", proof.to_string());
    folder.paidpath(&["check", "features"]).expect(1, &["decoration", "a.feature:7:5", "none turned it red"]);
}

#[test]
fn a_secret_in_what_a_proof_writes_is_named_and_fails_it() {
    let secret = "a canary/in the+mine";
    let folder =
        Folder::with("features/a.feature", &format!("Feature: f\n  Scenario: {secret}\n    Then something holds\n"));
    folder.with_topology_secret("mine.toml", "PROBE");
    let arguments = ["prove", "net.credential-lost", "--topology", "mine.toml"];
    let output = folder.command(&arguments).env("PROBE", secret).output().unwrap();
    let ran = Ran::of(output, folder.reports());
    ran.expect(1, &["not reached"]);
    for file in ["journal.ndjson", "index.html"] {
        assert!(ran.err.contains(&format!("a secret leaked: reports/proof/{file} holds «secret ")), "{}", ran.err);
    }
    assert!(!ran.err.contains(secret), "the secret itself is not said again");
}
