use std::process::Command;

use base64::Engine;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Folder;
use super::story::{Told, everything, failed, hostile, many, passed, tell};
use crate::model::{Content, Outcome};
use crate::report::{RunRecord, named, write_all};

fn page(told: &[Told]) -> String {
    let mut page = Vec::new();
    named("html").unwrap().write(&RunRecord::from_envelopes(&tell(told)), &mut page).unwrap();
    String::from_utf8(page).unwrap()
}

/// What stands between two marks.
fn between<'p>(page: &'p str, from: &str, to: &str) -> &'p str {
    page.split_once(from).unwrap().1.split_once(to).unwrap().0
}

fn data(page: &str) -> Value {
    serde_json::from_str(between(page, r#"<script type="application/json" id="data">"#, "</script>")).unwrap()
}

/// The page before its data: all that a reader without scripts has.
fn frame(page: &str) -> &str {
    page.split_once("<script").unwrap().0.split_once("</style>").unwrap().1
}

#[test]
fn the_policy_allows_this_style_and_this_script_and_nothing_else() {
    let page = page(&hostile());
    let policy = between(&page, r#"http-equiv="Content-Security-Policy" content=""#, "\">")
        .replace("&#x27;", "'")
        .replace("&#x2f;", "/");
    let hash =
        |source: &str| format!("'sha256-{}'", base64::engine::general_purpose::STANDARD.encode(Sha256::digest(source)));
    let style = hash(between(&page, "<style>", "</style>"));
    let script = hash(between(&page, r#"<script type="module">"#, "</script>"));
    let expected = format!(
        "default-src 'none'; style-src {style}; script-src {script}; img-src data:; base-uri 'none'; form-action 'none'"
    );
    assert_eq!(policy, expected);
    let marks: Vec<usize> = ["<style", "<script", "</script"].iter().map(|mark| page.matches(mark).count()).collect();
    assert_eq!(marks, [1, 2, 2], "no other style or script, whatever names say");
    assert!(!page.contains("innerHTML") && !page.contains("<!--"));
    let tags: Vec<&str> = frame(&page).split('<').filter_map(|part| Some(part.split_once('>')?.0)).collect();
    for attribute in [" src=", " onclick=", " onerror=", " onload=", " style=", "href=\"http", "href=\"javascript"] {
        assert!(tags.iter().all(|tag| !tag.contains(attribute)), "{attribute}");
    }
}

#[test]
fn the_script_knows_no_service_by_name() {
    let page = page(&everything());
    let script = between(&page, r#"<script type="module">"#, "</script>");
    for service in super::story::info(0).services {
        let name = regex::Regex::new(&format!(r"\b{}\b", service.name)).unwrap();
        assert!(!name.is_match(script), "{name}");
    }
}

#[test]
fn without_scripts_the_verdict_the_counts_and_the_failures_can_be_read() {
    let page = page(&everything());
    let frame = frame(&page).replace("&#x2f;", "/");
    for expected in [
        "1 scenario failed, 1 quarantined",
        "<b>2</b> failed",
        "<b>3</b> passed",
        "permission lost at storefront → generation: the submit carried no purchase credential (S4)",
        r##"<a href="#/s/features/buying.feature%3A9">buying › What was bought can be used at once</a>"##,
        "<span class=\"chip\">quarantined</span>",
        "E2 was not judged: no topology here can kill a consumer",
        "seed 4242",
    ] {
        assert!(frame.contains(expected), "missing {expected} in\n{frame}");
    }
    let good = super::html::page(&[passed("buying", "One")]);
    assert!(good.contains("All scenarios passed") && good.contains("Nothing went wrong"));
}

#[test]
fn what_failed_carries_bodies_and_what_passed_carries_heads() {
    let data = data(&page(&everything()));
    let scenarios = data["scenarios"].as_array().unwrap();
    let extras = |verdict: &str| {
        let some = scenarios.iter().filter(|one| one["verdict"] == verdict && one["flaky"] == false);
        let exchanges = some.flat_map(|one| one["attempts"][0]["exchanges"].as_array().unwrap());
        exchanges.map(|one| one.get(7).cloned().unwrap_or_default()).collect::<Vec<_>>()
    };
    assert!(extras("passed").iter().all(|more| more.is_null()) && !extras("passed").is_empty());
    assert!(extras("failed").iter().all(|more| more["request"]["headers"].is_array()));
    assert_eq!(data["late"][0]["from"], "charged");
    assert_eq!(data["run"]["checks"][2]["scenarios"], 0);
}

#[test]
fn the_page_stays_small() {
    let page = page(&many(500, 10));
    assert!(page.len() < 3 << 19, "{} bytes for 500 scenarios with 10 failures", page.len());

    let mut told = failed("buying", "A large answer");
    for exchange in &mut told.attempts[0].exchanges {
        let Outcome::Answered(response) = &mut exchange.outcome else { panic!("answered") };
        response.body.content = Content::Text("ä".repeat(20 << 10));
    }
    let one = super::html::page(std::slice::from_ref(&told));
    assert!(one.len() < 500 << 10, "{}", one.len());
    let exchange = |one: &Value| one["attempts"][0]["exchanges"][11][7].clone();
    assert_eq!(exchange(&data(&one)["scenarios"][0])["response"]["cut"], true);

    let told: Vec<Told> = (0..60).map(|index| Told { name: format!("Large {index}"), ..told.clone() }).collect();
    let many = super::html::page(&told);
    assert!(many.len() < 18 << 20, "{}", many.len());
    let scenarios = data(&many)["scenarios"].as_array().unwrap().clone();
    assert!(exchange(&scenarios[59])["left_out"] == true, "what has no room is flagged");
}

/// What a browser makes of a page at an address, and what it complained about; `None` where there is no browser.
fn drawn(told: &[Told], hash: &str) -> Option<(String, String)> {
    let folder = Folder::new();
    std::fs::write(folder.at("index.html"), page(told)).unwrap();
    let profile = format!("--user-data-dir={}", folder.at("profile").display());
    let address = format!("file://{}{hash}", folder.at("index.html").display());
    let output = Command::new("timeout")
        .args(["60", "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"])
        .args([
            "--enable-logging=stderr",
            "--virtual-time-budget=2000",
            "--window-size=1280,1000",
            "--dump-dom",
            &profile,
            &address,
        ])
        .output();
    let Ok(output) = output
        .and_then(|output| if output.status.success() { Ok(output) } else { Err(std::io::ErrorKind::NotFound.into()) })
    else {
        eprintln!("skipped: chromium is not installed, or does not run here");
        return None;
    };
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.lines().filter(|line| line.contains(":CONSOLE")).collect::<Vec<_>>().join("\n");
    Some((String::from_utf8_lossy(&output.stdout).into_owned(), said))
}

#[test]
fn a_browser_draws_the_path_and_pins_findings_to_their_fields() {
    let Some((dom, said)) = drawn(&everything(), "#/s/features%2Fbuying.feature%3A9?verdict=failed") else { return };
    assert_eq!(said, "", "the console stays empty");
    for expected in [
        "The path is broken at storefront → generation.",
        "✗ 403",
        "<dt class=\"pinned\">purchase-credential</dt><dd class=\"pinned\">missing</dd>",
        "2 of 7 scenarios",
        "aria-setsize=\"2\"",
        "What the page showed: page after pressing Generate",
        "aria-current=\"page\">Scenarios",
    ] {
        assert!(dom.contains(expected), "missing {expected}");
    }
}

#[test]
fn a_browser_runs_nothing_that_names_bring_along() {
    let Some((dom, said)) = drawn(&hostile(), "#/s/%zz?text=script") else { return };
    assert_eq!(said, "");
    assert!(dom.contains("There is no scenario at %zz."));
    let drawn = dom.split_once("</style>").unwrap().1;
    let outside: String =
        drawn.split("<script").map(|part| part.split_once("</script>").map_or(part, |(_, rest)| rest)).collect();
    assert!(!outside.contains("<img") && !outside.contains("onerror=\""), "text stays text");
    assert_eq!(drawn.matches("<script").count(), 2);
}

#[test]
fn a_list_of_thousands_holds_a_screenful_of_rows() {
    let Some((dom, said)) = drawn(&many(2_000, 3), "#/scenarios") else { return };
    assert_eq!(said, "");
    let rows = dom.matches("aria-setsize=\"2000\"").count();
    assert!((5..60).contains(&rows), "{rows}");
}

/// How many bytes the page of a run has; said, too.
fn size(count: usize, failures: usize) -> usize {
    let page = page(&many(count, failures));
    println!("{count} scenarios, {failures} failed: {:.1} MiB", page.len() as f64 / f64::from(1 << 20));
    page.len()
}

#[test]
fn the_page_of_a_thousand_scenarios_is_under_5_mib() {
    assert!(size(1_000, 20) < 5 << 20);
}

#[test]
#[ignore = "takes half a minute unoptimised"]
fn the_page_of_ten_thousand_scenarios_is_under_30_mib() {
    assert!(size(10_000, 200) < 30 << 20);
}

#[test]
#[ignore = "writes reports to look at into $PAIDPATH_EXAMPLES"]
fn examples() {
    let folder = std::path::PathBuf::from(std::env::var_os("PAIDPATH_EXAMPLES").expect("a folder"));
    let good = vec![passed("buying", "One")];
    let runs = [
        ("everything", everything()),
        ("hostile", hostile()),
        ("thousand", many(1_000, 20)),
        ("large", many(10_000, 200)),
        ("good", good),
    ];
    for (name, told) in runs {
        let run = RunRecord::from_envelopes(&tell(&told));
        for written in write_all(&run, &folder.join(name), &[named("html").unwrap()]) {
            written.result.unwrap();
        }
    }
}
