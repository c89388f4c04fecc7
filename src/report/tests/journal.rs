use std::cell::RefCell;
use std::fs;
use std::io::{self, Write};
use std::rc::Rc;

use serde_json::Value;

use super::Folder;
use super::story::{everything, failed, hostile, passed, tell};
use crate::model::message::Envelope;
use crate::report::RunRecord;
use crate::report::journal::{self, JournalError, Writer};

fn write(folder: &Folder, envelopes: &[Envelope]) -> std::path::PathBuf {
    let mut writer = Writer::create(folder.at("deep/run.ndjson")).unwrap();
    envelopes.iter().for_each(|envelope| writer.append(envelope));
    let path = writer.path().to_owned();
    writer.finish().unwrap();
    path
}

#[test]
fn what_was_written_is_read_back() {
    let folder = Folder::new();
    let envelopes = tell(&[everything(), hostile()].concat());
    let journal = journal::read(write(&folder, &envelopes)).unwrap();
    assert_eq!((journal.truncated_line, journal.unknown), (None, 0));
    assert!(journal.envelopes == envelopes);
}

#[test]
fn every_line_holds_against_the_official_schema() {
    let schema: Value =
        serde_json::from_str(include_str!("../../../tests/data/cucumber-messages.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let folder = Folder::new();
    let text = fs::read_to_string(write(&folder, &tell(&everything()))).unwrap();
    for (index, line) in text.lines().enumerate() {
        let line: Value = serde_json::from_str(line).unwrap();
        let errors: Vec<String> = schema.iter_errors(&line).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "line {}: {errors:?}\n{line}", index + 1);
    }
    assert!(!schema.is_valid(&serde_json::json!({"meta": {"protocolVersion": 27}})), "the schema refuses something");
}

#[test]
fn a_journal_cut_anywhere_is_read_up_to_the_cut() {
    let folder = Folder::new();
    let path = write(&folder, &tell(&[passed("buying", "One"), failed("buying", "Two")]));
    let whole = fs::read(&path).unwrap();
    let step = (whole.len() / 200).max(1);
    for cut in (0..whole.len()).step_by(step) {
        fs::write(&path, &whole[..cut]).unwrap();
        let journal = journal::read(&path).unwrap();
        let lines = whole[..cut].iter().filter(|byte| **byte == b'\n').count();
        // A cut just before the line break leaves a whole message.
        assert!([lines, lines + 1].contains(&journal.envelopes.len()), "cut at {cut}");
        assert_eq!(
            journal.truncated_line.is_none(),
            lines < journal.envelopes.len() || whole[..cut].ends_with(b"\n") || cut == 0
        );
        RunRecord::from_envelopes(&journal.envelopes);
    }
}

#[test]
fn messages_and_fields_of_a_newer_version_are_passed_over() {
    let folder = Folder::new();
    let path = folder.at("run.ndjson");
    let lines = [
        r#"{"parameterType":{"id":"1","name":"right","regularExpressions":["a"],"preferForRegularExpressionMatch":true}}"#,
        r#"{"testRunStarted":{"timestamp":{"seconds":1,"nanos":0},"mood":"good"}}"#,
        "",
    ];
    fs::write(&path, lines.join("\n")).unwrap();
    let journal = journal::read(&path).unwrap();
    assert_eq!((journal.envelopes.len(), journal.unknown), (1, 1));
}

#[test]
fn a_broken_line_is_named_by_its_number() {
    let folder = Folder::new();
    let path = folder.at("run.ndjson");
    for bad in ["{", "not json", "\u{0}\u{0}", r#"{"testRunStarted":{}}"#, r#"{"meta":1}"#, "[]"] {
        fs::write(&path, format!("\n{bad}\n")).unwrap();
        match journal::read(&path) {
            Err(JournalError::Line { line, .. }) => assert_eq!(line, 2, "{bad}"),
            other => panic!("{bad}: {other:?}"),
        }
    }
    assert!(matches!(journal::read(folder.at("none")), Err(JournalError::Io { action: "read", .. })));
}

#[test]
fn a_scenario_is_on_the_disk_as_soon_as_it_has_ended() {
    let folder = Folder::new();
    let path = folder.at("run.ndjson");
    let envelopes = tell(&[passed("buying", "One")]);
    let ended = envelopes.iter().position(|one| matches!(one, Envelope::TestCaseFinished(_))).unwrap();
    let mut writer = Writer::create(&path).unwrap();
    envelopes[..=ended].iter().for_each(|envelope| writer.append(envelope));
    assert_eq!(journal::read(&path).unwrap().envelopes.len(), ended + 1);
}

#[test]
fn a_full_disk_is_reported_at_the_end_and_stops_nothing() {
    if !std::path::Path::new("/dev/full").exists() {
        eprintln!("skipped: this system has no /dev/full");
        return;
    }
    let mut writer = Writer::create("/dev/full").unwrap();
    tell(&everything()).iter().for_each(|envelope| writer.append(envelope));
    assert!(writer.failed.is_some());
    let error = writer.finish().unwrap_err().to_string();
    assert!(error.contains("/dev/full cannot be written"), "{error}");
}

/// A disk that has no room for one moment, and then has room again.
#[derive(Debug)]
struct Full {
    held: Rc<RefCell<Vec<u8>>>,
    /// How many writes there are until that moment.
    left: usize,
}

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.left == 0 {
            self.left = usize::MAX;
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.left -= 1;
        self.held.borrow_mut().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn after_an_error_nothing_is_written_on_so_that_no_line_within_a_journal_is_half() {
    let folder = Folder::new();
    let envelopes = tell(&everything());
    let whole = fs::read(write(&folder, &envelopes)).unwrap();
    for left in 0..12 {
        let held = Rc::default();
        let mut writer = Writer::on("a full disk", Full { held: Rc::clone(&held), left });
        envelopes.iter().for_each(|envelope| writer.append(envelope));
        assert_eq!(
            writer.failed.as_ref().map(io::Error::kind),
            Some(io::ErrorKind::StorageFull),
            "after {left} writes"
        );
        assert!(writer.finish().is_err());
        assert!(whole.starts_with(&held.borrow()), "after {left} writes");
    }
}

#[test]
fn a_journal_that_cannot_be_created_says_so() {
    let folder = Folder::new();
    fs::File::create(folder.at("file")).unwrap().write_all(b"x").unwrap();
    assert!(matches!(Writer::create(folder.at("file/run.ndjson")), Err(JournalError::Io { action: "created", .. })));
}
