//! Bad input: each kind gets a clear message, the right exit code, and no stack trace.

use crate::support::Folder;

const PASSING: &str = "Feature: f\n  Scenario: s\n    Given Ann has 5 credits\n    Then Ann has 5 credits left\n";

/// A topology in which one service stands somewhere else.
fn topology(service: &str, spec: &str) -> String {
    let embedded = include_str!("../../mocks/topologies/embedded.toml");
    let begin = embedded.find(&format!("[services.{service}]")).unwrap();
    let end = embedded[begin + 1..].find("\n[").map_or(embedded.len(), |end| begin + 1 + end);
    format!("start_up = \"500ms\"\n{}[services.{service}]\n{spec}\n{}", &embedded[..begin], &embedded[end..])
}

#[test]
fn a_missing_path() {
    let folder = Folder::with("features/buying.feature", PASSING);
    folder
        .paidpath(&["run", "features/buyin.feature"])
        .expect(64, &["there is no such file or folder", "Did you mean `features/buying.feature`?"]);
}

#[test]
fn a_line_without_a_scenario() {
    Folder::with("a.feature", PASSING)
        .paidpath(&["run", "a.feature:99"])
        .expect(64, &["no scenario, outline row or rule is on line 99"]);
}

#[test]
fn a_feature_that_is_not_utf_8() {
    let folder = Folder::new();
    folder.write("a.feature", b"Feature: f\n  Scenario: \xff\n");
    folder.paidpath(&["run", "a.feature"]).expect(64, &["a.feature:2:13: the file is not UTF-8"]);
}

#[test]
fn a_feature_of_more_than_4_mib() {
    let folder = Folder::with("a.feature", &format!("Feature: f\n{}", "# long\n".repeat(700_000)));
    folder.paidpath(&["run", "a.feature"]).expect(64, &["too-large"]);
}

#[test]
fn a_malformed_topology() {
    let folder = Folder::with("a.feature", PASSING);
    folder.write("t.toml", "name = \"x\"\nentry = \"shop\"\n[services.shop]\nprovidr = \"mock\"\n");
    folder
        .paidpath(&["run", "a.feature", "--topology", "t.toml"])
        .expect(64, &["t.toml:4:1", "unknown field `providr`", "Did you mean `provider`?"]);
    folder.paidpath(&["run", "a.feature", "--topology", "embeded"]).expect(64, &["Did you mean `embedded`?"]);
    folder.paidpath(&["run", "a.feature", "--topology", "none.toml"]).expect(64, &["none.toml: there is no such file"]);
}

#[test]
fn a_host_that_is_not_on_the_list() {
    let folder = Folder::with("a.feature", PASSING);
    let ran = folder.paidpath(&["run", "a.feature", "--provider", "billing=url:http://billing.example.org"]);
    ran.expect(64, &["`billing.example.org` is not on the list of hosts"]);
}

#[test]
fn a_fault_that_cannot_be_read() {
    let folder = Folder::with("a.feature", PASSING);
    folder
        .paidpath(&["run", "a.feature", "--fault", "storefront -> generation: stripp header x"])
        .expect(64, &["strip"]);
    folder
        .paidpath(&["run", "a.feature", "--fault", "storefront -> nowhere: drop"])
        .expect(64, &["the topology has no edge storefront → nowhere"]);
}

#[test]
fn a_tag_expression_that_cannot_be_read() {
    Folder::with("a.feature", PASSING).paidpath(&["run", "a.feature", "--tags", "@a and"]).expect(64, &["--tags"]);
}

#[test]
fn an_option_that_is_mistyped() {
    Folder::with("a.feature", PASSING).paidpath(&["run", "--fial-fast"]).expect(64, &["--fail-fast"]);
}

#[test]
fn a_port_that_is_taken() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = Folder::with("a.feature", PASSING);
    let spec = format!(
        "provider = \"embedded\"\ncalls = [\"entitlement\"]\nenv = {{ ATELIER_LISTEN = \"{}\" }}\n",
        taken.local_addr().unwrap()
    );
    folder.write("t.toml", topology("billing", &spec));
    folder
        .paidpath(&["run", "a.feature", "--topology", "t.toml"])
        .expect(2, &["nothing could be judged", "billing", "in use"]);
}

#[test]
fn a_service_that_is_not_there() {
    let folder = Folder::with("a.feature", PASSING);
    let away = "provider = \"url\"\nurl = \"http://127.0.0.1:9\"\nready = \"/healthz\"\ncalls = [\"entitlement\"]\n";
    let topology = topology("billing", away);
    folder.write("t.toml", &topology);
    let run = || folder.paidpath(&["run", "a.feature", "--topology", "t.toml"]);
    run().expect(2, &["nothing could be judged", "`billing` was not ready", "refused"]);
    folder.write("t.toml", topology.replace("start_up = \"500ms\"", "start_up = \"2500ms\""));
    run().expect(2, &["waiting for billing, up to 2s: ", "/healthz: Connection refused"]);
}

#[test]
fn a_service_that_dies_in_the_middle_of_a_run() {
    let dying = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = Folder::with("a.feature", PASSING);
    let spec =
        format!("provider = \"url\"\nurl = \"http://{}\"\ncalls = [\"entitlement\"]\n", dying.local_addr().unwrap());
    folder.write("t.toml", topology("billing", &spec));
    drop(dying);
    let ran = folder.paidpath(&["run", "a.feature", "--topology", "t.toml"]);
    ran.expect(2, &["billing cannot be reached (storefront → billing", "could not be judged"]);
}

#[test]
fn a_body_that_is_not_json_is_told_as_what_it_is() {
    let folder = Folder::with("a.feature", PASSING);
    let fault = "member -> storefront GET /v1/wallet: respond with text \"<html>oops</html>\"";
    folder.paidpath(&["run", "a.feature", "--fault", fault]).expect(1, &["wallet"]);
}
