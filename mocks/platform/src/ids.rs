//! Random names: `mem_6f0c…`, `job_19ab…`. The prefix says what is named; the rest cannot be guessed.

use std::fmt::Write as _;

/// Makes an id: the prefix, an underscore, 24 random hex digits.
pub(crate) fn new(prefix: &str) -> String {
    format!("{prefix}_{}", hex(12))
}

/// Makes a W3C `traceparent`, for a request that came without one.
pub(crate) fn traceparent() -> String {
    format!("00-{}-{}-01", hex(16), hex(8))
}

/// Draws a random number that JavaScript can also hold exactly.
pub(crate) fn seed() -> u64 {
    let mut bytes = [0; 4];
    fill(&mut bytes);
    u32::from_le_bytes(bytes).into()
}

fn hex(len: usize) -> String {
    let mut bytes = vec![0; len];
    fill(&mut bytes);
    bytes.iter().fold(String::with_capacity(len * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("invariant: writing to a String cannot fail");
        text
    })
}

fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("invariant: the operating system has randomness");
}
