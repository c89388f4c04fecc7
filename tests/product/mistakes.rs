//! Mistakes of every kind that people make, and what `paidpath check` says about each: the place, the rule, and the words
//! that help.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;

use crate::support::Folder;

/// A file, its text, and what must be found in it: `LINE:COLUMN rule`, and words of the message or the help.
type Mistake = (&'static str, &'static str, &'static str, &'static str);

const FEATURES: &[Mistake] = &[
    // What runs nothing.
    ("empty", "", "1:1 no-scenarios", "the file has no feature"),
    ("comment", "# soon\n", "1:1 no-scenarios", "the file has no feature"),
    ("no-scenario", "Feature: f\n", "1:1 no-scenarios", "nothing runs"),
    (
        "empty-rule",
        "Feature: f\n  Scenario: s\n    Then something holds\n  Rule: r\n",
        "4:3 no-scenarios",
        "the rule has no scenario",
    ),
    ("no-steps", "Feature: f\n  Scenario: s\n", "2:3 no-steps", "it tests nothing"),
    (
        "empty-background",
        "Feature: f\n  Background:\n  Scenario: s\n    Then something holds\n",
        "2:3 no-steps",
        "the background has no steps",
    ),
    (
        "no-examples",
        "Feature: f\n  Scenario Outline: s\n    Then something holds\n",
        "2:3 no-rows",
        "the outline has no examples",
    ),
    (
        "no-rows",
        "Feature: f\n  Scenario Outline: s\n    Then Ann has <n> credits left\n    Examples:\n      | n |\n",
        "4:5 no-rows",
        "nothing runs for them",
    ),
    ("no-then", "Feature: f\n  Scenario: s\n    Given Ann has 5 credits\n", "2:3 no-outcome", "no `Then` step"),
    (
        "same-name",
        "Feature: f\n  Scenario: s\n    Then something holds\n  Scenario: s\n    Then something holds\n",
        "4:3 duplicate-name",
        "line 2 has the name `s`",
    ),
    // What is swallowed or misplaced.
    (
        "scenaro",
        "Feature: f\n\n  Scenaro: a\n    Given Ann has 5 credits\n\n  Scenario: b\n    Then something holds\n",
        "3:3 mistyped-keyword",
        "Did you mean `Scenario:`?",
    ),
    (
        "lower-case",
        "Feature: f\n\n  scenario: a\n    Given Ann has 5 credits\n\n  Scenario: b\n    Then something holds\n",
        "3:3 mistyped-keyword",
        "Did you mean `Scenario:`?",
    ),
    (
        "wehn",
        "Feature: f\n  Scenario: s\n    Wehn Ann signs out\n    Then something holds\n",
        "3:5 mistyped-keyword",
        "Did you mean `When`?",
    ),
    (
        "no-space",
        "Feature: f\n  Scenario: s\n    When\tAnn signs out\n    Then something holds\n",
        "3:5 mistyped-keyword",
        "comes one plain space",
    ),
    (
        "thne",
        "Feature: f\n  Scenario: s\n    Given Ann has 5 credits\n    Thne something holds\n",
        "4:5 syntax",
        "Did you mean `Then`?",
    ),
    (
        "loose-steps",
        "Feature: f\n  Given Ann has 5 credits\n\n  Scenario: s\n    Then something holds\n",
        "2:3 mistyped-keyword",
        "belongs to no scenario",
    ),
    ("two-features", "Feature: f\n  Scenario: s\n    Then something holds\nFeature: g\n", "4:1 syntax", "one feature"),
    (
        "late-background",
        "Feature: f\n  Scenario: s\n    Then something holds\n  Background:\n    Given Ann has 5 credits\n",
        "4:3 syntax",
        "before the first scenario",
    ),
    (
        "prose-among-steps",
        "Feature: f\n  Scenario: s\n    Given Ann has 5 credits\n    and then she waits\n    Then something holds\n",
        "4:5 syntax",
        "stands where",
    ),
    ("no-feature-line", "Scenario: s\n  Then something holds\n", "1:1 syntax", "not with `Feature: …`"),
    // Tables and texts.
    (
        "lost-cell",
        "Feature: f\n  Scenario: s\n    Given the early-access model version Dusk\n      | generation | 5 credits\n    Then something holds\n",
        "4:7 lost-cell",
        "End the row with `|`",
    ),
    (
        "ragged",
        "Feature: f\n  Scenario: s\n    Given the early-access model version Dusk\n      | generation | 5 credits |\n      | trials |\n    Then something holds\n",
        "5:7 syntax",
        "cell",
    ),
    (
        "placeholder",
        "Feature: f\n  Scenario Outline: s\n    Then Ann has <monney> credits left\n    Examples:\n      | money |\n      | 5     |\n",
        "3:5 unknown-placeholder",
        "Did you mean `money`?",
    ),
    (
        "unused-column",
        "Feature: f\n  Scenario Outline: s\n    Then Ann has <money> credits left\n    Examples:\n      | money | note |\n      | 5     | x    |\n",
        "5:17 unused-column",
        "no step uses the column `note`",
    ),
    (
        "open-text",
        "Feature: f\n  Scenario: s\n    Then something holds\n      \"\"\"\n      text\n",
        "4:7 syntax",
        "never closed",
    ),
    (
        "missing-table",
        "Feature: f\n  Scenario: s\n    Given the early-access model version Dusk\n    Then something holds\n",
        "3:5 missing-table",
        "Its rows are `owner`, `generation`",
    ),
    (
        "unused-table",
        "Feature: f\n  Scenario: s\n    Given Ann has 5 credits\n      | a | b |\n    Then something holds\n",
        "4:7 unused-table",
        "does not look at what stands under it",
    ),
    (
        "unused-text",
        "Feature: f\n  Scenario: s\n    Then something holds\n      \"\"\"\n      x\n      \"\"\"\n",
        "4:7 unused-table",
        "does not look at what stands under it",
    ),
    (
        "unknown-row",
        "Feature: f\n  Scenario: s\n    Given the early-access model version Dusk\n      | onwer | Olga |\n    Then something holds\n",
        "4:9 unknown-row",
        "Did you mean `owner`?",
    ),
    (
        "three-cells",
        "Feature: f\n  Scenario: s\n    Given the early-access model version Dusk\n      | trials | 1 | 2 |\n    Then something holds\n",
        "4:9 unknown-row",
        "has 3 cells, and needs two",
    ),
    // Sentences.
    (
        "misspelt",
        "Feature: f\n  Scenario: s\n    When Ann byus generation access to Dusk\n    Then something holds\n",
        "3:5 undefined-step",
        "Did you mean `{member} buys {right} access to {model}`?",
    ),
    (
        "stranger",
        "Feature: f\n  Scenario: s\n    When the moon eclipses the sun entirely tonight\n    Then something holds\n",
        "3:5 undefined-step",
        "`paidpath steps WORDS` finds",
    ),
    (
        "wrong-keyword",
        "Feature: f\n  Scenario: s\n    When Ann has 5 credits\n    Then something holds\n",
        "3:5 wrong-keyword",
        "is a Given sentence, and stands here as a When",
    ),
    (
        "and-goes-on",
        "Feature: f\n  Scenario: s\n    Given Ann has 5 credits\n    And Ann signs out\n    Then something holds\n",
        "4:5 wrong-keyword",
        "is a When sentence, and stands here as a Given",
    ),
    (
        "small-name",
        "Feature: f\n  Scenario: s\n    Given ann has 5 credits\n    Then something holds\n",
        "3:5 undefined-step",
        "Did you mean `{member} has {money}`?",
    ),
    (
        "other-money",
        "Feature: f\n  Scenario: s\n    Given Ann has 5 coins\n    Then something holds\n",
        "3:5 undefined-step",
        "Did you mean `{member} has {money}`?",
    ),
    (
        "other-right",
        "Feature: f\n  Scenario: s\n    When Ann buys upload access to Dusk\n    Then something holds\n",
        "3:5 undefined-step",
        "Did you mean `{member} buys {right} access to {model}`?",
    ),
    (
        "two-meanings",
        "Feature: f\n  Scenario: s\n    Given an ambiguous step\n    Then something holds\n",
        "3:5 ambiguous-step",
        "could be several sentences",
    ),
    (
        "curly-quotes",
        "Feature: f\n  Scenario: s\n    Then the answer's amount is “120”\n",
        "3:5 odd-character",
        "Write `Then the answer's amount is \"120\"`",
    ),
    (
        "hard-space",
        "Feature: f\n  Scenario: s\n    Given Ann\u{a0}has 5 credits\n    Then something holds\n",
        "3:5 odd-character",
        "Write `Given Ann has 5 credits`",
    ),
    (
        "zero-width",
        "Feature: f\n  Scenario: s\n    Given Ann\u{200b} has 5 credits\n    Then something holds\n",
        "3:5 odd-character",
        "Write `Given Ann has 5 credits`",
    ),
    (
        "two-spaces",
        "Feature: f\n  Scenario: s\n    Given Ann  has 5 credits\n    Then something holds\n",
        "3:5 odd-character",
        "one too many",
    ),
    (
        "full-stop",
        "Feature: f\n  Scenario: s\n    Then something holds.\n",
        "3:5 odd-character",
        "Write `Then something holds`",
    ),
    (
        "wide-digits",
        "Feature: f\n  Scenario: s\n    Given Ann has ５ credits\n    Then something holds\n",
        "3:5 odd-character",
        "Write `Given Ann has 5 credits`",
    ),
    (
        "unreadable-fault",
        "Feature: f\n  Scenario: s\n    Given the fault \"storefront -> generation: stripp header X\"\n    Then something holds\n",
        "3:5 wrong-fault",
        "strip",
    ),
    (
        "weak",
        "Feature: f\n  Scenario: s\n    When Ann signs out\n    Then that is accepted\n",
        "2:3 weak-outcome",
        "Expect what the member has in the end",
    ),
    // Tags.
    ("two-words", "@smoke test\nFeature: f\n", "1:8 syntax", "`@smoke-test`"),
    ("bare-at", "@\nFeature: f\n", "1:1 syntax", "a tag has a name after its `@`"),
    ("open-tag", "@skip(why\nFeature: f\n", "1:1 syntax", "End it with `)`"),
    (
        "no-reason",
        "Feature: f\n  @allow(G3)\n  Scenario: s\n    Then something holds\n",
        "2:3 tag",
        "`@allow(G3: the event is delayed on purpose)`",
    ),
    (
        "no-date",
        "Feature: f\n  @quarantine(soon)\n  Scenario: s\n    Then something holds\n",
        "2:3 tag",
        "@quarantine(until: ",
    ),
    (
        "over",
        "Feature: f\n  @quarantine(until: 2020-01-31, ticket 12)\n  Scenario: s\n    Then something holds\n",
        "2:3 expired-quarantine",
        "ended on 2020-01-31",
    ),
    (
        "retry",
        "Feature: f\n  @smoke @retry(often)\n  Scenario: s\n    Then something holds\n",
        "2:10 tag",
        "`@retry(2)`",
    ),
    (
        "timeout",
        "Feature: f\n  @timeout(soon)\n  Scenario: s\n    Then something holds\n",
        "2:3 tag",
        "`@timeout(30s)`",
    ),
    (
        "skip",
        "Feature: f\n  @skip\n  Scenario: s\n    Then something holds\n",
        "2:3 tag",
        "`@skip(waits for ticket 12)`",
    ),
    (
        "alow",
        "Feature: f\n  @alow(G3: x)\n  Scenario: s\n    Then something holds\n",
        "2:3 tag",
        "Did you mean `@allow`?",
    ),
    (
        "typo-tag",
        "@smokee\nFeature: f\n  Scenario: s\n    Then something holds\n",
        "1:1 unknown-tag",
        "Did you mean `@smoke`?",
    ),
    ("new-tag", "@wip\nFeature: f\n  Scenario: s\n    Then something holds\n", "1:1 unknown-tag", "Declare it there"),
    // Languages.
    ("no-language", "# language: xx\nFeature: f\n", "1:1 syntax", "xx"),
    ("german", "Funktionalität: f\n  Szenario: s\n", "1:1 syntax", "`# language: de`"),
    (
        "chinese",
        "# language: zh-CN\n功能: f\n  场景: s\n    假如小安有5个金币\n    那么请求被接受\n    并且小安还剩5积分\n",
        "4:5 undefined-step",
        "词汇表里没有这句话",
    ),
    (
        "chinese-hint",
        "# language: zh-CN\n功能: f\n  场景: s\n    当小安购买了《黄昏》的生成权限\n    那么小安还剩5积分\n",
        "4:5 undefined-step",
        "{member}购买{model}的{right}权限",
    ),
    (
        "chinese-row",
        "# language: zh-CN\n功能: f\n  场景: s\n    假如抢先体验的模型版本《正午》\n      | 价格 | 5积分 |\n    那么小安还剩5积分\n",
        "5:9 unknown-row",
        "表格里有这句话不认识的行",
    ),
    (
        "chinese-no-then",
        "# language: zh-CN\n功能: f\n  场景: s\n    假如小安有5积分\n",
        "3:3 no-outcome",
        "什么也没有期望",
    ),
];

const CONFIGURATION: &[Mistake] = &[
    ("targets/broken", "name = \"x\n", "1:10 target", "invalid"),
    ("targets/no-errors", "name = \"x\"\n[operations]\n", "1:1 target", "missing field `errors`"),
    ("targets/key", "naem = \"x\"\n[operations]\n", "1:1 target", "Did you mean `name`?"),
    (
        "targets/operation",
        "name = \"x\"\nerrors = { code = \"/code\", message = \"/detail\" }\n[operations.purchse]\nrequest = \"GET /\"\n",
        "3:13 target",
        "Did you mean `purchase`?",
    ),
    (
        "targets/request",
        "name = \"x\"\nerrors = { code = \"/code\", message = \"/detail\" }\n[operations.wallet]\nrequest = \"/v1/wallet\"\n",
        "4:11 target",
        "write `GET /path`",
    ),
    (
        "targets/answer",
        "name = \"x\"\nerrors = { code = \"/code\", message = \"/detail\" }\n[operations.wallet]\nrequest = \"GET /v1/wallet\"\nanswer = { balanse = \"/balance\" }\n",
        "5:12 target",
        "Did you mean `balance`?",
    ),
    (
        "targets/pointer",
        "name = \"x\"\nerrors = { code = \"/code\", message = \"/detail\" }\n[operations.wallet]\nrequest = \"GET /v1/wallet\"\nanswer = { balance = \"$.balance\" }\n",
        "5:22 target",
        "it begins with `/`",
    ),
    (
        "targets/span",
        "name = \"x\"\nbounds = { sync = \"soon\" }\nerrors = { code = \"/code\", message = \"/detail\" }\n[operations]\n",
        "2:19 target",
        "write for example `250ms`",
    ),
    (
        "targets/contract",
        "name = \"x\"\nerrors = { code = \"/code\", message = \"/detail\" }\n[contracts]\nshop = \"none.yaml\"\n[operations]\n",
        "4:8 target",
        "there is no such file",
    ),
    (
        "targets/trail",
        "name = \"x\"\nerrors = { code = \"/code\", message = \"/detail\" }\n[operations]\n[trail]\nsels = []\n",
        "5:1 target",
        "Did you mean `sells`?",
    ),
    ("topologies/broken", "[services.shop\n", "1:15 topology", "unclosed"),
    (
        "topologies/key",
        "name = \"x\"\nentry = \"shop\"\n[services.shop]\nprovidr = \"mock\"\n",
        "4:1 topology",
        "Did you mean `provider`?",
    ),
    (
        "topologies/provider",
        "name = \"x\"\nentry = \"shop\"\n[services.shop]\nprovider = \"moc\"\n",
        "4:12 topology",
        "Did you mean `mock`?",
    ),
    (
        "topologies/entry",
        "name = \"x\"\nentry = \"shp\"\n[services.shop]\nprovider = \"mock\"\n",
        "2:9 topology",
        "Did you mean `shop`?",
    ),
    (
        "topologies/call",
        "name = \"x\"\nentry = \"shop\"\n[services.shop]\nprovider = \"mock\"\ncalls = [\"bank\"]\n",
        "5:10 topology",
        "not among the services",
    ),
    (
        "topologies/url",
        "name = \"x\"\nentry = \"shop\"\n[services.shop]\nprovider = \"url\"\n",
        "3:11 topology",
        "no `url = ",
    ),
    (
        "topologies/host",
        "name = \"x\"\nentry = \"shop\"\n[services.shop]\nprovider = \"url\"\nurl = \"http://shop.example.org\"\n",
        "5:7 topology",
        "add it to `allowed_hosts`",
    ),
    (
        "topologies/prefix",
        "name = \"x\"\nentry = \"shop\"\n[services.shop]\nprovider = \"url\"\nurl = \"http://127.0.0.1.evil.example\"\n",
        "5:7 topology",
        "`127.0.0.1.evil.example` is not on the list",
    ),
    (
        "topologies/password",
        "name = \"x\"\nentry = \"shop\"\n[services.shop]\nprovider = \"url\"\nurl = \"http://ann:pw@127.0.0.1:1\"\n",
        "5:7 topology",
        "must hold no user and no password",
    ),
    (
        "topologies/sign",
        "name = \"x\"\nentry = \"shop\"\n[services.shop]\nprovider = \"embedded\"\nready = \"@evil.example\"\n",
        "5:9 topology",
        "is not a path that begins with `/`",
    ),
    (
        "topologies/tap",
        "name = \"x\"\nentry = \"shop\"\n[services.shop]\nprovider = \"embedded\"\nenv = { BANK = \"{tap.bank}\" }\n",
        "5:16 topology",
        "{tap.NAME} needs NAME in `calls`",
    ),
    ("broken/check", "[tags\n", "1:6 check-file", "unclosed"),
    ("rule/check", "# weak-outcom\nallow = [\"weak-outcom\"]\n", "2:10 check-file", "Did you mean `weak-outcome`?"),
    ("tag/check", "[tags]\nsmoke = \"x\"\n", "2:1 check-file", "write its `@`"),
    ("weak/check", "[weak]\n\"that is acepted\" = \"x\"\n", "2:1 check-file", "Did you mean `that is accepted`?"),
    ("unused/check", "[tags]\n\"@ghost\" = \"x\"\n", "2:1 unused-tag", "no scenario has the tag `@ghost`"),
];

const CHECK: &str =
    "[tags]\n\"@smoke\" = \"the first to run\"\n[weak]\n\"that is accepted\" = \"the platform said yes, no more\"\n";

/// Everything in one folder, looked at once.
fn looked_at() -> BTreeMap<String, Vec<Value>> {
    let folder = Folder::with("check.toml", CHECK);
    for (name, text, ..) in FEATURES {
        folder.write(&format!("{name}.feature"), text);
    }
    for (name, text, ..) in CONFIGURATION {
        folder.write(&format!("{name}.toml"), text);
    }
    // Somebody must have the tag, and the folder of a lone check.toml a feature for which it is read.
    let sound = "@smoke\nFeature: f\n  Scenario: s\n    Then something holds\n";
    folder.write("sound.feature", sound);
    folder.write("unused/sound.feature", sound.trim_start_matches("@smoke\n"));
    let ran = folder.paidpath(&["check", "--format", "json"]);
    ran.expect(1, &[]);
    let mut found: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for finding in serde_json::from_str::<Vec<Value>>(&ran.out).unwrap() {
        found.entry(finding["file"].as_str().unwrap().to_owned()).or_default().push(finding);
    }
    found
}

#[test]
fn every_mistake_is_found_at_its_place_and_said_in_words_that_help() {
    let found = looked_at();
    let features = FEATURES.iter().map(|row| (format!("{}.feature", row.0), row));
    let configuration = CONFIGURATION.iter().map(|row| (format!("{}.toml", row.0), row));
    let mut wrong = String::new();
    for (file, (_, _, place, words)) in features.chain(configuration) {
        let findings = found.get(&file).cloned().unwrap_or_default();
        let fits = |finding: &Value| {
            let said =
                format!("{} {}", finding["message"].as_str().unwrap(), finding["help"].as_str().unwrap_or_default());
            let at = format!("{}:{} {}", finding["line"], finding["column"], finding["rule"].as_str().unwrap());
            at == *place && said.contains(words)
        };
        if !findings.iter().any(fits) {
            writeln!(wrong, "{file}: wanted {place} “{words}”, found {findings:#?}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(!found.contains_key("sound.feature"), "{:?}", found["sound.feature"]);
    assert!(FEATURES.len() + CONFIGURATION.len() >= 60);
}

#[test]
fn one_mistake_is_not_said_twice() {
    // A syntax error hides what comes after it; everything else leads to exactly one finding.
    for (file, findings) in looked_at() {
        let rules: Vec<_> = findings.iter().map(|finding| finding["rule"].as_str().unwrap()).collect();
        // A placeholder that no column fills leaves a column that fills nothing.
        let several = ["lost-cell.feature", "placeholder.feature"];
        assert!(rules.len() == 1 || several.contains(&file.as_str()), "{file}: {rules:?}");
    }
}

/// Sentences with a name in them that neither the platform's files nor Atelier's have, and where it stands.
const UNKNOWN_NAMES: &[(&str, &str, &str)] = &[
    (
        "Then that is refused with insufficient-fund",
        "4:31",
        "the code `insufficient-fund`. Did you mean `insufficient-funds`?",
    ),
    ("Given storefront cannot reach biling", "4:35", "the service `biling`. Did you mean `billing`?"),
    (
        "Given the fault \"billing -> storefront: drop\"",
        "4:5",
        "the edge billing → storefront. There are billing → entitlement, ",
    ),
    ("When Ann presses \"Generat\"", "4:23", "the element `Generat`. Did you mean `Generate`?"),
    ("Then the page becomes \"redy\"", "4:28", "the state `redy`. Did you mean `ready`?"),
    ("Then the page becomes \"on the moon\"", "4:28", "the state `on the moon`. There are buying, done, "),
    ("Then \"<what>\" says \"500\"\n    Examples:\n      | what   |\n      | Walet |", "7:7", "the element `Walet`"),
];

#[test]
fn a_name_that_the_platforms_files_do_not_have_is_found_where_it_stands() {
    let folder = Folder::new();
    for (number, (step, ..)) in UNKNOWN_NAMES.iter().enumerate() {
        let kind = if step.contains("<what>") { "Scenario Outline" } else { "Scenario" };
        let text = format!("Feature: f\n  {kind}: s\n    Given Ann has 5 credits\n    {step}\n");
        folder.write(&format!("{number}.feature"), text);
    }
    let check = || folder.paidpath(&["check", "--format", "json", "--allow", "no-outcome"]);
    let ran = check();
    let found = serde_json::from_str::<Vec<Value>>(&ran.out).unwrap();
    let said = |finding: &Value| {
        let text = |key: &str| finding[key].as_str().unwrap().to_owned();
        (format!("{} {}:{} {}", text("file"), finding["line"], finding["column"], text("rule")), text("message"))
    };
    let said: Vec<_> = found.iter().map(said).collect();
    for (number, (_, place, words)) in UNKNOWN_NAMES.iter().enumerate() {
        let at = format!("{number}.feature {place} unknown-name");
        assert!(said.iter().any(|(place, message)| *place == at && message.contains(words)), "{at}: {said:#?}");
    }
    assert_eq!(said.len(), UNKNOWN_NAMES.len(), "{said:#?}");
    // A platform's own files decide alone; one that cannot be read leaves open what it would have named.
    let mine = r#"
name = "mine"
errors = { code = "/code", message = "/text" }
operations = {}
[page]
version = "/v/{version}"
session_cookie = "sid"
[page.elements]
"Generat" = { css = "button" }
"#;
    folder.write("mine/target.toml", mine);
    let out = check().out;
    assert!(!out.contains("`Generat`") && out.contains("Walet") && out.contains("biling"), "{out}");
    folder.write("mine/target.toml", mine.replace("css", "cs"));
    let out = check().out;
    assert!(out.contains("mine/target.toml") && !out.contains("unknown-name"), "{out}");
}

#[test]
fn encodings_that_are_not_utf_8_are_told_with_their_place() {
    let folder = Folder::new();
    let latin: &[u8] = b"Feature: f\n  Scenario: Caf\xe9\n    Then something holds\n";
    let utf_16: Vec<u8> =
        b"\xff\xfe".iter().copied().chain("Feature: f\n".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    folder.write("latin.feature", latin);
    folder.write("wide.feature", utf_16);
    folder.write("targets/latin.toml", b"name = \"Caf\xe9\"\n");
    let ran = folder.paidpath(&["check", ".", "targets/latin.toml"]);
    ran.expect(
        1,
        &["latin.feature:2:16: the file is not UTF-8", "wide.feature:1:1: the file is not UTF-8", "Save it as UTF-8."],
    );
    ran.expect(1, &["targets/latin.toml:1:12: the file is not UTF-8"]);
    // A byte order mark and line ends of other systems are no mistakes.
    let folder = Folder::with("a.feature", "\u{feff}Feature: f\r\n  Scenario: s\r\n    Then something holds\r\n");
    folder.paidpath(&["check"]).expect(0, &["1 file looked at, nothing found"]);
}

#[test]
fn paths_that_lead_nowhere_are_told() {
    let folder = Folder::with("notes.txt", "x");
    folder.write("Cargo.toml", "[package]\n");
    folder.paidpath(&["check", "none.feature"]).expect(1, &["none.feature:1:1: there is no such file or folder"]);
    folder.paidpath(&["check", "notes.txt"]).expect(1, &["neither a feature nor a target", "[unknown-file]"]);
    folder.paidpath(&["check", "."]).expect(1, &["has no feature, target or topology"]);
}
