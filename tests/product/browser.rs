//! The room `browser`: a real browser under good and bad conditions, and the oracle held against a table of pages.
//!
//! The pages are in `pages/`: `silent-….html` fails in silence and names, in `<meta name="finding">`, words of the finding
//! it must cause; `healthy-….html` looks alike and must cause none. What carries `data-press` is pressed.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse};
use axum::routing::{any, get};
use futures::StreamExt;
use paidpath::under_test::{Blame, Finding};
use paidpath::under_test::{
    BrowserConfig, BrowserError, BrowserEvent, Browsers, Locator, PressResult, missing_browser as missing,
};
use paidpath::under_test::{Look, wait};

use crate::support::{Networks, agree_on};

const BOUND: Duration = Duration::from_secs(1);

/// The configuration of these tests, or `None` with a visible reason; CI forbids skipping.
pub fn config() -> Option<BrowserConfig> {
    let config = BrowserConfig::default();
    match missing(&config) {
        None => {
            agree_on(Networks::Kept);
            Some(config)
        }
        Some(reason) if std::env::var_os("PAIDPATH_REQUIRE_BROWSER").is_some() => panic!("{reason}"),
        Some(reason) => {
            eprintln!("skipped: {reason}");
            None
        }
    }
}

/// The pages by name, with their markup.
fn pages() -> BTreeMap<String, String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/product/pages");
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "html"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect()
}

async fn answer_after(long: Duration) -> &'static str {
    tokio::time::sleep(long).await;
    "{}"
}

/// A site with the pages and with a service that agrees, refuses, is slow, or never answers.
async fn site() -> String {
    let pages = Arc::new(pages());
    let refusal = || async {
        let kind = [(header::CONTENT_TYPE, "application/problem+json")];
        (StatusCode::FORBIDDEN, kind, r#"{"code":"not_entitled"}"#)
    };
    let echo = |headers: axum::http::HeaderMap| async move {
        let header = |name: &str| headers.get(name).map_or("none", |value| value.to_str().unwrap()).to_owned();
        format!("{} {}", header("traceparent"), header("cookie"))
    };
    let many = || async {
        let nodes: String = (0..50_000).map(|node| format!("<i>{node}</i> ")).collect();
        Html(format!("<!doctype html><button onclick=\"done.textContent = 'Done.'\">Go</button><p id=done></p>{nodes}"))
    };
    let download =
        || async { ([(header::CONTENT_DISPOSITION, "attachment; filename=model.bin")], "0123456789").into_response() };
    let app = axum::Router::new()
        .route("/api/ok", any(|| async { "{}" }))
        .route("/api/refuse", any(refusal))
        .route("/api/soon", any(|| answer_after(Duration::from_millis(300))))
        .route("/api/slow", any(|| answer_after(Duration::from_secs(3))))
        .route("/api/page", get(|| async { Html("<h1>All models</h1>") }))
        .route("/api/never", any(std::future::pending::<String>))
        .route("/api/echo", any(echo))
        .route("/api/many", get(many))
        .route("/api/download", get(download))
        .route(
            "/{name}",
            get(move |axum::extract::Path(name): axum::extract::Path<String>| async move {
                pages
                    .get(&name)
                    .map_or_else(|| StatusCode::NOT_FOUND.into_response(), |page| Html(page.clone()).into_response())
            }),
        );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    format!("http://{address}")
}

pub fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(Duration::from_secs(300), test).await.expect("bounded") });
}

/// Opens a page, presses what is to be pressed, and says what failed in silence.
async fn judged(browsers: &Browsers, site: &str, name: &str) -> Result<Vec<Finding>, BrowserError> {
    let page = browsers.open(site).await?;
    page.goto(name).await?;
    let button = Locator::css("[data-press]");
    let findings = if page.count(&button).await? > 0 {
        page.press(&button).await?;
        page.silent_failures(BOUND).await?
    } else {
        page.judge().await?.findings()
    };
    page.close().await;
    Ok(findings)
}

#[test]
fn every_silent_failure_is_found_and_no_healthy_page_is_accused() {
    let Some(config) = config() else { return };
    run(async {
        let site = site().await;
        let browsers = Browsers::start(config).await.unwrap();
        let pages = pages();
        let judging = pages.iter().map(async |(name, markup)| {
            let expected =
                markup.split_once("name=\"finding\" content=\"").and_then(|(_, rest)| rest.split('"').next());
            let findings = judged(&browsers, &site, name).await.unwrap_or_else(|trouble| panic!("{name}: {trouble}"));
            let said: Vec<String> = findings.iter().map(|found| format!("{} {}", found.rule, found.message)).collect();
            let right = match expected {
                Some(words) => said.iter().any(|finding| finding.contains(words)),
                None => said.is_empty(),
            };
            (name, right, said)
        });
        let mut table: Vec<_> = futures::stream::iter(judging).buffer_unordered(4).collect().await;
        browsers.stop().await;
        table.sort();
        for (name, right, said) in &table {
            println!("{} {name}: {}", if *right { "right" } else { "WRONG" }, said.join(" | "));
        }
        let silent = table.iter().filter(|(name, ..)| name.starts_with("silent-")).count();
        assert!(silent >= 20 && table.len() - silent >= 20, "{silent} of {}", table.len());
        let wrong: Vec<_> = table.iter().filter(|(_, right, _)| !right).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    });
}

#[test]
fn what_is_announced_in_the_line_of_a_button_is_known_to_tell_of_a_failure() {
    let Some(config) = config() else { return };
    run(async {
        let site = site().await;
        let browsers = Browsers::start(config).await.unwrap();
        let page = browsers.open(&site).await.unwrap();
        page.goto("healthy-alert-beside-its-button").await.unwrap();
        page.press(&Locator::css("[data-press]")).await.unwrap();
        page.see("choose another", BOUND).await.unwrap();
        let state = page.judge().await.unwrap();
        assert_eq!(state.failures, ["You have no access to this: choose another."], "{state:#?}");
        page.close().await;
        browsers.stop().await;
    });
}

#[test]
fn pages_of_workers_on_different_runtimes_share_nothing() {
    let Some(config) = config() else { return };
    run(async {
        let site = site().await;
        let browsers = Arc::new(Browsers::start(config).await.unwrap());
        let workers = ["ada", "bob", "cyd"].map(|member| {
            let (browsers, site) = (browsers.clone(), site.clone());
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async {
                    let page = browsers.open(&site).await.unwrap();
                    page.headers(&[("traceparent", &format!("00-{member}"))]).await.unwrap();
                    page.cookie("session", member).await.unwrap();
                    page.goto("/healthy-pagination").await.unwrap();
                    page.evaluate(&format!(
                        "localStorage.setItem('me', (localStorage.getItem('me') ?? '') + '{member}')"
                    ))
                    .await
                    .unwrap();
                    let me = page.evaluate("localStorage.getItem('me')").await.unwrap();
                    let echo = page.evaluate("fetch('/api/echo').then((answer) => answer.text())").await.unwrap();
                    page.close().await;
                    (me, echo)
                })
            })
        });
        for (worker, member) in workers.into_iter().zip(["ada", "bob", "cyd"]) {
            let (me, echo) = tokio::task::spawn_blocking(|| worker.join().unwrap()).await.unwrap();
            assert_eq!(me, member);
            assert_eq!(echo, format!("00-{member} session={member}"));
        }
        browsers.stop().await;
    });
}

#[test]
fn a_person_can_type_choose_press_and_read() {
    let Some(config) = config() else { return };
    run(async {
        let site = site().await;
        let browsers = Browsers::start(config).await.unwrap();
        let page = browsers.open(&site).await.unwrap();
        page.goto("/healthy-described").await.unwrap();
        page.type_text(&Locator::role("textbox", "Prompt"), "lighthouse").await.unwrap();
        page.type_text(&Locator::named("Prompt"), "a").await.unwrap();
        assert_eq!(page.read(&Locator::named("prompt")).await.unwrap().value.as_deref(), Some("a"));
        page.press(&Locator::role("button", "Generate")).await.unwrap();
        assert!(matches!(page.answered(BOUND).await.unwrap(), PressResult::Change { .. }));
        page.see("at least three letters", BOUND).await.unwrap();
        assert!(page.screenshot().await.unwrap().starts_with(b"\x89PNG"));
        assert!(page.snapshot().await.unwrap().contains("at least three letters"));
        let strange = page.wait_for(&Locator::role("button", "Buy"), Duration::from_millis(50)).await.unwrap_err();
        assert!(strange.to_string().contains("there is Generate"), "{strange}");
        page.goto("/healthy-moves-away").await.unwrap();
        page.press(&Locator::role("button", "Generate")).await.unwrap();
        page.see("on its way", BOUND).await.unwrap();
        let text = page.text().await.unwrap();
        assert!(
            text.contains("Delete all") && !text.contains("deleted"),
            "what came in between was not pressed: {text}"
        );
        page.goto("/silent-covered").await.unwrap();
        page.evaluate("document.querySelector('.banner').style.height = '100%'").await.unwrap();
        let covered = Browsers::open(&browsers, &site).await.unwrap();
        drop(covered);
        let hidden = page.press(&Locator::role("button", "Generate")).await.unwrap_err();
        assert_eq!(hidden.blame(), Blame::Platform, "{hidden}");
        assert!(hidden.to_string().contains("banner"), "{hidden}");
        browsers.stop().await;
    });
}

#[test]
fn axe_finds_what_is_wrong_with_markup_and_what_it_cannot_decide() {
    let Some(config) = config() else { return };
    run(async {
        let site = site().await;
        let browsers = Browsers::start(config).await.unwrap();
        let page = browsers.open(&site).await.unwrap();
        let rules = async || -> Vec<String> {
            let found = page.axe().await.unwrap();
            assert!(
                found.iter().all(|finding| finding.rule == paidpath::RuleId::Axe && finding.at.is_some()),
                "{found:?}"
            );
            found.into_iter().map(|finding| finding.message).collect()
        };
        page.goto("/api/page").await.unwrap();
        let found = rules().await;
        for rule in ["document-title: ", "html-has-lang: "] {
            assert!(found.iter().any(|message| message.starts_with(rule)), "{rule}: {found:?}");
        }
        page.evaluate(
            "document.title = 'Models', document.documentElement.lang = 'en', \
             document.body.innerHTML = '<main><h1>All models</h1></main>'",
        )
        .await
        .unwrap();
        assert_eq!(rules().await, [""; 0]);
        page.evaluate("document.querySelector('main').style.background = 'linear-gradient(#fff, #eee)'").await.unwrap();
        let found = rules().await;
        assert!(found.iter().any(|message| message.contains("which axe cannot decide")), "{found:?}");
        browsers.stop().await;
    });
}

#[test]
fn what_does_not_come_any_more_is_not_waited_for() {
    let Some(config) = config() else { return };
    run(async {
        let site = site().await;
        let browsers = Browsers::start(config).await.unwrap();
        let page = browsers.open(&site).await.unwrap();
        page.goto("/healthy-pagination").await.unwrap();
        let started = Instant::now();
        let long = Duration::from_secs(60);
        let never = page.see("Wait for it", long).await.unwrap_err();
        assert!(matches!(&never, BrowserError::NotShown { within, .. } if *within < long / 2), "{never}");
        assert!(started.elapsed() < long / 2, "nothing was under way");
        // An answer that is on its way is waited for, however long everything else is idle.
        page.evaluate("void fetch('/api/slow').then(() => setTimeout(() => document.body.append('Here it is'), 2000))")
            .await
            .unwrap();
        page.see("Here it is", long).await.unwrap();
        browsers.stop().await;
    });
}

#[test]
fn pages_that_misbehave_are_bounded() {
    let Some(config) = config() else { return };
    run(async {
        let site = site().await;
        // A page of 50,000 nodes takes its time where other tests keep the processors busy.
        let answer_within = Duration::from_secs(120);
        let config = BrowserConfig { load_within: Duration::from_secs(8), answer_within, ..config };
        let browsers = Browsers::start(config).await.unwrap();
        let page = browsers.open(&site).await.unwrap();

        page.goto("/healthy-alert-box").await.unwrap();
        page.press(&Locator::css("[data-press]")).await.unwrap();
        assert!(
            matches!(page.answered(BOUND).await.unwrap(), PressResult::Dialog { text } if text.contains("no access"))
        );

        page.goto("/healthy-pagination").await.unwrap();
        page.mark().await.unwrap();
        page.evaluate("void (location.href = '/api/download')").await.unwrap();
        assert!(!matches!(page.answered(BOUND).await.unwrap(), PressResult::Nothing { .. }));

        page.goto("/api/many").await.unwrap();
        let started = Instant::now();
        page.press(&Locator::role("button", "Go")).await.unwrap();
        assert_eq!(page.silent_failures(BOUND).await.unwrap(), []);
        println!("50,000 nodes: pressed and judged in {:.1?}", started.elapsed());

        let refused = page.goto("http://127.0.0.1:4").await.unwrap_err();
        assert_eq!(refused.blame(), Blame::Platform, "{refused}");
        let never = page.goto("/api/never").await.unwrap_err();
        assert!(matches!(&never, BrowserError::NotOpened { .. }), "{never}");
        page.goto("/healthy-pagination").await.expect("the page is still of use");
        browsers.stop().await;
    });
}

/// The processes that a browser of the process `pid` consists of: they all inherit its temporary folder.
pub fn processes(pid: u32) -> Vec<u32> {
    let folder = format!("paidpath-browser-{pid}-");
    let is_ours = |path: &std::path::Path| {
        std::fs::read(path.join("environ")).is_ok_and(|bytes| String::from_utf8_lossy(&bytes).contains(&folder))
    };
    let numbered = |path: &std::path::Path| path.file_name()?.to_str()?.parse().ok();
    let entries = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok).map(|entry| entry.path());
    entries.filter(|path| is_ours(path)).filter_map(|path| numbered(&path)).collect()
}

/// Kills the browser of the process `pid`, and leaves its driver.
pub fn kill_browser_of(pid: u32) {
    for pid in processes(pid) {
        let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        if name.starts_with("chrom") && !name.starts_with("chromedriver") {
            Command::new("kill").args(["-KILL", &pid.to_string()]).stderr(Stdio::null()).status().unwrap();
        }
    }
}

async fn until_gone(pid: u32) {
    let look = async || match processes(pid).len() {
        0 => Look::<(), String>::Holds(()),
        left => Look::NotYet(format!("{left} processes are left")),
    };
    wait::until(Duration::from_secs(10), look).await.unwrap();
}

/// Not a test of its own: a run that is killed by [`a_run_leaves_no_process_when_it_ends_or_is_killed`]. It first kills its
/// own browser, and goes on with a new one.
#[test]
#[ignore = "started by another test"]
fn hold_a_browser() {
    // Whoever runs ignored tests, too, would wait for its end for ever.
    if std::env::var_os("PAIDPATH_HOLD_A_BROWSER").is_none() {
        return;
    }
    run(async {
        let site = site().await;
        let browsers = Browsers::start(config().unwrap()).await.unwrap();
        let page = browsers.open(&site).await.unwrap();
        page.goto("/healthy-pagination").await.unwrap();
        kill_browser_of(std::process::id());
        let trouble = page.read(&Locator::css("#page")).await.unwrap_err();
        assert_eq!(trouble.blame(), Blame::Environment, "{trouble}");
        let opened = wait::until(Duration::from_secs(60), async || match browsers.open(&site).await {
            Ok(page) if page.goto("/healthy-pagination").await.is_ok() => Look::<_, String>::Holds(page),
            Ok(_) => Look::NotYet("it does not load".into()),
            Err(trouble) => Look::NotYet(trouble.to_string()),
        });
        let page = opened.await.expect("a new browser after the old one died");
        assert!(page.log().since(0).any(|noticed| matches!(noticed, BrowserEvent::Request { .. })));
        println!("holding");
        std::future::pending::<()>().await;
    });
}

#[test]
fn a_run_leaves_no_process_when_it_ends_or_is_killed() {
    use std::io::BufRead;
    let Some(config) = config() else { return };
    run(async {
        let mut held = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "browser::hold_a_browser", "--ignored", "--nocapture"])
            .env("PAIDPATH_HOLD_A_BROWSER", "1")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = std::io::BufReader::new(held.stdout.take().unwrap());
        assert!(output.lines().map_while(Result::ok).any(|line| line.contains("holding")), "it holds a browser");
        assert!(!processes(held.id()).is_empty());
        held.kill().unwrap();
        held.wait().unwrap();
        until_gone(held.id()).await;

        let config = BrowserConfig { browser: config.browser, ..BrowserConfig::default() };
        let before = processes(std::process::id()).len();
        let browsers = Browsers::start(config).await.unwrap();
        assert!(processes(std::process::id()).len() > before);
        browsers.stop().await;
        assert!(matches!(browsers.open("http://127.0.0.1").await, Err(BrowserError::Lost(_))));
    });
}

#[test]
fn a_webdriver_url_that_refuses_is_the_environments_fault_and_bounded() {
    run(async {
        let config = BrowserConfig { webdriver: Some("http://127.0.0.1:4".into()), ..BrowserConfig::default() };
        let started = Instant::now();
        let trouble = Browsers::start(config).await.unwrap_err();
        assert_eq!(trouble.blame(), Blame::Environment, "{trouble}");
        assert!(started.elapsed() < Duration::from_secs(10), "{trouble}");
    });
}

#[test]
fn a_missing_browser_is_named_with_the_command_that_installs_it() {
    let nowhere = BrowserConfig { browser: Some("/nowhere/chromium".into()), ..BrowserConfig::default() };
    assert_eq!(missing(&nowhere).as_deref(), Some("the browser /nowhere/chromium is not there"));
    let remote = BrowserConfig { webdriver: Some("http://grid:4444".into()), ..nowhere };
    assert_eq!(missing(&remote), None);
}

#[test]
fn a_page_costs_little_on_a_warm_browser() {
    let Some(config) = config() else { return };
    run(async {
        let site = site().await;
        let browsers = Browsers::start(config).await.unwrap();
        let mut costs = Vec::new();
        for _ in 0..15 {
            let started = Instant::now();
            let page = browsers.open(&site).await.unwrap();
            page.goto("/healthy-busy-button").await.unwrap();
            page.press(&Locator::role("button", "Generate")).await.unwrap();
            assert_eq!(page.silent_failures(BOUND).await.unwrap(), []);
            page.see("Your image is ready", Duration::from_secs(5)).await.unwrap();
            page.close().await;
            costs.push(started.elapsed());
        }
        costs.sort();
        println!("a context and a journey: median {:.0?}, all {costs:.0?}", costs[costs.len() / 2]);
        assert!(costs[costs.len() / 2] < Duration::from_secs(10), "bounded even on a busy machine");
        browsers.stop().await;
    });
}
