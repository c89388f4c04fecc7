//! The language of disturbances.

use std::collections::HashSet;

use crate::model::Change;
use crate::tap::fault::KINDS;
use crate::tap::{Disturbance, Frequency};

fn refusal(text: &str) -> String {
    text.parse::<Disturbance>().expect_err(text).to_string()
}

#[test]
fn every_kind_of_fault_can_be_said() {
    let said = [
        "delay 300ms",
        "delay 300ms ± 100ms",
        "delay 2s +- 1s",
        "hold",
        "bandwidth 10 kB/s",
        "drip over 5s",
        "timeout",
        "drop",
        "lose response",
        "truncate response",
        "truncate response to 10 bytes",
        "malformed chunk",
        "abort 503",
        "abort 503 as html",
        "abort 307 to /login",
        "status 403",
        "respond with html",
        "respond with empty",
        "respond with text \"a b\"",
        "respond with truncated json",
        "garble",
        "garble request",
        "strip header X",
        "strip response header X",
        "set header X to y",
        "set response header X to \"y z\"",
        "set request /a/b to {\"c\": [1, 2]}",
        "set response /decision to false",
        "remove request /a",
        "remove response /a",
        "repeat 3 times",
        "reorder",
        "replay",
        "postpone",
        "stale",
    ];
    let mut seen = HashSet::new();
    for fault in said {
        for (window, expected) in [
            ("", Frequency::Always),
            (" once", Frequency::Times(1)),
            (" 3 times", Frequency::Times(3)),
            (" from the 2nd", Frequency::From(2)),
        ] {
            let text = format!("storefront -> generation POST /v1/* event a.b: {fault}{window}");
            let disturbance: Disturbance = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(disturbance.frequency(), expected, "{text}");
            assert_eq!(disturbance.to_string(), text);
            seen.insert(disturbance.kind().unwrap().syntax);
        }
    }
    let missing: Vec<_> = KINDS.iter().filter(|kind| !seen.contains(kind.syntax)).collect();
    assert!(missing.is_empty(), "not tried: {missing:?}");
}

#[test]
fn a_fault_says_which_parts_of_an_exchange_it_changes() {
    let header = |name: &str| Change::RequestHeader { name: name.into() };
    for (fault, changes) in [
        ("strip header X-Signature", vec![header("x-signature")]),
        ("set header X-Sum-Signature-Alg to 1", vec![header("x-sum-signature-alg")]),
        ("set response header X to 1", vec![Change::ResponseHeader { name: "x".into() }]),
        ("set request /a to 1", vec![Change::RequestBody]),
        ("remove response /a", vec![Change::ResponseBody]),
        ("garble", vec![Change::ResponseBody]),
        ("garble request", vec![Change::RequestBody]),
        ("repeat 2 times", vec![Change::Delivery]),
        ("abort 503", vec![Change::Delivery, Change::Response]),
    ] {
        let disturbance: Disturbance = format!("a -> b: {fault}").parse().unwrap();
        assert_eq!(disturbance.instance().changes(), changes, "{fault}");
    }
}

#[test]
fn the_syntax_of_every_kind_begins_with_one_of_its_openings_and_no_opening_is_taken_twice() {
    let mut openings = HashSet::new();
    for kind in KINDS {
        assert!(kind.openings.iter().all(|opening| openings.insert(*opening)), "{kind:?}");
        let first = kind.syntax.split(' ').next();
        assert!(kind.openings.iter().all(|opening| opening.split(' ').next() == first), "{kind:?}");
        assert!(kind.about.ends_with('.'), "{kind:?}");
    }
}

#[test]
fn a_refusal_names_the_word_and_what_may_stand_there() {
    for (text, parts) in [
        ("storefront drop", &["no `: `"][..]),
        ("storefront: drop", &["`storefront", "is not an edge"]),
        ("a -> b post: drop", &["`post` is not a method", "Did you mean `POST`?"]),
        ("a -> b POST v1: drop", &["`v1` is not the end of the place"]),
        ("a -> b event: drop", &["ends where the type of an event"]),
        ("a -> b: ", &["no `: `"]),
        ("a -> b: strp header X", &["`strp` is not a fault", "Did you mean `strip header`?"]),
        ("a -> b: delya 3s", &["`delya`", "Did you mean `delay`?"]),
        ("a -> b: zebra", &["`zebra` is not a fault (`delay`, "]),
        ("a -> b: delay", &["ends where a time is expected"]),
        ("a -> b: delay 3", &["`3` is not a time such as `300ms`"]),
        ("a -> b: delay -3s", &["`-3s` is not a time"]),
        ("a -> b: delay 11m", &["at most ten minutes"]),
        ("a -> b: abort 600", &["`600` is not a status from 200 to 599"]),
        ("a -> b: bandwidth 5 KB/s", &["`KB/s`", "Did you mean `kB/s`?"]),
        ("a -> b: set response decision to false", &["`decision` is not a JSON pointer", "Did you mean `/decision`?"]),
        ("a -> b: set response /a to expired", &["`expired`", "write JSON"]),
        ("a -> b: set response /a too 1", &["`too`", "Did you mean `to`?"]),
        ("a -> b: strip header X:Y", &["`X:Y` is not the name of a header"]),
        ("a -> b: set header Content-Length to 3", &["`content-length` is not a header that can be set"]),
        ("a -> b: repeat 0 times", &["`0` is not how many times from 1 to 100"]),
        ("a -> b: respond with htlm", &["`htlm`", "Did you mean `html`?"]),
        ("a -> b: drop onec", &["`onec` is not what may follow here", "Did you mean `once`?"]),
        ("a -> b: drop from the last", &["`last` is not a number such as `2nd`"]),
        ("a -> b: drop from the 0th", &["`0th`"]),
        ("a -> b: drop once more", &["`more` is not expected"]),
    ] {
        let refusal = refusal(text);
        for part in parts {
            assert!(refusal.contains(part), "{text}: {refusal}");
        }
    }
}

#[test]
fn spaces_around_and_within_do_not_matter_and_colons_in_paths_do_not_end_the_place() {
    for text in ["  a -> b: drop  ", "a->b: drop", "a → b: drop", "a -> b /v1/m:generate: drop", "a -> b:  drop   once"]
    {
        assert_eq!(text.parse::<Disturbance>().unwrap().edge().to_string(), "a → b", "{text}");
    }
}
