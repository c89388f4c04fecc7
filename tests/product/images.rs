//! Images that a run makes for itself.

use std::process::{Command, Stdio};

use crate::containers::{DATABASE, RUN, docker, send, with_container};
use crate::support::{Folder, until};

/// A folder with a feature and a topology with a container beside the embedded services, whose image is made like this.
fn with_image(made: &str, service: &str) -> Folder {
    let folder = Folder::with("a.feature", "Feature: f\n  Scenario: s\n    Then something holds\n");
    let embedded = include_str!("../../mocks/topologies/embedded.toml");
    let name = format!("paidpath-test-{}", std::process::id());
    let image = format!("[images.made]\nname = \"{name}\"\n{made}\n");
    let extra = format!("[services.extra]\nprovider = \"container\"\nimage = \"made\"\n{service}\n");
    folder.write("t.toml", format!("{embedded}\n{image}\n{extra}"));
    folder
}

/// The image of the stand-in for PostgreSQL, made by whichever test was first.
fn stand_in() -> String {
    let (folder, _) = with_container("Feature: f\n  Scenario: s\n    Then something holds\n", DATABASE);
    folder.paidpath(RUN).expect(0, &["1 passed"]);
    let list = ["images", "--format", "{{.Repository}}:{{.Tag}}", "paidpath-postgres"];
    let output = Command::new("docker").args(list).output().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().next().unwrap().to_owned()
}

#[test]
fn an_image_is_made_from_a_dockerfile_once_and_its_health_check_is_a_sign_of_readiness() {
    if docker() {
        let base = stand_in();
        let service = "env = { POSTGRES_PASSWORD = \"x\" }\nready = { health = true }\n";
        let folder = with_image("dockerfile = \"image/Dockerfile\"", service);
        let check = "HEALTHCHECK --interval=1s CMD [\"/bin/sh\", \"-c\", \"[ -e /beside ]\"]";
        folder.write("image/Dockerfile", format!("FROM {base}\nCOPY beside /beside\n{check}\n"));
        folder.write("image/beside", "copied");
        let first = folder.paidpath(RUN);
        first.expect(0, &["making the image paidpath-test-", "image/Dockerfile", "made in", "1 passed"]);
        let again = folder.paidpath(RUN);
        again.expect(0, &["1 passed"]);
        assert!(!again.err.contains("making the image"), "{}", again.err);
        let made = first.err.split_whitespace().find(|word| word.starts_with("paidpath-test-")).unwrap();
        assert!(Command::new("docker").args(["rmi", made]).stdout(Stdio::null()).status().unwrap().success());
    }
}

#[test]
fn what_makes_an_image_ends_with_the_run() {
    if docker() {
        let folder = with_image("script = \"make\"", "");
        folder.write("make", "#!/bin/sh\nsh -c 'echo $$ > began; while :; do sleep 0.2; done' &\nwait\n");
        assert!(Command::new("chmod").arg("+x").arg(folder.path().join("make")).status().unwrap().success());
        for signal in ["-KILL", "-TERM"] {
            let _ = std::fs::remove_file(folder.path().join("began"));
            let mut child = folder.start(RUN);
            until("it makes the image", || pid(&folder).is_some());
            let maker = pid(&folder).unwrap();
            send(signal, &child);
            child.wait().unwrap();
            until("that has ended, too", || {
                !Command::new("kill").args(["-0", &maker]).stderr(Stdio::null()).status().unwrap().success()
            });
        }
    }
}

fn pid(folder: &Folder) -> Option<String> {
    let said = std::fs::read_to_string(folder.path().join("began")).ok()?;
    Some(said.trim().to_owned()).filter(|said| !said.is_empty())
}
