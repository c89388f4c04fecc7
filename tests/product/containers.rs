//! The provider `container`: what can go wrong with it is said in words that help, and nothing is left behind.
//!
//! Most tests run one container beside embedded services. Its image is the stand-in for PostgreSQL, which also has a shell.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::{Folder, Networks, agree_on, journal, until};

const PASSING: &str = "Feature: f\n  Scenario: s\n    Given Ann has 5 credits\n    Then Ann has 5 credits left\n";
/// One that is soon done, which is how a test knows that the run has begun, and one that waits.
const WAITING: &str = "Feature: f\n  Scenario: s\n    Given a step that waits for ever\n    Then something holds\n\n  Scenario: t\n    Then something holds\n";

/// Whether there is an engine; if not, that is said, and CI forbids it.
pub fn docker() -> bool {
    match paidpath::under_test::missing_docker() {
        None => {
            agree_on(Networks::Changed);
            true
        }
        Some(reason) if std::env::var_os("PAIDPATH_REQUIRE_DOCKER").is_some() => panic!("{reason}"),
        Some(reason) => {
            eprintln!("skipped: {reason}");
            false
        }
    }
}

/// A folder with a feature and a topology: embedded services, and one container beside them. The topology's name is unique.
pub fn with_container(feature: &str, container: &str) -> (Folder, String) {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!("test-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let embedded = include_str!("../../mocks/topologies/embedded.toml")
        .replace("\"embedded\"\nentry", &format!("\"{name}\"\nentry"));
    let postgres = concat!(env!("CARGO_MANIFEST_DIR"), "/mocks/postgres");
    let image = format!(
        "[images.small]\nname = \"paidpath-postgres\"\nscript = \"{postgres}/build\"\nsources = [\"{postgres}\"]\n"
    );
    let folder = Folder::with("a.feature", feature);
    folder.write(
        "t.toml",
        format!("start_up = \"20s\"\n{embedded}\n{image}\n[services.extra]\nprovider = \"container\"\n{container}"),
    );
    (folder, name)
}

pub const DATABASE: &str = r#"
image = "small"
port = 5432
env = { POSTGRES_PASSWORD = "x" }
ready = { log = "ready to accept connections" }
"#;

pub const RUN: &[&str] = &["run", "a.feature", "--topology", "t.toml", "--report", "junit"];

/// A run in which a step may wait for as long as the test needs; where the test fails, it ends of itself.
const LONG: &[&str] = &["--grace", "100ms", "--step-timeout", "1h", "--scenario-timeout", "1h", "--run-timeout", "3m"];

/// What carries the label of a topology: containers and networks.
pub fn things(topology: &str) -> Vec<String> {
    let filter = format!("label=paidpath.topology={topology}");
    let list = |arguments: &[&str]| {
        let output = Command::new("docker").args(arguments).args(["--filter", &filter]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let containers = list(&["ps", "--all", "--format", "{{.Names}} {{.Status}}"]);
    containers.into_iter().chain(list(&["network", "ls", "--format", "{{.Name}}"])).collect()
}

pub fn send(signal: &str, child: &Child) {
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn without_an_engine_the_run_is_skipped_with_the_reason_and_refused_where_that_is_required() {
    let folder = Folder::with("a.feature", PASSING);
    let run = |arguments: &[&str]| {
        let command = ["run", "a.feature", "--topology", "containers"];
        let mut command = folder.command(&[&command, arguments].concat());
        let output = command.env("DOCKER_HOST", "unix:///nowhere/docker.sock").stdin(Stdio::null()).output().unwrap();
        crate::support::Ran::of(output, folder.reports())
    };
    run(&[]).expect(2, &["no Docker engine answers at unix:///nowhere/docker.sock", "1 skipped"]);
    run(&["--require", "docker"]).expect(2, &["docker is required: no Docker engine answers"]);
}

#[test]
fn scenarios_that_need_containers_are_skipped_where_the_topology_has_none() {
    let feature = format!("{PASSING}  @containers\n  Scenario: t\n    Then something does not hold\n");
    let folder = Folder::with("a.feature", &feature);
    folder.paidpath(&["run", "a.feature"]).expect(0, &["1 passed", "1 skipped"]);
    folder.paidpath(&["run", "a.feature", "--require", "docker"]).expect(2, &["docker is required", "embedded"]);
}

#[test]
fn an_image_that_is_nowhere_is_named() {
    if docker() {
        let (folder, name) = with_container(PASSING, "image = \"paidpath.invalid/nowhere:1\"\n");
        folder
            .paidpath(RUN)
            .expect(2, &["the image `paidpath.invalid/nowhere:1` is not on this machine", "cannot be pulled"]);
        assert!(things(&name).is_empty(), "{:?}", things(&name));
    }
}

#[test]
fn a_container_that_ends_at_its_start_is_quoted_and_removed() {
    if docker() {
        let spec = "image = \"small\"\ncommand = [\"/bin/sh\", \"-c\", \"echo the key is missing; exit 3\"]\nport = 80\nready = \"/\"\n";
        let (folder, name) = with_container(PASSING, spec);
        let says = ["nothing could be judged", "`extra` did not start", "ended with code 3", "| the key is missing"];
        folder.paidpath(RUN).expect(2, &says);
        assert!(things(&name).is_empty(), "{:?}", things(&name));
    }
}

#[test]
fn a_container_without_room_on_its_disk_says_so() {
    if docker() {
        let fill = "image = \"small\"\ncommand = [\"/bin/sh\", \"-c\", \"sed p /bin/sh > /small/file\"]\ntmpfs = { \"/small\" = 65536 }\n";
        let (folder, name) = with_container(PASSING, &format!("{fill}port = 80\nready = \"/\"\n"));
        folder.paidpath(RUN).expect(2, &["`extra` did not start", "No space left on device"]);
        assert!(things(&name).is_empty(), "{:?}", things(&name));
    }
}

#[test]
fn a_container_that_never_gets_ready_is_quoted_and_removed() {
    if docker() {
        let (folder, name) = with_container(PASSING, &DATABASE.replace("ready to accept", "ready to refuse"));
        let text = std::fs::read_to_string(folder.path().join("t.toml")).unwrap();
        folder.write("t.toml", text.replace("start_up = \"20s\"", "start_up = \"12s\""));
        let says = ["`extra` was not ready after", "does not match", "| ", "ready to accept connections"];
        folder.paidpath(RUN).expect(2, &says);
        assert!(things(&name).is_empty(), "{:?}", things(&name));
    }
}

#[test]
fn a_port_that_nobody_listens_on_is_not_ready_though_docker_takes_connections_for_it() {
    if docker() {
        let spec = DATABASE.replace("{ log = \"ready to accept connections\" }", "{ port = 5433 }");
        let (folder, _) = with_container(PASSING, &spec);
        let text = std::fs::read_to_string(folder.path().join("t.toml")).unwrap();
        folder.write("t.toml", text.replace("start_up = \"20s\"", "start_up = \"4s\""));
        folder.paidpath(RUN).expect(2, &["`extra` was not ready after", "port 5433"]);
        folder.write("t.toml", text.replace("5433", "5432"));
        folder.paidpath(RUN).expect(0, &["1 passed"]);
    }
}

#[test]
fn files_are_put_into_a_container_before_it_starts() {
    if docker() {
        let spec = "image = \"small\"\ncommand = [\"/bin/sh\", \"/etc/run.sh\"]\nfiles = { \"/etc/run.sh\" = \"run.sh\" }\nport = 80\nready = \"/\"\n";
        let (folder, _) = with_container(PASSING, spec);
        folder.write("run.sh", "echo told by the file; exit 1\n");
        folder.paidpath(RUN).expect(2, &["| told by the file"]);
    }
}

#[test]
fn a_container_waits_for_what_it_comes_after_and_its_command_may_name_it() {
    if docker() {
        let never = DATABASE.replace("ready to accept", "ready to refuse");
        let second = "[services.second]\nprovider = \"container\"\nimage = \"small\"\nport = 80\nready = \"/\"\n\
             command = [\"/bin/sh\", \"-c\", \"echo there is {container.extra}; { exit 4; }\"]\nafter = [\"extra\"]\n";
        let (folder, _) = with_container(PASSING, &format!("{DATABASE}{second}"));
        folder.paidpath(RUN).expect(2, &["`second` did not start", "| there is paidpath-", "-extra:5432"]);
        let (folder, _) = with_container(PASSING, &format!("{never}{second}"));
        let text = std::fs::read_to_string(folder.path().join("t.toml")).unwrap();
        folder.write("t.toml", text.replace("start_up = \"20s\"", "start_up = \"3s\""));
        folder.paidpath(RUN).expect(2, &["`extra` was not ready after"]);
    }
}

#[test]
fn what_containers_write_during_a_scenario_that_fails_is_kept_with_it() {
    if docker() {
        let (folder, _) = with_container("Feature: f\n  Scenario: s\n    Then something does not hold\n", DATABASE);
        let ran = folder.paidpath(RUN);
        ran.expect(1, &["1 failed"]);
        let logs =
            ran.journal("attachment").into_iter().filter(|one| one["fileName"] == "extra.log").collect::<Vec<_>>();
        let log = STANDARD.decode(logs[0]["body"].as_str().unwrap()).unwrap();
        assert!(String::from_utf8_lossy(&log).contains("ready to accept connections"), "{logs:?}");
    }
}

#[test]
fn whatever_ends_a_run_nothing_is_left_of_it() {
    if docker() {
        for (signal, code) in [("-TERM", Some(143)), ("-INT", Some(130)), ("-KILL", None)] {
            let (folder, name) = with_container(WAITING, DATABASE);
            let mut child = folder.start(&[RUN, LONG].concat());
            until("a scenario has run", || !journal(&folder.reports(), "testCaseFinished").is_empty());
            assert!(!things(&name).is_empty());
            send(signal, &child);
            assert_eq!(child.wait().unwrap().code(), code);
            until("all is gone", || things(&name).is_empty());
        }
    }
}

#[test]
fn a_run_that_is_interrupted_or_killed_while_it_starts_leaves_nothing() {
    if docker() {
        for (signal, after) in [("-INT", 1), ("-KILL", 1), ("-TERM", 2), ("-KILL", 2)] {
            let (folder, name) = with_container(WAITING, &DATABASE.replace("ready to accept", "ready to refuse"));
            let mut child = folder.start(RUN);
            until("it has begun", || things(&name).len() >= after);
            send(signal, &child);
            child.wait().unwrap();
            until("all is gone", || things(&name).is_empty());
        }
    }
}

#[test]
fn runs_side_by_side_do_not_touch_each_other_and_neither_does_cleaning_up() {
    if docker() {
        let (waiting, name) = with_container(WAITING, DATABASE);
        let mut child = waiting.start(&[RUN, LONG].concat());
        until("a scenario has run", || !journal(&waiting.reports(), "testCaseFinished").is_empty());
        let (folder, other) = with_container(PASSING, DATABASE);
        folder.paidpath(RUN).expect(0, &["1 passed"]);
        folder.paidpath(&["doctor", "--clean"]).expect(0, &[]);
        assert!(things(&other).is_empty(), "{:?}", things(&other));
        assert!(things(&name).iter().any(|thing| thing.contains(" Up ")), "{:?}", things(&name));
        send("-INT", &child);
        child.wait().unwrap();
    }
}

#[test]
fn what_is_kept_stays_until_it_is_cleaned_up() {
    if docker() {
        let (folder, name) = with_container(PASSING, DATABASE);
        folder.paidpath(&[RUN, &["--keep"]].concat()).expect(0, &["1 passed", "paidpath doctor --clean"]);
        assert!(things(&name).iter().any(|thing| thing.contains(" Up ")), "{:?}", things(&name));
        folder.paidpath(&["doctor"]).expect(0, &["which was told to keep it", "paidpath doctor --clean"]);
        folder.paidpath(&["doctor", "--clean"]).expect(0, &["removed: 2 things"]);
        assert!(things(&name).is_empty(), "{:?}", things(&name));
    }
}

#[test]
fn a_container_that_dies_in_the_middle_of_a_run_is_named() {
    if docker() {
        let (folder, name) = with_container(WAITING, DATABASE);
        let child = folder.start(&[RUN, LONG].concat());
        until("a scenario has run", || !journal(&folder.reports(), "testCaseFinished").is_empty());
        let container =
            things(&name).into_iter().find_map(|thing| Some(thing.split_once(" Up ")?.0.to_owned())).unwrap();
        assert!(Command::new("docker").args(["kill", &container]).stdout(Stdio::null()).status().unwrap().success());
        send("-TERM", &child);
        let ran = folder.wait(child);
        ran.expect(143, &["extra did not stop cleanly: its container ended with code 137"]);
        assert!(things(&name).is_empty(), "{:?}", things(&name));
    }
}

#[test]
fn an_engine_that_goes_away_in_the_middle_of_a_run_is_told_and_cleaned_up_after() {
    if docker() {
        let (folder, name) = with_container(WAITING, DATABASE);
        let (socket, open) = forwarding(&folder);
        let mut command = folder.command(&[RUN, LONG].concat());
        command.env("DOCKER_HOST", format!("unix://{socket}")).stdin(Stdio::null());
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        until("a scenario has run", || !journal(&folder.reports(), "testCaseFinished").is_empty());
        open.store(false, Ordering::SeqCst);
        send("-TERM", &child);
        let ran = folder.wait(child);
        ran.expect(143, &["extra did not stop cleanly", "`paidpath doctor --clean` removes what is left"]);
        assert!(!things(&name).is_empty());
        // The engine is back: the reaper has waited for it.
        open.store(true, Ordering::SeqCst);
        until("all is gone", || things(&name).is_empty());
    }
}

/// A socket that passes everything on to the engine's own, as long as it is open.
fn forwarding(folder: &Folder) -> (String, Arc<AtomicBool>) {
    let place = folder.path().join("docker.sock").display().to_string();
    let listener = UnixListener::bind(&place).unwrap();
    let open = Arc::new(AtomicBool::new(true));
    let is_open = Arc::clone(&open);
    thread::spawn(move || {
        for near in listener.incoming().map_while(Result::ok) {
            let is_open = Arc::clone(&is_open);
            thread::spawn(move || {
                let Ok(far) = UnixStream::connect("/var/run/docker.sock") else { return };
                let (near_too, far_too) = (near.try_clone().unwrap(), far.try_clone().unwrap());
                let is_open_too = Arc::clone(&is_open);
                thread::spawn(move || pass(far_too, near_too, &is_open_too));
                pass(near, far, &is_open);
            });
        }
    });
    (place, open)
}

fn pass(mut from: UnixStream, mut to: UnixStream, open: &AtomicBool) {
    let mut buffer = [0; 8192];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        if !open.load(Ordering::SeqCst) || to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

#[test]
fn the_paid_path_holds_in_containers_with_a_real_database() {
    if docker() {
        let feature = "Feature: f\n  Scenario: s\n    Given Ann has 500 credits\n    And early access to Dusk costs 120 credits for generation\n    When Ann buys generation access to Dusk\n    And Ann generates an image with Dusk\n    Then Ann gets an image\n    And Ann has paid 125 credits\n";
        let folder = Folder::with("a.feature", feature);
        let ran = folder.paidpath(&[
            "run",
            "a.feature",
            "--topology",
            "containers",
            "--require",
            "docker",
            "--record",
            "all",
        ]);
        ran.expect(0, &["1 passed", "database container", "storefront container"]);
        let edges: Vec<String> = ran
            .journal("attachment")
            .iter()
            .filter(|one| one["mediaType"] == "application/vnd.paidpath.exchange+json")
            .map(|one| {
                serde_json::from_str::<serde_json::Value>(one["body"].as_str().unwrap()).unwrap()["edge"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
            .collect();
        for edge in ["storefront → billing", "billing → entitlement", "entitlement → generation", "generation → worker"]
        {
            assert!(edges.iter().any(|seen| seen == edge), "no exchange was seen on {edge}");
        }
    }
}
