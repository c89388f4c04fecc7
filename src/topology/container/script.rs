//! A program that makes an image. It may run for minutes, and has started others; when this process ends, however it ends, they
//! all have to.

use std::io;
use std::path::Path;
use std::process::{Output, Stdio};

use tokio::process::Command;

/// Runs the program; beside it, in the same process group, something waits for the end of a pipe that this process holds, and
/// then ends the group. What waits keeps no other pipe open, or nobody would see the end of the program's output.
const KEEPER: &str = r#"exec 3<&0
(cat <&3; kill -TERM "-$$") >/dev/null 2>&1 &
exec "$0" "$@" 3<&- </dev/null"#;

/// What a program says and how it ends, given this one argument. Dropped, it ends at once.
pub(super) async fn output(program: &Path, argument: &str) -> io::Result<Output> {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", KEEPER]).arg(program).arg(argument).process_group(0);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let _held = child.stdin.take();
    child.wait_with_output().await
}
