//! Doubles of the platform's services, and whether they tell the truth.

use crate::support::Folder;

const SOLD: &str = "Given Ann has 500 credits\n    And early access to Dusk costs 120 credits for generation\n    ";

fn feature(scenarios: &[(&str, &str, &str)]) -> String {
    let scenarios =
        scenarios.iter().map(|(tags, name, steps)| format!("  {tags}\n  Scenario: {name}\n    {SOLD}{steps}\n\n"));
    format!("Feature: Doubles\n{}", scenarios.collect::<String>())
}

const BOUGHT_AND_USED: &str = "When Ann buys generation access to Dusk
    And Ann generates an image with Dusk
    Then Ann gets an image
    And Ann has paid 125 credits";

#[test]
fn the_storefront_alone_plays_what_can_be_played_there_and_says_why_it_skips_the_rest() {
    let text = feature(&[
        ("", "Bought and used", BOUGHT_AND_USED),
        ("", "The worker is broken", &format!("And generation cannot reach worker\n    {BOUGHT_AND_USED}")),
        ("@whole", "Told again", BOUGHT_AND_USED),
    ]);
    let folder = Folder::with("features/doubles.feature", &text);
    let ran = folder.paidpath(&["run", "--topology", "mocked", "--report", "markdown,html"]);
    ran.expect(
        0,
        &[
            "the topology mocked has no edge generation → worker",
            "the topology mocked has doubles of billing, entitlement, generation, which only answer",
            "storefront embedded, worker mock; doubles not verified: see `paidpath verify-doubles`",
            "1 passed, 0 failed, 2 skipped",
        ],
    );
    let summary = std::fs::read_to_string(folder.reports().join("summary.md")).unwrap();
    assert!(summary.contains("billing mock") && summary.contains("doubles not verified"), "{summary}");
    folder.paidpath(&["run", "--topology", "mocked", "--require", "whole"]).expect(2, &["whole is required"]);
}

#[test]
fn an_edge_that_the_platform_does_not_have_is_a_mistake_also_where_edges_are_missing() {
    let steps = format!("And the fault \"generation -> wroker: drop\"\n    {BOUGHT_AND_USED}");
    let folder = Folder::with("features/doubles.feature", &feature(&[("", "A typing error", &steps)]));
    folder.paidpath(&["run", "--topology", "mocked"]).expect(2, &["the topology has no edge generation → wroker"]);
}

#[test]
fn each_service_can_be_a_double_among_real_ones_but_for_generation_which_needs_its_books() {
    let folder = Folder::with("features/doubles.feature", &feature(&[("", "Bought and used", BOUGHT_AND_USED)]));
    for doubles in [&["billing"][..], &["entitlement"], &["billing", "entitlement"]] {
        let swaps = doubles.iter().map(|name| format!("--provider={name}=mock")).collect::<Vec<_>>();
        let arguments: Vec<&str> = ["run"].into_iter().chain(swaps.iter().map(String::as_str)).collect();
        folder.paidpath(&arguments).expect(0, &["1 passed, 0 failed"]);
    }
    folder
        .paidpath(&["run", "--provider", "generation=mock"])
        .expect(2, &["nothing could be judged", "add --provider billing=mock --provider entitlement=mock"]);
}

#[test]
fn the_doubles_answer_as_the_platform_does_and_reports_say_when_that_was_seen() {
    let folder = Folder::new();
    let ran = folder.paidpath(&["verify-doubles", "embedded", "mocked"]);
    ran.expect(0, &["embedded, mocked: ", "no difference"]);
    let found = std::fs::read(folder.reports().join("doubles.json")).unwrap();
    let found: serde_json::Value = serde_json::from_slice(&found).unwrap();
    assert!(found["cases"].as_u64().is_some_and(|cases| cases >= 60), "{found}");
    folder.write("features/doubles.feature", feature(&[("", "Bought and used", BOUGHT_AND_USED)]));
    folder.paidpath(&["run", "--topology", "mocked"]).expect(0, &["; doubles verified 2"]);
}

/// What a wrong double does, and what is said about it.
const WRONG: &[(&str, &[&str])] = &[
    (
        "storefront -> billing POST /v1/quotes: status 200",
        &["storefront → billing POST /v1/quotes\n    embedded  201\n    mocked    200"],
    ),
    (
        "storefront -> billing POST /v1/purchases: remove response /purchased_at",
        &["POST /v1/purchases 201, response /purchased_at\n    embedded  a time\n    mocked    has nothing there"],
    ),
    (
        "storefront -> billing POST /v1/purchases: set response /code to \"payment-declined\"",
        &["POST /v1/purchases\n    embedded  201, 402 insufficient-funds\n    mocked    201, 402 payment-declined"],
    ),
    (
        "storefront -> billing GET /v1/accounts/me: set response /balance to \"500\"",
        &["response /balance\n    embedded  a positive number\n    mocked    a number as text"],
    ),
];

#[test]
fn a_wrong_double_is_told_by_scenario_operation_and_what_each_of_the_two_says() {
    let text = feature(&[(
        "@contract",
        "Bought, and no money left",
        "And early access to Noon costs 400 credits for generation
    When Ann buys generation access to Dusk
    Then Ann has 380 credits left
    When Ann buys generation access to Noon
    Then that is refused with insufficient-funds",
    )]);
    let folder = Folder::with("features/doubles.feature", &text);
    folder.paidpath(&["verify-doubles", "embedded", "mocked"]).expect(0, &["in 1 scenario, no difference"]);
    for (fault, says) in WRONG {
        let ran = folder.paidpath(&["verify-doubles", "embedded", "mocked", "--fault", fault]);
        ran.expect(1, &["Doubles › Bought, and no money left  features/doubles.feature:3"]);
        ran.expect(1, says);
    }
    folder.paidpath(&["run", "--topology", "mocked"]).expect(0, &["doubles not verified 2"]);
}

#[test]
fn what_no_rule_waits_for_is_compared_all_the_same() {
    let text = feature(&[(
        "@contract",
        "A trial that is told on later",
        "And the early-access model version Noon
      | generation | 120 credits |
      | trials     | 2           |
    When Ann begins a trial of Noon
    Then Ann has 500 credits left",
    )]);
    let folder = Folder::with("features/doubles.feature", &text);
    let late = include_str!("../../mocks/topologies/embedded.toml").replace("name = \"embedded\"", "name = \"late\"");
    folder.write("late.toml", late);
    let late = ["verify-doubles", "embedded", "late.toml", "--fault", "entitlement -> generation: abort 503 2 times"];
    folder.paidpath(&late).expect(1, &["POST /v1/events\n    embedded  202\n    late      202, 503\n"]);
}

#[test]
fn nothing_is_verified_by_scenarios_that_are_red_or_not_there() {
    let red = feature(&[("@contract", "Not so", "Then Ann has 1 credit left")]);
    let folder = Folder::with("features/doubles.feature", &red);
    let red = folder.paidpath(&["verify-doubles", "embedded", "mocked"]);
    red.expect(2, &["not green on embedded, mocked", "features/doubles.feature:3", "no difference"]);
    folder.paidpath(&["verify-doubles", "embedded", "mocked", "--tags", "@contrcat"]).expect(2, &["@contrcat"]);
    folder.paidpath(&["verify-doubles", "embedded"]).expect(64, &["name two topologies"]);
    folder
        .paidpath(&["verify-doubles", "embedded", "mocked", "--fault", "generation -> worker: drop"])
        .expect(64, &["the topology mocked has no edge generation → worker"]);
}
