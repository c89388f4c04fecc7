//! The HTML report of real runs in a real browser: what names and bodies bring along stays text, and it opens at once.

use std::path::Path;
use std::time::Duration;

use paidpath::under_test::{BrowserEvent, Browsers, Page};

use crate::browser::{config, run};
use crate::support::Folder;

#[path = "../../src/report/tests/strings.rs"]
mod strings;

/// What does something that shows, if it is ever more than text.
const ACTING: [&str; 5] = [
    "<script>window.hacked = 1</script>",
    "</script><script>window.hacked = 1; document.title = 'hacked'</script>",
    "<img src=x onerror=\"window.hacked = 1; document.title = 'hacked'; alert(1)\">",
    "\" autofocus onfocus=\"window.hacked = 1\" onmouseover=\"window.hacked = 1\" x=\"",
    "<iframe srcdoc=\"<script>parent.hacked = 1</script>\"></iframe><svg onload=\"window.hacked = 1\">",
];

/// Names of files, as far as a file system takes them.
const FILES: [&str; 8] = [
    "<img src=x onerror=alert(1)>",
    "..",
    "..\\..\\etc\\passwd",
    "$(reboot) `reboot` ; | &",
    "\u{202e}gnp.exe\u{202c}",
    "%2e%2e%2fpasswd",
    "\u{1b}[31mred",
    "-rf --out=",
];

/// A run in which everything that somebody may choose is hostile, three folders deep.
fn hostile() -> Folder {
    let folder = Folder::new();
    let strings: Vec<&str> = strings::STRINGS.iter().chain(&ACTING).copied().collect();
    let cell = |text: &str| text.replace('\\', "\\\\").replace('|', "\\|").replace('\n', "\\n").replace('\r', " ");
    let write = |file: &str, strings: &[&str]| {
        let feature = strings[0].replace(['\n', '\r'], " ");
        let outline =
            "  Scenario Outline: <name>\n    Given Ann has 500 credits\n    Then something <end>\n    Examples:\n";
        let rows = strings.iter().enumerate().map(|(number, string)| {
            let end = if number % 2 == 0 { "does not hold" } else { "holds" };
            format!("      | {} | {end} |\n", cell(string))
        });
        let text = format!("Feature: {feature}\n{outline}      | name | end |\n{}", rows.collect::<String>());
        folder.write(&format!("a/b/work/features/{file}.feature"), text);
    };
    write("strings", &strings);
    write("long", &[&"long ".repeat(60), &"x".repeat(5_000)]);
    for (number, file) in FILES.iter().enumerate() {
        write(file, &[strings[number * 9], ACTING[number % ACTING.len()]]);
    }
    let wallet =
        "Feature: bodies\n  Scenario: a wallet\n    Given Ann has 500 credits\n    Then Ann has 500 credits left\n";
    folder.write("a/b/work/features/bodies.feature", wallet);
    folder
}

/// Everything below a folder.
fn paths(folder: &Path, found: &mut Vec<String>, root: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        found.push(path.strip_prefix(root).unwrap().display().to_string());
        if path.is_dir() {
            paths(&path, found, root);
        }
    }
}

fn all_paths(folder: &Folder) -> Vec<String> {
    let mut found = Vec::new();
    paths(folder.path(), &mut found, folder.path());
    found
}

/// Runs the hostile suite; the wallet answers with markup of which each part acts.
fn run_hostile(folder: &Folder) {
    let body = serde_json::to_string(&ACTING.concat()).unwrap();
    let fault = format!("member -> storefront GET /v1/wallet: respond with text {body}");
    let arguments = ["run", "--report", "all", "--record", "all", "--fault", &fault];
    let output = folder.command(&arguments).current_dir(folder.path().join("a/b/work")).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{out}\n{err}");
    assert!(out.lines().last().unwrap().ends_with(" failed") && err.is_empty(), "{out}\n{err}");
    let control = |char: char| char.is_control() && char != '\n';
    assert!(!out.contains(control), "{:?}", out.chars().find(|char| control(*char)));
    assert!(!out.lines().any(|line| line.starts_with("::") || line.starts_with("##")), "a command of a CI system");
}

#[test]
fn a_run_with_hostile_names_writes_into_its_reports_folder_and_nowhere_else() {
    let folder = hostile();
    let before = all_paths(&folder);
    run_hostile(&folder);
    let reports = "a/b/work/reports";
    let (inside, outside): (Vec<_>, Vec<_>) = all_paths(&folder)
        .into_iter()
        .filter(|path| !before.contains(path))
        .partition(|path| path.starts_with(reports));
    assert!(outside.is_empty(), "{outside:?}");
    let har = inside.iter().filter(|path| path.starts_with("a/b/work/reports/har/")).count();
    assert!(har > 100, "a file for each scenario: {har}");
    let plain = |path: &&String| path.chars().all(|char| char.is_ascii_alphanumeric() || "/.-_".contains(char));
    assert_eq!(inside.iter().find(|path| !plain(path)), None, "names of files are plain");
}

async fn opened(browsers: &Browsers, file: &Path) -> Page {
    let page = browsers.open("http://127.0.0.1").await.unwrap();
    page.goto(&format!("file://{}", file.display())).await.unwrap();
    page
}

/// Looks at every view and every scenario, opens whatever folds, and passes over whatever reacts to that; then says what
/// became of the page: how many scenarios it drew, and everything in it that is no text.
const VISIT: &str = r##"(async () => {
  const wrong = new Set();
  const data = JSON.parse(document.getElementById("data").textContent);
  const tabs = [...document.querySelectorAll("#tabs a")].map((tab) => tab.getAttribute("href"));
  const places = data.scenarios.map((one) => `#/s/${encodeURIComponent(one.place)}`);
  const look = () => {
    if (window.hacked) wrong.add("window.hacked");
    if (!document.title.endsWith(" – paidpath")) wrong.add(`title ${document.title}`);
    const strange = "iframe, object, embed, base, link, form[action], meta[http-equiv=refresh], img:not([src^='data:']), script:not([type])";
    for (const one of document.querySelectorAll(strange)) wrong.add(one.outerHTML);
    for (const one of document.querySelectorAll("main *")) {
      for (const { name, value } of one.attributes) {
        if (name.startsWith("on") || (name === "href" && !value.startsWith("#"))) wrong.add(`${name}=${value}`);
      }
    }
  };
  let drawn = 0;
  for (const address of [...tabs, ...places]) {
    location.hash = address;
    await new Promise((next) => setTimeout(next));
    for (const fold of document.querySelectorAll("details")) fold.open = true;
    for (const one of document.querySelectorAll("main *")) one.dispatchEvent(new MouseEvent("mouseover", { bubbles: true }));
    if (address.startsWith("#/s/")) drawn += document.getElementById("scenario") !== null;
    look();
  }
  return JSON.stringify([data.scenarios.length, places.length, drawn, [...wrong]]);
})()"##;

#[test]
fn nothing_that_a_hostile_run_brings_along_is_executed_by_the_browser() {
    let Some(config) = config() else { return };
    let folder = hostile();
    run_hostile(&folder);
    let file = folder.path().join("a/b/work/reports/index.html");
    assert!(std::fs::read_to_string(&file).unwrap().contains("window.hacked"), "it is there to be executed");
    run(async {
        let browsers = Browsers::start(config).await.unwrap();
        let page = opened(&browsers, &file).await;
        let visited: serde_json::Value = serde_json::from_str(&page.evaluate(VISIT).await.unwrap()).unwrap();
        let count = visited[0].as_u64().unwrap();
        assert!(count > 100, "{visited}");
        assert_eq!(visited, serde_json::json!([count, count, count, []]));
        let acted = |noticed: &&BrowserEvent| match noticed {
            BrowserEvent::Console { .. }
            | BrowserEvent::Uncaught { .. }
            | BrowserEvent::NoResponse { .. }
            | BrowserEvent::Dialog { .. }
            | BrowserEvent::Download { .. }
            | BrowserEvent::Opened { .. }
            | BrowserEvent::Closed => true,
            BrowserEvent::Request { url, .. }
            | BrowserEvent::Response { url, .. }
            | BrowserEvent::Navigation { url } => !url.starts_with("file:") && !url.starts_with("data:"),
        };
        let log = page.log();
        assert_eq!(log.since(0).filter(acted).collect::<Vec<_>>(), Vec::<&BrowserEvent>::new());
        browsers.stop().await;
    });
}

#[test]
#[ignore = "a measurement: opens the pages below $PAIDPATH_EXAMPLES, a few times each"]
fn opening_times_of_the_examples() {
    let config = config().expect("a browser");
    let folder = std::path::PathBuf::from(std::env::var_os("PAIDPATH_EXAMPLES").expect("a folder"));
    run(async {
        let browsers = Browsers::start(config).await.unwrap();
        let mut examples: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        examples.sort();
        for file in examples.into_iter().map(|example| example.join("index.html")).filter(|file| file.exists()) {
            let mut took = Vec::new();
            let mut scenarios = String::new();
            for _ in 0..5 {
                let page = opened(&browsers, &file).await;
                // What it draws first is there: the tabs come from its script.
                scenarios = page.evaluate("document.querySelectorAll('#tabs a')[1].textContent").await.unwrap();
                // By the page's own clock, from the navigation on: who drives the browser listens to all it does, and that takes
                // longer than the page.
                let loaded = "performance.getEntriesByType('navigation')[0].loadEventEnd";
                let millis: f64 = page.evaluate(loaded).await.unwrap().parse().unwrap();
                took.push(Duration::from_secs_f64(millis / 1e3));
                page.close().await;
            }
            took.sort();
            let size = std::fs::metadata(&file).unwrap().len() as f64 / f64::from(1 << 20);
            let name = file.parent().unwrap().file_name().unwrap().display().to_string();
            println!("{name}: {scenarios}, {size:.1} MiB: median {:.2?} of {took:.2?}", took[2]);
        }
        browsers.stop().await;
    });
}
