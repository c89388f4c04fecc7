//! Nothing that is written is swallowed, and what cannot be read is told: by `paidpath check` and by `paidpath run` alike.

use crate::support::Folder;

const SOUND: &str = "  Scenario: sound\n    Given Eve has 5 credits\n    Then Eve has 5 credits left\n";
const SOUND_CHINESE: &str = "  场景: 好\n    假如小夏有5积分\n    那么小夏还剩5积分\n";

/// A file, and where and as what `check` and `run` refuse it.
const REFUSED: &[(&str, &str)] = &[
    ("Feature: f\n  Scenario: s\n    Given the request {}\n    Then something holds\n", "3:5: [undefined-step]"),
    ("Feature: f\n  Scenario: s\n    Then the {ä} is {\n", "3:5: [undefined-step]"),
    ("Feature: f\n  Scenario: s\n    Then }{ holds \\\n", "3:5: [undefined-step]"),
    (
        "Feature: f\n  Scenario: s\n    Given Ann has 99999999999999999999999 credits\n    Then something holds\n",
        "3:5: [unreadable-word]",
    ),
    ("Feature: f\n  Scenario: s\n    When 99999999999999999999 days pass\n    Then something holds\n", "3:5: ["),
    ("Feature: f\n  Scenario: s\n    Then the answer has the status 70000\n", "3:5: [unreadable-word]"),
    ("Feature: f\n  Scenario: s\n    Then that made -1 purchases\n", "3:5: [unreadable-word]"),
    ("Feature: f\n  Scenario: s\n    Then the answer has the status ２００\n", "3:5: [odd-character]"),
    ("Feature: f\n  Scenario: s\n    Given Ann has ５００ credits\n    Then something holds\n", "3:5: [odd-character]"),
    (
        "# language: zh-CN\n功能: f\n  场景: s\n    假如小安有５００积分\n    那么小安还剩5积分\n",
        "4:5: [odd-character]",
    ),
    (
        "# language: zh-CN\n功能: f\n  场景: s\n    假如小安有99999999999999999999999积分\n    那么小安还剩5积分\n",
        "4:5: [unreadable-word]",
    ),
    (
        "Feature: f\n  Scenario Outline: s\n    Given Ann has <n> credits\n    Then something holds\n    Examples:\n      | n |\n      | 99999999999999999999999 |\n",
        "3:5: [unreadable-word]",
    ),
    (
        "Feature: f\n  Scenario: s\n    Given Ann has 5 credits\n      | a | b |\n    Then something holds\n",
        "4:7: [unused-table]",
    ),
    (
        "Feature: f\n  Scenario: s\n    Then something holds\n      \"\"\"\n      Then nothing holds\n      \"\"\"\n",
        "4:7: [unused-table]",
    ),
    ("Feature: f\n  Scenario: s\n    When Ann has 5 credits\n    Then something holds\n", "3:5: [wrong-keyword]"),
    ("Feature: f\n  Scenario: s\n    Given Ann\u{a0}has 5 credits\n    Then something holds\n", "3:5: [odd-character]"),
    (
        "Feature: f\n  Scenario: s\n    Given Ann has 5 credits\n    Then something holds\n    When Ann signs out\n",
        "5:5: [unjudged-action]",
    ),
];

/// Says `LINE:COLUMN: [rule]` for each finding in what was printed.
fn said(out: &str) -> Vec<String> {
    let findings = out.lines().filter(|line| line.contains(".feature:") && line.ends_with(']'));
    findings
        .map(|line| {
            let (_, place) = line.split_once(".feature:").unwrap();
            let mut parts = place.splitn(3, ':');
            let (line, column, rest) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
            format!("{line}:{column}: {}", &rest[rest.rfind('[').unwrap()..])
        })
        .collect()
}

#[test]
fn run_refuses_what_check_finds_and_neither_panics() {
    let folder = Folder::new();
    for (number, (text, _)) in REFUSED.iter().enumerate() {
        folder.write(&format!("features/{number}.feature"), text);
    }
    let all = folder.paidpath(&["check", "features"]);
    all.expect(1, &[]);
    for (number, (text, place)) in REFUSED.iter().enumerate() {
        let file = format!("features/{number}.feature");
        let checked = folder.paidpath(&["check", &file]);
        let ran = folder.paidpath(&["run", &file]);
        checked.expect(1, &[]);
        ran.expect(64, &[]);
        let (by_check, by_run) = (said(&checked.out), said(&format!("{}{}", ran.out, ran.err)));
        assert!(by_check.iter().any(|said| said.starts_with(place)), "{text}{by_check:?}");
        assert_eq!(by_check, by_run, "{text}");
        // One file does not silence what is wrong with the others.
        assert!(all.out.contains(&file), "{text}");
    }
}

/// Headings that are none, above a scenario of three steps, and first steps that are none.
const HEADINGS: &[&str] = &[
    "Scenario S",
    "Scenarios: S",
    "Scenario- S",
    "Scenario; S",
    "Scenario：S",
    "Test: S",
    "Test case: S",
    "场景: S",
    "Case: S",
    "Story: S",
    "- Scenario: S",
    "* Scenario: S",
    "1. Scenario: S",
    "**Scenario:** S",
    "//Scenario: S",
    "\u{200b}Scenario: S",
    "Scenarioː S",
    "Background",
    "Precondition:",
    "Setup:",
];
const CHINESE_HEADINGS: &[&str] = &[
    "场景：S",
    "场景 S",
    "情景: S",
    "用例: S",
    "测试: S",
    "場景: S",
    "Scenario: S",
    "场景﹕S",
    "场景︰S",
    "背景：",
    "背景",
    "前提:",
    "前置条件:",
];
const FIRST_WORDS: &[&str] = &[
    "Than ", "The ", "Then, ", "- Then ", "1. Then ", ">Then ", "Expect ", "Dann ", "那么", "Assert ", "Ten ",
    "Finally ",
];
const CHINESE_FIRST_WORDS: &[&str] = &["那末", "那麽", "则", "期望", "应当", "Then ", "那", "結果", "然后"];

#[test]
fn a_heading_or_a_first_step_that_is_none_is_refused() {
    let steps = "    Given Ann has 500 credits\n    When Ann tops up 10 credits\n    Then Ann has 999 credits left\n";
    let chinese = "    假如小安有500积分\n    当小安充值10积分\n    那么小安还剩999积分\n";
    let english = HEADINGS.iter().map(|heading| format!("Feature: F\n\n  {heading}\n{steps}\n{SOUND}"));
    let headings = CHINESE_HEADINGS.iter();
    let headings =
        headings.map(|heading| format!("# language: zh-CN\n功能: F\n\n  {heading}\n{chinese}\n{SOUND_CHINESE}"));
    let first = FIRST_WORDS.iter().map(|word| {
        format!("Feature: F\n  Scenario: S\n    {word}Eve has 999 credits left\n    Given Eve has 5 credits\n    Then Eve has 5 credits left\n")
    });
    let chinese_first = CHINESE_FIRST_WORDS.iter().map(|word| {
        format!("# language: zh-CN\n功能: F\n  场景: S\n    {word}小夏还剩999积分\n    假如小夏有5积分\n    那么小夏还剩5积分\n")
    });
    let tag = format!("Feature: F\n\n  ＠skip(later)\n{SOUND}");
    let texts: Vec<String> = english.chain(headings).chain(first).chain(chinese_first).chain([tag]).collect();
    let folder = Folder::new();
    for (number, text) in texts.iter().enumerate() {
        folder.write(&format!("{number}.feature"), text);
    }
    let ran = folder.paidpath(&["check", "--format", "json"]);
    let found: Vec<serde_json::Value> = serde_json::from_str(&ran.out).unwrap();
    let silent: Vec<&String> = texts
        .iter()
        .enumerate()
        .filter(|(number, _)| {
            let file = format!("{number}.feature");
            let rules = ["mistyped-keyword", "swallowed-step"];
            !found.iter().any(|found| found["file"] == *file && rules.iter().any(|rule| found["rule"] == *rule))
        })
        .map(|(_, text)| text)
        .collect();
    assert!(silent.is_empty(), "{silent:#?}");
}

/// Descriptions as people write them.
const HARMLESS: &[&str] = &[
    "As a user\nI want to buy access\nSo that I can generate",
    "As a user,\nI want to buy access,\nso that I can generate.",
    "In order to be paid\nAs a seller\nI want buyers to be let in",
    "In order to sell\nthe owner sets a price.",
    "- one thing\n- another thing",
    "* one thing\n* another thing",
    "1. pay\n2. generate",
    "When a member buys early access, the permission must arrive.",
    "When a member buys early access\nthe permission must arrive.",
    "Given the incidents of last year, this is watched.",
    "Then came the second incident.",
    "The member pays.\nThen he may use what he bought.\nAnd that at once.",
    "Background information is in the handbook.",
    "Scenario 1 is the common one: it must hold.",
    "Scenarios that need a page are tagged.",
    "Examples: many.",
    "Example uses: buying, selling",
    "Rules: see the handbook",
    "Note: prices are in credits",
    "See https://example.org/issues/12?a=b",
    "| is the sign between cells, in prose",
    "Setup: none.",
    "Story: who pays may use.",
    "Test: by hand, every night",
    "Business value: revenue",
    "Ann has a question about 500 credits.",
    "Ann buys generation access to Dusk, and it must work at once.",
    "Here Ann and Bob share a wallet",
    "What was bought can be used",
    "A member has 500 credits and buys Dusk.",
    "The price (in credits) is 120.",
    "> a quotation\n> of two lines",
    "**Important** words, and `code` with {braces}",
    "Given enough time\nall of this will change",
    "But this is rare.",
    "写给买家：付了钱就能用。",
    "背景说明：去年出过事故",
    "“quoted” – and dashed – text…",
    "＠ home and abroad",
];
const HARMLESS_CHINESE: &[&str] = &[
    "作为会员\n我想购买权限\n以便生成图片",
    "当会员付款后，权限必须到达。",
    "背景：去年出过一次事故。",
    "场景很多，这里只写最常见的。",
    "规则：谁付款谁使用",
    "- 购买\n- 生成",
    "注意：价格以积分计",
    "假如钱不够，请求会被拒绝。",
];

#[test]
fn ordinary_descriptions_are_silent() {
    let folder = Folder::new();
    for (number, prose) in HARMLESS.iter().enumerate() {
        folder.write(&format!("{number}.feature"), format!("Feature: F\n{prose}\n\n{SOUND}"));
    }
    for (number, prose) in HARMLESS_CHINESE.iter().enumerate() {
        folder
            .write(&format!("zh-{number}.feature"), format!("# language: zh-CN\n功能: F\n{prose}\n\n{SOUND_CHINESE}"));
    }
    folder.paidpath(&["check"]).expect(0, &["nothing found"]);
}

/// Scenarios that say something that nothing can break, and what a run says of them.
const EMPTY: &[(&str, i32, &str)] = &[
    ("Given Ann has -5 credits\n    Then Ann has 10 credits left", 2, "Ann cannot begin with -5 credits"),
    (
        "Given Ann has 500 credits\n    And Ann has 10 credits\n    Then Ann has 10 credits left",
        2,
        "Ann has joined already",
    ),
    (
        "Given Ann has 5 credits\n    When Ann sends the request \"GET /\"\n    Then at \"/balance\" the answer has nothing",
        1,
        "it is no JSON",
    ),
    ("Given Ann has 5 credits\n    Then Ann sees \"\"", 2, "an empty text is on every page"),
    ("Given Ann has 5 credits\n    Then \"Offer\" says \"\"", 2, "an empty text is on every page"),
];

#[test]
fn what_nothing_can_break_is_refused_or_judged() {
    for (steps, code, says) in EMPTY {
        let folder = Folder::with("features/a.feature", &format!("Feature: f\n  Scenario: s\n    {steps}\n"));
        folder.paidpath(&["run"]).expect(*code, &[says]);
    }
}
