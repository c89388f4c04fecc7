//! What happens to the machines that services run on: a scenario may do it only alone, and nothing of it outlasts the scenario.
//!
//! That the platform bears it is what `features/machine-room` is about.

use crate::containers::{DATABASE, RUN, docker, with_container};

fn scenario(tags: &str, name: &str, steps: &str) -> String {
    format!("  {tags}\n  Scenario: {name}\n{steps}    Then something holds\n\n")
}

#[test]
fn whatever_a_scenario_does_to_a_machine_is_undone_however_the_scenario_ends() {
    if docker() {
        let feature = [
            "Feature: f\n".to_owned(),
            scenario("@serial", "a", "    When extra is paused\n"),
            scenario("@serial", "b", "    When extra is killed\n    Then something does not hold\n"),
            scenario("@serial", "c", "    When extra is stopped\n    Given a step that waits for ever\n"),
            scenario(
                "@serial",
                "d",
                "    When extra is paused\n    Given a step that blocks its thread for 20 seconds\n",
            ),
            scenario("@serial", "e", "    When extra is killed\n    And extra is back\n    And extra is restarted\n"),
            scenario("@serial", "f", "    Given extra cannot reach the other\n    When extra is restarted\n"),
        ];
        let (folder, _) = with_container(&feature.concat(), DATABASE);
        let topology = std::fs::read_to_string(folder.path().join("t.toml")).unwrap();
        folder.write("t.toml", format!("{topology}\n[services.other]\nprovider = \"container\"\n{DATABASE}"));
        // What is paused or has ended can be neither paused nor killed: each finds things as they were.
        let ran = folder.paidpath(&[RUN, &["--jobs", "1", "--step-timeout", "4s"]].concat());
        ran.expect(1, &["3 passed, 3 failed", "the rehearsed failure", "did not end within 4", "never returned"]);
    }
}

#[test]
fn what_others_would_notice_is_refused_and_what_cannot_happen_is_nobodys_failure() {
    if docker() {
        let feature = [
            "Feature: f\n".to_owned(),
            scenario("@retry(0)", "a", "    When extra is killed\n"),
            scenario("@serial", "b", "    When billing is killed\n"),
            scenario("@serial", "c", "    When exrta is killed\n"),
        ];
        let (folder, _) = with_container(&feature.concat(), DATABASE);
        folder.paidpath(RUN).expect(
            2,
            &[
                "only a scenario that runs alone may have extra killed: tag it with @serial",
                "billing cannot be killed: only a container can be killed",
                "Did you mean `extra`?",
                "3 unknown",
            ],
        );
    }
}
