//! The driver's process: one chromedriver, with everything it starts in one process group that ends with this process.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::BrowserError;
use super::config::Programs;

// The shell leads the group and waits on a pipe that only paidpath holds: when paidpath ends, however it ends (a panic,
// SIGKILL), the pipe closes, and the group goes with it. This needs neither `unsafe` nor a signal handler. The driver's
// profile folder goes too.
const GUARD: &str = r#"trap : TERM INT HUP
profile=$1; shift
"$@" </dev/null 3<&- &
read -r _
kill -TERM 0
for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 $! 2>/dev/null && sleep 0.05; done
rm -rf "$profile"
kill -KILL 0
"#;

#[derive(Debug)]
pub(super) struct Driver {
    guard: Child,
    leash: Option<ChildStdin>,
    profile: PathBuf,
    address: String,
}

static COUNT: AtomicU32 = AtomicU32::new(0);

impl Driver {
    /// Starts it on a free port of the loopback interface. Blocks until it says its port.
    pub(super) fn start(programs: &Programs, within: Duration) -> Result<Self, BrowserError> {
        use std::os::unix::process::CommandExt;
        let trouble = |reason: String| BrowserError::Start(format!("{}: {reason}", programs.driver.display()));
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let profile = std::env::temp_dir().join(format!("paidpath-browser-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&profile).map_err(|error| trouble(error.to_string()))?;
        let mut guard = Command::new("/bin/sh")
            .args(["-c", GUARD, "paidpath-browser"])
            .arg(&profile)
            .arg(&programs.driver)
            // The driver chooses a free port itself, so that two runs at once cannot collide.
            .arg("--port=0")
            .env("TMPDIR", &profile)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(|error| trouble(error.to_string()))?;
        let leash = guard.stdin.take();
        let output = guard.stdout.take();
        let mut driver = Self { guard, leash, profile, address: String::new() };
        let output = output.ok_or_else(|| trouble("it has no output".into()))?;
        let (said, hears) = mpsc::channel();
        // Reads to the end, so that the driver never blocks on a full pipe; ends when the driver does.
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let _ = said.send(line);
            }
        });
        let deadline = Instant::now() + within;
        let mut last = String::from("it said nothing");
        loop {
            match hears.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    if let Some(port) = port_in(&line) {
                        driver.address = format!("http://127.0.0.1:{port}");
                        return Ok(driver);
                    }
                    last = line;
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    return Err(trouble(format!("no port within {within:?}: {last}")));
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => return Err(trouble(format!("it ended: {last}"))),
            }
        }
    }

    /// Returns its WebDriver URL.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// The folder for the browser's profile; removed with the driver.
    pub(super) fn browser_profile(&self) -> PathBuf {
        self.profile.join("profile")
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        drop(self.leash.take());
        let _ = self.guard.wait(); // the guard kills its own group last
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}

fn port_in(line: &str) -> Option<u16> {
    let (_, rest) = line.split_once("started successfully on port ")?;
    rest.trim_end_matches('.').trim().parse().ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_port_is_read_from_what_chromedriver_says() {
        assert_eq!(super::port_in("ChromeDriver was started successfully on port 40123."), Some(40123));
        assert_eq!(super::port_in("Please see https://example.org"), None);
    }
}
