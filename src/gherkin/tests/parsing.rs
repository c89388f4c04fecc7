use super::{complaints, document, mistakes, scenarios};
use crate::model::message::{DocString, KeywordType, Location, TableRow};

fn at(line: u32, column: u32) -> Location {
    Location { line, column: Some(column) }
}

fn values(row: &TableRow) -> Vec<&str> {
    row.cells.iter().map(|cell| cell.value.as_str()).collect()
}

/// The doc string of the only step of a scenario that ends with `lines`.
fn doc_string(lines: &str) -> DocString {
    let document = document(&format!("Feature: f\n Scenario: s\n  Given a text\n{lines}\n"));
    scenarios(&document)[0].steps[0].doc_string.clone().unwrap()
}

#[test]
fn every_part_of_a_feature_is_kept_in_its_place() {
    let document = document(
        "@money\nFeature: Buying\n  Who pays may use.\n\n  Background:\n    Given a member\n\n  Scenario: Own\n    Then fine\n\n\
         \x20 Rule: Early access\n    Background: sold\n      Given an offer\n    @slow @card\n    Example: Bought\n      When paid\n\
         \x20   Scenario Outline: With <currency>\n      When paid in <currency>\n\n      @all\n      Examples: known\n        all of them\n\
         \x20       | currency |\n        | buzz     |\n",
    );
    let feature = document.feature.unwrap();
    assert_eq!(
        (feature.keyword.as_str(), feature.name.as_str(), feature.language.as_str()),
        ("Feature", "Buying", "en")
    );
    assert_eq!(feature.description, "  Who pays may use.");
    assert_eq!((feature.location, feature.tags[0].location), (at(2, 1), at(1, 1)));
    let [background, own, rule] = &feature.children[..] else { panic!("{feature:?}") };
    assert_eq!(background.background.as_ref().unwrap().steps[0].location, at(6, 5));
    assert_eq!(own.scenario.as_ref().unwrap().name, "Own");
    let rule = rule.rule.as_ref().unwrap();
    assert_eq!(rule.children[0].background.as_ref().unwrap().name, "sold");
    let bought = rule.children[1].scenario.as_ref().unwrap();
    let tags: Vec<_> = bought.tags.iter().map(|tag| (tag.name.as_str(), tag.location)).collect();
    assert_eq!(tags, [("@slow", at(14, 5)), ("@card", at(14, 11))]);
    let outline = rule.children[2].scenario.as_ref().unwrap();
    assert_eq!((outline.keyword.as_str(), outline.name.as_str()), ("Scenario Outline", "With <currency>"));
    let examples = &outline.examples[0];
    assert_eq!((examples.name.as_str(), examples.description.as_str()), ("known", "        all of them"));
    assert_eq!(values(examples.table_header.as_ref().unwrap()), ["currency"]);
    assert_eq!(examples.table_body[0].cells[0].location, at(24, 11));
}

#[test]
fn an_empty_text_and_one_of_comments_alone_are_documents_without_a_feature() {
    for text in ["", "\n\n", "\u{feff}", "# only a note\n"] {
        assert_eq!(document(text).feature, None, "{text:?}");
    }
}

#[test]
fn byte_order_marks_carriage_returns_tabs_and_trailing_spaces_change_nothing() {
    let plain = document("Feature: f\n  d\n Scenario: s\n  Given x\n  | a |\n");
    assert_eq!(document("\u{feff}Feature: f\r\n  d\r\n Scenario: s\r\n  Given x\r\n  | a |\r\n"), plain);
    assert_eq!(document("Feature:  f \t\n  d\n\tScenario: s  \n\t\tGiven  x  \n\t\t| a |  \n"), plain);
}

#[test]
fn a_table_keeps_the_position_of_cells_and_resolves_escapes() {
    let document = document(
        "Feature: f\n Scenario: s\n  Given t\n   | a\\|b |  ü\\n | \\\\ | \\t |  | # beside\n # between\n\n   |1|2|3|4|5|\n",
    );
    let table = scenarios(&document)[0].steps[0].data_table.as_ref().unwrap();
    assert_eq!(values(&table.rows[0]), ["a|b", "ü\n", "\\", "\\t", ""]);
    let columns: Vec<_> = table.rows[0].cells.iter().map(|cell| cell.location.column.unwrap()).collect();
    assert_eq!(columns, [6, 14, 20, 25, 31]);
    assert_eq!(values(&table.rows[1]), ["1", "2", "3", "4", "5"]);
    assert_eq!(table.rows[1].location, at(7, 4));
}

#[test]
fn a_doc_string_keeps_its_media_type_and_inner_indent_and_resolves_its_fence() {
    let text = doc_string(
        "    \"\"\"application/json\n      { \"a\": 1 }\n  # less\n\n    \\\"\\\"\\\" ``` Given\n    \"\"\"",
    );
    assert_eq!(text.media_type.as_deref(), Some("application/json"));
    assert_eq!(text.content, "  { \"a\": 1 }\n# less\n\n\"\"\" ``` Given");
    assert_eq!((text.delimiter.as_str(), text.location), ("\"\"\"", at(4, 5)));
    let other = doc_string("  ```\n  \"\"\"\n  \\`\\`\\`\n  ```");
    assert_eq!((other.content.as_str(), other.media_type), ("\"\"\"\n```", None));
}

#[test]
fn a_step_may_have_a_table_and_a_doc_string_in_either_order() {
    for arguments in ["| a |\n\"\"\"\nx\n\"\"\"\n", "\"\"\"\nx\n\"\"\"\n# note\n| a |\n"] {
        let document = document(&format!("Feature: f\nScenario: s\nGiven both\n{arguments}"));
        let step = &scenarios(&document)[0].steps[0];
        assert_eq!((step.data_table.is_some(), step.doc_string.is_some()), (true, true), "{arguments}");
    }
}

#[test]
fn comments_are_kept_wherever_they_stand_and_are_never_description() {
    let document = document("# one\nFeature: f\n  text\n  # two\n  more\n\n Scenario: s\n  Given x\n   # three\n");
    let comments: Vec<_> = document.comments.iter().map(|it| (it.location.line, it.text.as_str())).collect();
    assert_eq!(comments, [(1, "# one"), (4, "  # two"), (9, "   # three")]);
    assert_eq!(document.feature.unwrap().description, "  text\n  more");
}

#[test]
fn tags_stand_on_several_lines_with_comments_and_arguments() {
    let document = document(
        "Feature: f\n @a@b # not @this\n # nor this\n @allow(M3: why (so) it's @ann # 4) @retry(2)\n\n @c#d\n Scenario: s\n",
    );
    let tags: Vec<_> = scenarios(&document)[0].tags.iter().map(|tag| tag.name.as_str()).collect();
    assert_eq!(tags, ["@a", "@b", "@allow(M3: why (so) it's @ann # 4)", "@retry(2)", "@c#d"]);
}

#[test]
fn the_language_of_a_file_chooses_its_keywords_and_the_longest_keyword_wins() {
    let document = document(
        "# language: fr\nFonctionnalité: f\n Scénario: s\n  Étant donné que l'offre tient\n  Etant donné une offre\n  Quand on paie\n  * voir\n",
    );
    assert_eq!(document.feature.as_ref().unwrap().language, "fr");
    let steps: Vec<_> =
        scenarios(&document)[0].steps.iter().map(|step| (step.keyword_type, step.text.as_str())).collect();
    assert_eq!(
        steps,
        [
            (Some(KeywordType::Context), "l'offre tient"),
            (Some(KeywordType::Context), "une offre"),
            (Some(KeywordType::Action), "on paie"),
            (Some(KeywordType::Unknown), "voir"),
        ]
    );
}

#[test]
fn keywords_without_a_space_are_read_in_languages_that_write_none() {
    let document = document("#language:ja\n機能: f\nシナリオ: s\n前提会員がいる\nならば見える\n");
    let steps: Vec<_> = scenarios(&document)[0].steps.iter().map(|step| step.text.as_str()).collect();
    assert_eq!(steps, ["会員がいる", "見える"]);
}

#[test]
fn a_description_may_begin_with_step_words_in_a_feature_but_not_in_a_scenario() {
    let document = document("Feature: f\n  When you pay,\n  you may use.\n Scenario: s\n  prose\n  When paid\n");
    assert_eq!(document.feature.as_ref().unwrap().description, "  When you pay,\n  you may use.");
    assert_eq!(scenarios(&document)[0].description, "  prose");
    assert_eq!(scenarios(&document)[0].steps.len(), 1);
}

#[test]
fn several_mistakes_are_reported_at_once_each_at_its_place() {
    let text = "Feature: f\n @slow test\n Scenario: s\n  Given t\n   | a | b |\n   | 1 |\n   | 1 | 2 | 3 |\n  Wehn x\n  Then y\n";
    assert_eq!(
        complaints(text),
        [
            "2:8 `test` stands among tags but is none: it has no `@`",
            "6:4 this row has 1 cell, the first row of its table has 2",
            "7:4 this row has 3 cells, the first row of its table has 2",
            "8:3 `Wehn x` stands where a step or a scenario is expected",
        ]
    );
    assert_eq!(mistakes(text)[3].help.as_deref(), Some("Did you mean `When`?"));
}

#[test]
fn one_misplaced_title_is_one_mistake_whatever_stands_below_it() {
    let steps = "Feature: f\n Scenario: s\n  Given x\n";
    for (misplaced, expected) in [
        (
            "Background: late\n   some text\n   | t |\n",
            "4:1 `Background: late` stands where a step or a scenario is expected",
        ),
        ("Feature: second\n  about it\n", "4:1 `Feature: second` stands where a step or a scenario is expected"),
        (
            "@t\nBackground:\n Given y\n",
            "5:1 `Background:` stands where a scenario, a rule or examples, to which the tags before it belong, is expected",
        ),
    ] {
        assert_eq!(complaints(&format!("{steps}{misplaced}")), [expected]);
    }
}

#[test]
fn each_wrong_text_is_refused_in_words() {
    for (text, expected) in [
        ("Scenario: s\n Given x\n", "1:1 the file begins with `Scenario: s`, not with `Feature: …`"),
        ("@t\n", "2:1 the file ends before its `Feature:`"),
        ("# language: no-such\nFeature: f\n", "1:1 the language `no-such` is not known"),
        ("Feature: f\n @t\n", "2:2 the tag `@t` belongs to nothing: the file ends after it"),
        ("Feature: f\n @\n Scenario: s\n", "2:2 a tag has a name after its `@`"),
        ("Feature: f\n @allow(M3: open\n Scenario: s\n", "2:2 the argument of the tag `@allow` is not closed"),
        ("Feature: f\nScenario: s\nGiven x\n  ```\n  text\n", "4:3 the doc string that begins here is never closed"),
        (
            "Feature: f\nScenario: s\nGiven x\n|a|\n\"\"\"\n\"\"\"\n|b|\n",
            "7:1 `|b|` stands where a step or a scenario is expected",
        ),
        (
            "Feature: f\nScenario: s\nExamples:\n|a|\nGiven x\n",
            "5:1 `Given x` stands where a scenario, a rule or another table of examples is expected",
        ),
        (
            "Feature: f\nBackground:\nGiven x\nExamples:\n",
            "4:1 `Examples:` stands where a scenario or a rule is expected",
        ),
    ] {
        assert_eq!(complaints(text), [expected], "{text}");
    }
}

#[test]
fn a_file_in_a_language_it_does_not_name_is_told_how() {
    let help = mistakes("Funktionalität: Kaufen\n")[0].help.clone().unwrap();
    assert_eq!(help, "That is German, which a file speaks whose first line is `# language: de`.");
}

#[test]
fn ids_differ_within_a_document_and_across_documents_of_one_run() {
    let text = "@t\nFeature: f\n Background:\n  Given a\n  | x |\n Scenario: s\n  Given b\n";
    let mut ids = super::Ids::default();
    let documents: Vec<_> = (0..2).map(|_| super::parse("t.feature", text, &mut ids).unwrap()).collect();
    let json = serde_json::to_string(&documents).unwrap();
    let mut seen: Vec<&str> = json.split("\"id\":\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let count = seen.len();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!((seen.len(), count), (12, 12));
    assert_eq!(document(text), documents[0]);
}
