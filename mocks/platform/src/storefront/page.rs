//! The page: what members see in a browser. Its files are static and embedded; what has to be told at run time is the
//! catalogue of errors, which has its one source in [`crate::problem`], and the settings.
//!
//! There is one document: its script reads from the address what to show. How it looks and behaves is not here but in
//! `page/`.

use axum::extract::Path;
use axum::http::HeaderName;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Map, Value, json};

use super::App;
use crate::context::Context;
use crate::defects::{DEFECTS, PLACES};
use crate::problem::{Class, Code, Problem};

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

macro_rules! file {
    ($name:literal) => {
        include_str!(concat!("../../page/", $name))
    };
}

const DOCUMENT: &str = file!("index.html");

/// The files under `/page/`: name, media type, text.
const FILES: &[(&str, &str, &str)] = &[
    ("api.js", JAVASCRIPT, file!("api.js")),
    ("defects.js", JAVASCRIPT, file!("defects.js")),
    ("dom.js", JAVASCRIPT, file!("dom.js")),
    ("errors.js", JAVASCRIPT, file!("errors.js")),
    ("form-check.js", JAVASCRIPT, file!("form-check.js")),
    ("generator.js", JAVASCRIPT, file!("generator.js")),
    ("home.js", JAVASCRIPT, file!("home.js")),
    ("icon.svg", "image/svg+xml", file!("icon.svg")),
    ("main.js", JAVASCRIPT, file!("main.js")),
    ("offer.js", JAVASCRIPT, file!("offer.js")),
    ("page.css", "text/css; charset=utf-8", file!("page.css")),
    ("press.js", JAVASCRIPT, file!("press.js")),
    ("purchase.js", JAVASCRIPT, file!("purchase.js")),
    ("queue.js", JAVASCRIPT, file!("queue.js")),
    ("resources.js", JAVASCRIPT, file!("resources.js")),
    ("session.js", JAVASCRIPT, file!("session.js")),
    ("settings.js", JAVASCRIPT, file!("settings.js")),
    ("state.js", JAVASCRIPT, file!("state.js")),
];

/// Nothing but what the storefront itself serves, and nothing inline.
const POLICY: &str =
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/", get(document))
        .route("/versions/{id}", get(document))
        .route("/page/errors.json", get(errors))
        .route("/page/{file}", get(file))
        .route("/v1/page-settings", get(settings))
}

fn served(media_type: &'static str, text: &'static str) -> ([(HeaderName, &'static str); 5], &'static str) {
    let headers = [
        (CONTENT_TYPE, media_type),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "same-origin"),
        // A page of one build must not work with the scripts of another.
        (CACHE_CONTROL, "no-cache"),
    ];
    (headers, text)
}

async fn document() -> impl IntoResponse {
    served("text/html; charset=utf-8", DOCUMENT)
}

async fn file(Path(name): Path<String>) -> Result<impl IntoResponse, Problem> {
    let (_, media_type, text) = FILES.iter().find(|(known, ..)| *known == name).ok_or(Code::NotFound)?;
    Ok(served(media_type, text))
}

/// The catalogue as the page needs it: `{code: {class, title, advice}}`.
async fn errors() -> impl IntoResponse {
    let entries = Code::ALL.iter().map(|code| code.entry()).map(|entry| {
        let told = json!({"class": class(entry.class), "title": entry.title, "advice": entry.advice});
        (entry.slug.to_owned(), told)
    });
    ([(CACHE_CONTROL, "no-cache")], Json(Value::Object(entries.collect::<Map<_, _>>())))
}

fn class(class: Class) -> &'static str {
    match class {
        Class::SignedOut => "signed-out",
        Class::NotAllowed => "not-allowed",
        Class::NotBought => "not-bought",
        Class::NoFunds => "no-funds",
        Class::BadRequest => "bad-request",
        Class::Conflict => "conflict",
        Class::TryLater => "try-later",
        Class::Broken => "broken",
    }
}

/// Tells the page who its visitor is (a script cannot read the cookie), the time, and which of its defects are switched on.
/// A visitor who is not signed in is no error here.
async fn settings(context: Context) -> impl IntoResponse {
    // The page learns of those that it has a place for, and of no others.
    let of_the_page = DEFECTS.iter().map(|defect| defect.id).filter(|id| id.starts_with("ui."));
    let defects: Vec<_> = of_the_page.chain([PLACES]).filter(|id| context.is_on(id)).collect();
    let (member, problem) = match context.visitor() {
        Ok(member) => (member.cloned(), None),
        Err(problem) => (None, Some(problem.code)),
    };
    let told = json!({"member": member, "session_problem": problem, "now": context.now(), "defects": defects});
    ([(CACHE_CONTROL, "no-store")], Json(told))
}
