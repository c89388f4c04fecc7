use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;

use super::Folder;
use super::story::{everything, hostile, tell};
use crate::report::reporter::{ReportError, ReportFile};
use crate::report::{REPORTERS, Reporter, RunRecord, named, write_all};

/// A reporter that writes half of a file and then goes wrong, or not.
const fn bad(name: &'static str, files: fn(&RunRecord) -> Vec<ReportFile<'_>>) -> Reporter {
    Reporter { id: name, file_name: name, files }
}

const PANICS: Reporter = bad("panics", |_| {
    ReportFile::only(|out| {
        out.write_all(b"half of it")?;
        panic!("a bug")
    })
});
const FULL: Reporter = bad("full", |_| {
    ReportFile::only(|out| {
        out.write_all(b"half of it")?;
        Err(ReportError::Io(io::ErrorKind::StorageFull.into()))
    })
});
const GOOD: Reporter = bad("good", |_| ReportFile::only(|out| Ok(out.write_all(b"half of it")?)));

fn names(folder: &Folder) -> Vec<String> {
    let entries = fs::read_dir(&folder.0).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_report_that_fails_stops_no_other_and_leaves_nothing_half_written() {
    let folder = Folder::new();
    let run = RunRecord::from_envelopes(&tell(&everything()));
    fs::write(folder.at("full"), "from last time").unwrap();
    let which: Vec<&Reporter> = vec![&PANICS, &FULL, &GOOD, named("junit").unwrap()];
    let written = write_all(&run, &folder.0, &which);
    let ok: Vec<bool> = written.iter().map(|one| one.result.is_ok()).collect();
    assert_eq!(ok, [false, false, true, true]);
    assert_eq!(names(&folder), ["full", "good", "junit.xml"]);
    assert_eq!(fs::read_to_string(folder.at("full")).unwrap(), "from last time", "an older report stays");
    assert!(written[1].line().ends_with("full was not written: no storage space"), "{}", written[1].line());
}

#[test]
fn every_report_of_every_run_is_written_and_written_again() {
    let folder = Folder::new();
    let envelopes = tell(&[everything(), hostile()].concat());
    let whole = RunRecord::from_envelopes(&envelopes);
    let killed = RunRecord::from_envelopes(&envelopes[..envelopes.len() * 2 / 3]);
    std::fs::create_dir_all(folder.at(&format!("reports/deep/.har.{}.partial/left over", std::process::id()))).unwrap();
    for run in [&whole, &killed, &RunRecord::default(), &whole] {
        for written in write_all(run, &folder.at("reports/deep"), REPORTERS) {
            assert!(written.result.is_ok(), "{}", written.line());
            assert!(written.file.exists(), "{}", written.line());
        }
    }
    let expected = REPORTERS.len();
    assert_eq!(fs::read_dir(folder.at("reports/deep")).unwrap().count(), expected, "nothing is left over");
}

#[test]
fn a_folder_that_cannot_be_made_is_reported_for_each_report() {
    let folder = Folder::new();
    fs::write(folder.at("file"), "").unwrap();
    let written = write_all(&RunRecord::default(), &folder.at("file/reports"), REPORTERS);
    assert!(written.len() == REPORTERS.len() && written.iter().all(|one| one.result.is_err()));
}

#[test]
fn a_folder_that_cannot_be_written_is_reported() {
    let folder = Folder::new();
    fs::create_dir(folder.at("closed")).unwrap();
    fs::set_permissions(folder.at("closed"), fs::Permissions::from_mode(0o500)).unwrap();
    if fs::write(folder.at("closed/probe"), "").is_ok() {
        eprintln!("skipped: this user may write anywhere");
        return;
    }
    assert!(write_all(&RunRecord::default(), &folder.at("closed"), REPORTERS).iter().all(|one| one.result.is_err()));
}

#[test]
fn file_names_in_folders_are_plain_and_unique() {
    let run = RunRecord::from_envelopes(&tell(&hostile()));
    for reporter in REPORTERS.iter().filter(|reporter| reporter.file_name.ends_with('/')) {
        let mut names: Vec<String> = (reporter.files)(&run).into_iter().map(|part| part.name).collect();
        let plain = |char: char| char.is_ascii_alphanumeric() || char == '-' || char == '.';
        assert!(names.iter().all(|name| name.chars().all(plain) && !name.starts_with('.')), "{}", reporter.id);
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count, "{}", reporter.id);
    }
}

#[test]
fn a_report_that_does_not_exist_is_refused_with_the_nearest() {
    let error = named("junitt").err().unwrap().to_string();
    assert_eq!(error, "there is no report called `junitt`. Did you mean `junit`?");
    let mut ids: Vec<_> = REPORTERS.iter().map(|reporter| (reporter.id, reporter.file_name)).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), REPORTERS.len());
}

#[test]
fn a_stream_that_went_away_is_an_error() {
    struct Gone;
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let run = RunRecord::from_envelopes(&tell(&everything()));
    for reporter in REPORTERS {
        assert!(matches!(reporter.write(&run, &mut Gone), Err(ReportError::Io(_))), "{}", reporter.id);
    }
}
