//! Driving the built binary: a run in a folder of its own, and what it left there.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// A folder of its own for one test, with feature files in it.
pub struct Folder(TempDir);

impl Folder {
    /// An empty folder.
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A folder with one file.
    pub fn with(name: &str, text: &str) -> Self {
        let folder = Self::new();
        folder.write(name, text);
        folder
    }

    /// Writes a file, and the folders it lies in.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let file = self.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }

    /// Writes a topology with a secret that is read from this variable of the environment.
    pub fn with_topology_secret(&self, name: &str, variable: &str) {
        let embedded = Path::new(env!("CARGO_MANIFEST_DIR")).join("mocks/topologies/embedded.toml");
        let secret = format!("[secrets]\nprobe = {{ env = \"{variable}\" }}\n");
        self.write(name, std::fs::read_to_string(embedded).unwrap().replace("[secrets]\n", &secret));
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// The command, to be run here. The environment that CI systems set is not handed on.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_paidpath"));
        command.current_dir(self.path()).args(arguments).env("PAIDPATH_REHEARSAL", "1").env_remove("CI");
        command
    }

    /// Runs paidpath here to its end.
    pub fn paidpath(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).stdin(Stdio::null()).output().unwrap(), self.reports())
    }

    /// Runs paidpath here to its end, and keeps the folder for as long as what it came to is looked at.
    pub fn paidpath_kept(self, arguments: &[&str]) -> Ran {
        let ran = self.paidpath(arguments);
        Ran { folder: Some(self), ..ran }
    }

    /// Starts paidpath here.
    pub fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// What a started run came to.
    pub fn wait(&self, child: Child) -> Ran {
        Ran::of(child.wait_with_output().unwrap(), self.reports())
    }

    pub fn reports(&self) -> PathBuf {
        self.path().join("reports")
    }
}

/// What a run came to.
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
    reports: PathBuf,
    /// Where it ran, if nobody else keeps it.
    #[expect(dead_code, reason = "it is held, so that it is not removed yet")]
    folder: Option<Folder>,
}

impl Ran {
    pub fn of(output: Output, reports: PathBuf) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr), reports, folder: None }
    }

    /// Ends with this code, and says this somewhere.
    #[track_caller]
    pub fn expect(&self, code: i32, says: &[&str]) -> &Self {
        assert_eq!(self.code, Some(code), "\n{}\n{}", self.out, self.err);
        for words in says {
            assert!(
                self.out.contains(words) || self.err.contains(words),
                "nobody says `{words}`:\n{}\n{}",
                self.out,
                self.err
            );
        }
        assert!(
            !self.err.contains("panicked at") && !self.err.contains("RUST_BACKTRACE"),
            "a stack trace:\n{}",
            self.err
        );
        self
    }

    /// The records of one kind in the journal.
    pub fn journal(&self, kind: &str) -> Vec<Value> {
        journal(&self.reports, kind)
    }
}

/// The records of one kind in the journal of a folder. A last line that was cut is left out.
pub fn journal(reports: &Path, kind: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(reports.join("journal.ndjson")).unwrap_or_default();
    let records = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    records.filter_map(|mut record| record.get_mut(kind).map(Value::take)).collect()
}

/// Waits until something holds; a minute is enough on any machine.
#[track_caller]
pub fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < deadline, "not within a minute: {what}");
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

/// Serves these routes from a thread of its own until the tests end, and gives the address.
pub fn serve(routes: axum::Router) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            axum::serve(tokio::net::TcpListener::from_std(listener).unwrap(), routes).await.unwrap();
        });
    });
    address
}

/// What a test does to the networks of this machine.
#[derive(Clone, Copy, PartialEq)]
pub enum Networks {
    /// A browser needs them as they are: it drops its connections whenever one is made or removed.
    Kept,
    /// Containers make and remove them.
    Changed,
}

/// Waits until no test of the other kind runs, and keeps such tests waiting until the test of this thread has ended.
pub fn agree_on(networks: Networks) {
    HELD.with(|held| {
        held.borrow_mut().get_or_insert_with(|| {
            let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
            let of_others = |running: &mut Vec<Networks>| running.iter().any(|other| *other != networks);
            let mut running = TURN.wait_while(running, of_others).unwrap_or_else(PoisonError::into_inner);
            running.push(networks);
            Held(networks)
        });
    });
}

static RUNNING: Mutex<Vec<Networks>> = Mutex::new(Vec::new());
static TURN: Condvar = Condvar::new();

thread_local! {
    // Each test has a thread of its own, which drops this at its end.
    static HELD: RefCell<Option<Held>> = const { RefCell::new(None) };
}

struct Held(Networks);

impl Drop for Held {
    fn drop(&mut self) {
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        let own = running.iter().position(|other| *other == self.0).expect("pushed when it was taken");
        running.swap_remove(own);
        TURN.notify_all();
    }
}
