//! What commands print. A reader that goes away early, as `head` does, ends the output and is no mistake; an output that
//! cannot be written is one, and the exit code says so.

use std::fmt::Arguments;
use std::io::{self, Write};
use std::sync::OnceLock;

use crate::model::Exit;

/// The first error of the standard output. Nothing is printed after it.
static FAILED: OnceLock<io::Error> = OnceLock::new();

/// Prints a line.
macro_rules! say {
    () => { $crate::cli::out::print(format_args!("\n")) };
    ($($words:tt)*) => { $crate::cli::out::print(format_args!("{}\n", format_args!($($words)*))) };
}

/// Prints text as it is.
macro_rules! put {
    ($($words:tt)*) => { $crate::cli::out::print(format_args!($($words)*)) };
}

/// Prints a line to the standard error.
macro_rules! complain {
    ($($words:tt)*) => { $crate::cli::out::print_error(format_args!("{}\n", format_args!($($words)*))) };
}

pub(super) fn print(text: Arguments<'_>) {
    if FAILED.get().is_some() {
        return;
    }
    let mut out = io::stdout().lock();
    // Flushed each time, so that lines of the two outputs appear in their order.
    if let Err(error) = out.write_fmt(text).and_then(|()| out.flush()) {
        // Only the first is worth telling.
        let _ = FAILED.set(error);
    }
}

pub(super) fn print_error(text: Arguments<'_>) {
    // Where even this cannot be written there is nobody to tell.
    let _ = io::stderr().lock().write_fmt(text);
}

/// Returns the exit of a command that would have ended with `exit`. Output that was not printed is a failure.
pub(super) fn ended(exit: Exit) -> Exit {
    match FAILED.get() {
        Some(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            complain!("the output could not be written: {error}");
            if exit == Exit::Passed { Exit::Unknown } else { exit }
        }
        Some(_) | None => exit,
    }
}
