//! Runs a program that makes an image. The program may run for minutes and start others. All of them end when this process
//! ends, however it ends.

use std::io;
use std::path::Path;
use std::process::{Output, Stdio};

use tokio::process::Command;

/// Runs the program. A second process in the same group waits for the end of a pipe that this process holds, and then
/// ends the group. It keeps no other pipe open, because otherwise the end of the program's output would never show.
const KEEPER: &str = r#"exec 3<&0
(cat <&3; kill -TERM "-$$") >/dev/null 2>&1 &
exec "$0" "$@" 3<&- </dev/null"#;

/// Runs a program with one argument and returns its output. Dropping the future ends the program.
pub(super) async fn output(program: &Path, argument: &str) -> io::Result<Output> {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", KEEPER]).arg(program).arg(argument).process_group(0);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let _held = child.stdin.take();
    child.wait_with_output().await
}
