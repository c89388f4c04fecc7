//! `cargo test` runs the shipped features: this hands its arguments to the built binary, and the binary's exit code back.

use std::path::Path;
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test WORD` filters the other test targets by name; here a first word is a path.
    if let Some(word) = arguments.first().filter(|word| !word.starts_with('-') && !Path::new(word.as_str()).exists()) {
        println!("features: `{word}` is not a path, so no feature was asked for");
        return ExitCode::SUCCESS;
    }
    let required = std::env::var_os("PAIDPATH_REQUIRE_BROWSER").map(|_| "--require=browser");
    let status = Command::new(env!("CARGO_BIN_EXE_paidpath")).arg("run").args(required).args(arguments).status();
    let code = status.ok().and_then(|status| status.code()).and_then(|code| u8::try_from(code).ok());
    code.map_or(ExitCode::FAILURE, ExitCode::from)
}
