use std::collections::HashSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::Folder;
use super::story::{Told, every_character, everything, failed, hostile, many, passed, tell, unknown};
use crate::report::{RunRecord, markdown, named};

fn run_of(told: &[Told]) -> RunRecord {
    RunRecord::from_envelopes(&tell(told))
}

/// The files of a report: name and text.
fn files(id: &str, run: &RunRecord) -> Vec<(String, String)> {
    let folder = Folder::new();
    let written = crate::report::write_all(run, &folder.0, &[named(id).unwrap()]);
    written[0].result.as_ref().unwrap();
    let read = |path: &Path| {
        (
            path.file_name().unwrap().to_string_lossy().into_owned(),
            String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned(),
        )
    };
    if !written[0].file.is_dir() {
        return vec![read(&written[0].file)];
    }
    let mut files: Vec<_> =
        std::fs::read_dir(&written[0].file).unwrap().map(|entry| read(&entry.unwrap().path())).collect();
    files.sort();
    files
}

fn only(id: &str, run: &RunRecord) -> String {
    files(id, run).remove(0).1
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Holds XML against a schema with xmllint; `None` where there is none on this machine.
fn holds(schema: &str, document: &str) -> Option<Result<(), String>> {
    let folder = Folder::new();
    std::fs::write(folder.at("document.xml"), document).unwrap();
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(schema);
    let lint =
        Command::new("xmllint").args(["--noout", "--schema"]).arg(schema).arg(folder.at("document.xml")).output();
    let Ok(output) = lint else {
        eprintln!("skipped: xmllint is not installed");
        return None;
    };
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Some(if output.status.success() { Ok(()) } else { Err(said) })
}

#[test]
fn junit_holds_against_the_schemas_of_its_readers() {
    for told in [everything(), hostile(), Vec::new()] {
        let run = run_of(&told);
        if let Some(held) = holds("jenkins-junit.xsd", &only("junit", &run)) {
            held.unwrap();
        }
        for (name, document) in files("surefire", &run) {
            if let Some(held) = holds("surefire-test-report-3.0.2.xsd", &document) {
                held.unwrap_or_else(|said| panic!("{name}: {said}"));
            }
        }
    }
    if let Some(held) = holds("jenkins-junit.xsd", "<testsuites><testsuite/></testsuites>") {
        assert!(held.is_err(), "the schema refuses something");
    }
}

#[test]
fn an_unknown_scenario_with_retries_holds_against_the_schema_too() {
    let mut twice = unknown("buying", "Unknown twice", "the worker is slow");
    twice.attempts.push(twice.attempts[0].clone());
    let (_, document) = files("surefire", &run_of(&[twice])).remove(0);
    assert!(document.find("<rerunFailure") < document.find("<error"), "{document}");
    holds("surefire-test-report-3.0.2.xsd", &document).unwrap_or(Ok(())).unwrap();
}

#[test]
fn har_ctrf_and_allure_hold_against_the_schemas_of_their_formats() {
    let schemas = [
        ("har", ".har", include_str!("schemas/har.json")),
        ("ctrf", "ctrf.json", include_str!("schemas/ctrf.json")),
        ("allure", "-result.json", include_str!("schemas/allure-result.json")),
    ];
    for (id, ending, schema) in schemas {
        let schema = jsonschema::validator_for(&json(schema)).unwrap();
        assert!(!schema.is_valid(&Value::Object(serde_json::Map::new())), "{id}: the schema refuses something");
        for told in [everything(), hostile(), Vec::new()] {
            for (name, text) in files(id, &run_of(&told)).into_iter().filter(|(name, _)| name.ends_with(ending)) {
                let errors: Vec<String> = schema
                    .iter_errors(&json(&text))
                    .map(|error| format!("{} {error}", error.instance_path()))
                    .collect();
                assert!(errors.is_empty(), "{name}: {errors:?}");
            }
        }
    }
}

#[test]
fn every_character_there_is_makes_valid_xml_and_json_in_names_messages_and_bodies() {
    let told = every_character();
    let characters: usize = told.iter().map(|one| one.name.chars().count()).sum();
    assert_eq!(characters, 0x110000 - 0x800, "all but the surrogates");
    let run = run_of(&told);
    for (schema, id) in [("jenkins-junit.xsd", "junit"), ("surefire-test-report-3.0.2.xsd", "surefire")] {
        for (name, document) in files(id, &run) {
            holds(schema, &document).unwrap_or(Ok(())).unwrap_or_else(|said| panic!("{name}: {said}"));
        }
    }
    for id in ["cucumber-json", "ctrf", "har", "allure"] {
        for (name, text) in
            files(id, &run).into_iter().filter(|(name, _)| name.ends_with(".json") || name.ends_with(".har"))
        {
            serde_json::from_str::<Value>(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
    let page = only("html", &run);
    let data = page.split_once(r#"id="data">"#).unwrap().1.split_once("</script>").unwrap().0;
    let names: Vec<String> = json(data)["scenarios"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap().to_owned())
        .collect();
    let given: Vec<String> = run.scenarios.iter().map(|one| one.title()).collect();
    assert!(names == given, "the page has every name as it was given");
}

#[test]
fn junit_tells_failed_from_unknown_and_excuses_what_is_quarantined() {
    let text = only("junit", &run_of(&everything()));
    for expected in [
        r#"<testsuites name="paidpath" tests="7" failures="1" errors="1" time=""#,
        r#"<testsuite name="buying" tests="4" skipped="1" errors="0" failures="1" time="0.620" timestamp="2026-01-01T00:00:00+00:00">"#,
        r#"<property name="paidpath.seed" value="4242"/>"#,
        r#"<testcase name="What was bought can be used at once" classname="features.buying" time="0.155">"#,
        r#"<failure message="permission lost at storefront → generation: the submit carried no purchase credential (S4)" type="not carried">Then the image is delivered"#,
        r#"<skipped>needs a wallet that declines, see @needs(cards)</skipped>"#,
        r#"<error message="the fault `storefront -&gt; generation: delay 10s` never fired" type="unknown">"#,
        "<skipped>quarantined: ticket 12, until 2027-01-31; it failed: permission lost at",
        "<system-out>flaky: it took 2 attempts",
        "✗ submit          storefront → generation",
    ] {
        assert!(text.contains(expected), "missing {expected} in\n{text}");
    }
}

#[test]
fn surefire_keeps_every_attempt() {
    let mut twice = failed("buying", "Fails twice");
    twice.attempts.push(twice.attempts[0].clone());
    let told = [everything(), vec![twice]].concat();
    let (name, text) = files("surefire", &run_of(&told)).remove(0);
    assert_eq!(name, "TEST-features-buying.xml");
    assert_eq!((text.matches("<flakyFailure").count(), text.matches("<rerunFailure").count()), (1, 1));
}

#[test]
fn cucumber_json_has_one_element_per_scenario_and_nothing_bad_looks_green() {
    let document = json(&only("cucumber-json", &run_of(&everything())));
    let elements: Vec<&Value> =
        document.as_array().unwrap().iter().flat_map(|feature| feature["elements"].as_array().unwrap()).collect();
    assert_eq!(elements.len(), 7);
    let green = |element: &&&Value| {
        let results = ["steps", "after"].into_iter().flat_map(|part| element[part].as_array().unwrap());
        results.map(|part| &part["result"]["status"]).all(|status| status == "passed")
    };
    assert_eq!(elements.iter().filter(green).count(), 3);
    assert_eq!(elements[1]["steps"][3]["keyword"], "Then ");
    assert_eq!(elements[1]["steps"][3]["result"]["duration"], 31_000_000);
    assert_eq!(elements[1]["steps"][3]["embeddings"][0]["mime_type"], "text/plain");

    let envelopes = tell(&everything());
    let killed = RunRecord::from_envelopes(&envelopes[..envelopes.len() / 2]);
    let document = json(&only("cucumber-json", &killed));
    let last = document.as_array().unwrap().last().unwrap()["elements"].as_array().unwrap().last().unwrap();
    assert_eq!(last["after"][0]["result"]["status"], "undefined");
}

#[test]
fn ctrf_counts_add_up() {
    for told in [everything(), hostile(), Vec::new()] {
        let document = json(&only("ctrf", &run_of(&told)));
        assert_eq!(
            (&document["reportFormat"], &document["results"]["tool"]["name"]),
            (&"CTRF".into(), &"paidpath".into())
        );
        let summary = &document["results"]["summary"];
        let sum: u64 = ["passed", "failed", "skipped", "pending", "other"]
            .iter()
            .map(|name| summary[name].as_u64().unwrap())
            .sum();
        assert_eq!((summary["tests"].as_u64().unwrap(), sum), (told.len() as u64, told.len() as u64));
        for test in document["results"]["tests"].as_array().unwrap() {
            assert!(!test["name"].as_str().unwrap().is_empty() && test["duration"].is_u64());
            assert!(["passed", "failed", "skipped", "other"].contains(&test["status"].as_str().unwrap()));
        }
    }
    let document = json(&only("ctrf", &run_of(&everything())));
    let tests = document["results"]["tests"].as_array().unwrap();
    let flaky = tests.iter().find(|test| test["flaky"] == true).unwrap();
    assert_eq!((&flaky["retries"], &flaky["retryAttempts"][0]["status"]), (&1.into(), &"failed".into()));
}

#[test]
fn allure_knows_attempts_of_one_scenario_and_its_attachments() {
    let files = files("allure", &run_of(&everything()));
    let results: Vec<Value> =
        files.iter().filter(|(name, _)| name.ends_with("-result.json")).map(|(_, text)| json(text)).collect();
    assert_eq!(results.len(), 8, "7 scenarios, one of them twice");
    let identities: HashSet<_> = results.iter().map(|result| result["historyId"].as_str().unwrap()).collect();
    assert_eq!(identities.len(), 7);
    for result in &results {
        for attachment in result["attachments"].as_array().unwrap() {
            let source = attachment["source"].as_str().unwrap();
            assert!(files.iter().any(|(name, _)| name == source), "{source}");
        }
    }
    let count = |status| results.iter().filter(|result| result["status"] == status).count();
    assert_eq!([count("passed"), count("failed"), count("broken"), count("skipped")], [3, 3, 1, 1]);
    assert!(files.iter().any(|(name, text)| name == "environment.properties" && text.contains("seed=4242")));
}

#[test]
fn har_has_what_the_standard_requires_of_every_entry() {
    for told in [everything(), hostile()] {
        for (name, text) in files("har", &run_of(&told)) {
            assert!(name.ends_with(".har"));
            let log = &json(&text)["log"];
            assert_eq!((&log["version"], &log["creator"]["name"]), (&"1.2".into(), &"paidpath".into()));
            for entry in log["entries"].as_array().unwrap() {
                let time = entry["startedDateTime"].as_str().unwrap();
                assert!(
                    time.parse::<jiff::Timestamp>().is_ok() && entry["time"].is_number() && entry["cache"].is_object()
                );
                for part in ["cookies", "headers"] {
                    assert!(entry["request"][part].is_array() && entry["response"][part].is_array());
                }
                let url = entry["request"]["url"].as_str().unwrap();
                assert!(url.starts_with("http://127.0.0.1:"), "{url}");
                // The parser takes no more than 64 KiB.
                assert!(url.len() > 60_000 || url.parse::<http::Uri>().is_ok(), "{url}");
                assert!(entry["request"]["queryString"].is_array() && entry["request"]["httpVersion"].is_string());
                let response = &entry["response"];
                assert!(response["status"].is_u64() && response["redirectURL"].is_string());
                assert!(response["content"]["size"].is_u64() && response["content"]["mimeType"].is_string());
                assert!(entry["timings"]["send"].is_number() && entry["timings"]["wait"].is_number());
                assert!(log["pages"].as_array().unwrap().iter().any(|page| page["id"] == entry["pageref"]));
            }
        }
    }
    let files = files("har", &run_of(&everything()));
    let (_, lost) = files.iter().find(|(name, _)| name == "buying-what-was-bought-can-be-used-at-once.har").unwrap();
    let entries = json(lost)["log"]["entries"].as_array().unwrap().clone();
    let submit = entries.iter().find(|entry| entry["_edge"] == "storefront → generation").unwrap();
    assert_eq!((&submit["response"]["status"], &submit["_findings"][0]["rule"]), (&403.into(), &"S4".into()));
    assert!(submit["request"]["postData"]["text"].as_str().unwrap().contains("a lighthouse at dusk"));
}

#[test]
fn markdown_never_exceeds_what_github_takes_and_begins_with_what_failed() {
    let mut told = many(700, 600);
    for (index, one) in told.iter_mut().enumerate() {
        for diagnosis in one.attempts.iter_mut().filter_map(|attempt| attempt.diagnosis.as_mut()) {
            diagnosis.edge = format!("storefront -> service-{index}").parse().ok();
        }
    }
    let text = only("markdown", &run_of(&told));
    assert!(text.len() <= markdown::MOST && text.len() > markdown::MOST / 2, "{}", text.len());
    assert!(
        text.starts_with("# ❌ paidpath: at least one scenario failed\n") && text.contains("more that do not fit here")
    );

    let text = only("markdown", &run_of(&everything()));
    let order = ["## Failed", "## Unknown", "Flaky: 1", "Quarantined: 1", "Skipped: 1", "## Notes"];
    let places: Vec<_> =
        order.iter().map(|part| text.find(part).unwrap_or_else(|| panic!("{part} in\n{text}"))).collect();
    assert!(places.is_sorted(), "{places:?}");
}

/// A line of Markdown without its code: that ends where there are as many backticks as at its beginning.
fn outside_code(line: &str) -> String {
    let ticks = |text: &str| text.len() - text.trim_start_matches('`').len();
    let (mut outside, mut rest) = (String::new(), line);
    while let Some(open) = rest.find('`') {
        outside.push_str(&rest[..open]);
        let fence = ticks(&rest[open..]);
        rest = &rest[open + fence..];
        let mut end = 0;
        while let Some(close) = rest[end..].find('`').map(|at| at + end) {
            end = close + ticks(&rest[close..]);
            if end - close == fence {
                break;
            }
        }
        rest = &rest[end..];
    }
    outside + rest
}

#[test]
fn markdown_lets_no_markup_through() {
    let text = only("markdown", &run_of(&hostile()));
    let mut fence: Option<String> = None;
    for line in text.lines() {
        match &fence {
            Some(open) if line == open => fence = None,
            Some(_) => continue,
            None if line.starts_with("```") => fence = Some(line.trim_end_matches("text").to_owned()),
            None => {
                let outside = outside_code(line);
                assert!(!outside.contains("<script") && !outside.contains("<img") && !outside.contains("]("), "{line}");
            }
        }
    }
    assert!(fence.is_none(), "every fence is closed");
}

#[test]
fn annotations_are_few_escaped_and_most_frequent_first() {
    let text =
        only("annotations", &run_of(&[many(50, 30), vec![unknown("a", "b", "the worker\nis down: 100%")]].concat()));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(
        lines[0]
            .starts_with("::error file=features/stage 00.feature,line=7,title=Scenario number 0::permission lost at")
    );
    assert!(lines[0].ends_with("%0Aand 29 more for the same cause"), "{text}");
    assert!(lines[1].starts_with("::warning file=features/a.feature,line=3,title=b::the worker%0Aa › b"), "{text}");

    let text = only("annotations", &run_of(&hostile()));
    for kind in ["error", "warning", "notice"] {
        let count = text.lines().filter(|line| line.starts_with(&format!("::{kind} file="))).count();
        assert!((1..=10).contains(&count), "{kind}: {count}");
    }
    assert!(
        text.lines().all(|line| ["::error ", "::warning ", "::notice "].iter().any(|start| line.starts_with(start)))
    );
    assert!(text.contains("more causes that are not shown here"));
}

#[test]
fn tap_has_its_plan_and_one_line_per_scenario() {
    let test = regex::Regex::new(r"^(not )?ok (\d+) - ((?:[^#\\]|\\.)*)( # (SKIP|TODO) .*)?$").unwrap();
    for told in [everything(), hostile()] {
        let text = only("tap", &run_of(&told));
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("TAP version 14"));
        assert_eq!(lines.next().unwrap(), format!("1..{}", told.len()));
        let (mut count, mut yaml) = (0, false);
        for line in lines {
            match line {
                "  ---" => yaml = true,
                "  ..." => yaml = false,
                _ if yaml => assert!(line.starts_with("  "), "{line}"),
                _ if line.starts_with("# ") => {}
                _ => {
                    count += 1;
                    let found = test.captures(line).unwrap_or_else(|| panic!("{line}"));
                    assert_eq!(found[2].parse(), Ok(count));
                }
            }
        }
        assert_eq!(count, told.len());
    }
    let text = only("tap", &run_of(&everything()));
    assert!(text.contains("not ok 7 - generating › A refunded member is refused at once # TODO ticket 12"), "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("ok")).count(), 4);
}

#[test]
fn a_run_that_was_killed_is_not_green_anywhere() {
    let envelopes = tell(&[passed("a", "One"), passed("a", "Two")]);
    let run = RunRecord::from_envelopes(&envelopes[..envelopes.len() - 8]);
    let expected = [
        ("junit", "<error message=\"the run ended before it did\""),
        ("ctrf", "\"status\":\"other\""),
        ("cucumber-json", "\"undefined\""),
        ("tap", "not ok 2"),
        ("markdown", "# ⚠️ paidpath: nothing failed, but something could not be judged"),
        ("annotations", "::warning file=features/a.feature"),
    ];
    for (id, sign) in expected {
        let text = only(id, &run);
        assert!(text.contains(sign), "{id}: {text}");
    }
    assert!(files("allure", &run).iter().any(|(_, text)| text.contains("\"broken\"")));
}
