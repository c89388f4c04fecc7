use super::story::{everything, failed, many, passed, tell};
use crate::model::message::{Envelope, Status};
use crate::model::{Exit, Verdict};
use crate::report::RunRecord;
use crate::report::record::Totals;
use crate::report::record::UNFINISHED;

#[test]
fn a_run_is_gathered_with_all_its_evidence() {
    let run = RunRecord::from_envelopes(&tell(&everything()));
    let totals = Totals { passed: 3, skipped: 1, unknown: 1, failed: 2, flaky: 1, quarantined: 1 };
    assert_eq!(run.totals(), totals);
    assert_eq!((run.info.seed, run.exit()), (4242, Exit::Failed));
    assert!(run.damage.is_empty(), "{:?}", run.damage);

    let failed = run.ended(Verdict::Failed).next().unwrap();
    assert_eq!((failed.feature.as_str(), failed.name.as_str()), ("buying", "What was bought can be used at once"));
    assert_eq!(failed.place(), "features/buying.feature:9");
    let attempt = failed.last().unwrap();
    let steps: Vec<_> = attempt.steps.iter().map(|step| (step.keyword.as_str(), step.status)).collect();
    let expected = [
        ("Given", Status::Passed),
        ("When", Status::Passed),
        ("And", Status::Passed),
        ("Then", Status::Failed),
        ("", Status::Failed),
    ];
    assert_eq!(steps, expected);
    assert_eq!((attempt.steps[3].line, attempt.steps[4].hook), (Some(13), true));
    assert_eq!((attempt.findings.len(), attempt.artifacts.len()), (2, 2));
    assert!(failed.why().starts_with("permission lost at storefront → generation"), "{}", failed.why());
    let broken: Vec<_> = attempt.exchanges.iter().filter(|one| attempt.is_broken(one.id)).collect();
    assert!(broken.iter().any(|one| one.edge.to_string() == "storefront → generation"));

    let flaky = run.scenarios.iter().find(|one| one.verdict.flaky).unwrap();
    assert_eq!(flaky.attempts.len(), 2);
    let ruled = run.scenarios.iter().find(|one| one.rule.is_some()).unwrap();
    assert_eq!(ruled.rule.as_deref(), Some("Trials end"));
}

#[test]
fn a_run_cut_anywhere_names_every_scenario_and_calls_none_passed_too_early() {
    let envelopes = tell(&everything());
    let whole = RunRecord::from_envelopes(&envelopes);
    let started = envelopes.iter().position(|one| matches!(one, Envelope::TestRunStarted(_))).unwrap();
    for cut in started..envelopes.len() {
        let run = RunRecord::from_envelopes(&envelopes[..cut]);
        assert_eq!(run.scenarios.len(), whole.scenarios.len(), "cut at {cut}");
        for (part, whole) in run.scenarios.iter().zip(&whole.scenarios) {
            let unfinished = part.verdict.verdict == Verdict::Unknown && part.verdict.reason == UNFINISHED;
            assert!(unfinished || part.verdict == whole.verdict, "cut at {cut}: {:?}", part.verdict);
        }
        let finished = envelopes[..cut].iter().filter(|one| matches!(one, Envelope::TestCaseFinished(_))).count();
        let ended = run.scenarios.iter().flat_map(|one| &one.attempts).filter(|attempt| attempt.ended).count();
        assert_eq!(ended, finished, "cut at {cut}: attempts whose end is known");
        assert_ne!(run.exit(), Exit::Passed, "cut at {cut}");
        assert!(run.notes().iter().any(|note| note.contains("stopped before")), "cut at {cut}");
    }
}

#[test]
fn any_message_may_be_missing() {
    let envelopes = tell(&[passed("buying", "One"), failed("buying", "Two")]);
    for missing in 0..envelopes.len() {
        let rest = envelopes.iter().enumerate().filter(|(index, _)| *index != missing).map(|(_, envelope)| envelope);
        let run = RunRecord::from_envelopes(rest);
        let passed = run.ended(Verdict::Passed).count();
        assert!(passed <= 1, "without message {missing}");
    }
}

#[test]
fn without_its_verdict_a_failed_step_still_fails_and_passed_steps_prove_nothing() {
    let envelopes = tell(&[passed("buying", "One"), failed("buying", "Two")]);
    let rest = envelopes.iter().filter(|one| {
        !matches!(one, Envelope::Attachment(attachment) if attachment.media_type.contains("verdict") || attachment.media_type.contains("run-end"))
    });
    let run = RunRecord::from_envelopes(rest);
    assert_eq!(run.scenarios[0].verdict.verdict, Verdict::Unknown);
    assert_eq!(run.scenarios[1].verdict.verdict, Verdict::Failed);
    assert!(run.scenarios[1].verdict.reason.starts_with("expected a finished image"));
    assert_eq!(run.exit(), Exit::Failed);
}

#[test]
fn a_record_that_cannot_be_read_is_damage_and_not_silence() {
    let mut envelopes = tell(&[failed("buying", "One")]);
    for envelope in &mut envelopes {
        if let Envelope::Attachment(attachment) = envelope
            && attachment.media_type.contains("findings")
        {
            attachment.body = "{".into();
        }
    }
    let run = RunRecord::from_envelopes(&envelopes);
    assert_eq!(run.damage.len(), 1);
    assert!(run.notes().iter().any(|note| note.contains("findings+json cannot be read")));
}

#[test]
fn nothing_run_is_not_passed() {
    assert_eq!(RunRecord::default().exit(), Exit::Unknown);
    assert_eq!(RunRecord::from_envelopes(&tell(&[])[..3]).exit(), Exit::Unknown);
}

#[test]
fn a_large_run_is_gathered_whole() {
    let envelopes = tell(&many(2_000, 10));
    let run = RunRecord::from_envelopes(&envelopes);
    assert_eq!((run.totals().all(), run.totals().failed), (2_000, 10));
}
