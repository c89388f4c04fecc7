//! Answers from files: what QA writes down in JSON is what a service answers, for one scenario or as a double of its own.

use std::fmt::Write;

use serde_json::Value;

use crate::support::{Folder, Ran};

/// No money, whoever has it.
const BROKE: &str = r#"{
  "request": {"method": "POST", "urlPath": "/v1/purchases"},
  "response": {
    "status": 402,
    "headers": {"Content-Type": "application/problem+json"},
    "jsonBody": {"title": "No money", "status": 402, "code": "insufficient-funds", "detail": "Earn some."}
  }
}
"#;

/// A scenario in which Ann buys for 120 of her 500 credits.
fn buying(before: &str, after: &str) -> String {
    format!(
        "Feature: Stubs\n  Scenario: Buying\n    Given Ann has 500 credits\n    \
         And early access to Dusk costs 120 credits for generation\n    {before}\n    \
         When Ann buys generation access to Dusk\n    {after}\n"
    )
}

fn folder(stub: &str, feature: &str) -> Folder {
    let folder = Folder::with("features/stubs/billing/broke.json", stub);
    folder.write("features/money/stubs.feature", feature);
    folder
}

/// The exchanges of a run on an edge.
fn exchanges(ran: &Ran, edge: &str) -> Vec<Value> {
    let attachments = ran.journal("attachment").into_iter();
    let bodies = attachments.filter(|it| it["mediaType"] == "application/vnd.paidpath.exchange+json");
    let exchanges = bodies.map(|it| serde_json::from_str::<Value>(it["body"].as_str().unwrap()).unwrap());
    exchanges.filter(|it| it["edge"] == edge).collect()
}

#[test]
fn a_service_answers_what_the_file_says_and_all_else_by_itself() {
    let feature = buying(
        "And billing answers as in \"broke\"",
        "Then that is refused with insufficient-funds\n    And Ann has 500 credits left",
    );
    let folder = folder(BROKE, &feature);
    let ran = folder.paidpath(&["run", "--record", "all"]);
    ran.expect(0, &["1 passed"]);
    let asked = exchanges(&ran, "storefront → billing");
    let stubbed: Vec<_> =
        asked.iter().filter(|it| it["faults"] == serde_json::json!(["billing answers as in \"broke\""])).collect();
    assert_eq!(stubbed.len(), 1, "{asked:?}");
    assert_eq!(stubbed[0]["request"]["target"], "/v1/purchases");
    assert_eq!(stubbed[0]["outcome"]["answered"]["status"], 402);
    assert!(asked.len() > 2, "the others went on to billing: {asked:?}");
}

#[test]
fn once_is_the_first_request_that_the_file_is_for() {
    let feature = buying(
        "And billing answers as in \"broke\" once",
        "Then that is refused with insufficient-funds\n    When Ann buys generation access to Dusk\n    Then Ann has paid 120 credits",
    );
    folder(BROKE, &feature).paidpath_kept(&["run"]).expect(0, &["1 passed"]);
}

#[test]
fn connections_end_as_the_file_says() {
    for (fault, outcome) in [
        ("CONNECTION_RESET_BY_PEER", "reset"),
        ("EMPTY_RESPONSE", "closed without an answer"),
        ("MALFORMED_RESPONSE_CHUNK", "malformed chunk"),
        ("RANDOM_DATA_THEN_CLOSE", "random data"),
    ] {
        let stub = format!(
            r#"{{"request": {{"urlPath": "/v1/purchases"}}, "response": {{"fault": "{fault}", "fixedDelayMilliseconds": 5}}}}"#
        );
        let feature = buying("And billing answers as in \"broke\"", "Then that is refused with billing-unavailable");
        let folder = folder(&stub, &feature);
        let ran = folder.paidpath(&["run", "--record", "all"]);
        ran.expect(0, &["1 passed"]);
        let broken = exchanges(&ran, "storefront → billing");
        let broken: Vec<_> = broken.iter().filter_map(|it| it["outcome"]["broken"]["reason"].as_str()).collect();
        assert!(!broken.is_empty() && broken.iter().all(|reason| reason.contains(outcome)), "{fault}: {broken:?}");
    }
}

#[test]
fn a_file_that_never_answers_is_not_green_and_says_which_request_was_nearest_and_what_differs() {
    let stub = r#"{
  "mappings": [
    {"request": {"urlPath": "/v1/refunds"}, "response": {}},
    {
      "request": {
        "method": "POST", "urlPathPattern": "/v1/purchas.*",
        "bodyPatterns": [{"equalToJson": {"amount": 7}, "ignoreExtraElements": true}]
      },
      "response": {}
    }
  ]
}
"#;
    let feature = buying("And billing answers as in \"broke\"", "Then Ann has paid 120 credits");
    folder(stub, &feature).paidpath_kept(&["run"]).expect(
        2,
        &[
            "never fired: billing answers as in \"broke\"",
            "POST /v1/purchases is not what features/stubs/billing/broke.json:4 is for",
            "the body: wanted the JSON `{\"amount\":7}`, came nothing at /amount",
            "1 unknown",
        ],
    );
}

#[test]
fn a_name_without_a_file_is_refused_where_it_stands_with_what_was_meant() {
    let folder = folder(BROKE, &buying("And billing answers as in \"broek\"", "Then Ann has paid 120 credits"));
    let says = [
        "features/money/stubs.feature:5:5: there is no stub file `broek` for billing",
        "features/stubs/billing/broek.json",
        "Did you mean `broke`?",
    ];
    folder.paidpath(&["run"]).expect(64, &says);
    folder.paidpath(&["check"]).expect(1, &[says[0], "Did you mean `broke`?"]);
    folder.write(
        "features/money/stubs.feature",
        buying("And biling answers as in \"broke\"", "Then Ann has paid 120 credits"),
    );
    folder.paidpath(&["run"]).expect(64, &["Did you mean `billing`?"]);
    let stub = "{\"request\": {}, \"response\": {}}";
    folder.write("features/stubs/purse/broke.json", stub);
    folder.write(
        "features/money/stubs.feature",
        buying("And purse answers as in \"broke\"", "Then Ann has paid 120 credits"),
    );
    folder.paidpath(&["run"]).expect(2, &["nobody in the topology calls `purse`"]);
}

#[test]
fn a_file_that_is_wrong_is_refused_with_its_place_by_a_run_and_by_a_check() {
    let wrong = BROKE.replace("urlPath", "urlPth");
    let folder = folder(&wrong, &buying("And billing answers as in \"broke\"", "Then Ann has paid 120 credits"));
    let place = "features/stubs/billing/broke.json:2:34: unknown field `urlPth`";
    folder.paidpath(&["run"]).expect(64, &["features/money/stubs.feature:5:5: the stub file cannot be used", place]);
    folder.paidpath(&["check"]).expect(1, &[place, "Did you mean `urlPath`?"]);
    folder.write("features/money/stubs.feature", buying("", "Then Ann has paid 120 credits"));
    folder.paidpath(&["check"]).expect(1, &[place]);
    folder.paidpath(&["check", "features/stubs/billing/broke.json"]).expect(1, &[place]);
    folder.write("features/stubs/billing/broke.json", BROKE);
    folder.paidpath(&["check"]).expect(0, &["nothing found"]);
}

#[test]
fn the_nearest_folder_is_meant_and_chinese_says_it_too() {
    let other = BROKE.replace("402", "503").replace("insufficient-funds", "billing-unavailable");
    let feature = "# language: zh-CN\n功能: 应答\n  场景: 没钱\n    假如小安有500积分\n    \
                   并且《黄昏》抢先体验的生成权限售价120积分\n    并且billing按“broke”回答一次\n    \
                   当小安购买《黄昏》的生成权限\n    那么请求被拒绝，错误码是billing-unavailable\n";
    let folder = folder(BROKE, feature);
    folder.write("features/money/stubs/billing/broke.json", other);
    folder.paidpath(&["run"]).expect(0, &["1 passed"]);
}

#[test]
fn scenarios_at_the_same_time_do_not_see_each_others_files() {
    let mut feature = String::from("Feature: Side by side\n");
    for number in 0..6 {
        let (stub, then) = match number % 2 {
            0 => ("    Given billing answers as in \"broke\"\n", "that is refused with insufficient-funds"),
            _ => ("", "Ann has paid 120 credits"),
        };
        write!(
            feature,
            "  Scenario: Number {number}\n    Given Ann has 500 credits\n    \
             And early access to Dusk costs 120 credits for generation\n{stub}    \
             When Ann buys generation access to Dusk\n    Then {then}\n"
        )
        .unwrap();
    }
    folder(BROKE, &feature).paidpath_kept(&["run", "--jobs", "6", "--repeat", "3"]).expect(0, &["18 passed"]);
}

#[test]
fn parts_of_a_run_that_answered_from_different_files_are_not_taken_for_one() {
    let refused = buying("And billing answers as in \"broke\"", "Then that is refused with insufficient-funds");
    let folder =
        folder(BROKE, &format!("{refused}\n{}", refused.split_once('\n').unwrap().1.replace("Buying", "Again")));
    folder.paidpath(&["run", "--shard", "1/2", "--reports", "one"]).expect(0, &["1 passed"]);
    folder.write("features/stubs/billing/broke.json", BROKE.replace("Earn some.", "Earn more."));
    folder.paidpath(&["run", "--shard", "2/2", "--reports", "two"]).expect(0, &["1 passed"]);
    let says = ["these are journals of different runs", "features/stubs/billing/broke.json has changed"];
    folder.paidpath(&["report", "one", "two"]).expect(64, &says);
}

/// A platform of which nothing exists but files.
fn shop() -> Folder {
    let folder = Folder::with(
        "topology.toml",
        "name = \"own\"\nentry = \"price-list\"\n\n[services.price-list]\nprovider = \"mock\"\nstubs = [\"stubs/price-list\"]\n",
    );
    folder.write(
        "target.toml",
        "name = \"Own\"\nerrors = { code = \"/code\", message = \"/detail\" }\n\n[operations.sign-up]\n\
         request = \"POST /people\"\nbody = { name = \"{name}\" }\nanswer = { member = \"/id\", token = \"/token\" }\n",
    );
    folder.write(
        "stubs/price-list/people.json",
        r#"{"request": {"method": "POST", "urlPath": "/people"},
            "response": {"status": 201, "transformers": ["response-template"],
                         "jsonBody": {"id": "p-{{randomValue type='UUID'}}", "token": "t-{{randomValue type='UUID'}}"}}}"#,
    );
    folder.write(
        "stubs/price-list/prices.json",
        r#"{"mappings": [
             {"request": {"method": "GET", "urlPathPattern": "/prices/\\d+", "queryParameters": {"in": {"matches": "[A-Z]{3}"}}},
              "response": {"jsonBody": {"of": "{{request.pathSegments.[1]}}", "in": "{{request.query.in}}", "price": 120},
                           "transformers": ["response-template"]}},
             {"request": {"urlPath": "/slow"}, "response": {"fault": "EMPTY_RESPONSE"}}
           ]}"#,
    );
    folder
}

const OWN: [&str; 5] = ["run", "--topology", "topology.toml", "--target", "target.toml"];

fn asking(request: &str, then: &str) -> String {
    format!(
        "Feature: Own\n  Scenario: Asking\n    Given Ann is a member\n    When Ann sends the request \"{request}\"\n    Then {then}\n"
    )
}

#[test]
fn a_double_of_ones_own_is_made_of_files_alone() {
    let folder = shop();
    folder.write("features/own.feature", asking("GET /prices/7?in=EUR", "at \"/of\" the answer has \"7\""));
    folder.paidpath(&OWN).expect(0, &["price-list mock", "1 passed"]);
    folder.paidpath(&["check"]).expect(0, &["5 files looked at, nothing found"]);
}

#[test]
fn what_a_double_has_no_answer_to_fails_the_scenario_with_the_nearest_file_and_what_differs() {
    let folder = shop();
    folder.write("features/own.feature", asking("GET /prices/7?in=euro", "the answer has the status 404"));
    folder.paidpath(&OWN).expect(
        1,
        &[
            "the double price-list has no answer to GET /prices/7",
            "the nearest is stubs/price-list/prices.json:2",
            "the query parameter `in`: wanted a match of `[A-Z]{3}`, came `euro`",
            "(stub)",
        ],
    );
}

#[test]
fn a_double_is_refused_for_files_that_are_wrong_missing_or_beyond_it() {
    let folder = shop();
    folder.write("features/own.feature", asking("GET /prices/7?in=EUR", "the answer has the status 200"));
    folder.write("stubs/price-list/x.json", "{\"request\": {\"methd\": \"GET\"}, \"response\": {}}");
    folder
        .paidpath(&OWN)
        .expect(64, &["stubs/price-list/x.json:1:15: unknown field `methd`", "Did you mean `method`?"]);
    let malformed = "{\"request\": {}, \"response\": {\"fault\": \"MALFORMED_RESPONSE_CHUNK\"}}";
    folder.write("stubs/price-list/x.json", malformed);
    folder.paidpath(&OWN).expect(2, &["stubs/price-list/x.json:1", "can only break off before its answer begins"]);
    let topology = std::fs::read_to_string(folder.path().join("topology.toml")).unwrap();
    folder.write("topology.toml", topology.replace("stubs/price-list", "stubs/pricelist"));
    folder.paidpath(&OWN).expect(64, &["stubs/pricelist: there is no such file (the stubs of price-list)"]);
    folder.paidpath(&["check"]).expect(1, &["topology.toml:6:10: `stubs/pricelist`: there is no such file"]);
}

#[test]
fn a_service_becomes_a_double_on_the_command_line_and_keeps_its_contract() {
    let embedded = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("mocks/topologies/embedded.toml");
    let embedded = std::fs::read_to_string(embedded).unwrap();
    let stubs = "[services.billing]\nstubs = [\"stubs/billing\"]\n";
    let folder = Folder::with("topology.toml", &embedded.replace("[services.billing]\n", stubs));
    let quote = |amount: &str| {
        format!(
            r#"{{"request": {{"method": "POST", "urlPath": "/v1/quotes"}},
                "response": {{"status": 201, "headers": {{"Content-Type": "application/json"}}, "transformers": ["response-template"],
                  "body": "{{\"id\": \"quo_{{{{randomValue length=24 type='HEXADECIMAL'}}}}\", \"right\": \"generation\", \"version\": \"{{{{jsonPath request.body '$.version'}}}}\", \"amount\": {amount}, \"currency\": \"credits\", \"expires_at\": \"{{{{now offset='1 hour'}}}}\"}}"}}}}"#
        )
    };
    folder.write("stubs/billing/quotes.json", quote("{{jsonPath request.body '$.amount'}}"));
    folder.write(
        "features/own.feature",
        "Feature: Own\n  Scenario: Asking\n    Given Ann is a member\n    \
         And early access to Dusk costs 120 credits for generation\n    \
         When Ann asks for the price of generation access to Dusk\n    Then the answer's amount is \"120\"\n",
    );
    let run = ["run", "--topology", "topology.toml", "--provider", "billing=mock"];
    folder.paidpath(&run).expect(0, &["billing mock", "1 passed"]);
    folder.write("stubs/billing/quotes.json", quote("\\\"120\\\""));
    folder.paidpath(&run).expect(1, &["billing's answer 201 to POST /v1/quotes departs from billing's contract"]);
    folder
        .paidpath(&["run", "--provider", "storefront=mock"])
        .expect(2, &["made of stub files: stubs = [\"stubs/storefront\"]"]);
}

#[test]
fn the_guide_for_people_who_write_features_has_every_key() {
    let guide = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("features/README.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    for stub in [
        "{\"?\": 1}",
        "{\"request\": {\"?\": 1}}",
        "{\"request\": {\"headers\": {\"x\": {\"?\": 1}}}}",
        "{\"request\": {}, \"response\": {\"?\": 1}}",
        "{\"request\": {}, \"response\": {\"fault\": \"?\"}}",
    ] {
        let folder = Folder::with("stubs/x.json", stub);
        let told = folder.paidpath(&["check", "--format", "json"]).out;
        let findings: Value = serde_json::from_str(&told).unwrap();
        let message = findings[0]["message"].as_str().unwrap_or_else(|| panic!("{told}")).to_owned();
        let keys: Vec<&str> = message.split('`').skip(3).step_by(2).collect();
        assert!(keys.len() > 2, "{message}");
        for key in keys {
            assert!(
                guide.contains(&format!("`{key}`")) || guide.contains(&format!("\"{key}\"")),
                "features/README.md has no `{key}`"
            );
        }
    }
}
