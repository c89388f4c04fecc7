//! Scenarios with a page: a run with a real browser, driven from outside.

use serde_json::Value;

use crate::browser::{config, kill_browser_of, processes};
use crate::support::{Folder, Ran, journal, until};

/// A member who has bought what they generate with.
const PAID: &str = "@page
Feature: The paid path
  Scenario: Paid and generated
    Given Ann has 500 credits
    And early access to Dusk costs 120 credits for generation
    And Ann has bought generation access to Dusk
    When Ann opens the page of Dusk
    And Ann types \"A lighthouse\" into \"Prompt\"
    And Ann presses \"Generate\"
    Then the page becomes \"done\"
";

/// The records of one type that are attached to attempts.
fn records(ran: &Ran, kind: &str) -> Vec<Value> {
    let of_kind = |attachment: &Value| attachment["mediaType"].as_str().is_some_and(|media| media.contains(kind));
    let attachments = ran.journal("attachment").into_iter().filter(of_kind);
    attachments.filter_map(|attachment| serde_json::from_str(attachment["body"].as_str()?).ok()).collect()
}

/// Everything that was found.
fn findings(ran: &Ran) -> Vec<Value> {
    records(ran, "findings").iter().flat_map(|list| list.as_array().cloned().unwrap_or_default()).collect()
}

/// The incident: the form rejects the date that the server itself sent, and says nothing.
#[test]
fn a_border_without_text_and_without_a_request_is_red_and_told_in_words() {
    if config().is_none() {
        return;
    }
    let folder = Folder::with("a.feature", PAID);
    let ran = folder.paidpath(&["run", "a.feature", "--require", "browser", "--defect", "ui.strict-date"]);
    ran.expect(1, &["1 failed", "paidpath run --seed", "--defect ui.strict-date a.feature:3"]);
    let [diagnosis] = records(&ran, "diagnosis").try_into().expect("one scenario, one diagnosis");
    assert_eq!(diagnosis["class"], "never sent", "{diagnosis}");
    let sentence = diagnosis["sentence"].as_str().unwrap();
    for words in [
        "nothing was sent at member → storefront",
        "no request left the page",
        "a red border appeared on group “Resources”",
        "(U4, U3)",
    ] {
        assert!(sentence.contains(words), "{words}: {sentence}");
    }
    let broken: Vec<_> = diagnosis["hops"].as_array().unwrap().iter().filter(|hop| hop["state"] == "broken").collect();
    assert_eq!((broken.len(), &broken[0]["name"]), (1, &Value::from("⑥ submit")));
    let findings = findings(&ran);
    let silent = findings.iter().find(|finding| finding["rule"] == "U3").expect("the border says nothing");
    assert_eq!(silent["at"], "group “Resources”");
    assert!(silent["message"].as_str().unwrap().contains("no text says what is wrong"), "{silent}");
}

/// Nobody can see anything any more, and that is not the platform's fault.
#[test]
fn a_browser_that_is_killed_makes_its_scenario_unknown_and_the_next_one_has_another() {
    if config().is_none() {
        return;
    }
    let folder = Folder::with(
        "a.feature",
        "@page
Feature: A browser that dies
  Scenario: While it dies
    Given Ann has 100 credits
    And Dusk is public
    When Ann opens the page of Dusk
    Then the page becomes \"done\"
  Scenario: Afterwards
    Given Ann has 100 credits
    And Dusk is public
    When Ann opens the page of Dusk
    Then the page becomes \"ready\"
",
    );
    let running = folder.start(&["run", "a.feature", "--require", "browser", "--jobs", "1"]);
    let pid = running.id();
    until("the page is open", || journal(&folder.reports(), "testStepFinished").len() >= 3);
    kill_browser_of(pid);
    let ran = folder.wait(running);
    ran.expect(2, &["?", "While it dies", "the browser", "✓", "Afterwards", "1 unknown", "1 passed, 0 failed"]);
    assert_eq!(processes(pid), Vec::<u32>::new());
}

#[test]
fn what_there_was_to_see_of_a_failed_scenario_is_kept_and_shown() {
    if config().is_none() {
        return;
    }
    let folder = Folder::with("a.feature", PAID);
    let ran = folder.paidpath(&["run", "a.feature", "--require", "browser", "--defect", "ui.strict-date"]);
    let kept = ran.journal("attachment").into_iter().filter(|one| one["contentEncoding"] == "BASE64");
    let kept: Vec<_> = kept.map(|one| (one["mediaType"].clone(), one["fileName"].clone())).collect();
    for (media, name) in [
        ("image/png", "Ann's page.png"),
        ("text/html", "Ann's page.html"),
        ("text/plain", "Ann's browser: console and requests.txt"),
    ] {
        assert!(kept.contains(&(media.into(), name.into())), "{name}: {kept:?}");
    }
    let report = std::fs::read_to_string(folder.reports().join("index.html")).unwrap();
    assert!(report.contains("Ann's page.png") && report.contains("iVBORw0KGgo"), "the report has the picture");
    let passed = folder.paidpath(&["run", "a.feature", "--require", "browser"]);
    passed.expect(0, &["1 passed"]);
    assert!(!passed.journal("attachment").iter().any(|one| one["contentEncoding"] == "BASE64"), "nothing to see");
}

#[test]
fn without_a_browser_pages_are_skipped_with_the_reason_and_refused_where_one_is_required() {
    let folder = Folder::with("a.feature", PAID);
    let without = |arguments: &[&str]| {
        let mut command = folder.command(arguments);
        Ran::of(command.env("PAIDPATH_BROWSER", "/nowhere/chromium").output().unwrap(), folder.reports())
    };
    without(&["run", "a.feature"]).expect(2, &["1 skipped", "the browser /nowhere/chromium is not there"]);
    folder.write("untagged.feature", PAID.replace("@page", ""));
    without(&["run", "untagged.feature"]).expect(2, &["1 skipped", "the browser /nowhere/chromium is not there"]);
    let refused = without(&["run", "a.feature", "--require", "browser"]);
    refused.expect(2, &["browser is required: the browser /nowhere/chromium is not there"]);
    without(&["doctor"])
        .expect(0, &["✗ browser", "scenarios with @page are skipped", "apt-get install chromium-headless-shell"]);
}

#[test]
fn a_defect_is_refused_where_the_target_has_none_or_it_is_no_id() {
    let folder = Folder::with("a.feature", PAID);
    folder.paidpath(&["run", "a.feature", "--defect", "a,b"]).expect(64, &["`a,b` is not the id of a defect"]);
    let whole = include_str!("../../mocks/platform/target.toml").replace("catalogue = \"errors.toml\"\n", "");
    // Without the files that it names, which do not lie beside this copy.
    let (before, contracts) = whole.split_once("[contracts]").unwrap();
    let after = contracts.split_once("\n[").unwrap().1;
    folder.write("target.toml", format!("{before}[{after}").replace("defect = \"atelier.defect\"\n", ""));
    let ran = folder.paidpath(&["run", "a.feature", "--target", "target.toml", "--defect", "ui.border-only"]);
    ran.expect(64, &["--defect: Atelier has none"]);
}

#[test]
fn what_the_target_says_of_its_page_is_checked_with_its_line() {
    let whole = include_str!("../../mocks/platform/target.toml");
    for (right, wrong, says) in [
        ("role = \"button\", name = \"Generate\"", "role = \"buton\", name = \"Generate\"", "Did you mean `button`?"),
        ("\"Image\" = { css = \"#jobs img\" }", "\"Image\" = {}", "the element `Image` is not named"),
        ("\"ready\" = { at = \"Access\"", "\"ready\" = { at = \"Acess\"", "names no `Acess`. Did you mean `Access`?"),
        ("ready = \"ready\"", "ready = \"redy\"", "names no `redy`. Did you mean `ready`?"),
        ("version = \"/versions/{version}\"\nsession", "version = \"versions\"\nsession", "is not the path of a page"),
        ("session_cookie", "sesion_cookie", "Did you mean `session_cookie`?"),
    ] {
        assert!(whole.contains(right), "{right}");
        let folder = Folder::with("target.toml", &whole.replace(right, wrong));
        folder.write("a.feature", PAID);
        let ran = folder.paidpath(&["run", "a.feature", "--target", "target.toml"]);
        ran.expect(64, &[says, "target.toml:"]);
    }
}
