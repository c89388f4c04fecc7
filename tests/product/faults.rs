//! Where did it go wrong: for each kind of fault on a sensible edge the run is red, by the rule one would name, and the one line
//! names the hop that was disturbed. Only what exchanges show is gone by: that a fault was armed is not looked at.

use std::collections::VecDeque;
use std::sync::Mutex;

use serde_json::Value;

use crate::support::{Folder, Ran};

/// Faults of the whole run, the scenario that meets them, the hop that is to be named, and why: a rule, or words; either of two
/// where which answer came first decides.
type Row = (&'static [&'static str], &'static str, &'static str, &'static str);

const PATH: &str = "From the purchase to the image";
const BUY: &str = "The last credit is enough";
const POOR: &str = "A member without the money";
const STRANGER: &str = "A stranger is told to buy, and not to sign in";
const REFUND: &str = "A refunded purchase is revoked";
const FAILS: &str = "A job that fails costs nothing";
const DOWN: &str = "The permission service is down while a buyer generates";
const SIGNED_OUT: &str = "Signed out, one is told to sign in, and not to buy";
const FORGET: &str = "A refusal from before the purchase is forgotten";

const ROWS: &[Row] = &[
    // The purchase credential.
    (
        &["storefront -> generation POST /v1/jobs: strip header Purchase-Credential"],
        PATH,
        "storefront → generation",
        "S4",
    ),
    (
        &["generation -> entitlement POST /access/*: strip header Purchase-Credential"],
        PATH,
        "generation → entitlement",
        "S4",
    ),
    (
        &["storefront -> generation POST /v1/jobs: set header Purchase-Credential to wrong"],
        PATH,
        "storefront → generation",
        "S4",
    ),
    (&["member -> storefront POST /v1/jobs: strip header Purchase-Credential"], PATH, "member → storefront", "S4"),
    // Who may, and who may not.
    (
        &["generation -> entitlement POST /access/*: set response /decision to false"],
        PATH,
        "generation → entitlement",
        "G4",
    ),
    (
        &["generation -> entitlement POST /access/*: set response /decision to true"],
        STRANGER,
        "generation → entitlement",
        "G2",
    ),
    (
        &["storefront -> entitlement GET /v1/access: set response /download to true"],
        "Generation does not open download",
        "storefront → entitlement",
        "G6",
    ),
    (
        &["member -> storefront GET /v1/versions/*/access: set response /generate to false"],
        PATH,
        "member → storefront",
        "G5",
    ),
    (&["storefront -> entitlement GET /v1/access: stale"], FORGET, "storefront → entitlement", "E2 or G3"),
    (
        &["storefront -> entitlement GET /v1/access: stale", "billing -> entitlement: delay 200ms"],
        FORGET,
        "storefront → entitlement",
        "E2 or G3",
    ),
    (
        &["storefront -> entitlement GET /v1/access: remove response /credential"],
        PATH,
        "storefront → entitlement",
        "contract",
    ),
    // Events.
    (&["billing -> entitlement: drop"], PATH, "billing → entitlement", "G1"),
    (&["billing -> entitlement: delay 3s"], PATH, "billing → entitlement", "G3"),
    (&["billing -> entitlement: strip header Webhook-Signature"], PATH, "billing → entitlement", "G1"),
    (&["billing -> entitlement: garble request"], PATH, "billing → entitlement", "contract"),
    (&["entitlement -> generation: drop"], PATH, "entitlement → generation", "E2"),
    (&["billing -> entitlement event atelier.purchase.refunded: drop"], REFUND, "billing → entitlement", "M9"),
    // Money.
    (&["storefront -> billing POST /v1/quotes: set response /amount to 150"], BUY, "storefront → billing", "M2"),
    (&["storefront -> billing POST /v1/quotes: set request /amount to 90"], BUY, "storefront → billing", "M2"),
    (&["storefront -> billing POST /v1/purchases: set response /amount to 121"], BUY, "storefront → billing", "M2"),
    (&["generation -> billing POST /v1/charges: set request /amount to 9"], PATH, "generation → billing", "M2"),
    (&["member -> storefront GET /v1/wallet: set response /balance to 7"], BUY, "member → storefront", "M1"),
    (&["storefront -> billing GET /v1/accounts/me: set response /balance to -5"], BUY, "storefront → billing", "M11"),
    (
        &["storefront -> billing POST /v1/purchases/*/refunds: set response /amount to 500"],
        REFUND,
        "storefront → billing",
        "M8",
    ),
    (&["generation -> billing POST /v1/charges/*/refunds: drop"], FAILS, "generation → billing", "M10"),
    // Refusals.
    (&["storefront -> billing POST /v1/purchases: status 403"], POOR, "storefront → billing", "U1"),
    (&["storefront -> billing POST /v1/purchases: remove response /code"], POOR, "storefront → billing", "U1"),
    (&["storefront -> billing POST /v1/purchases: abort 502 as html"], BUY, "storefront → billing", "U1"),
    (&["member -> storefront POST /v1/purchases: respond with html"], POOR, "member → storefront", "U1"),
    (&["member -> storefront POST /v1/purchases: status 200"], POOR, "member → storefront", "contract"),
    (&["member -> storefront POST /v1/purchases: set response /code to \"oops\""], POOR, "member → storefront", "U1"),
    (
        &[
            "member -> storefront POST /v1/jobs: set response /code to \"purchase-required\"",
            "member -> storefront POST /v1/jobs: status 403",
            "member -> storefront POST /v1/jobs: set response /status to 403",
        ],
        SIGNED_OUT,
        "member → storefront",
        "U2",
    ),
    (
        &[
            "storefront -> generation POST /v1/jobs: set response /code to \"purchase-required\"",
            "storefront -> generation POST /v1/jobs: status 403",
            "storefront -> generation POST /v1/jobs: set response /status to 403",
        ],
        DOWN,
        "storefront → generation",
        "U7",
    ),
    (&["storefront -> flags: set response /value to false"], BUY, "storefront → flags", "early-access-sales is off"),
    // Answers that cannot be read.
    (&["storefront -> billing POST /v1/purchases: respond with html"], BUY, "storefront → billing", "contract"),
    (&["storefront -> billing POST /v1/purchases: respond with empty"], BUY, "storefront → billing", "contract"),
    (&["storefront -> billing POST /v1/purchases: status 200"], BUY, "storefront → billing", "contract"),
    (
        &["storefront -> billing POST /v1/purchases: strip response header Content-Type"],
        BUY,
        "storefront → billing",
        "contract",
    ),
    (
        &["storefront -> billing POST /v1/purchases: strip header Idempotency-Key"],
        BUY,
        "storefront → billing",
        "contract",
    ),
    (
        &["generation -> entitlement POST /access/*: respond with truncated json"],
        PATH,
        "generation → entitlement",
        "contract",
    ),
    (&["generation -> worker: respond with text \"not now\""], PATH, "generation → worker", "contract"),
    (&["generation -> billing POST /v1/charges: strip header Service-Token"], PATH, "generation → billing", "contract"),
    // No answer at all.
    (
        &["generation -> entitlement POST /access/*: malformed chunk"],
        PATH,
        "generation → entitlement",
        "malformed chunk",
    ),
    (&["generation -> entitlement POST /access/*: truncate response"], PATH, "generation → entitlement", "was cut off"),
    (&["generation -> entitlement POST /access/*: timeout"], PATH, "generation → entitlement", "no answer"),
    (&["generation -> entitlement POST /access/*: hold"], PATH, "generation → entitlement", "no answer"),
    (&["generation -> entitlement POST /access/*: drip over 3s"], PATH, "generation → entitlement", "no answer"),
    (&["generation -> entitlement POST /access/*: bandwidth 20 B/s"], PATH, "generation → entitlement", "no answer"),
    (&["storefront -> billing POST /v1/purchases: lose response"], BUY, "storefront → billing", "lost on the way back"),
    (&["generation -> worker: drop"], PATH, "generation → worker", "could not be reached"),
    // Images and jobs.
    (&["generation -> worker: set response /images to []"], PATH, "generation → worker", "E6"),
    (&["storefront -> generation POST /v1/jobs: set request /quantity to 2"], PATH, "storefront → generation", "E6"),
    (&["member -> storefront GET /v1/images/*: respond with empty"], PATH, "member → storefront", "E6"),
    (&["member -> storefront GET /v1/images/*: garble response"], PATH, "member → storefront", "E6"),
    (
        &["member -> storefront GET /v1/jobs/*: set response /history/1/status to \"succeeded\""],
        PATH,
        "member → storefront",
        "E7",
    ),
];

/// What a platform has to bear: the run is green, and the fault has fired.
const BORNE: &[(&str, &str)] = &[
    ("generation -> worker: repeat 2 times", PATH),
    // Headers that nobody signs, although their names sound like it.
    ("billing -> entitlement: set header X-Sum-Signature-Alg to 1", PATH),
    ("billing -> entitlement: set header X-Sent-Timestamp to 1", PATH),
    ("billing -> entitlement: repeat 2 times", REFUND),
    ("member -> storefront POST /v1/purchases: repeat 2 times", BUY),
    ("billing -> entitlement: drop once", PATH),
    ("billing -> entitlement: replay", REFUND),
    ("entitlement -> generation: postpone", REFUND),
    ("storefront -> flags: reorder once", "2 clients buy the same thing"),
    // What a scenario forges itself stays forged when the run delays it as well.
    ("billing -> entitlement: delay 1ms", "The purchase event comes without a signature"),
];

/// Runs the scenario of this name under faults of the whole run.
fn run(faults: &[&str], scenario: &str) -> Ran {
    let name = format!("^{scenario}$");
    let mut arguments = vec!["demo", "--name", &name, "--report", "junit"];
    for fault in faults {
        arguments.extend(["--fault", fault]);
    }
    Folder::new().paidpath_kept(&arguments)
}

/// What is attached to the one scenario, by its kind: `diagnosis`, `findings`.
fn attached(ran: &Ran, kind: &str) -> Option<Value> {
    let media = format!("application/vnd.paidpath.{kind}+json");
    let attachment =
        ran.journal("attachment").into_iter().find(|attachment| attachment["mediaType"] == media.as_str())?;
    serde_json::from_str(attachment["body"].as_str()?).ok()
}

/// What is wrong with how a row came out.
fn flaw((faults, scenario, hop, why): &Row) -> Option<String> {
    let ran = run(faults, scenario);
    let diagnosis = attached(&ran, "diagnosis").unwrap_or_default();
    let edge = diagnosis["edge"].as_str().unwrap_or_default().to_owned();
    let sentence = diagnosis["sentence"].as_str().unwrap_or_default();
    let rules = diagnosis["rules"].as_array().map(Vec::as_slice).unwrap_or_default();
    let says = |why: &str| sentence.contains(why) || rules.iter().any(|rule| rule == why);
    let is_named = edge == *hop && why.split(" or ").any(says);
    let is_told = ran.code == Some(1) && ran.out.contains(sentence);
    (!is_named || !is_told).then(|| {
        let (code, out, err) = (ran.code, &ran.out, &ran.err);
        format!("{faults:?} on `{scenario}` should name {why} at {hop}: {code:?} {sentence}\n{out}{err}")
    })
}

/// Works off all items, several at once, and gathers what is wrong.
fn flaws<T: Sync>(items: &'static [T], flaw: impl Fn(&'static T) -> Option<String> + Sync) -> Vec<String> {
    let (left, found) = (Mutex::new(items.iter().collect::<VecDeque<_>>()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let next = left.lock().unwrap().pop_front();
                    let Some(item) = next else { return };
                    found.lock().unwrap().extend(flaw(item));
                }
            });
        }
    });
    found.into_inner().unwrap()
}

#[test]
fn every_fault_is_red_and_its_hop_and_rule_are_named() {
    let found = flaws(ROWS, flaw);
    assert!(found.is_empty(), "{} of {}:\n{}", found.len(), ROWS.len(), found.join("\n"));
}

#[test]
fn what_a_platform_has_to_bear_is_green() {
    let found = flaws(BORNE, |(fault, scenario)| {
        let ran = run(&[fault], scenario);
        (ran.code != Some(0)).then(|| format!("{fault}: {:?}\n{}{}", ran.code, ran.out, ran.err))
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_kind_of_fault_has_a_row() {
    let words: Vec<_> = ROWS.iter().flat_map(|row| row.0).chain(BORNE.iter().map(|(fault, _)| fault)).collect();
    for kind in paidpath::under_test::FAULTS {
        let is_used = |opening: &&str| words.iter().any(|fault| fault.contains(&format!(": {opening}")));
        assert!(kind.openings.iter().any(is_used), "no row has a {}", kind.syntax);
    }
}

#[test]
fn a_healthy_run_has_no_finding_and_every_rule_something_to_judge() {
    let folder = Folder::new();
    let ran = folder.paidpath(&["demo", "--report", "junit"]);
    ran.expect(0, &["exit 0: everything"]);
    assert_eq!(attached(&ran, "findings"), None);
    let end = attached(&ran, "run-end").unwrap();
    let checks = end["checks"].as_array().unwrap();
    let idle: Vec<_> = checks.iter().filter(|check| check["scenarios"] == 0).collect();
    assert!(!checks.is_empty() && idle.is_empty(), "no scenario gives them anything to judge: {idle:?}");
}
