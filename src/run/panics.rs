//! Panics keep their message, file and line: a step that panics fails its scenario and says where.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{self, PanicHookInfo};

thread_local! {
    /// The place of the latest panic on a worker's thread. `None` on threads that do not catch panics.
    static CAUGHT: RefCell<Option<String>> = const { RefCell::new(None) };
    static CATCHES: RefCell<bool> = const { RefCell::new(false) };
}

/// Makes panics silent on threads that called [`catch_on_this_thread`], and remembers their places. Panics on other threads
/// print as usual.
pub fn install_hook() {
    // The hook runs before unwinding and is the only place that knows where a panic came from.
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
        if CATCHES.with_borrow(|catches| *catches) {
            let place = info.location().map(|place| format!("{}:{}", place.file(), place.line()));
            CAUGHT.set(place);
        } else {
            usual(info);
        }
    }));
}

/// Lets somebody else report the panics of this thread.
pub fn catch_on_this_thread() {
    CATCHES.set(true);
}

/// Returns the message of a panic, and its place as far as it is known.
pub fn describe(payload: &(dyn Any + Send)) -> (String, Option<String>) {
    let message = payload
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_else(|| "a panic without a message".into());
    (message, CAUGHT.take())
}
