use super::{Ids, compiled, document, pickles};
use crate::model::message::{Pickle, PickleStepType};

fn texts(pickle: &Pickle) -> Vec<&str> {
    pickle.steps.iter().map(|step| step.text.as_str()).collect()
}

fn tags(pickle: &Pickle) -> Vec<&str> {
    pickle.tags.iter().map(|tag| tag.name.as_str()).collect()
}

#[test]
fn backgrounds_come_first_and_tags_are_inherited_in_order() {
    let made = compiled(
        "@f\nFeature: f\n Background:\n  Given outer\n @own\n Scenario: own\n  Then a\n @r\n Rule: r\n  Background:\n   Given inner\n  @s\n\
         \x20 Scenario: ruled <x>\n   Then <x>\n   @e\n   Examples:\n    | x |\n    | 7 |\n",
    );
    assert_eq!(texts(&made[0]), ["outer", "a"]);
    assert_eq!(tags(&made[0]), ["@f", "@own"]);
    assert_eq!(texts(&made[1]), ["outer", "inner", "7"]);
    assert_eq!(tags(&made[1]), ["@f", "@r", "@s", "@e"]);
    assert_eq!((made[1].name.as_str(), made[1].location.unwrap().line), ("ruled 7", 18));
    assert_eq!(
        (made[1].ast_node_ids.len(), made[1].steps[0].ast_node_ids.len(), made[1].steps[2].ast_node_ids.len()),
        (2, 1, 2)
    );
}

#[test]
fn placeholders_are_replaced_everywhere_once_and_by_the_first_column_of_that_name() {
    let made = compiled(
        "Feature: f\n Scenario Outline: n<a>\n  Given <a> <b> <<a>> <c <none> <a\n   | <b> | <a><a> |\n  And text\n   \"\"\"<a>/json\n   <b> <b<a>>\n   \"\"\"\n\
         \x20 Examples:\n   | a   | b  | b<a> | a |\n   | <b> | \\\\ | once | 2 |\n",
    );
    let [pickle] = &made[..] else { panic!("{made:?}") };
    assert_eq!(pickle.name, "n<b>");
    assert_eq!(texts(pickle), ["<b> \\ <<b>> <c <none> <a", "text"]);
    let table = pickle.steps[0].argument.as_ref().unwrap().data_table.as_ref().unwrap();
    assert_eq!(table.rows[0].cells.iter().map(|cell| cell.value.as_str()).collect::<Vec<_>>(), ["\\", "<b><b>"]);
    let text = pickle.steps[1].argument.as_ref().unwrap().doc_string.as_ref().unwrap();
    assert_eq!((text.media_type.as_deref(), text.content.as_str()), (Some("<b>/json"), "\\ once"));
}

#[test]
fn a_background_has_no_placeholders() {
    let made =
        compiled("Feature: f\n Background:\n  Given <a>\n Scenario: s\n  Then <a>\n  Examples:\n  | a |\n  | 1 |\n");
    assert_eq!(texts(&made[0]), ["<a>", "1"]);
}

#[test]
fn and_but_and_star_take_the_meaning_of_the_step_before_across_backgrounds() {
    let made = compiled(
        "Feature: f\n Background:\n  Given a\n Scenario: s\n  And b\n  When c\n  But d\n  * e\n  Then f\n  And g\n Rule: r\n  Scenario: t\n   * h\n",
    );
    let kinds: Vec<_> = made[0].steps.iter().map(|step| step.kind.unwrap()).collect();
    use PickleStepType::{Action, Context, Outcome};
    assert_eq!(kinds, [Context, Context, Action, Action, Action, Outcome, Outcome]);
    let alone = compiled("Feature: f\n Scenario: s\n  And b\n  * c\n");
    assert_eq!(alone[0].steps[1].kind, Some(PickleStepType::Unknown));
}

#[test]
fn a_scenario_without_steps_makes_an_empty_pickle_and_examples_without_rows_make_none() {
    let made = compiled(
        "Feature: f\n Background:\n  Given a\n Scenario: empty\n Scenario: none\n  Then <x>\n  Examples:\n  Examples:\n  | x |\n",
    );
    assert_eq!(
        made.iter().map(|pickle| (pickle.name.as_str(), pickle.steps.len())).collect::<Vec<_>>(),
        [("empty", 0)]
    );
    assert!(compiled("").is_empty());
}

#[test]
fn rows_of_several_examples_are_run_in_order_each_at_its_own_place() {
    let made = compiled(
        "Feature: f\n Scenario: s <x>\n  Then <x>\n  Examples:\n  | x |\n  | 1 |\n  | 2 |\n  @late\n  Examples:\n  | y | x |\n  | 0 | 3 |\n",
    );
    let found: Vec<_> = made.iter().map(|it| (it.name.as_str(), it.location.unwrap().line, tags(it).len())).collect();
    assert_eq!(found, [("s 1", 6, 0), ("s 2", 7, 0), ("s 3", 11, 1)]);
}

#[test]
fn pickles_are_made_only_when_they_are_asked_for() {
    let document = document("Feature: f\n Scenario: s\n  Then <x>\n  Examples:\n  | x |\n  | 1 |\n  | 2 |\n");
    let mut ids = Ids::default();
    assert_eq!(pickles(&document, &mut ids).take(1).count(), 1);
    assert_eq!(ids.next_id(), "2", "one step and one pickle were numbered, not all of them");
}
