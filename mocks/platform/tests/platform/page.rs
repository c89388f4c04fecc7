//! The page as it is served: whole, of the right types, under its policy, and told what it has to know.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use crate::world::{Reply, World};

fn text(reply: &Reply) -> String {
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.bytes));
    String::from_utf8(reply.bytes.clone()).unwrap()
}

/// What stands between `before` and the next quote, wherever it occurs.
fn quoted<'a>(text: &'a str, before: &str) -> Vec<&'a str> {
    text.split(before).skip(1).map(|rest| rest.split('"').next().unwrap()).collect()
}

#[tokio::test]
async fn the_page_and_all_it_needs_are_served_under_a_strict_policy() {
    let world = World::new().await;
    let mut open: Vec<String> = vec!["/".into(), "/versions/ver_1".into()];
    let mut seen = BTreeSet::new();
    while let Some(path) = open.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let reply = world.get(&path, "").send().await;
        let text = text(&reply);
        let media_type = match path.rsplit_once('.').map(|(_, extension)| extension) {
            Some("js") => "text/javascript; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("svg") => "image/svg+xml",
            Some("json") => "application/json",
            _ => "text/html; charset=utf-8",
        };
        assert_eq!(reply.headers["content-type"], media_type, "{path}");
        assert_eq!(reply.headers["cache-control"], "no-cache", "{path}");
        if media_type != "application/json" {
            let policy = reply.headers["content-security-policy"].to_str().unwrap();
            assert!(policy.starts_with("default-src 'self';") && !policy.contains("unsafe"), "{path}: {policy}");
            assert_eq!(reply.headers["x-content-type-options"], "nosniff", "{path}");
        }
        open.extend(quoted(&text, "\"/page/").into_iter().map(|name| format!("/page/{name}")));
        open.extend(quoted(&text, "from \"./").into_iter().map(|name| format!("/page/{name}")));
        open.extend(quoted(&text, "import \"./").into_iter().map(|name| format!("/page/{name}")));
    }
    // Nothing lies in the folder that nobody reaches.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("page");
    for file in std::fs::read_dir(folder).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(name == "README.md" || name == "index.html" || seen.contains(&format!("/page/{name}")), "{name}");
    }
    assert_eq!(world.get("/page/nothing.js", "").send().await.code(), "not-found");
}

#[tokio::test]
async fn whatever_the_scripts_import_is_asked_for_at_once() {
    let world = World::new().await;
    let document = text(&world.get("/", "").send().await);
    let at_once = BTreeSet::from_iter(quoted(&document, "rel=\"modulepreload\" href=\"/page/"));
    let mut imported = BTreeSet::new();
    for name in at_once.iter().chain(&["main.js"]) {
        let script = text(&world.get(&format!("/page/{name}"), "").send().await);
        let names =
            ["from \"./", "import \"./"].map(|before| quoted(&script, before).into_iter().map(str::to_owned).collect());
        imported.extend(names.into_iter().flat_map(|names: Vec<_>| names));
    }
    assert_eq!(at_once, imported.iter().map(String::as_str).collect());
}

#[tokio::test]
async fn the_document_obeys_its_own_policy_and_names_what_it_refers_to() {
    let world = World::new().await;
    let document = text(&world.get("/", "").send().await);
    assert!(!document.contains("style=") && !document.contains("<style") && !document.contains("onclick="));
    assert!(quoted(&document, "<script").iter().all(|tag| tag.contains("type=")) && document.contains("></script>"));
    let ids: BTreeSet<_> = quoted(&document, " id=\"").into_iter().collect();
    assert_eq!(ids.len(), quoted(&document, " id=\"").len(), "an id is there twice");
    for attribute in [" for=\"", "aria-labelledby=\"", "aria-describedby=\"", "href=\"#"] {
        for id in quoted(&document, attribute) {
            assert!(ids.contains(id), "{attribute}{id}\" leads nowhere");
        }
    }
    // The scripts find everything they look for.
    for file in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("page")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "js") {
            let script = std::fs::read_to_string(&path).unwrap();
            for id in quoted(&script, "$(\"") {
                assert!(ids.contains(id), "{}: there is no #{id}", path.display());
            }
        }
    }
}

#[tokio::test]
async fn every_code_has_a_sentence_and_advice_on_the_page() {
    let world = World::new().await;
    let sentences = world.get("/page/errors.json", "").send().await.ok(200);
    for code in atelier::Code::ALL {
        let told = &sentences[code.entry().slug];
        for name in ["class", "title", "advice"] {
            assert!(told[name].as_str().is_some_and(|text| !text.is_empty()), "{code:?} has no {name}");
        }
    }
}

#[tokio::test]
async fn the_page_is_told_who_is_there_and_that_a_session_is_not_good() {
    let world = World::new().await;
    let settings =
        async |token: &str, later: f64| world.get("/v1/page-settings", token).later(later).send().await.ok(200);
    let member = world.member(0).await;
    let told = settings(&member, 0.0).await;
    assert_eq!((&told["member"]["name"], &told["session_problem"]), (&json!("Ada"), &Value::Null));
    assert!(told["now"].as_str().unwrap().ends_with('Z'));
    let told = settings("", 0.0).await;
    assert_eq!((&told["member"], &told["session_problem"]), (&Value::Null, &Value::Null));
    assert_eq!(settings("nonsense", 0.0).await["session_problem"], "signed-out");
    assert_eq!(settings(&member, 91.0 * 86_400.0).await["session_problem"], "session-expired");
}

#[tokio::test]
async fn the_page_hears_of_its_own_defects_in_test_mode_only() {
    for (test_mode, expected) in [(true, json!(["ui.border-only", "ui.stale-cache"])), (false, json!([]))] {
        let world = World::with(|_, settings| settings.test_mode = test_mode).await;
        let baggage = "atelier.defect=ui.stale-cache+gw.header-strip+ui.border-only";
        let told = world.get("/v1/page-settings", "").header("baggage", baggage).send().await;
        assert_eq!(told.headers["cache-control"], "no-store");
        assert_eq!(told.ok(200)["defects"], expected);
    }
}

#[tokio::test]
async fn each_defect_of_the_page_has_its_place_in_it_and_its_line_in_the_table() {
    let world = World::new().await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("page");
    let mut placed = BTreeSet::new();
    for file in std::fs::read_dir(&folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "js") {
            let script = std::fs::read_to_string(&path).unwrap();
            placed.extend(quoted(&script, "defects.has(\"").into_iter().map(str::to_owned));
        }
    }
    let readme = std::fs::read_to_string(folder.join("README.md")).unwrap();
    let listed: BTreeSet<_> =
        readme.split("\n| `ui.").skip(1).map(|row| format!("ui.{}", row.split('`').next().unwrap())).collect();
    assert_eq!(placed, listed);
    let baggage = format!("atelier.defect={}", placed.iter().map(String::as_str).collect::<Vec<_>>().join("+"));
    let told = world.get("/v1/page-settings", "").header("baggage", &baggage).send().await.ok(200);
    assert_eq!(told["defects"].as_array().unwrap().len(), placed.len(), "the storefront does not know them all");
}
