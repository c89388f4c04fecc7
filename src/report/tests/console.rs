use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use super::story::{everything, failed, hostile, many, passed, skipped, tell, unknown};
use crate::model::message::{Envelope, media};
use crate::model::{Class, Edge, RunInfo};
use crate::report::reporter::{ReportError, WrittenReport};
use crate::report::style::Style;
use crate::report::{Console, RunBuilder, RunRecord};

/// Follows a run as far as it is told.
fn follow<W: Write>(console: &mut Console<W>, envelopes: &[Envelope]) -> RunRecord {
    let mut digest = RunBuilder::default();
    for envelope in envelopes {
        let news = digest.add(envelope);
        console.on(news, digest.run());
    }
    digest.into_run()
}

fn show(envelopes: &[Envelope], style: Style) -> String {
    let mut console = Console::new(Vec::new(), style);
    let run = follow(&mut console, envelopes);
    let reports = [
        WrittenReport { file: "reports/junit.xml".into(), result: Ok(()) },
        WrittenReport { file: "reports/index.html".into(), result: Err(ReportError::Panicked) },
    ];
    String::from_utf8(console.finish(&run, &reports).unwrap()).unwrap()
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
        "notes\n  E2 was not judged",
        "  reports/junit.xml\n  reports/index.html was not written: paidpath has a bug",
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
    assert!(show(&tell(&told), Style::PLAIN).ends_with("\n1 unknown\n1 passed, 1 failed\n"));
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
    let recap = shown.split("failed scenarios\n").nth(1).unwrap();
    assert_eq!(recap.matches("permission lost at").count(), 1);
    assert!(recap.contains("… and 20 more"));
}

#[test]
fn a_page_that_does_not_show_several_things_has_several_causes() {
    let silent = |name: &str, sentence: &str| {
        let mut told = failed("a", name);
        let diagnosis = told.attempts[0].diagnosis.as_mut().unwrap();
        diagnosis.class = Class::NotShown;
        diagnosis.edge = Some(Edge::new(Edge::MEMBER, "shop"));
        diagnosis.sentence = format!("not shown at member → shop: {sentence} (U3)");
        told
    };
    let shown = show(
        &tell(&[
            silent("One", "after POST /orders/o-17 was answered with 402 the page says nothing"),
            silent("Two", "after GET /pictures was answered with 403 the page says nothing"),
            silent("Three", "after POST /orders/o-18 was answered with 402 the page says nothing"),
        ]),
        Style { width: 200, ..NARROW },
    );
    let recap = shown.split("failed scenarios\n").nth(1).unwrap();
    assert_eq!((recap.matches("after POST /orders").count(), recap.matches("after GET /pictures").count()), (1, 1));
}

#[test]
fn a_run_that_was_stopped_says_what_did_not_end() {
    let envelopes = tell(&[passed("a", "One"), passed("a", "Two")]);
    let middle = envelopes.iter().position(|one| matches!(one, Envelope::TestCaseFinished(_))).unwrap();
    let shown = show(&envelopes[..=middle], NARROW);
    for expected in ["the run ended before it did\n    ? features/a.feature:9  Two", "exit 2: ", "1 unknown\n1 passed"]
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
    let run = follow(&mut console, &tell(&everything()));
    assert_eq!(console.finish(&run, &[]).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
}

#[test]
fn what_is_special_about_a_scenario_stands_behind_its_name() {
    let shown = show(&tell(&everything()), Style::PLAIN);
    for aside in [
        "  (flaky: attempt 2)\n",
        "  (quarantined: ticket 12, until 2027-01-31)\n",
        "  (needs a wallet that declines, see @needs(cards))\n",
    ] {
        assert!(shown.contains(aside), "missing {aside:?} in\n{shown}");
    }
}

#[test]
fn what_disturbs_the_whole_run_is_said_before_anything_else() {
    let mut envelopes = tell(&[passed("a", "One")]);
    for envelope in &mut envelopes {
        if let Envelope::Attachment(attachment) = envelope
            && attachment.media_type == media::RUN
        {
            let info: RunInfo = attachment.read().unwrap();
            let faults = vec!["billing -> entitlement: delay 10s".to_owned()];
            attachment.body = serde_json::to_string(&RunInfo { faults, ..info }).unwrap();
        }
    }
    let shown = show(&envelopes, Style::PLAIN);
    let (head, _) = shown.split_once("✓").unwrap();
    assert!(head.contains("\nfault: billing -> entitlement: delay 10s\n"), "{shown}");
}

#[test]
fn steps_of_what_passed_are_shown_to_whoever_asks_for_them() {
    let envelopes = tell(&[passed("a", "One")]);
    let step = "\n    ✓ Then the image is delivered  ";
    assert!(show(&envelopes, Style { verbose: true, ..Style::PLAIN }).contains(step));
    assert!(!show(&envelopes, Style::PLAIN).contains(step));
}

#[test]
fn a_single_scenario_is_told_once() {
    let shown = show(&tell(&[failed("a", "One")]), NARROW);
    assert_eq!(shown.matches("expected a finished image").count(), 1, "{shown}");
    assert!(!shown.contains("failed scenarios"), "{shown}");
}

#[test]
fn colours_say_what_words_say() {
    let told = [passed("a", "One"), failed("a", "Two"), unknown("a", "Three", "why"), skipped("a", "Four", "why")];
    let shown = show(&tell(&told), Style { color: true, ..Style::PLAIN });
    for expected in [
        "\u{1b}[32m✓\u{1b}[0m  0.15 s  a › One\n",
        "\u{1b}[31m✗\u{1b}[0m  0.15 s  a › Two\n",
        "\u{1b}[33m?\u{1b}[0m  0.15 s  a › Three\n",
        "\u{1b}[2m-\u{1b}[0m  0.00 s  a › Four",
        "\u{1b}[31mexit 1: ",
    ] {
        assert!(shown.contains(expected), "missing {expected:?} in\n{shown:?}");
    }
    assert!(show(&tell(&told[..1]), Style { color: true, ..Style::PLAIN }).contains("\u{1b}[32mexit 0: "));
}

const TERMINAL: Style = Style { tty: true, width: 80, ..Style::PLAIN };

/// Two scenarios of which the second begins before the first ends.
fn side_by_side() -> Vec<Envelope> {
    let mut envelopes = tell(&[passed("a", "One"), passed("a", "Two")]);
    let begins = |one: &Envelope| matches!(one, Envelope::TestCase(_) | Envelope::TestCaseStarted(_));
    let places: Vec<usize> = (0..envelopes.len()).filter(|place| begins(&envelopes[*place])).collect();
    let [_, first, case, start] = places.try_into().unwrap();
    let (start, case) = (envelopes.remove(start), envelopes.remove(case));
    envelopes.splice(first + 1..=first, [case, start]);
    envelopes
}

#[test]
fn the_progress_line_is_drawn_now_and_then_and_again_below_what_has_ended() {
    let envelopes = side_by_side();
    let ended = envelopes.iter().position(|one| matches!(one, Envelope::TestCaseFinished(_))).unwrap();
    let stream = Stream::default();
    let mut console = Console::new(stream.clone(), TERMINAL);
    follow(&mut console, &envelopes[..=ended]);
    let below = "One\n  1/2  ✓ 1  … 1 running: Two";
    assert!(stream.shown.borrow().ends_with(below), "{:?}", stream.shown);

    let shown = show(&envelopes, TERMINAL);
    let drawn = shown.matches("running: ").count();
    assert!(drawn < envelopes.len() / 4, "drawn {drawn} times for {} messages: {shown:?}", envelopes.len());
    assert!(shown.split("\r\u{1b}[2K").last().is_some_and(|end| !end.contains("running: ")), "it is gone at the end");
    assert_eq!(drawn, shown.matches("\r\u{1b}[2K").count(), "each is taken away");
}

/// A stream behind a buffer, that cannot be written at one moment and can be afterwards.
#[derive(Debug, Default, Clone)]
struct Stream {
    /// What a person sees.
    shown: Rc<RefCell<String>>,
    waiting: String,
    /// How many writes fail, after how many.
    fails: Option<usize>,
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.fails.as_mut() {
            Some(0) => {
                self.fails = None;
                return Err(io::ErrorKind::StorageFull.into());
            }
            Some(left) => *left -= 1,
            None => {}
        }
        self.waiting.push_str(std::str::from_utf8(bytes).unwrap());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.shown.borrow_mut().push_str(&std::mem::take(&mut self.waiting));
        Ok(())
    }
}

#[test]
fn a_scenario_is_seen_as_soon_as_it_has_ended() {
    let envelopes = tell(&[passed("a", "One"), passed("a", "Two")]);
    let ended = envelopes.iter().position(|one| matches!(one, Envelope::TestCaseFinished(_))).unwrap();
    let stream = Stream::default();
    let mut console = Console::new(stream.clone(), Style::PLAIN);
    follow(&mut console, &envelopes[..=ended]);
    assert!(stream.shown.borrow().ends_with("a › One\n"), "{:?}", stream.shown);
}

#[test]
fn after_an_error_nothing_is_written_on() {
    let envelopes = tell(&[passed("a", "One"), failed("a", "Two")]);
    let whole = show(&envelopes, Style::PLAIN);
    for left in 0..10 {
        let stream = Stream { fails: Some(left), ..Stream::default() };
        let mut console = Console::new(stream.clone(), Style::PLAIN);
        let run = follow(&mut console, &envelopes);
        let error = console.finish(&run, &[]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert!(whole.starts_with(stream.shown.borrow().as_str()), "after {left} writes: {:?}", stream.shown);
    }
}
