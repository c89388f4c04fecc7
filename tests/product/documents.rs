//! The documents that come with paidpath, held against Atelier: prose drifts, so it is checked.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use atelier::ServiceName;
use paidpath::under_test::read_text;
use paidpath::under_test::{Contract, RefusalCatalogue, RefusalClass};
use regex::Regex;

fn mocks() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("mocks")
}

/// A file under `mocks/`.
pub fn read(path: &str) -> String {
    read_text(&mocks().join(path)).unwrap()
}

/// The catalogue that comes with paidpath.
pub fn catalogue() -> RefusalCatalogue {
    RefusalCatalogue::load("errors.toml", &read("platform/errors.toml")).unwrap()
}

const DOCUMENTS: [&str; 6] = [
    "platform/src/storefront/openapi.yaml",
    "platform/src/billing/openapi.yaml",
    "platform/src/entitlement/openapi.yaml",
    "platform/src/generation/openapi.yaml",
    "doubles/worker.openapi.yaml",
    "doubles/flags.openapi.yaml",
];

#[test]
fn every_document_is_sound() {
    for path in DOCUMENTS {
        Contract::load(path, &read(path)).unwrap();
    }
}

#[test]
fn the_catalogue_and_the_platform_mean_the_same_by_every_code() {
    let catalogue = catalogue();
    let of_the_platform: BTreeSet<_> = atelier::Code::ALL.iter().map(|code| code.entry().slug).collect();
    let written: BTreeSet<_> = catalogue.codes().map(|(slug, _)| slug).collect();
    assert_eq!(written, of_the_platform);
    for entry in atelier::Code::ALL.iter().map(|code| code.entry()) {
        let code = catalogue.code(entry.slug).unwrap();
        let said = (code.status, code.retry, code.sentence.as_str(), code.advice.as_str());
        assert_eq!(said, (entry.status, entry.retry, entry.title, entry.advice), "{}", entry.slug);
        let same_class = match entry.class {
            atelier::Class::SignedOut => [RefusalClass::SignedOut].contains(&code.class),
            atelier::Class::NotAllowed => [RefusalClass::NotAllowed].contains(&code.class),
            atelier::Class::NotBought => [RefusalClass::NotBought, RefusalClass::Gone].contains(&code.class),
            atelier::Class::NoFunds => [RefusalClass::NoFunds].contains(&code.class),
            atelier::Class::BadRequest => [RefusalClass::Invalid].contains(&code.class),
            atelier::Class::Conflict => [RefusalClass::Conflict].contains(&code.class),
            atelier::Class::TryLater => [RefusalClass::TemporarilyDown, RefusalClass::TooMany].contains(&code.class),
            atelier::Class::Broken => [RefusalClass::Bug].contains(&code.class),
        };
        assert!(same_class, "{} is {}", entry.slug, code.class);
        let known = |service: &String| ServiceName::ALL.iter().any(|name| name.as_str() == service);
        assert!(code.said_by.iter().all(known), "{}", entry.slug);
    }
}

/// Path and method of every route that a service serves.
fn served(service: ServiceName) -> BTreeSet<(String, String)> {
    let mut code = read(&format!("platform/src/{service}/mod.rs"));
    if service == ServiceName::Storefront {
        code.push_str(&read("platform/src/storefront/page.rs"));
    }
    let code = code.replace("crate::event::PATH", "\"/v1/events\"");
    let route = Regex::new(r#"\.route\("([^"]+)", (.*)\)"#).unwrap();
    let method = Regex::new(r"\b(get|put|post|patch|delete)\(").unwrap();
    let of_a_route = |line: regex::Captures<'_>| {
        let path = line[1].to_owned();
        method.captures_iter(&line[2]).map(|word| (path.clone(), word[1].to_uppercase())).collect::<Vec<_>>()
    };
    let health = ("/healthz".to_owned(), "GET".to_owned());
    route.captures_iter(&code).flat_map(of_a_route).chain([health]).collect()
}

#[test]
fn every_route_is_documented_and_every_documented_route_is_served() {
    for service in ServiceName::ALL {
        let path = format!("platform/src/{service}/openapi.yaml");
        let contract = Contract::load(&path, &read(&path)).unwrap();
        assert_eq!(contract.operations().collect::<BTreeSet<_>>(), served(service), "{service}");
    }
}

#[test]
fn every_documented_refusal_is_in_the_catalogue_under_its_status() {
    let catalogue = catalogue();
    let refusal = Regex::new(r"status: \{const: (\d+)\}\s+code:\s+(?:\{enum:|enum:)\s+\[([^\]]+)\]").unwrap();
    for service in ServiceName::ALL {
        let text = read(&format!("platform/src/{service}/openapi.yaml"));
        let mut seen = 0;
        for found in refusal.captures_iter(&text) {
            for slug in found[2].split(',').map(str::trim) {
                let code = catalogue.code(slug).unwrap_or_else(|| panic!("{service}: {slug} is not in the catalogue"));
                assert_eq!(code.status.to_string(), found[1], "{service}: {slug}");
                seen += 1;
            }
        }
        assert_eq!(text.matches("schemas/Problem'").count(), refusal.captures_iter(&text).count(), "{service}");
        assert!(seen > 0, "{service}");
    }
}
