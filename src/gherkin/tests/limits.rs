use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use super::{Ids, complaints, document, parse, pickles};
use crate::gherkin::parser::{MAX_BYTES, MAX_MISTAKES, MAX_STEPS};

fn feature(steps: usize) -> String {
    let mut text = String::from("Feature: long\n");
    for step in 0..steps {
        if step % 10 == 0 {
            text.push_str(" Scenario: one of many\n");
        }
        text.push_str("  Given a member who has bought early access\n");
    }
    text
}

#[test]
fn a_text_that_is_too_long_is_refused_with_the_reason() {
    let text = "#".repeat(MAX_BYTES + 1);
    assert_eq!(
        complaints(&text),
        [format!("1:1 the file has {} bytes, more than the {MAX_BYTES} that are read", text.len())]
    );
}

#[test]
fn too_many_steps_are_refused_where_they_begin() {
    assert!(parse("t", &feature(MAX_STEPS), &mut Ids::default()).is_ok());
    let refused = complaints(&feature(MAX_STEPS + 500));
    assert_eq!(refused, [format!("22003:3 the file has more than the {MAX_STEPS} steps that are read")]);
}

#[test]
fn reading_stops_at_the_tenth_mistake() {
    let text = format!("Feature: f\n Scenario: s\n  Given x\n{}", "  nonsense\n".repeat(50));
    assert_eq!(complaints(&text).len(), MAX_MISTAKES);
}

#[test]
fn an_outline_of_many_rows_is_walked_without_being_held() {
    let rows: String = (0..20_000).map(|row| format!("   | {row} |\n")).collect();
    let document = document(&format!("Feature: f\n Scenario: s <n>\n  Then <n>\n  Examples:\n   | n |\n{rows}"));
    let mut ids = Ids::default();
    let last = pickles(&document, &mut ids).last().unwrap();
    assert_eq!(last.name, "s 19999");
}

/// Each text is so long that a reader whose time grows with the square of the length would need minutes; one whose time grows
/// with the length needs a fraction of a second, and has a hundred times that.
#[test]
fn time_grows_with_length_and_no_faster() {
    const LENGTH: usize = 400_000;
    const AT_MOST: Duration = Duration::from_secs(30);
    let repeated: [(&str, &str); 8] = [
        ("Feature: f\n Scenario: s\n", "  Given x\n"),
        ("Feature: f\n Scenario: s\n  Given t\n", "| a | b |\n"),
        ("Feature: f\n Scenario: s\n  Given t\n\"\"\"\n", "\\\"\\\"\\\" x\n"),
        ("Feature: f\n", "@a @b(c\n"),
        ("Feature: f\n", "@"),
        ("Feature: f\n", "prose\n\n"),
        ("Feature: f\n Scenario: s\n  Given t\n|", "\\|<"),
        ("", "# c\n"),
    ];
    for (start, repeat) in repeated {
        let text = format!("{start}{}", repeat.repeat(LENGTH / repeat.len()));
        let started = Instant::now();
        let _ = parse("t", &text, &mut Ids::default());
        assert!(started.elapsed() < AT_MOST, "{repeat:?}: {:?}", started.elapsed());
    }
}

#[test]
fn no_text_whatever_it_is_made_of_ends_the_program() {
    const PARTS: &[&str] = &[
        "Feature: f\n",
        "Rule: r\n",
        "Background:\n",
        "Scenario: s\n",
        "Scenario Outline: <a>\n",
        "Examples:\n",
        "Given <a>\n",
        "* x\n",
        "And\n",
        "| a | b |\n",
        "|",
        "\\",
        "\"\"\"",
        "```\n",
        "@t",
        "(",
        ")",
        " ",
        "\t",
        "\n",
        "\r",
        "#",
        "# language: de\n",
        "Szenario: x\n",
        "ü",
        "\u{feff}",
        "\u{a0}",
        "<",
        ">",
        "\0",
        "𝄞",
        ":",
    ];
    let mut rng = StdRng::seed_from_u64(7);
    let whole = "@a(b c)\nFeature: f\n  d\n Background:\n  Given x\n Scenario Outline: <q>\n  When <q>\n   | a\\| | <q> |\n  Then y\n   ```json\n   <q>\n   ```\n  @e\n  Examples:\n   | q |\n   | 1 |\n";
    for _ in 0..3_000 {
        let text: String = if rng.random_bool(0.5) {
            (0..rng.random_range(0..40)).filter_map(|_| PARTS.choose(&mut rng).copied()).collect()
        } else {
            let mut chars: Vec<char> = whole.chars().collect();
            for _ in 0..rng.random_range(1..8) {
                let at = rng.random_range(0..chars.len().max(1));
                match rng.random_range(0..5) {
                    0 if at < chars.len() => drop(chars.remove(at)),
                    1 => chars.splice(at..at, PARTS.choose(&mut rng).unwrap().chars()).for_each(drop),
                    _ => chars.truncate(at.max(1)),
                }
            }
            chars.into_iter().collect()
        };
        let mut ids = Ids::default();
        match parse("t", &text, &mut ids) {
            Ok(document) => assert!(pickles(&document, &mut ids).count() < 1_000, "{text:?}"),
            Err(mistakes) => {
                assert!((1..=MAX_MISTAKES).contains(&mistakes.len()), "{text:?}");
                let lines = u32::try_from(text.split('\n').count()).unwrap() + 1;
                assert!(mistakes.iter().all(|it| (1..=lines).contains(&it.location.line)), "{text:?}: {mistakes:?}");
            }
        }
    }
}
