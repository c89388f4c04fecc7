//! The diagnosis: the hop that it names, what it calls it, and the one line.

use serde_json::json;

use super::history::{History, answers, credential, lacks, refused, unanswered};
use crate::model::{Class, Diagnosis, Expected, HopState, RuleId};
use crate::trail::{FailedStep, diagnose};

const STEP: Option<&str> = Some("Ann's submit was refused");

fn failed<'a>(history: &History, reason: Option<&'a str>) -> Option<FailedStep<'a>> {
    reason.map(|reason| FailedStep { reason, expected: &Expected::Success, at: history.at })
}

fn not_refused<'a>(history: &History, expected: &'a Expected) -> Option<FailedStep<'a>> {
    Some(FailedStep { reason: "it was accepted", expected, at: history.at })
}

fn refusal(code: &str) -> Expected {
    Expected::Refusal { code: code.to_owned() }
}

fn diagnosed(history: &History, reason: Option<&str>) -> Diagnosis {
    explained(history, failed(history, reason))
}

fn explained(history: &History, failed: Option<FailedStep<'_>>) -> Diagnosis {
    let findings = history.findings();
    history.with_evidence(|evidence| diagnose(evidence, &findings, failed)).expect("something has failed")
}

#[track_caller]
fn expect(history: &History, reason: Option<&str>, edge: &str, class: Class, says: &str) -> Diagnosis {
    expect_of(history, failed(history, reason), edge, class, says)
}

#[track_caller]
fn expect_of(history: &History, failed: Option<FailedStep<'_>>, edge: &str, class: Class, says: &str) -> Diagnosis {
    let diagnosis = explained(history, failed);
    let named = diagnosis.edge.as_ref().map(ToString::to_string).unwrap_or_default();
    assert_eq!((named.as_str(), diagnosis.class), (edge, class), "{}", diagnosis.sentence);
    assert!(diagnosis.sentence.contains(says), "{}", diagnosis.sentence);
    let broken: Vec<_> = diagnosis.hops.iter().filter(|hop| hop.state == HopState::Broken).collect();
    assert_eq!(broken.len(), 1, "one hop is where the path was left: {broken:?}");
    assert_eq!(broken[0].edge.to_string(), edge);
    diagnosis
}

#[test]
fn nothing_failed_so_there_is_nothing_to_explain() {
    assert_eq!(History::new().with_evidence(|evidence| diagnose(evidence, &[], None)), None);
}

#[test]
fn what_was_asked_to_judge_explains_no_step_that_had_failed_before() {
    let mut history = History::new();
    history.buys("Ann");
    let expected = refusal("insufficient-funds");
    let failed = not_refused(&history, &expected);
    history.asks("Ann");
    let sentence = explained(&history, failed).sentence;
    assert_eq!(sentence, "not refused at member → storefront: `buy` was accepted");
}

#[test]
fn a_credential_that_was_not_carried_on() {
    let mut history = History::new();
    history.buys("Ann").asks("Ann");
    // Entitlement refuses because of it, and so does everybody on the way back.
    history.submits("Ann");
    history.edit("storefront -> generation POST /v1/jobs", |exchange| {
        lacks("purchase-credential")(exchange);
        refused(403, "purchase-required")(exchange);
    });
    history.edit("generation -> entitlement POST /access/v1/evaluation", |exchange| {
        lacks("purchase-credential")(exchange);
        answers("/decision", false.into())(exchange);
    });
    history.edit("member -> storefront POST /v1/jobs", refused(403, "purchase-required"));
    history.forget("generation -> billing POST /v1/charges");
    let diagnosis = expect(
        &history,
        STEP,
        "storefront → generation",
        Class::NotCarried,
        "permission lost at storefront → generation: the submit carried no purchase credential (S4)",
    );
    assert_eq!(diagnosis.rules, [RuleId::S4]);
    let kept: Vec<_> =
        diagnosis.hops.iter().filter(|hop| hop.state == HopState::Kept).map(|hop| hop.name.as_str()).collect();
    assert!(kept.contains(&"③ purchase event") && kept.contains(&"④ access changed"), "{kept:?}");
}

#[test]
fn a_permission_service_that_refuses_who_has_paid() {
    let mut history = History::new();
    history.buys("Ann").asks("Ann");
    history.submits("Ann");
    history.edit("generation -> entitlement POST /access/v1/evaluation", answers("/decision", false.into()));
    history.edit("storefront -> generation POST /v1/jobs", refused(503, "entitlement-unavailable"));
    history.edit("member -> storefront POST /v1/jobs", refused(503, "entitlement-unavailable"));
    history.forget("generation -> billing POST /v1/charges");
    expect(&history, STEP, "generation → entitlement", Class::Refused, "permission lost at generation → entitlement");
}

#[test]
fn a_purchase_event_that_is_late() {
    let mut history = History::new();
    history.buys("Ann").edit("billing -> entitlement POST /v1/events", unanswered);
    history.forget("entitlement -> generation POST /v1/events").passes(3).asks("Ann");
    for place in ["storefront -> entitlement GET /v1/access", "member -> storefront GET /v1/versions/ver_dusk/access"] {
        history.edit(place, answers("/generate", false.into()));
    }
    let diagnosis = expect(
        &history,
        Some("Ann paid and did not get it"),
        "billing → entitlement",
        Class::NotSyncedInTime,
        "permission late at billing → entitlement: Ann's purchase of generation access to Dusk was charged",
    );
    assert_eq!(diagnosis.rules, [RuleId::G3]);
}

#[test]
fn a_purchase_event_that_was_never_sent() {
    let mut history = History::new();
    history.buys("Ann").forget("billing -> entitlement POST /v1/events");
    history.forget("entitlement -> generation POST /v1/events").passes(3);
    expect(&history, None, "billing → entitlement", Class::NeverSent, "no purchase event was sent");
}

#[test]
fn an_answer_that_cannot_be_read() {
    let mut history = History::new();
    history.buys("Ann").asks("Ann");
    history.submits("Ann");
    history.edit("storefront -> generation POST /v1/jobs", |exchange| {
        if let crate::model::Outcome::Answered(answer) = &mut exchange.outcome {
            answer.body.content = crate::model::Content::Text("<html>".into());
        }
    });
    history.edit("member -> storefront POST /v1/jobs", refused(503, "generation-unavailable"));
    let failed = failed(&history, STEP);
    let failure = history.with_evidence(|evidence| diagnose(evidence, &[], failed)).unwrap();
    assert_eq!(
        (failure.edge.unwrap().to_string().as_str(), failure.class),
        ("storefront → generation", Class::WrongCode)
    );
}

#[test]
fn a_neighbour_that_does_not_answer() {
    let mut history = History::new();
    history.buys("Ann").asks("Ann");
    history.submits("Ann");
    history.edit("storefront -> generation POST /v1/jobs", unanswered);
    history.edit("member -> storefront POST /v1/jobs", refused(503, "generation-unavailable"));
    history.forget("generation -> entitlement POST /").forget("generation -> billing POST /");
    expect(
        &history,
        STEP,
        "storefront → generation",
        Class::Environment,
        "no answer at storefront → generation: `submit` broke off",
    );
}

#[test]
fn a_price_that_is_not_the_one_that_was_shown() {
    let mut history = History::new();
    history.buys("Ann").edit("storefront -> billing POST /v1/purchases", answers("/amount", 130.into()));
    expect(&history, None, "storefront → billing", Class::MoneyWrong, "money wrong at storefront → billing");
    // The purchase event may be on its way before the purchase is answered, and keeps to the quote.
    let charge = history.exchanges.iter().find(|exchange| exchange.request.path() == "/v1/purchases");
    let at = charge.expect("Ann has bought").at_micros + 1;
    history.edit("billing -> entitlement POST /v1/events", |event| event.at_micros = at);
    expect(&history, None, "storefront → billing", Class::MoneyWrong, "money wrong at storefront → billing");
}

#[test]
fn somebody_who_was_let_in_without_having_paid() {
    let mut history = History::new();
    history.lets_in_wrongly("Sam");
    history.submits_with("Sam", "key", &credential("Sam"));
    let expected = refusal("purchase-required");
    for failed in [None, not_refused(&history, &expected)] {
        expect_of(
            &history,
            failed,
            "generation → entitlement",
            Class::NotRefused,
            "Sam was let in to generate with Dusk, and had not bought it (G2)",
        );
    }
}

#[test]
fn a_step_that_fails_although_every_hop_was_kept_is_said_to_be_unexplained() {
    let mut history = History::new();
    history.buys("Ann").asks("Ann");
    let diagnosis = diagnosed(&history, Some("Ann should have 12 credits"));
    assert_eq!((diagnosis.class, diagnosis.edge), (Class::Unexplained, None));
    assert!(diagnosis.sentence.contains("Ann should have 12 credits"));
}

#[test]
fn a_refusal_of_something_else_than_access_is_no_lost_permission() {
    let mut history = History::new();
    let quote = history.quotes("Ann");
    let refusal = json!({"code": "insufficient-funds", "detail": "Top up."});
    history.during("member -> storefront POST /v1/purchases", "Ann", json!({"quote": quote}), |history| {
        history.call("storefront -> billing POST /v1/purchases", "Ann", json!({"quote": quote}), 402, refusal.clone());
        (402, refusal)
    });
    expect(
        &history,
        STEP,
        "storefront → billing",
        Class::Refused,
        "refused at storefront → billing: `charge` was refused with insufficient-funds (402)",
    );
}

#[test]
fn a_failed_step_is_diagnosed_by_its_kind_and_not_by_the_words_in_it() {
    let mut history = History::new();
    history.quotes("Ann");
    let classes = ["the answer's amount should be 121, and is 120", "should be refused with, and is 120"]
        .map(|reason| diagnosed(&history, Some(reason)).class);
    assert_eq!(classes, [Class::Unexplained; 2]);
}
