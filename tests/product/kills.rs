//! A recipe: runs that are killed at random moments, and what is left of them.

use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use crate::containers::{docker, things};
use crate::support::Folder;

/// How soon after its end nothing may be left of a run.
const SOON: Duration = Duration::from_secs(30);

#[test]
#[ignore = "takes minutes: see the recipes in CONTRIBUTING.md"]
fn nothing_is_left_of_a_run_that_is_killed_at_any_of_twenty_moments() {
    if !docker() {
        return;
    }
    let sources = env!("CARGO_MANIFEST_DIR");
    // One that nobody kills makes the images; a run that is killed while it does so has nothing else yet.
    let one = "Feature: f\n  Scenario: s\n    Then something holds\n";
    Folder::with("a.feature", one).paidpath(&["run", "a.feature", "--topology", "containers"]).expect(0, &[]);
    let mut all = 0;
    for round in 0..20 {
        let name = format!("kills-{}-{round}", std::process::id());
        let folder = Folder::new();
        let topology = include_str!("../../mocks/topologies/containers.toml")
            .replace("name = \"containers\"", &format!("name = \"{name}\""))
            .replace("\"../", &format!("\"{sources}/mocks/topologies/../"));
        folder.write("t.toml", topology);
        let features = format!("{sources}/features");
        let mut command = folder.command(&["run", &features, "--topology", "t.toml", "--tags", "not @page"]);
        let output = std::fs::File::create(folder.path().join("output")).unwrap();
        command.env("PAIDPATH_KILLED", &name).stdout(output.try_clone().unwrap()).stderr(output);
        let mut child = command.spawn().unwrap();
        let moment = Duration::from_millis(rand::random_range(0..15_000));
        let volumes = wait_and_watch(moment, &mut child, &name);
        child.kill().unwrap();
        child.wait().unwrap();
        let (killed, started) = (Instant::now(), things(&name).len());
        all += started;
        let left = || [things(&name), processes(&name), there_still(&volumes)].concat();
        while !left().is_empty() && killed.elapsed() < SOON {
            thread::park_timeout(Duration::from_millis(200));
        }
        let took = killed.elapsed();
        assert_eq!(left(), [""; 0], "round {round}, killed after {moment:?}");
        println!(
            "{round:2}: killed after {moment:5.1?} with {started} things and {} volumes, gone {took:.1?} later",
            volumes.len()
        );
    }
    assert!(all > 0, "no run had come so far as to have anything");
}

/// The volumes that the run's containers had by the end of that time.
fn wait_and_watch(moment: Duration, child: &mut Child, name: &str) -> Vec<String> {
    let until = Instant::now() + moment;
    let mut volumes = Vec::new();
    while Instant::now() < until {
        assert!(child.try_wait().unwrap().is_none(), "it ended of itself");
        let containers = lines(&["ps", "--all", "--quiet", "--filter", &format!("label=paidpath.topology={name}")]);
        for container in &containers {
            volumes.extend(lines(&["inspect", "--format", "{{range .Mounts}}{{println .Name}}{{end}}", container]));
        }
        thread::park_timeout(Duration::from_millis(500));
    }
    volumes.sort();
    volumes.dedup();
    volumes
}

fn there_still(volumes: &[String]) -> Vec<String> {
    let all = lines(&["volume", "ls", "--quiet"]);
    volumes.iter().filter(|volume| all.contains(volume)).cloned().collect()
}

/// The processes that have the environment of this run.
fn processes(name: &str) -> Vec<String> {
    let mark = format!("PAIDPATH_KILLED={name}");
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    let own = all.filter(|process| {
        let environment = std::fs::read(process.path().join("environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
    });
    own.map(|process| format!("process {}", process.file_name().to_string_lossy())).collect()
}

fn lines(arguments: &[&str]) -> Vec<String> {
    let output = Command::new("docker").args(arguments).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}
