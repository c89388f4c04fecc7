use std::io::{self, Write};

use super::story::{everything, failed, hostile, many, passed, skipped, tell, unknown};
use crate::model::message::Envelope;
use crate::report::style::Style;
use crate::report::{Console, ReportError, Written};

fn show(envelopes: &[Envelope], style: Style) -> String {
    let mut console = Console::new(Vec::new(), style);
    envelopes.iter().for_each(|envelope| console.on(envelope));
    let reports = [
        Written { reporter: "junit", file: "reports/junit.xml".into(), result: Ok(()) },
        Written { reporter: "html", file: "reports/index.html".into(), result: Err(ReportError::Panicked) },
    ];
    String::from_utf8(console.finish(&reports).unwrap()).unwrap()
}

const NARROW: Style = Style { width: 100, ..Style::PLAIN };

#[test]
fn a_failure_is_told_where_it_was_what_it_was_and_how_to_repeat_it() {
    let shown = show(&tell(&[passed("buying", "One"), failed("buying", "Two")]), NARROW);
    for expected in [
        "✓  0.15 s  buying › One\n",
        "✗  0.15 s  buying › Two\n  features/buying.feature:9\n",
        "  ✗ Then the image is delivered  features/buying.feature:13\n      expected a finished image, saw a refusal\n",
        "  permission lost at storefront → generation: the submit carried no purchase credential (S4)\n",
        "    ✗ submit          storefront → generation   no purchase credential; the page had one\n",
        "    · render          generation → worker       not reached\n",
        "  ▶ +0.051 s  storefront → generation   403      7 ms  POST /v1/jobs",
        "  S4 storefront → generation: the submit carried no purchase credential; the page had one  at request/headers/purchase-credential\n",
        "  again: paidpath run features/buying.feature:7 --seed 4242\n",
        "to know\n  E2 was not judged",
        "  reports/junit.xml\n  reports/index.html was not written: the reporter broke down",
        "2 scenarios in 310 ms, seed 4242\nexit 1: at least one scenario failed\n1 passed, 1 failed\n",
    ] {
        assert!(shown.contains(expected), "missing {expected:?} in\n{shown}");
    }
}

#[test]
fn the_last_line_counts_in_plain_letters() {
    let last = |told: &[super::story::Told]| {
        let shown = show(&tell(told), Style { color: true, ..Style::PLAIN });
        shown.lines().last().map(str::to_owned).unwrap()
    };
    assert_eq!(last(&[passed("a", "One")]), "1 passed, 0 failed");
    assert_eq!(last(&[]), "0 passed, 0 failed");
    assert_eq!(last(&[skipped("a", "One", "no browser")]), "0 passed, 0 failed, 1 skipped");
    let told = [passed("a", "One"), failed("a", "Two"), unknown("a", "Three", "the fault never fired")];
    assert_eq!(last(&told), "1 passed, 1 failed");
    assert!(show(&tell(&told), Style::PLAIN).ends_with("\n1 could not be judged\n1 passed, 1 failed\n"));
}

#[test]
fn without_a_terminal_there_is_no_escape_and_nothing_is_drawn_twice() {
    let shown = show(&tell(&[everything(), hostile()].concat()), Style::PLAIN);
    assert!(shown.chars().all(|char| char == '\n' || !char.is_control()));
}

#[test]
fn on_a_terminal_only_our_own_colours_and_redraws_escape() {
    let style = Style { color: true, width: 80, verbose: true, tty: true };
    let shown = show(&tell(&[everything(), hostile()].concat()), style);
    let known = regex::Regex::new("\u{1b}\\[(?:0|1|2|31|32|33)m|\r\u{1b}\\[2K|\n").unwrap();
    let rest = known.replace_all(&shown, "");
    assert!(rest.chars().all(|char| !char.is_control()), "{:?}", rest.chars().find(|char| char.is_control()));
    assert!(shown.contains("running: ") && shown.contains("flaky: attempt 2"));
}

#[test]
fn the_progress_line_never_wraps() {
    let style = Style { color: false, width: 40, verbose: false, tty: true };
    let shown = show(&tell(&hostile()), style);
    for drawn in shown.split("\r\x1b[2K").filter_map(|part| part.lines().last()).filter(|line| line.contains("running"))
    {
        assert!(unicode_width::UnicodeWidthStr::width(drawn) < 40, "{drawn:?}");
    }
}

#[test]
fn failures_of_one_cause_are_told_once_at_the_end() {
    let shown = show(&tell(&many(40, 30)), NARROW);
    let recap = shown.split("what failed\n").nth(1).unwrap();
    assert_eq!(recap.matches("permission lost at").count(), 1);
    assert!(recap.contains("… and 20 more"));
}

#[test]
fn a_run_that_was_stopped_says_what_did_not_end() {
    let envelopes = tell(&[passed("a", "One"), passed("a", "Two")]);
    let middle = envelopes.iter().position(|one| matches!(one, Envelope::TestCaseFinished(_))).unwrap();
    let shown = show(&envelopes[..=middle], NARROW);
    for expected in
        ["the run ended before it did\n    ? features/a.feature:9  Two", "exit 2: ", "1 could not be judged\n1 passed"]
    {
        assert!(shown.contains(expected), "missing {expected:?} in\n{shown}");
    }
}

#[test]
fn an_output_that_went_away_is_reported_and_stops_nothing() {
    #[derive(Debug)]
    struct Gone;
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut console = Console::new(Gone, Style::PLAIN);
    tell(&everything()).iter().for_each(|envelope| console.on(envelope));
    assert_eq!(console.finish(&[]).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
}
