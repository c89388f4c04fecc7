use super::document;
use crate::gherkin::suspects::Suspect;
use crate::gherkin::{SUSPICIONS, suspects};

fn suspected(text: &str) -> Vec<Suspect> {
    suspects(&document(text), text)
}

/// What is suspected, as `id line`.
fn named(text: &str) -> Vec<String> {
    suspected(text).iter().map(|it| format!("{} {}", it.id, it.mistake.location.line)).collect()
}

/// A scenario of which nothing is to be suspected.
const SOUND: &str = " Scenario: sound\n  When a member buys\n  Then the picture is there\n";

/// The lines as description of a feature whose scenarios are sound.
fn in_a_feature(lines: &str) -> Vec<String> {
    named(&format!("Feature: f\n{lines}\n{SOUND}"))
}

/// The lines as description of a sound scenario.
fn in_a_scenario(lines: &str) -> Vec<String> {
    named(&format!("Feature: f\n Scenario: s\n{lines}\n  When a member buys\n  Then it is there\n"))
}

#[test]
fn a_sound_feature_is_not_suspected_of_anything() {
    let text = format!(
        "@a\nFeature: f\n  Prose.\n Background:\n  Given x\n{SOUND} Rule: r\n  Scenario Outline: o <a>\n   Then <b>\n    | <c> |\n   And text\n    \"\"\"<d>\n    <e>\n    \"\"\"\n   Examples:\n    | a | b | c | d | e |\n    | 1 | 2 | 3 | 4 | 5 | # five\n"
    );
    assert_eq!(named(&text), [""; 0]);
}

#[test]
fn prose_is_never_taken_for_a_keyword() {
    for prose in [
        "When a member buys early access, the permission must arrive.",
        "When a member buys early access\nthe permission must arrive\nbefore the next request.",
        "Given the incidents of last year, this is watched.",
        "Then came the second incident.",
        "The member pays.\nThen he may use what he bought.\nAnd that at once.",
        "When you buy, you get access.\nThen you can generate.",
        "But this is rare.",
        "And so on",
        "* one thing\n* another thing",
        "Role: buyer\nRules: the ones above\nNote: see below\nWhen: every night\nWho: everyone\nFuture: more of it",
        "Features: many. Examples: few.\nExamples: flux, sdxl\nAgility: none\nFeatured: models of the week\nSample: x",
        "Ability: use what was paid for\nBusiness Need: revenue",
        "example: a member buys\nrule: who pays may use\nbackground: it was broken for weeks",
        "They buy. Them too. Than this, none. The end. Give it time. Gives way. Ten days. Hen party.\nWhere, who, why.",
        "Theo buys a model\nWren sells it\nTheir money\nThese pictures\nWent well\nWhat for\nAnd\u{e9}s, too\nButter\nAn offer\nBuy now",
        "As a member\nI want to use what I paid for\nSo that my money is well spent",
        "In order to be paid\nthe seller\nwants buyers to be let in",
        "Scenario 1 is the common one: it must hold.\nStep A: pay\nScenes: two",
    ] {
        assert_eq!(in_a_feature(prose), [""; 0], "{prose}");
        // Where steps may stand, a line that begins with a step keyword is one.
        let lower: Vec<&str> = prose
            .lines()
            .filter(|line| {
                !["When ", "Given ", "Then ", "And ", "But ", "* ", "Examples: "].iter().any(|it| line.starts_with(it))
            })
            .collect();
        assert_eq!(in_a_scenario(&lower.join("\n")), [""; 0], "{prose}");
    }
    assert_eq!(in_a_scenario("What the member sees\nwhen the picture is done\nand paid for."), [""; 0]);
}

#[test]
fn a_mistyped_title_is_suspected_with_what_was_meant() {
    for (line, meant) in [
        ("Scenaro: x", "Scenario:"),
        ("Sceanrio: x", "Scenario:"),
        ("Scenarioo : x", "Scenario:"),
        ("SCENARIO: x", "Scenario:"),
        ("Scenario outline: x", "Scenario Outline:"),
        ("ScenarioOutline: x", "Scenario Outline:"),
        ("Scenrio Outlin: x", "Scenario Outline:"),
        ("Backgorund:", "Background:"),
        ("Background : x", "Background:"),
        ("Exmaple: x", "Example:"),
        ("Rlue: x", "Rule:"),
    ] {
        let found =
            suspected(&format!("Feature: f\n  Prose first.\n\n  {line}\n   Given a member\n   When x\n{SOUND}"));
        assert_eq!(found.len(), 1, "{line}: {found:?}");
        assert_eq!((found[0].id, found[0].mistake.location.line), ("mistyped-keyword", 4), "{line}");
        assert_eq!(found[0].mistake.help, Some(format!("Did you mean `{meant}`?")), "{line}");
    }
}

#[test]
fn a_title_in_lower_case_is_suspected_only_when_steps_follow_it() {
    assert_eq!(in_a_feature("scenario: x\n  given a member"), ["mistyped-keyword 2"]);
    assert_eq!(in_a_feature("examples: x\n  | a |"), ["mistyped-keyword 2"]);
    assert_eq!(in_a_feature("scenario: the one with money"), [""; 0]);
}

#[test]
fn a_title_that_cannot_stand_there_is_suspected() {
    assert_eq!(in_a_feature("Feature: second"), ["mistyped-keyword 2"]);
    assert_eq!(in_a_feature("Examples:\n | a |\n | 1 |"), ["mistyped-keyword 2"]);
    assert_eq!(in_a_scenario("Background:"), ["mistyped-keyword 3"]);
    assert_eq!(in_a_scenario("Background: it was broken for weeks."), [""; 0]);
}

#[test]
fn a_mistyped_first_step_is_suspected() {
    for (line, meant) in [
        ("Wehn a member pays", "When"),
        ("Whn a member pays", "When"),
        ("Givn a member", "Given"),
        ("Gievn a member", "Given"),
        ("Givenn a member", "Given"),
        ("given a member", "Given"),
        ("GIVEN a member", "Given"),
        ("Tehn a picture", "Then"),
        ("Adn a member", "And"),
    ] {
        for text in [
            format!("Feature: f\n Scenario: s\n  {line}\n  When paid\n  Then seen\n"),
            format!("Feature: f\n Background:\n  {line}\n  Given more\n{SOUND}"),
        ] {
            let found = suspected(&text);
            assert_eq!(found.len(), 1, "{line}: {found:?}");
            assert_eq!((found[0].id, found[0].mistake.location.line), ("mistyped-keyword", 3), "{line}");
            assert_eq!(found[0].mistake.help, Some(format!("Did you mean `{meant}`?")), "{line}");
        }
    }
    for line in ["Given\ta member", "Given\u{a0}a member", "Given", "Given: a member"] {
        assert_eq!(in_a_scenario(line), ["mistyped-keyword 3"], "{line:?}");
    }
}

#[test]
fn steps_without_a_scenario_are_suspected_once() {
    for steps in [
        "  Given a member",
        "  Given a member\n  When he pays\n  Then fine",
        "  Given a member.\n  When he pays.\n  Then fine.",
        "  Some words.\n\n  When a member pays\n  And waits",
    ] {
        assert_eq!(in_a_feature(steps).len(), 1, "{steps}");
    }
    let after_examples = "Feature: f\n Scenario: s\n  Then <a>\n  Examples:\n   When late\n   | a |\n   | 1 |\n";
    assert_eq!(named(after_examples), ["mistyped-keyword 5"]);
}

#[test]
fn other_languages_are_suspected_in_their_own_words() {
    let text = "# language: de\nFunktionalität: f\n Scenario: x\n  Angenommen a\n Szenario: y\n  Wnen a\n  Dann b\n";
    let found = suspected(text);
    let helps: Vec<_> = found.iter().map(|it| it.mistake.help.clone().unwrap_or_default()).collect();
    assert_eq!(helps, ["Did you mean `Szenario:`?", "Did you mean `Wenn`?"]);
}

#[test]
fn what_runs_nothing_or_expects_nothing_is_suspected() {
    for (text, expected) in [
        ("", &["no-scenarios 1"][..]),
        ("# a note\n", &["no-scenarios 1"]),
        ("Feature: f\n", &["no-scenarios 1"]),
        ("Feature: f\n Rule: r\n", &["no-scenarios 1"]),
        (&format!("Feature: f\n{SOUND} Rule: r\n"), &["no-scenarios 5"]),
        (&format!("Feature: f\n Background:\n{SOUND} Scenario: none\n"), &["no-steps 2", "no-steps 6"]),
        ("Feature: f\n Scenario Outline: o\n  Then x\n", &["no-rows 2"]),
        ("Feature: f\n Scenario: o\n  Then x\n  Examples:\n", &["no-rows 4"]),
        ("Feature: f\n Scenario: o\n  Then <x>\n  Examples:\n  | x |\n  Examples:\n  | x |\n  | 1 |\n", &["no-rows 4"]),
        ("Feature: f\n Scenario: s\n  Given x\n  When y\n  And z\n  * w\n", &["no-outcome 2"]),
        ("Feature: f\n Scenario: s\n  Given x\n  Then y\n  * z\n", &[]),
        ("Feature: f\n Scenario: s\n  Then y\n  When x\n  And z\n", &["unjudged-action 4"]),
        ("Feature: f\n Scenario: s\n  When x\n  Then y\n  When x\n  Then z\n", &[]),
    ] {
        assert_eq!(named(text), expected, "{text}");
    }
}

#[test]
fn scenarios_of_one_name_are_suspected_across_rules_but_not_rows_of_an_outline() {
    let text = "Feature: f\n Scenario: s\n  Then x\n Rule: r\n  Scenario: s\n   Then y\n  Scenario: o\n   Then <a>\n   Examples:\n   | a |\n   | 1 |\n   | 2 |\n";
    assert_eq!(named(text), ["duplicate-name 5"]);
    assert_eq!(suspected(text)[0].mistake.message, "the scenario in line 2 has the name `s` too");
}

#[test]
fn placeholders_without_a_column_are_suspected_with_the_nearest_one() {
    let text = "Feature: f\n Scenario: s <currency>\n  When paid in <curency>\n  Then <currency> < 3 and 4 > 3\n  Examples:\n  | currency |\n  | buzz |\n";
    let found = suspected(text);
    assert_eq!(named(text), ["unknown-placeholder 3"]);
    assert_eq!(found[0].mistake.message, "the examples in line 5 have no column for `<curency>`");
    assert_eq!(found[0].mistake.help.as_deref(), Some("Did you mean `currency`?"));
    assert_eq!(
        named("Feature: f\n Background:\n  Given <a>\n Scenario: s\n  Then <b> and <b>\n"),
        ["unknown-placeholder 3", "unknown-placeholder 5"]
    );
}

#[test]
fn markup_is_not_taken_for_placeholders() {
    let text = "Feature: f\n Scenario: s\n  Then the page says <b>sorry</b> <br/> <a href=\"x\"> <-> <ann@example.com>\n  And text\n   \"\"\"html\n   <hr>\n   \"\"\"\n";
    assert_eq!(named(text), [""; 0]);
}

#[test]
fn a_column_that_nothing_uses_is_suspected_in_each_table() {
    let text = "Feature: f\n Scenario: s\n  Then <a>\n  Examples:\n  | a | note |\n  | 1 | x |\n  Examples:\n  | a | note | |\n  | 1 | x | |\n";
    let found: Vec<_> = suspected(text).into_iter().map(|it| it.mistake.message).collect();
    let unused = "no step uses the column `note`";
    assert_eq!(found, [unused, unused, "the column has no name, so nothing can use it"]);
}

#[test]
fn a_cell_that_is_not_closed_is_suspected_and_a_comment_beside_a_row_is_not() {
    let text = "Feature: f\n Scenario: s\n  Then x\n   | a | b\n   | c | \\|\n   | d | # note\n   | e |\n";
    assert_eq!(named(text), ["lost-cell 4", "lost-cell 5"]);
    assert_eq!(suspected(text)[0].mistake.message, "`b` stands after the last `|` of its row and is dropped");
}

#[test]
fn every_suspicion_has_an_id_of_its_own_and_says_what_it_finds() {
    let mut ids: Vec<_> = SUSPICIONS.iter().map(|it| it.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), SUSPICIONS.len());
    assert!(SUSPICIONS.iter().all(|it| it.about.ends_with('.')));
}
