//! The second platform: tRPC with its envelopes must fit into the same file format.

use super::*;

const TRPC: &str = r#"
name = "A tRPC site"
headers = { Authorization = "Bearer {token}" }

[operations.offer]
request = "GET /api/trpc/modelVersion.getById"
query = { input = { json = { id = "{version}" } } }
answer = { generation_price = "/result/data/json/earlyAccessConfig/generationPrice" }

[operations.purchase]
request = "POST /api/trpc/modelVersion.earlyAccessPurchase"
body = { json = { modelVersionId = "{version}", type = "{right}", note = "for {right}" } }

[errors]
code = "/error/json/data/code"
message = "/error/json/message"
rules = [
    { was = "BAD_REQUEST", message = "already purchased", code = "already-purchased" },
    { was = "UNAUTHORIZED", code = "signed-out" },
]
"#;

fn target() -> Target {
    Target::parse("trpc.toml", TRPC).unwrap()
}

#[test]
fn a_query_is_sent_as_json_text_and_numbers_stay_numbers() {
    let call = target().call(Operation::Offer, &Values::new().with(Slot::Version, 7)).unwrap();
    assert_eq!(call.path, "/api/trpc/modelVersion.getById?input=%7B%22json%22%3A%7B%22id%22%3A7%7D%7D");
    assert!(call.headers.is_empty(), "a header without its value is left out: {:?}", call.headers);
}

#[test]
fn a_body_takes_values_with_their_types_and_leaves_out_what_is_not_set() {
    let values = Values::new().with(Slot::Version, 7).with(Slot::Token, "t");
    let call = target().call(Operation::Purchase, &values).unwrap();
    assert_eq!(call.body.unwrap(), serde_json::json!({"json": {"modelVersionId": 7}}));
    assert_eq!(call.headers, [("Authorization".to_owned(), "Bearer t".to_owned())]);
}

#[test]
fn answers_and_errors_are_read_from_their_envelopes() {
    let body = r#"{"result":{"data":{"json":{"earlyAccessConfig":{"generationPrice":50}}}}}"#;
    let answer = target().answer(Operation::Offer, 200, Vec::new(), body.into());
    assert_eq!(answer.number(Slot::GenerationPrice), Some(50));

    let body =
        r#"{"error":{"json":{"message":"You have already purchased early access","data":{"code":"BAD_REQUEST"}}}}"#;
    let answer = target().answer(Operation::Purchase, 400, Vec::new(), body.into());
    assert_eq!(answer.code.as_deref(), Some("already-purchased"));

    let answer = target().answer(Operation::Purchase, 502, Vec::new(), "<html>oops".into());
    assert_eq!((answer.code.as_deref(), answer.ok), (None, false));
    assert!(answer.message.contains("<html>oops"), "{}", answer.message);
}

#[test]
fn a_platform_may_have_words_of_its_own_for_how_a_job_stands() {
    let text = format!("states = {{ done = \"succeeded\" }}\n{TRPC}[operations.status]\nrequest = \"GET /{{job}}\"\n");
    let target = Target::parse("t.toml", &format!("{text}answer = {{ state = \"/state\" }}\n")).unwrap();
    let state = |said: &str| {
        let body = format!(r#"{{"state":"{said}"}}"#);
        target.answer(Operation::Status, 200, Vec::new(), body.into()).text(Slot::State)
    };
    assert_eq!(state("done").as_deref(), Some("succeeded"));
    assert_eq!(state("failed").as_deref(), Some("failed"));
}

#[test]
fn an_operation_that_the_file_does_not_have_is_named() {
    let error = target().call(Operation::Wallet, &Values::new()).unwrap_err();
    assert!(error.to_string().contains("add [operations.wallet]"), "{error}");
}

#[test]
fn mistakes_in_the_file_are_told_with_their_line() {
    let wrong = [
        ("[operations.ofer]\nrequest = \"GET /\"", "unknown variant `ofer`", "Did you mean `offer`?"),
        ("[operations.offer]\nrequest = \"/path\"", "is not a request", "t.toml:"),
        (
            "[operations.offer]\nrequest = \"GET /\"\nanswer = { genration_price = \"/x\" }",
            "does not give",
            "generation_price",
        ),
        ("[operations.offer]\nrequest = \"GTE /\"", "is not a request", "t.toml:4:11"),
        ("[operations.offer]\nrequest = \"GET /{vresion}\"", "has no value for {vresion}", "Did you mean `version`?"),
        (
            "[operations.publish]\nrequest = \"POST /\"\nbody = { terms = [{ price = \"{generation_prize}\" }] }",
            "has no value for {generation_prize}",
            "Did you mean `generation_price`?",
        ),
        ("headers = { Session = \"{tokn}\" }", "a header has no value for {tokn}", "t.toml:3:23"),
        ("states = { done = \"succeded\" }", "is not a state of jobs", "Did you mean `succeeded`?"),
        ("[operations.wallet]\nrequest = \"GET /\"\nanswer = { balance = \"x\" }", "is not a JSON pointer", "t.toml:"),
    ];
    for (operations, expected, also) in wrong {
        let text = format!("name = \"x\"\nerrors = {{ code = \"/code\", message = \"/detail\" }}\n{operations}\n");
        let text = if text.contains("[operations") { text } else { format!("{text}[operations]\n") };
        let error = Target::parse("t.toml", &text).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains(also), "{error}");
    }
}
